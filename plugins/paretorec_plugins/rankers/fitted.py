"""What the `mlp` has learned: from a view to calibrated heads, and to arrays and JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import torch

from paretorec.contracts import Array, CandidateView, Event, State
from paretorec_plugins.rankers.calibration import Platt
from paretorec_plugins.rankers.config import MlpConfig
from paretorec_plugins.rankers.heads import head_names, heads
from paretorec_plugins.rankers.items import ItemStatistics, category_codes, item_features
from paretorec_plugins.rankers.network import Network
from paretorec_plugins.rankers.scaler import Scaler
from paretorec_plugins.rankers.view import check_inputs, view_arrays


@dataclass(frozen=True)
class Inputs:
    """How a view becomes the network's input."""

    half_lives: tuple[float, ...]
    events: tuple[Event, ...]
    scalers: Mapping[str, Scaler]
    """``pair``, ``user``, ``item``."""
    statistics: ItemStatistics
    categories: Mapping[str, int]
    """Item category -> number of values known."""
    pair_names: tuple[str, ...]
    user_names: tuple[str, ...]

    def tensors(self, view: CandidateView) -> tuple[torch.Tensor, ...]:
        """(pair [B, C, Fp], user [B, Fu], item [B, C, Fi], codes [B, C, K]), standardised."""
        arrays = view_arrays(view, self.half_lives, self.events)
        check_inputs("mlp", arrays, self.pair_names, self.user_names)
        items = np.maximum(view.items, 0).astype(np.int64)
        item = item_features(self.statistics, view.table, view.item_vectors, items)
        return (
            torch.from_numpy(self.scalers["pair"](arrays.pair)),
            torch.from_numpy(self.scalers["user"](arrays.user)),
            torch.from_numpy(self.scalers["item"](item)),
            torch.from_numpy(category_codes(self.categories, view.table, items)),
        )


@dataclass(frozen=True)
class Fitted:
    """Immutable, so that threads may share it."""

    network: Network
    inputs: Inputs
    platt: Mapping[str, Platt]
    """event -> correction of its logit."""
    unit: Mapping[str, float]
    """Amount event -> what exp(output) is multiplied by."""

    @property
    def heads(self) -> tuple[str, ...]:
        return head_names(self.inputs.events, self.unit)

    def predict(self, view: CandidateView) -> dict[str, Array]:
        """head -> float32 [B, C], 0 at padding."""
        with torch.no_grad():
            out = self.network(*self.inputs.tensors(view)).numpy()
        amounts = iter(range(len(self.inputs.events), out.shape[-1]))
        logits = {event.name: self.platt[event.name](out[..., at]) for at, event in enumerate(self.inputs.events)}
        log_means = {event.name: out[..., next(amounts)] for event in self.inputs.events if event.name in self.unit}
        return heads(logits, log_means, self.unit, view.mask)

    def state(self) -> State:
        inputs = self.inputs
        arrays = {f"network.{name}": value.numpy() for name, value in self.network.state_dict().items()}
        for name, scaler in inputs.scalers.items():
            arrays |= {f"scaler.{name}.mean": scaler.mean, f"scaler.{name}.deviation": scaler.deviation}
        arrays["statistics"] = inputs.statistics.values
        meta = {
            "half_lives": list(inputs.half_lives),
            "events": [asdict(event) for event in inputs.events],
            "statistics": list(inputs.statistics.names),
            "categories": dict(inputs.categories),
            "pair_names": list(inputs.pair_names),
            "user_names": list(inputs.user_names),
            "platt": {name: asdict(platt) for name, platt in self.platt.items()},
            "unit": dict(self.unit),
        }
        return State(arrays, meta)

    @classmethod
    def restore(cls, state: State, config: MlpConfig) -> Fitted:
        arrays, meta = state.arrays, state.meta
        inputs = Inputs(
            half_lives=tuple(meta["half_lives"]),
            events=tuple(Event(**event) for event in meta["events"]),
            scalers={
                name: Scaler(arrays[f"scaler.{name}.mean"], arrays[f"scaler.{name}.deviation"])
                for name in ("pair", "user", "item")
            },
            statistics=ItemStatistics(tuple(meta["statistics"]), arrays["statistics"]),
            categories=meta["categories"],
            pair_names=tuple(meta["pair_names"]),
            user_names=tuple(meta["user_names"]),
        )
        network = build_network(inputs, config, len(inputs.events) + len(meta["unit"]))
        weights = {name: torch.from_numpy(np.array(arrays[f"network.{name}"])) for name in network.state_dict()}
        network.load_state_dict(weights)
        return cls(network.eval(), inputs, {k: Platt(**v) for k, v in meta["platt"].items()}, meta["unit"])


def build_network(inputs: Inputs, config: MlpConfig, outputs: int) -> Network:
    """A network of the right shape, its weights not yet set."""
    with torch.device("meta"):  # torch's own initialisation would draw from the global generator
        network = Network(
            pair=len(inputs.pair_names),
            user=len(inputs.user_names),
            item=len(inputs.scalers["item"].mean),
            categories=tuple(inputs.categories.values()),
            category_width=config.category_width,
            hidden=config.hidden,
            outputs=outputs,
        )
    return network.to_empty(device="cpu")
