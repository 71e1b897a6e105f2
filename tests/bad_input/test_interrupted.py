"""Ctrl-C keeps what was done, exits 130, and `--resume` ends where an undisturbed run would have."""

import os
import signal
import subprocess
import sys
import time

import pytest

TRAINING = """
[[encoders]]
use = "repeat"
[[encoders]]
use = "transformer"
params = { width = 8, layers = 1, length = 20, epochs = 6, patience = 0 }
"""


def interrupt(shell, when: str):
    """Start the run, send SIGINT as soon as a file `when` is in its working folder; (exit code, stderr)."""
    started = subprocess.Popen(
        [sys.executable, "-m", "paretorec", "run", "run.toml", "--out", "out"],
        cwd=shell.folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list((shell.folder / "out.partial").glob(when)):
        assert started.poll() is None, started.communicate()
        time.sleep(0.005)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=120)
    return started.returncode, err


@pytest.mark.parametrize(
    ("more", "evaluations", "checkpoint"),
    [(TRAINING, 40, "transformer-*.safetensors"), ("", 5000, "archive-nsga2.safetensors")],
    ids=["training", "search"],
)
def test_ctrl_c_and_resume(shell, log, more, evaluations, checkpoint):
    shell.write("log.csv", log)
    shell.configure(top="threads = 1", more=more)
    text = (shell.folder / "run.toml").read_text()
    shell.write("run.toml", text.replace("evaluations = 40", f"evaluations = {evaluations}"))

    code, err = interrupt(shell, checkpoint)
    assert code == 130, err
    assert "--resume" in err
    assert "Traceback" not in err
    assert list((shell.folder / "out.partial").glob(checkpoint))
    assert not (shell.folder / "out").exists()

    assert shell("run", "run.toml", "--out", "out", "--resume").code == 0
    assert not (shell.folder / "out.partial").exists()
    assert not list((shell.folder / "out").glob("transformer-*"))
    assert shell("run", "run.toml", "--out", "whole").code == 0
    resumed, whole = ((shell.folder / name / "front.json").read_bytes() for name in ("out", "whole"))
    assert resumed == whole


def test_only_the_same_run_is_resumed(shell, log):
    shell.write("log.csv", log)
    shell.configure()
    shell.run_refused("out.partial does not exist", "without --resume", options=("--resume",))
    (shell.folder / "out.partial").mkdir()
    shell.write("out.partial/run.json", '{"config": {}, "data": ""}')
    shell.run_refused("out.partial is of another run", "config", "data", "differ", options=("--resume",))
