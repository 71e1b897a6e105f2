"""What a person or a host waits for before anything was asked: no heavy library, and nobody's plugin."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

import paretorec

HEAVY = (
    "torch",
    "pymoo",
    "scipy",
    "numba",
    "matplotlib",
    "plotly",
    "pandas",
    "pyarrow",
    "sklearn",
    "paretorec_plugins",
)

COMMAND_LINE = "from paretorec.cli import execute; assert execute({!r}) == 0"


@pytest.mark.parametrize(
    "code",
    [
        "import paretorec",
        "import paretorec.contracts",
        "import paretorec.registry; paretorec.registry.Registry().available()",
        COMMAND_LINE.format(["--help"]),
        COMMAND_LINE.format(["--version"]),
        COMMAND_LINE.format(["run", "--help"]),
        COMMAND_LINE.format(["plugins", "list"]),
        COMMAND_LINE.format(["plugins", "list", "--json"]),
    ],
)
def test_nothing_heavy_is_imported(code):
    check = f"import sys\n{code}\nprint([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_import_paretorec_loads_no_other_module_of_its_own():
    code = "import sys, paretorec; print(sorted(name for name in sys.modules if name.startswith('paretorec')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['paretorec']"


def test_showing_a_component_imports_that_plugin_and_neither_torch_nor_pymoo():
    code = COMMAND_LINE.format(["plugins", "show", "encoder.transformer"])
    check = f"import sys\n{code}\nprint([n for n in ('torch', 'pymoo', 'numba') if n in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_no_module_hides_a_name_of_the_package():
    """Importing `paretorec.x` sets the attribute `x` of the package: a public name must not be a module's too."""
    modules = {module.name for module in pkgutil.iter_modules(paretorec.__path__)}
    assert not modules & set(paretorec.__all__)
