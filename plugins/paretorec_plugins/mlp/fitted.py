"""What the `mlp` has learned: from a view to calibrated heads, and to arrays and JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import torch

from paretorec.contracts import Array, CandidateView, Event, State
from paretorec.errors import ConfigError
from paretorec_plugins.mlp.calibration import Platt
from paretorec_plugins.mlp.config import MlpConfig
from paretorec_plugins.mlp.items import ItemStatistics, category_codes, item_features
from paretorec_plugins.mlp.network import Network
from paretorec_plugins.mlp.scaler import Scaler
from paretorec_plugins.mlp.view import view_arrays

LARGEST_LOG_AMOUNT = 5.0
"""Expected amounts stay within e^5 of the mean amount: the exponential must not run away on odd inputs."""


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
        if (arrays.pair_names, arrays.user_names) != (self.pair_names, self.user_names):
            odd = set(arrays.pair_names + arrays.user_names) ^ set(self.pair_names + self.user_names)
            raise ConfigError(
                f"the ranker mlp was fitted with other inputs ({', '.join(sorted(odd)[:3])}, ...); fit it again"
            )
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
        names: list[str] = []
        for event in self.inputs.events:
            names += [event.name, f"{event.name}-log" if event.name in self.unit else f"{event.name}-logit"]
        return tuple(names)

    def predict(self, view: CandidateView) -> dict[str, Array]:
        """head -> float32 [B, C], 0 at padding."""
        with torch.no_grad():
            out = self.network(*self.inputs.tensors(view)).numpy()
        heads: dict[str, Array] = {}
        amounts = iter(range(len(self.inputs.events), out.shape[-1]))
        for column, event in enumerate(self.inputs.events):
            logit = self.platt[event.name](out[..., column])
            probability = 1 / (1 + np.exp(-logit))
            if event.name in self.unit:
                log_mean = np.clip(out[..., next(amounts)], -LARGEST_LOG_AMOUNT, LARGEST_LOG_AMOUNT)
                heads[event.name] = probability * np.exp(log_mean) * np.float32(self.unit[event.name])
                log_unit = np.float32(np.log(self.unit[event.name]))
                heads[f"{event.name}-log"] = log_mean + log_unit - np.logaddexp(np.float32(0), -logit)
            else:
                heads[event.name] = probability
                heads[f"{event.name}-logit"] = logit
        return {name: np.where(view.mask, values, 0).astype(np.float32) for name, values in heads.items()}

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
