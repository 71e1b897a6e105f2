"""A small shop's log, and the command line as a process."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

QUICK = """
[search]
evaluations = 40
[certify]
resamples = 200
"""


def make_log(users: int = 60, items: int = 40, rows: int = 1500) -> pd.DataFrame:
    """Users of four tastes, each with a quarter of the items, over 120 days."""
    rng = np.random.default_rng(0)
    user = rng.integers(users, size=rows)
    item = user % 4 * (items // 4) + rng.integers(items // 4, size=rows)
    time = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 120 * 86400, size=rows)), unit="s")
    return pd.DataFrame({"user_id": user, "item_id": item, "time": time.astype(str)}).astype(
        {"user_id": str, "item_id": str}
    )


@dataclass
class Answer:
    """What a command line came to."""

    code: int
    out: str
    err: str

    def refused(self, *fragments: str, code: int = 2) -> None:
        """One sentence on stderr with all fragments, no traceback, no result."""
        assert self.code == code, self.err
        lines = [line for line in self.err.splitlines() if line.startswith("paretorec: ")]
        assert len(lines) == 1
        assert "Traceback" not in self.err
        assert "unexpected" not in self.err
        assert self.out == ""
        for fragment in fragments:
            assert fragment in lines[0]


@dataclass
class Shell:
    """A folder with files, in which commands run."""

    folder: Path

    def __call__(self, *arguments: object, **environment: str) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "paretorec", *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def write(self, name: str, content: str | bytes | pd.DataFrame) -> None:
        """A file of the folder; tables as CSV."""
        path = self.folder / name
        if isinstance(content, pd.DataFrame):
            content.to_csv(path, index=False)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content)

    def configure(self, *, top: str = "", params: str = "", data: str = "", more: str = "") -> None:
        """``run.toml``: reads ``log.csv``, searches briefly."""
        source = f'[source]\nuse = "csv"\n[source.params]\ninteractions = "log.csv"\n{params}\n'
        self.write("run.toml", f"{top}\n{source}[data]\n{data}\n{QUICK}\n{more}")

    def files(self) -> set[str]:
        """Everything in the folder."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}

    def run_refused(self, *fragments: str, options: tuple[object, ...] = ()) -> None:
        """``run`` is refused and leaves nothing behind."""
        before = self.files()
        self("run", "run.toml", "--out", "out", *options).refused(*fragments)
        assert self.files() == before


@pytest.fixture
def log() -> pd.DataFrame:
    return make_log()


@pytest.fixture
def shell(tmp_path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def certified(tmp_path_factory) -> Shell:
    """A folder with ``run``, a finished and certified run; not to be changed."""
    shell = Shell(tmp_path_factory.mktemp("certified"))
    shell.write("log.csv", make_log(users=400, rows=12_000))
    shell.configure(more='[pick]\nmaximize = "novelty"')
    answer = shell("run", "run.toml", "--out", "run")
    assert answer.code == 0, answer.err
    assert "Not certified" not in answer.out
    return shell
