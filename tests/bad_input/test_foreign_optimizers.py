"""Somebody else's optimizer that breaks: the run ends with its name, distribution and version; the archive is kept."""

import pytest

from paretorec.search.archive import Archive

PLUGIN = """
import numpy as np
from paretorec.contracts import Choice, ComponentConfig, ComponentSpec, hookimpl


class BrokenConfig(ComponentConfig):
    how: str


class Broken:
    def __init__(self, config):
        self.how, self.told = config.how, 0

    def setup(self, problem, seed):
        self.problem, self.rng = problem, np.random.default_rng(seed)
        if self.how == "setup":
            raise OSError("no licence server")

    def ask(self):
        x = self.problem.lower + self.rng.random((10, len(self.problem.lower)))
        if self.told == 2:
            if self.how == "raises":
                raise ZeroDivisionError("division\\nby zero")
            if self.how == "exits":
                raise SystemExit(0)
            wrong = {"outside": x + 1, "nans": x * np.nan, "shape": x[:, 1:], "text": "no"}
            x = wrong.get(self.how, x)
        return x

    def tell(self, x, result):
        self.told += 1


class Undecided:
    def __init__(self, config):
        self.how = config.how

    def choose(self, problem):
        return {"nothing": None, "itself": Choice("undecided", "why not", {"how": "again"})}[self.how]


@hookimpl
def paretorec_optimizers():
    make = f"{__name__}:"
    return [
        ComponentSpec("broken", make + "Broken", make + "BrokenConfig", "Breaks"),
        ComponentSpec(
            "undecided", make + "Undecided", make + "BrokenConfig", "Chooses badly", capabilities=frozenset({"chooses"})
        ),
    ]
"""


@pytest.fixture
def foreign(shell, log):
    """The shell, with a distribution `gadget-paretorec` 0.3 that its PYTHONPATH installs."""
    shell.write("log.csv", log)
    shell.configure()
    info = shell.folder / "site" / "gadget_paretorec-0.3.dist-info"
    info.mkdir(parents=True)
    shell.write("site/gadget_paretorec.py", PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gadget-paretorec\nVersion: 0.3\n")
    names = "broken = gadget_paretorec\nundecided = gadget_paretorec\n"
    (info / "entry_points.txt").write_text(f"[paretorec.optimizers]\n{names}")

    def run(use, how, *options):
        settings = [f"optimizer.use={use}", f"optimizer.params.how={how}", *options]
        sets = [word for setting in settings for word in ("--set", setting)]
        return shell("run", "run.toml", "--out", "out", *sets, PYTHONPATH=str(shell.folder / "site"))

    return run


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("raises", "failed in ask with ZeroDivisionError: division by zero"),
        ("exits", "failed in ask with SystemExit: 0"),
        ("outside", "which is outside the search's box"),
        ("nans", "asked for [nan, nan"),
        ("shape", "asked for an array of shape (10, "),
        ("text", "failed in ask with ValueError: could not convert string to float"),
    ],
)
def test_the_run_ends_by_name_and_the_archive_is_kept(foreign, shell, how, says):
    path = shell.folder / "out.partial" / "archive-broken.safetensors"
    foreign("broken", how).refused(
        "optimizer 'broken' of gadget-paretorec 0.3 (gadget_paretorec)",
        says,
        "; the 20 policies judged so far are kept in out.partial/archive-broken.safetensors",
    )
    assert len(Archive.load(path)) == 20
    assert Archive.load(path).feasible.all()
    assert not (shell.folder / "out").exists()


def test_an_optimizer_that_cannot_start_is_named(foreign):
    foreign("broken", "setup").refused(
        "optimizer 'broken' of gadget-paretorec 0.3 (gadget_paretorec) failed in setup with OSError: no licence server"
    )


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("nothing", "failed to choose: AttributeError"),
        ("itself", "chose 'undecided', which is no optimizer but chooses"),
    ],
)
def test_a_chooser_that_chooses_nothing_is_named(foreign, how, says):
    foreign("undecided", how).refused("optimizer 'undecided' of gadget-paretorec 0.3", says)


@pytest.mark.parametrize(("budget", "says"), [("evaluations=0", "search.evaluations"), ("seconds=0", "search.seconds")])
def test_no_budget_is_refused_before_anything_is_read(shell, budget, says):
    shell.configure()
    shell.run_refused(says, "greater than", options=("--set", f"search.{budget}"))
