"""A run on disk: a folder of JSON, safetensors and Parquet files under a manifest with their checksums. No pickle."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from paretorec.contracts.run import Array, State
from paretorec.errors import ArtifactError, ConfigError, DataError, FingerprintMismatch

SCHEMA = 1
MANIFEST = "manifest.json"
REPORT = "report.html"
"""Made from the other files, and made again by `paretorec report`: not under the manifest."""


def write_atomic(path: Path, write: Callable[[Path], object]) -> None:
    """`write` a temporary file beside `path`, then rename it: readers see the old file or the whole new one.

    Raises `ArtifactError` naming the file when the disk or its permissions refuse.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        temporary = Path(name)
        try:
            write(temporary)
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ArtifactError(
            f"{path} cannot be written: {error.strerror or error}; make room or name another place"
        ) from error


def write_json(path: Path, value: Any) -> None:
    """Write one JSON document; NaN is refused rather than written as something that is not JSON."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomic(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def read_json(path: Path) -> Any:
    """Read one JSON document. Raises `ArtifactError` naming the file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{path} does not exist; is {path.parent} the folder of a finished run?") from None
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} is damaged ({error}); run again or restore it from a copy") from error


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write named arrays as safetensors."""
    from safetensors.numpy import save_file

    dense = {name: np.ascontiguousarray(value) for name, value in arrays.items()}
    write_atomic(path, lambda temporary: save_file(dense, str(temporary)))


def read_arrays(path: Path) -> dict[str, Array]:
    """Read named arrays. Raises `ArtifactError` naming the file."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(str(path)))
    except FileNotFoundError:
        raise ArtifactError(f"{path} does not exist; the run is not complete") from None
    except (OSError, SafetensorError) as error:
        raise ArtifactError(f"{path} is damaged ({error}); run again or restore it from a copy") from error


def write_state(folder: Path, name: str, state: State) -> None:
    """A fitted component: ``NAME.safetensors`` and, written last, ``NAME.json``."""
    write_arrays(folder / f"{name}.safetensors", state.arrays)
    write_json(folder / f"{name}.json", dict(state.meta))


def read_state(folder: Path, name: str) -> State:
    """What `write_state` wrote."""
    return State(read_arrays(folder / f"{name}.safetensors"), read_json(folder / f"{name}.json"))


def sha256(path: Path) -> str:
    """Checksum of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(value: Any) -> str:
    """Fingerprint of a JSON value: the same for equal values, whatever the order of keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def seal(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest with the checksum of every other file of `folder` but the report."""
    files = {
        str(path.relative_to(folder)): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (MANIFEST, REPORT)
    }
    write_json(folder / MANIFEST, {"schema": SCHEMA, **manifest, "files": files})


def unseal(folder: Path) -> dict[str, Any]:
    """The manifest, after every file's checksum was verified. Raises `ArtifactError` naming file and fix."""
    if not folder.is_dir():
        raise ArtifactError(f"{folder} does not exist; `paretorec run CONFIG --out {folder}` makes it")
    manifest = read_json(folder / MANIFEST)
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if type(schema) is int and schema > SCHEMA:
        raise ArtifactError(
            f"{folder} has schema {schema}, this paretorec reads up to {SCHEMA}; upgrade paretorec or run again"
        )
    if schema != SCHEMA or not isinstance(manifest.get("files"), dict):
        raise ArtifactError(
            f"{folder / MANIFEST} is not the manifest of a finished run; run again or restore it from a copy"
        )
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise ArtifactError(f"{path} is missing; run again or restore it from a copy")
        if sha256(path) != expected:
            raise ArtifactError(f"{path} is damaged (its checksum differs); run again or restore it from a copy")
    return dict(manifest)


def partial(out: Path) -> Path:
    """The folder in which a run works until it is complete."""
    return out.with_name(out.name + ".partial")


def open_partial(out: Path, resume: bool) -> Path:
    """Make `partial(out)`, empty unless `resume`. Raises `ConfigError` where nothing may or should be written."""
    if out.exists() and not (out / MANIFEST).is_file():
        raise ConfigError(f"{out} exists and is not a run; name another folder with --out")
    folder = partial(out)
    if resume and not folder.is_dir():
        raise ArtifactError(f"{folder} does not exist, so there is nothing to resume; run without --resume")
    try:
        if not resume:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=resume)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError(f"cannot write into {out.parent}: {error.strerror}; name another folder with --out") from None
    return folder


def same_run(folder: Path, fields: Mapping[str, Any]) -> None:
    """Note what a run is, or refuse (`FingerprintMismatch`) to go on with one that was another."""
    path = folder / "run.json"
    if not path.is_file():
        write_json(path, dict(fields))
        return
    before = read_json(path)
    differing = sorted(key for key in {*before, *fields} if before.get(key) != fields.get(key))
    if differing:
        raise FingerprintMismatch(
            f"{folder} is of another run ({', '.join(differing)} differ); "
            "resume with the same configuration and data, or run without --resume"
        )


@contextmanager
def working(out: Path, resume: bool) -> Iterator[Path]:
    """`open_partial`; a run that is refused leaves nothing, since no other configuration or data may go on with it."""
    folder = open_partial(out, resume)
    try:
        yield folder
    except (ConfigError, DataError):
        if not resume:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def publish(out: Path) -> None:
    """Rename the complete partial folder to `out`, replacing an earlier run as one step that can be undone."""
    old = out.with_name(out.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    partial(out).rename(out)
    shutil.rmtree(old, ignore_errors=True)
