"""The command line: one verb per thing a person wants, one file per verb.

Exit codes: 0 done; 1 faults found, or anything unexpected; 2 bad input or configuration; 3 the question has no
answer; 130 interrupted. Results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from paretorec import processes
from paretorec.cli.shared import Invocation
from paretorec.errors import ConfigError, ParetoRecError

VERBS: Final = (
    *("run", "tune", "front", "pick", "explain", "recommend"),
    *("evaluate", "off-policy", "report", "refit", "export", "embed", "plugins", "doctor"),
)
"""Each is a module of this package with a function, or a Typer application, of the same name (`_` for `-`)."""

# Recent versions of typer carry a click of their own; its exceptions are reached through the one that typer exports.
_UsageError: Final[Any] = typer.BadParameter.__base__


class _Verbs(TyperGroup):
    """Imports a verb's module when that verb, or the help that lists them all, is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in VERBS:
            from paretorec.registry.explain import nearest

            raise _UsageError(f"there is no verb {cmd_name!r}{nearest(cmd_name, VERBS)}", ctx)
        module = cmd_name.replace("-", "_")
        verb = getattr(importlib.import_module(f"paretorec.cli.{module}"), module)
        if not isinstance(verb, typer.Typer):
            function, verb = verb, typer.Typer(add_completion=False)
            verb.command(cmd_name)(function)
        command = typer.main.get_command(verb)
        command.name = cmd_name
        return command


app = typer.Typer(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"paretorec {version('paretorec')}")
        raise typer.Exit


@app.callback()
def _paretorec(
    ctx: typer.Context,
    registry: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="registry.toml of the host; default: the one that PARETOREC_REGISTRY names."),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """From interaction logs to a certified Pareto front of servable ranking policies."""
    if processes.started() > 1 and ctx.invoked_subcommand != "run":
        raise ConfigError(f"torchrun is for `paretorec run` alone; start `{ctx.invoked_subcommand}` without it")
    invocation: Invocation = ctx.obj
    invocation.registry, invocation.debug = registry, debug


def execute(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; errors are one sentence on stderr."""
    invocation = Invocation()
    command = typer.main.get_command(app)
    try:
        code = command.main(list(arguments) or ["--help"], "paretorec", standalone_mode=False, obj=invocation)
        return code if type(code) is int else 0
    except ParetoRecError as error:
        return _failed(error, str(error), error.exit_code, invocation)
    except _UsageError as error:
        at = f"; see `{error.ctx.command_path} --help`" if error.ctx else ""
        return _failed(error, f"{error.format_message().rstrip('.')}{at}", 2, invocation)
    except (KeyboardInterrupt, typer.Abort) as error:
        return _failed(error, "interrupted", 130, invocation)
    except Exception as error:
        hint = "" if invocation.debug else "; `paretorec --debug VERB ...` shows where"
        return _failed(error, f"unexpected {type(error).__name__}: {error}{hint}", 1, invocation)


def _failed(error: BaseException, message: str, code: int, invocation: Invocation) -> int:
    if invocation.debug:
        traceback.print_exception(error)
    typer.echo(f"paretorec: {message}", err=True)
    return code


def main() -> None:
    """The `paretorec` command."""
    # OpenMP threads that spin while they wait take the cores from everything else that runs on a busy machine: two
    # trainings side by side were ten times slower. OpenMP reads this when torch loads it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.exit(execute(sys.argv[1:]))
