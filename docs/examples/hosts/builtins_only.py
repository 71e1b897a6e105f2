"""A host that lets nobody else's code be imported, whatever is installed beside it.

python builtins_only.py
"""

from __future__ import annotations

from paretorec import Engine, Registry
from paretorec.errors import ComponentDenied
from paretorec.registry import RegistrySettings, Trust

STRICT = RegistrySettings(trust=Trust(mode="builtin"))


def main() -> list[str]:
    registry = Registry(files=(), settings=STRICT)  # files=(): PARETOREC_REGISTRY says nothing here either
    strangers = [entry for entry in registry.available() if not entry.builtin]
    for entry in strangers:
        try:
            registry.resolve(entry.kind, f"{entry.distribution}/{entry.name}")
        except ComponentDenied as refusal:
            print(refusal)
    config = {
        "source": {"use": "simulated-store", "params": {"users": 100, "weeks": 12}},
        "search": {"evaluations": 100},
    }
    front = Engine(config, registry=registry).run()
    print(f"{len(front.points)} points, {len(strangers)} components of others refused")
    return [entry.state for entry in strangers]


if __name__ == "__main__":
    main()
