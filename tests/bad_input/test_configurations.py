"""Configurations that cannot run, through the command line."""

from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("options", "fragments"),
    [
        (["serch.x=1"], ["run.toml", "unknown key 'serch'", "'search'"]),
        (["data.usr='u'"], ["unknown key 'data.usr'", "'user'"]),
        (["k=0"], ["k = 0", "greater than or equal to 1"]),
        (["source.params.delim=';'"], ["unknown key 'source.params.delim'", "'delimiter'", "source 'csv'"]),
        (["optimizer.use='nsga'"], ["optimizer.use: there is no optimizer 'nsga'", "'nsga2'"]),
        (["policy.use='lineal'"], ["policy.use: there is no policy 'lineal'", "'linear'"]),
        (["source.use='cvs'"], ["source.use: there is no source 'cvs'", "csv"]),
        (["k"], ["--set 'k' is not KEY=VALUE"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_unknown_keys_components_and_values_are_named_with_what_is_near(shell, options, fragments):
    shell.write("log.csv", "user_id,item_id,time\n1,2,3\n")
    shell.configure()
    shell.run_refused(*fragments, options=tuple(text for option in options for text in ("--set", option)))


@pytest.mark.parametrize(
    ("more", "fragments"),
    [
        ('[[objectives]]\nuse = "sales"', ["objective 'sales'", "event 'sales'", "interaction", "[data.events.sales]"]),
        ('[[encoders]]\nuse = "popularity"\n[[encoders]]\nuse = "popularity"', ["encoders", "'popularity'", "`name`"]),
        ('[candidates.shares]\n"item-kn" = 1.0', ["candidates.shares.item-kn", "'item-knn'"]),
    ],
    ids=["event", "same name", "share"],
)
def test_what_does_not_fit_together_is_refused(shell, log, more, fragments):
    shell.write("log.csv", log)
    shell.configure(more=more)
    shell.run_refused(*fragments)


@pytest.mark.parametrize(
    ("more", "fragments"),
    [
        ('[policy]\nuse = "linear"\nsignals = ["encoder.item-kn"]', ["policy.signals", "'encoder.item-knn'"]),
        ("[certify]\nbaseline = 'encoder.repeated'", ["certify.baseline", "'encoder.repeat'"]),
    ],
    ids=["signal", "baseline"],
)
def test_a_run_that_is_refused_after_it_learned_leaves_nothing_either(shell, log, more, fragments):
    shell.write("log.csv", log)
    shell.configure(more=more)
    text = (shell.folder / "run.toml").read_text()
    if text.count("[certify]") > 1:
        shell.write("run.toml", text.replace("[certify]\nresamples = 200\n", ""))
    shell.run_refused(*fragments)


def test_an_event_that_is_never_observed_is_as_good_as_absent(shell, log):
    shell.write("log.csv", log.assign(amount="", bought="1"))
    shell.configure(
        data='[data.events.purchase]\ncolumn = "bought"\n[data.events.sales]\ncolumn = "amount"\nkind = "amount"',
        more='[[objectives]]\nuse = "sales"',
    )
    shell.run_refused("objective 'sales'", "no row of the data has a value", "[data.events.sales]")


def test_lists_longer_than_the_catalogue_are_refused(shell, log):
    shell.write("log.csv", log)
    shell.configure(top="k = 41")
    shell.run_refused("k = 41", "40 items")


def test_files_that_are_no_configuration_are_refused(shell):
    shell("run", "none.toml").refused("none.toml does not exist")
    shell.write("run.toml", "k = [")
    shell.run_refused("run.toml is not TOML")


@pytest.mark.parametrize("out", ["file/out", "file", "/proc/out", "folder"])
def test_folders_that_cannot_or_must_not_be_written_are_refused(shell, log, out):
    if out.startswith("/proc") and not Path("/proc").is_dir():
        pytest.skip("no /proc here")
    shell.write("file", "")
    (shell.folder / "folder").mkdir()
    shell.write("folder/photo", "")
    shell.write("log.csv", log)
    shell.configure()
    before = shell.files()
    shell("run", "run.toml", "--out", out).refused("--out")
    assert shell.files() == before
