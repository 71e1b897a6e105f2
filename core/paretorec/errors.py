"""Every error that a host application may want to catch.

Messages are one sentence: what is wrong, where (file, field, row, key, plugin), and what to do.
"""

from __future__ import annotations


class ParetoRecError(Exception):
    """Base of all errors raised on purpose; the command line prints it without a traceback."""

    exit_code = 2


class ConfigError(ParetoRecError):
    """A configuration key, value or combination that cannot run."""


class DataError(ParetoRecError):
    """Tables that cannot become a dataset: a missing column, no row left, a contradiction."""


class PluginError(ParetoRecError):
    """Base of what can go wrong with a component; names component, distribution, version and phase."""


class ComponentNotFound(PluginError):
    """Nobody offers a component of this kind and name."""


class AmbiguousComponent(PluginError):
    """Two third parties offer the same name, and nothing says which one is meant."""


class ComponentDenied(PluginError):
    """`[trust]` forbids the distribution that was asked for."""


class LockMismatch(PluginError):
    """What is installed is not what `[lock]` of registry.toml names; nothing of it was imported."""


class MissingDependency(PluginError):
    """The component is known, but a package that it needs is not installed."""


class PluginLoadError(PluginError):
    """A plugin's module, spec, factory or config model could not be used; the cause is chained."""


class ComponentFailed(PluginError):
    """A component raised while it worked; names it, its distribution and what it was doing; the cause is chained."""

    exit_code = 1


class ArtifactError(ParetoRecError):
    """A saved run or policy that is missing, damaged, from a newer schema, or of other plugins."""


class FingerprintMismatch(ArtifactError):
    """Two runs that may not be compared or continued; names the fields that differ."""


class NoAnswer(ParetoRecError):
    """The question is well formed and has no answer: no policy qualifies, or it is not estimable."""

    exit_code = 3


class Interrupted(ParetoRecError):
    """Stopped by the user or the host; a checkpoint was kept."""

    exit_code = 130
