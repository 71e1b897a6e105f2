"""Which components there are, which of them may be used, and how a configuration becomes objects.

Phases are types: `Candidate` (found by name, nothing imported) -> `Resolved` (its plugin's module was imported) ->
`Built` (ready to work).
"""

from paretorec.registry.choose import Available
from paretorec.registry.discovery import Candidate, refresh, scan
from paretorec.registry.resolve import Built, Registry, Resolved
from paretorec.registry.settings import RegistrySettings, Trust

__all__ = ["Available", "Built", "Candidate", "Registry", "RegistrySettings", "Resolved", "Trust", "refresh", "scan"]
