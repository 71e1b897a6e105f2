"""Writes a package from its templates."""

from __future__ import annotations

import sys
from importlib.resources import files
from keyword import iskeyword
from pathlib import Path
from string import Template

from paretorec.contracts.component import GROUPS, HOOKS, NAME_PATTERN
from paretorec.errors import ConfigError
from paretorec.scaffold.kinds import SCAFFOLDS, Scaffold


def write_package(name: str, kind: str, parent: Path) -> Path:
    """Write the folder `name` into `parent`: a distribution of that name with one component of that name.

    Raises `ConfigError` for a name that cannot be one, and for a folder that is there already.
    """
    module = name.replace("-", "_")
    if not NAME_PATTERN.match(name) or name.endswith("-") or "--" in name:
        raise ConfigError(f"a plugin cannot be called {name!r}: use lower case letters, digits and single hyphens")
    if module in sys.stdlib_module_names or iskeyword(module) or module.startswith("paretorec"):
        raise ConfigError(f"a plugin cannot be called {name!r}: Python or ParetoRec has a module of that name")
    folder = parent / name
    if folder.exists():
        raise ConfigError(f"{folder} exists; choose another name, or another place with --out")
    for path, text in contents(name, kind).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder


def contents(name: str, kind: str) -> dict[str, str]:
    """Path in the package -> text. kind: one of `SCAFFOLDS`."""
    scaffold = SCAFFOLDS[kind]
    module = name.replace("-", "_")
    components = {kind: name} | {other: f"{name}-{suffix}" for other, (suffix, _) in scaffold.companions.items()}
    points = "\n\n".join(
        f'[project.entry-points."{GROUPS[one]}"]\n{component} = "{module}"' for one, component in components.items()
    )
    known = {"name": name, "module": module, "Name": _camel(name), "kind": kind, "summary": scaffold.summary}
    hooks = [
        _fill(
            "hook",
            **known | {"summary": scaffold.companions[one][1] if one in scaffold.companions else scaffold.summary},
            hook=HOOKS[one],
            component=component,
            factory=_camel(component),
            capabilities=f'\n            capabilities=frozenset({{"{scaffold.capabilities}"}}),'
            if scaffold.capabilities
            else "",
        )
        for one, component in components.items()
    ]
    return {
        "pyproject.toml": _fill("pyproject.toml", **known, points=points),
        "README.md": _fill("readme", **known, example=Template(scaffold.toml).substitute(name=name)),
        ".github/workflows/tests.yml": _fill("workflow", **known),
        f"src/{module}/__init__.py": _fill("module", **known, hooks="\n".join(hooks).rstrip()),
        f"src/{module}/{kind}.py": _fill(kind, **known),
        f"src/{module}/py.typed": "",
        f"tests/test_{module}.py": _tests(name, scaffold, components),
    }


def _tests(name: str, scaffold: Scaffold, components: dict[str, str]) -> str:
    contracts = sorted(f"{one.capitalize()}Contract" for one in components)
    imports = [
        *(["from pathlib import Path", ""] if "tmp_path" in scaffold.before + scaffold.config else []),
        "from paretorec import Engine",
        f"from paretorec.testing import {', '.join(contracts)}",
    ]
    classes = [
        f'class Test{_camel(component)}({one.capitalize()}Contract):\n    spec = "{name}/{component}"'
        for one, component in components.items()
    ]
    return _fill("contract", imports="\n".join(imports), classes="\n\n\n".join(classes), run=_run(name, scaffold))


def _run(name: str, scaffold: Scaffold) -> str:
    config = Template(scaffold.config).substitute(name=name)
    settings = {
        '"source"': '"source": {"use": "simulated-store", "params": {"users": 80, "weeks": 16, "items": 40}},',
        '"encoders"': '"encoders": [{"use": "popularity"}, {"use": "repeat"}],',
        '"optimizer"': '"optimizer": {"use": "random"},',
        '"search"': '"search": {"evaluations": 40},',
        '"k"': '"k": 5,',
    }
    lines = [config, *(line for key, line in settings.items() if f"{key}:" not in config)]
    arguments = "tmp_path: Path" if "tmp_path" in scaffold.before + config else ""
    body = "\n        ".join(lines)
    return (
        f"def test_a_run_uses_it({arguments}) -> None:\n{scaffold.before}"
        f"    config = {{\n        {body}\n    }}\n    assert Engine(config).run().points\n"
    )


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))


def _fill(template: str, **values: str) -> str:
    text = (files("paretorec.scaffold") / "templates" / f"{template}.tmpl").read_text(encoding="utf-8")
    return Template(text).substitute(values)
