from __future__ import annotations

from itertools import permutations

import pytest

from paretorec.errors import AmbiguousComponent, ComponentDenied, ComponentNotFound
from paretorec.registry import Candidate, RegistrySettings, Trust
from paretorec.registry.choose import select, standings

OURS = Candidate("encoder", "transformer", "paretorec", "1.0", "ours")
ACME = Candidate("encoder", "transformer", "acme-paretorec", "2.1", "acme")
OTHER = Candidate("encoder", "transformer", "other_paretorec", "0.3", "other")
RNN_ACME = Candidate("encoder", "rnn", "acme-paretorec", "2.1", "acme")
RNN_OTHER = Candidate("encoder", "rnn", "other_paretorec", "0.3", "other")
NSGA = Candidate("optimizer", "nsga2", "paretorec", "1.0", "ours")
ALL = (OURS, ACME, OTHER, RNN_ACME, RNN_OTHER, NSGA)
NONE = RegistrySettings()


def test_a_built_in_keeps_its_short_name_whatever_else_is_installed():
    for order in permutations(ALL):
        assert select("encoder", "transformer", order, NONE) == OURS


@pytest.mark.parametrize("owner", ["acme-paretorec", "Acme_ParetoRec"])
def test_one_line_or_a_qualified_name_puts_a_third_party_in_its_place(owner):
    chosen = RegistrySettings(choose={"encoder.transformer": owner})
    assert select("encoder", "transformer", ALL, chosen) == ACME
    assert select("encoder", f"{owner}/transformer", ALL, NONE) == ACME
    # A qualified name means what it says, also against [choose].
    assert select("encoder", "paretorec/transformer", ALL, chosen) == OURS


def test_two_third_parties_with_one_name_are_an_error_that_names_both_and_the_line():
    for order in permutations((RNN_ACME, RNN_OTHER)):
        with pytest.raises(AmbiguousComponent) as caught:
            select("encoder", "rnn", order, NONE, "encoders.rnn")
        message = str(caught.value)
        assert message.startswith("encoders.rnn.use: ")
        for part in ("acme-paretorec 2.1 (acme)", "other_paretorec 0.3 (other)", '"encoder.rnn" = "'):
            assert part in message
    settled = RegistrySettings(choose={"encoder.rnn": "other-paretorec"})
    assert select("encoder", "rnn", ALL, settled) == RNN_OTHER
    one_denied = RegistrySettings(trust=Trust(deny={"acme-paretorec": "slow"}))
    assert select("encoder", "rnn", ALL, one_denied) == RNN_OTHER


def test_one_distribution_that_declares_a_name_twice_is_named():
    twice = (RNN_ACME, Candidate("encoder", "rnn", "acme-paretorec", "2.1", "acme.second"))
    with pytest.raises(AmbiguousComponent, match=r"declares its encoder 'rnn' twice \(acme and acme\.second\)"):
        select("encoder", "rnn", twice, NONE)


@pytest.mark.parametrize("use", ["transformer", "acme-paretorec/transformer"])
def test_chosen_but_denied_is_an_error_and_never_a_fallback(use):
    settings = RegistrySettings(
        choose={"encoder.transformer": "acme-paretorec"}, trust=Trust(deny={"Acme.ParetoRec": "corrupts checkpoints"})
    )
    with pytest.raises(ComponentDenied, match=r"acme-paretorec 2\.1 \(acme\) is denied: corrupts checkpoints"):
        select("encoder", use, ALL, settings)


def test_chosen_but_absent_is_an_error_and_never_a_fallback():
    settings = RegistrySettings(choose={"encoder.transformer": "gone-paretorec"})
    with pytest.raises(ComponentNotFound, match=r"gone-paretorec.*pip install gone-paretorec"):
        select("encoder", "transformer", ALL, settings)
    with pytest.raises(ComponentNotFound, match="pip install gone"):
        select("encoder", "gone/transformer", ALL, NONE)
    elsewhere = RegistrySettings(choose={"optimizer.nsga2": "acme-paretorec"})
    with pytest.raises(ComponentNotFound, match="acme-paretorec has no optimizer 'nsga2'"):
        select("optimizer", "nsga2", ALL, elsewhere)


def test_unknown_names_come_with_the_nearest_right_ones():
    with pytest.raises(ComponentNotFound, match=r"split\.use: there is no encoder 'transfomer'; did you mean 'tran"):
        select("encoder", "transfomer", ALL, NONE, "split")
    with pytest.raises(ComponentNotFound, match="'nsga2' is of kind optimizer"):
        select("encoder", "nsga2", ALL, NONE)
    with pytest.raises(ComponentNotFound, match=r"^there is no ranker 'mlp'$"):
        select("ranker", "mlp", ALL, NONE)


@pytest.mark.parametrize(
    ("trust", "allowed"),
    [
        (Trust(), {"paretorec", "acme-paretorec", "other_paretorec"}),
        (Trust(mode="builtin"), {"paretorec"}),
        (Trust(mode="listed"), {"paretorec"}),
        (Trust(mode="listed", allow={"acme_paretorec": ""}), {"paretorec", "acme-paretorec"}),
        (Trust(mode="listed", allow={"acme-paretorec": ">=2,<3"}), {"paretorec", "acme-paretorec"}),
        (Trust(mode="listed", allow={"acme-paretorec": "<2"}), {"paretorec"}),
        (Trust(deny={"paretorec": "no"}), {"acme-paretorec", "other_paretorec"}),
    ],
)
def test_trust_decides_who_may_be_used(trust, allowed):
    refused = {"denied", "untrusted"}
    listed = standings(ALL, RegistrySettings(trust=trust))
    assert {entry.distribution for entry in listed if entry.state not in refused} == allowed
    assert all(entry.note for entry in listed if entry.state in refused)
    for candidate in (OURS, ACME, OTHER):
        if candidate.distribution not in allowed:
            with pytest.raises(ComponentDenied):
                select("encoder", candidate.qualified, ALL, RegistrySettings(trust=trust))


def test_pre_releases_count_as_versions():
    trust = Trust(mode="listed", allow={"acme-paretorec": ">=2"})
    early = Candidate("encoder", "rnn", "acme-paretorec", "2.1rc1", "acme")
    assert select("encoder", "rnn", (early,), RegistrySettings(trust=trust)) == early


def test_standings_say_what_each_short_name_means():
    settings = RegistrySettings(defaults={"encoder": "transformer", "ranker": "absent"})
    states = {(e.name, e.distribution): (e.state, e.default) for e in standings(ALL, settings)}
    assert states == {
        ("transformer", "paretorec"): ("ready", True),
        ("transformer", "acme-paretorec"): ("shadowed", False),
        ("transformer", "other_paretorec"): ("shadowed", False),
        ("rnn", "acme-paretorec"): ("ambiguous", False),
        ("rnn", "other_paretorec"): ("ambiguous", False),
        ("nsga2", "paretorec"): ("ready", False),
    }
    replaced = standings(ALL, RegistrySettings(defaults={"encoder": "acme-paretorec/transformer"}))
    assert [e.distribution for e in replaced if e.default] == ["acme-paretorec"]


def test_standings_of_a_choice_that_leads_nowhere_make_nobody_ready():
    gone = RegistrySettings(choose={"encoder.transformer": "gone"})
    assert {e.state for e in standings((OURS, ACME), gone)} == {"shadowed"}
