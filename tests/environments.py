"""Wheels, and virtual environments to install them into, from what is installed here: no network."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path


def build(source: Path, out: Path) -> Path:
    """A wheel of `source`, built with what is installed here."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = out.glob("*.whl")
    return wheel


class Environment:
    """A fresh virtual environment that sees this one's packages, but no paretorec of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
        self.python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
        borrowed = folder / "borrowed"
        borrowed.mkdir()
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if "paretorec" not in entry.name.lower() and entry.suffix != ".pth":
                (borrowed / entry.name).symlink_to(entry)
        purelib = self.call("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip()
        (Path(purelib) / "borrowed.pth").write_text(f"{borrowed}\n")

    def install(self, wheel: Path) -> None:
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--no-deps", "--no-index"]
        done = subprocess.run([*pip, "--quiet", str(wheel)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def uninstall(self, distribution: str) -> None:
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "uninstall", "--yes", "--quiet"]
        done = subprocess.run([*pip, distribution], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def call(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs Python outside the repository, without anything that the caller's environment says."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PARETOREC"))}
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=self.folder,
            env=clean | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def paretorec(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.call("-m", "paretorec", *arguments, **environment)
