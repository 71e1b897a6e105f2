"""A fitted encoder as a file that other runtimes serve from, with a JSON beside it that says what goes in and out."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paretorec.artifact import write_atomic, write_json
from paretorec.bundle import Bundle
from paretorec.errors import ConfigError, MissingDependency
from paretorec.registry import Built
from paretorec.registry.explain import nearest

SCHEMA = 1
CAPABILITY = "export"


def export_encoder(
    encoders: Mapping[str, Built],
    bundle: Bundle,
    about: Mapping[str, Any],
    folder: Path,
    *,
    encoder: str = "",
    form: str = "onnx",
    k: int = 10,
    int8: bool = False,
) -> Path:
    """Write ``NAME.FORM`` (and ``NAME.int8.onnx``) and ``NAME.json`` into `folder`; returns the path of the JSON.

    encoders: as the configuration names them, for provenance; the fitted ones are the bundle's.  about: JSON values
    for the file, such as bundle id and fingerprint.  encoder: the instance's name; "": the only one that can.
    int8: also with weights of eight bits (dynamic quantisation by onnxruntime).
    Raises `ConfigError` where no encoder, or not this one, can be exported so.
    """
    name = _chosen(encoders, encoder)
    component, resolved = bundle.encoders[name].component, encoders[name].resolved
    if form not in component.formats:
        raise ConfigError(f"{resolved} exports to {', '.join(component.formats)}, not to {form!r}")
    if int8 and form != "onnx":
        raise ConfigError(f"int8 is for the format onnx, not for {form!r}")
    if not 1 <= k <= len(bundle.items):
        raise ConfigError(f"k = {k}: the catalogue has {len(bundle.items)} items; choose a number between 1 and that")
    file, small = folder / f"{name}.{form}", folder / f"{name}.int8.onnx"
    told: dict[str, Any] = {}
    write_atomic(file, lambda temporary: told.update(component.export(temporary, form, bundle.items, k)))
    if int8:
        write_atomic(small, lambda temporary: quantise(file, temporary))
    described = {
        "schema": SCHEMA,
        "format": form,
        "file": file.name,
        **({"int8": small.name} if int8 else {}),
        "encoder": name,
        "component": {"use": resolved.qualified, "version": resolved.provenance.version},
        **about,
        "k": k,
        **told,
        "items": [str(item) for item in bundle.items.ids],
    }
    write_json(folder / f"{name}.json", described)
    return folder / f"{name}.json"


def _chosen(encoders: Mapping[str, Built], wanted: str) -> str:
    able = [name for name, built in encoders.items() if CAPABILITY in built.resolved.spec.capabilities]
    these = f"the run's encoders that can: {', '.join(able)}" if able else "none of the run's encoders can"
    if wanted and wanted not in encoders:
        raise ConfigError(f"the run has no encoder {wanted!r}{nearest(wanted, encoders)}")
    if wanted and wanted not in able:
        raise ConfigError(f"{encoders[wanted].resolved} cannot be exported; {these}")
    if not wanted and not able:
        raise ConfigError(f"there is nothing to export: {these} ({', '.join(encoders)})")
    if not wanted and len(able) > 1:
        raise ConfigError(f"several encoders can be exported, {', '.join(able)}: say which one (--encoder NAME)")
    return wanted or able[0]


def quantise(file: Path, target: Path) -> None:
    """Write an ONNX file with its matrices as 8-bit integers, scaled column by column; what they are multiplied with
    is rounded as it comes. Raises `MissingDependency` without onnxruntime."""
    try:
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as error:
        raise MissingDependency("int8 needs onnxruntime: pip install 'paretorec[export]'") from error
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)  # its advice to preprocess goes to the root logger; there is nothing to preprocess
    try:
        quantize_dynamic(file, target, per_channel=True, weight_type=QuantType.QInt8)
    finally:
        root.setLevel(before)
