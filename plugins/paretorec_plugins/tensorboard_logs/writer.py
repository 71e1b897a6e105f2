"""What becomes a scalar and a text of TensorBoard."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path, PurePath

from paretorec.contracts import (
    CertifyFinished,
    EpochFinished,
    FitFinished,
    GenerationFinished,
    RunFinished,
    RunStarted,
    hookimpl,
)
from paretorec_plugins.tensorboard_logs.config import TensorBoardConfig


class TensorBoardLogs:
    """Scalars ``TRAINING/loss`` and ``TRAINING/score`` by epoch, ``SEARCH/hypervolume`` by policies judged,
    ``fit/INSTANCE/seconds``; texts ``configuration`` and ``pick``. One folder a run: its name and the time."""

    def __init__(self, config: TensorBoardConfig) -> None:
        self.folder = Path(os.path.expandvars(config.folder)).expanduser()

    @hookimpl
    def paretorec_run_started(self, event: RunStarted) -> None:
        from torch.utils.tensorboard import SummaryWriter

        name = PurePath(event.folder).name or event.verb
        when = dt.datetime.now().strftime("%Y%m%d-%H%M%S")
        self._writer = SummaryWriter(self.folder / f"{name}-{when}")
        self._writer.add_text("configuration", f"```json\n{json.dumps(event.config, indent=1)}\n```")

    @hookimpl
    def paretorec_fit_finished(self, event: FitFinished) -> None:
        self._writer.add_scalar(f"fit/{event.instance}/seconds", event.seconds, 0)

    @hookimpl
    def paretorec_epoch_finished(self, event: EpochFinished) -> None:
        self._writer.add_scalar(f"{event.training}/loss", event.loss, event.epoch)
        if event.score is not None:
            self._writer.add_scalar(f"{event.training}/score", event.score, event.epoch)

    @hookimpl
    def paretorec_generation_finished(self, event: GenerationFinished) -> None:
        self._writer.add_scalar(f"{event.search}/hypervolume", event.hypervolume, event.evaluations)

    @hookimpl
    def paretorec_certify_finished(self, event: CertifyFinished) -> None:
        self._writer.add_scalar("certify/points", len(event.front["points"]), 0)
        self._writer.add_text("pick", str(event.pick.get("why", "")))

    @hookimpl
    def paretorec_run_finished(self, event: RunFinished) -> None:
        self._writer.add_text("outcome", f"{event.outcome} {event.error}".strip())
        self._writer.close()
