"""Questions that are well formed and have no answer, or another one than was hoped for."""

import json


def test_too_few_certify_requests_end_uncertified_and_say_so(shell, log):
    shell.write("log.csv", log)
    shell.configure()
    answer = shell("run", "run.toml", "--out", "out")
    assert answer.code == 0, answer.err
    assert "certify requests, fewer than the 200 that a certificate needs" in answer.out
    assert "nan" not in answer.out
    assert "at least" not in answer.out
    front = json.loads(shell("front", "out", "--json").out)
    assert front["certified"] is False
    assert all(change["low"] is None for point in front["points"] for change in point["certify"].values())
    picked = shell("pick", "out", "--maximize", "novelty", "--json")
    assert json.loads(picked.out)["certified"] is False


def test_a_wish_that_no_policy_fulfils_exits_3(certified):
    answer = certified("pick", "run", "--maximize", "novelty", "--keep", "relevance=+500%")
    answer.refused("no policy qualifies", "nearest", "the smallest changes that these requests could certify", code=3)
    impossible = certified("pick", "run", "--keep", "relevance=+5%", "--keep", "novelty=+90%")
    impossible.refused("none of", "keeps what is asked", "would find it", code=3)
    certified("pick", "run", "--keep", "relevance=+500%", "--json").refused("no policy qualifies", code=3)
    certified("pick", "run", "--maximize", "sales").refused("pick.maximize", "'sales'", "relevance, novelty")
    certified("pick", "run", "--keep", "relevance=lots").refused("pick.keep.relevance", "'lots'", '"-2%"')
    certified("pick", "run", "--keep", "relevance").refused("--keep", "OBJECTIVE=VALUE")
    certified("pick", "run", "--knee", "--maximize", "novelty").refused("maximize and knee are 2 ways to pick")
    certified("pick", "run", "--weights", "novelty=much").refused("--weights", "'much' is no number")
    certified("pick", "run", "--weights", "novelty=-1").refused("pick.weights.novelty", "0 or more")
    certified("pick", "run", "--reference", "sales=+5%").refused("pick.reference_point.sales", "no objective")
    certified("pick", "run", "--lexicographic", "novelty,clicks").refused("pick.lexicographic", "'clicks'")
    certified("pick", "run", "--tolerance", "novelty=1%").refused("not in lexicographic")


def test_a_wrong_signal_is_looked_for_under_its_own_key(shell, log):
    shell.write("log.csv", log)
    for key, value in (("signals", '["encoder.repeet"]'), ("normalisers", '{ "encoder.repeet" = "rank" }')):
        shell.configure(more=f'[policy]\nuse = "linear"\n{key} = {value}')
        shell.run_refused(f"policy.{key}: there is no signal 'encoder.repeet'", "did you mean 'encoder.repeat'")


def test_every_way_to_pick_answers_or_says_why_not(certified):
    ways = (
        ("--knee",),
        ("--weights", "relevance=1,novelty=.5"),
        ("--reference", "novelty=+5%,relevance=-5%"),
        ("--lexicographic", "novelty,relevance", "--tolerance", "novelty=0.5%"),
    )
    for way in ways:
        answer = certified("pick", "run", *way, "--json")
        if answer.code == 3:
            assert "no policy qualifies" in answer.err
            continue
        assert answer.code == 0, answer.err
        found = json.loads(answer.out)
        assert found["way"].startswith(way[0].strip("-").split("-")[0])
        assert found["certified"] is True
        assert found["confidence"] == 0.95
        assert any(change["low"] > 0 for change in found["certify"].values())


def test_somebody_unknown_gets_a_list_without_history_and_a_column_says_so(certified):
    lists = json.loads(certified("recommend", "run", "--users", "1, nobody", "-k", "3", "--json").out)
    assert [(row["user_id"], row["basis"]) for row in lists] == [("1", "history")] * 3 + [("nobody", "no history")] * 3
    guest = json.loads(certified("recommend", "run", "--history", "no-item", "-k", "2", "--json").out)
    assert [(row["user_id"], row["basis"]) for row in guest] == [("guest", "no history")] * 2
    assert [row["item_id"] for row in guest] == [row["item_id"] for row in lists[3:5]]


def test_recommend_refuses_what_it_cannot_be_asked(certified):
    certified("recommend", "run", "--users", "1", "-k", "41").refused("k = 41", "40 items")
    certified("recommend", "run", "--users", "1", "--at", "soon").refused("at = 'soon'", "2017-12-31")
    certified("recommend", "run").refused("--users", "--history")


def test_rules_may_leave_nothing_to_show(shell, log):
    shell.write("log.csv", log)
    shell.configure(more='[[rules]]\nuse = "allow"\nparams = { items = ["never-sold"] }')
    answer = shell("run", "run.toml", "--out", "out")
    assert answer.code == 0, answer.err
    empty = shell("recommend", "out", "--users", "1")
    assert empty.code == 0
    assert "the rules leave no candidate" in empty.err
    assert json.loads(shell("recommend", "out", "--users", "1", "--json").out) == []
