"""The pluggy hooks: one collection hook per kind, and what observers are told. Selection is the registry's.

A plugin is an import-light module with one function per kind that it offers::

    from paretorec.contracts import ComponentSpec, hookimpl

    @hookimpl
    def paretorec_encoders():
        return [
            ComponentSpec(
                name="gru",
                factory=f"{__name__}.model:GruEncoder",
                config=f"{__name__}.config:GruConfig",
                summary="Recurrent item encoder",
            )
        ]

and an entry point in its ``pyproject.toml``, whose name is the component's name::

    [project.entry-points."paretorec.encoders"]
    gru = "acme_gru"
"""

from __future__ import annotations

import pluggy

from paretorec.contracts.component import ComponentSpec
from paretorec.contracts.observer import (
    CertifyFinished,
    EpochFinished,
    FitFinished,
    GenerationFinished,
    RunFinished,
    RunStarted,
)

hookspec = pluggy.HookspecMarker("paretorec")
hookimpl = pluggy.HookimplMarker("paretorec")


class ComponentHooks:
    """Each hook returns the list of the plugin's components of one kind."""

    @hookspec
    def paretorec_sources(self) -> list[ComponentSpec]:  # type: ignore[empty-body]
        """Where tables come from: `Source`."""

    @hookspec
    def paretorec_splitters(self) -> list[ComponentSpec]:  # type: ignore[empty-body]
        """How data is cut: `Splitter`."""

    @hookspec
    def paretorec_encoders(self) -> list[ComponentSpec]:  # type: ignore[empty-body]
        """User and item representations: `Encoder`."""

    @hookspec
    def paretorec_indexes(self) -> list[ComponentSpec]:  # type: ignore[empty-body]
        """How the items nearest to a user are found: `Index`."""

    @hookspec
    def paretorec_rankers(self) -> list[ComponentSpec]:  # type: ignore[empty-body]
        """Event probabilities and amounts: `Ranker`."""

    @hookspec
    def paretorec_evaluators(self) -> list[ComponentSpec]:  # type: ignore[empty-body]
        """Metrics: `Evaluator`."""

    @hookspec
    def paretorec_objectives(self) -> list[ComponentSpec]:  # type: ignore[empty-body]
        """Goals: `Objective`."""

    @hookspec
    def paretorec_policies(self) -> list[ComponentSpec]:  # type: ignore[empty-body]
        """How signals become lists: `PolicyKind`."""

    @hookspec
    def paretorec_rules(self) -> list[ComponentSpec]:  # type: ignore[empty-body]
        """What may be shown: `MaskRule`, `ShapeRule`."""

    @hookspec
    def paretorec_optimizers(self) -> list[ComponentSpec]:  # type: ignore[empty-body]
        """What proposes policies: `Optimizer`."""

    @hookspec
    def paretorec_observers(self) -> list[ComponentSpec]:  # type: ignore[empty-body]
        """What is told how a run goes: objects with the methods of `ObserverHooks`."""


class ObserverHooks:
    """Methods that an observer may have, each with one frozen event; at most one call an epoch or generation."""

    @hookspec
    def paretorec_run_started(self, event: RunStarted) -> None:
        """Every component is built."""

    @hookspec
    def paretorec_fit_finished(self, event: FitFinished) -> None:
        """An encoder or the ranker is fitted."""

    @hookspec
    def paretorec_epoch_finished(self, event: EpochFinished) -> None:
        """A training loop has seen all examples once more."""

    @hookspec
    def paretorec_generation_finished(self, event: GenerationFinished) -> None:
        """A search has judged a generation."""

    @hookspec
    def paretorec_certify_finished(self, event: CertifyFinished) -> None:
        """The front is certified, or could not be."""

    @hookspec
    def paretorec_run_finished(self, event: RunFinished) -> None:
        """The run is done, interrupted or failed."""
