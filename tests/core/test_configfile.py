"""Configuration: every mistake is one sentence that names the key and what would be right."""

import pytest

from paretorec.configfile import load_config, parse_config
from paretorec.errors import ConfigError

TEXT = """
k = 5
[[encoders]]
use = "repeat"
name = "often"
[[encoders]]
use = "item-knn"
[search]
evaluations = 100
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shop.toml"
    path.write_text(TEXT)
    return path


def test_values_and_defaults(file):
    config = load_config(file)
    assert (config.k, config.seed, config.search.evaluations) == (5, 0, 100)
    assert [encoder.instance for encoder in config.encoders] == ["often", "item-knn"]


@pytest.mark.parametrize(
    ("override", "read", "value"),
    [
        ("k=7", lambda c: c.k, 7),
        ("encoders.often.params.half_life_days=30", lambda c: c.encoders[0].params, {"half_life_days": 30}),
        ("optimizer.use=smpso", lambda c: c.optimizer.use, "smpso"),
        ('pick.keep={relevance="-2%"}', lambda c: c.pick.keep, {"relevance": "-2%"}),
        ("data.min_item_users=20", lambda c: c.data.min_item_users, 20),
    ],
)
def test_any_key_can_be_overridden(file, override, read, value):
    assert read(load_config(file, [override])) == value


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("serch.evaluations=3", "unknown key 'serch'.*search"),
        ("search.evaluation=3", "unknown key 'search.evaluation'.*evaluations"),
        ("k=0", "k = 0: .*greater than or equal to 1"),
        ("encoders.ofen.use=x", "encoders has no member 'ofen'; it has often, item-knn"),
        ("encoders.often.usee=x", "unknown key 'encoders.often.usee'.*use"),
        ("encoders.often=x", "not a table|not KEY=VALUE|member"),
        ("nonsense", "not KEY=VALUE"),
        ("k.x=1", "k is a value, not a table"),
    ],
)
def test_a_wrong_key_is_named(file, override, message):
    with pytest.raises(ConfigError, match=message) as caught:
        load_config(file, [override])
    assert "\n" not in str(caught.value)


def test_two_members_of_one_name_are_refused():
    with pytest.raises(ConfigError, match="two members of encoders are called 'repeat'"):
        parse_config({"encoders": [{"use": "repeat"}, {"use": "repeat"}]}, "here")


def test_a_missing_or_broken_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nothing\.toml does not exist"):
        load_config(tmp_path / "nothing.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("k = ")
    with pytest.raises(ConfigError, match=r"broken\.toml is not TOML"):
        load_config(broken)
