"""The run's configuration: what TOML says, validated; components' own `params` are validated by their plugins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from paretorec.contracts.component import ComponentRef


class Section(BaseModel):
    """Base of all sections: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class EventConfig(Section):
    """`[data.events.NAME]`: which rows or which column say that the event happened."""

    column: str = Field(default="", description="Label column; empty: every row (or every row with `value`) is one.")
    value: str = Field(default="", description="Value of `[data] event_column` that marks this event's rows.")
    kind: Literal["binary", "amount", "ordinal"] = Field(default="binary", description="What the label is.")


class DataConfig(Section):
    """`[data]`: what the columns of the tables mean."""

    user: str = Field(default="user_id", description="User id column.")
    item: str = Field(default="item_id", description="Item id column, in interactions and items.")
    time: str = Field(default="time", description="Time column; empty: the file's order is the time.")
    time_unit: Literal["auto", "s", "ms", "us", "ns", "D"] = Field(
        default="auto", description="Unit of numeric times since 1970; auto: by magnitude."
    )
    event_column: str = Field(default="", description="Column with the event's name, for long event tables.")
    events: dict[str, EventConfig] = Field(
        default_factory=dict, description="Events by name; none: every row is one `interaction`."
    )
    history: tuple[str, ...] = Field(
        default=(), description="Events whose positive rows enter histories; none named: all binary and amount events."
    )
    context: tuple[str, ...] = Field(default=(), description="Interaction columns that describe the request.")
    categories: tuple[str, ...] = Field(default=(), description="Categorical item columns.")
    numbers: tuple[str, ...] = Field(default=(), description="Numeric item columns.")
    texts: tuple[str, ...] = Field(default=(), description="Text item columns; the first is the item's title.")
    user_categories: tuple[str, ...] = Field(default=(), description="Categorical user columns.")
    user_numbers: tuple[str, ...] = Field(default=(), description="Numeric user columns.")
    timelines: tuple[str, ...] = Field(
        default=(), description="Interaction columns that are values of the item at that time, such as a price."
    )
    request: str = Field(default="", description="Log column with the request's id.")
    position: str = Field(default="", description="Log column with the position shown.")
    propensity: str = Field(default="", description="Log column with the probability of being shown.")
    policy: str = Field(default="", description="Log column with the logging policy's name.")
    split: str = Field(default="", description="Column with the part of pre-split data: fit, rank, ..., certify.")
    first_seen: str = Field(default="", description="Item column: from when on the item can be shown.")
    min_item_users: int = Field(
        default=1, ge=0, description="Items with fewer distinct users in the fit part are left out of the catalogue."
    )
    max_dropped: float = Field(default=0.05, ge=0, le=1, description="Share of dropped rows above which a run stops.")


class CandidatesConfig(Section):
    """`[candidates]`: what a policy chooses from."""

    mode: Literal["union", "catalogue", "logged"] = Field(
        default="union", description="Top items of every encoder and item signal; everything; or what was shown."
    )
    size: int = Field(default=200, ge=1, description="Candidates a request at most, in mode union.")
    shares: dict[str, float] = Field(
        default_factory=dict, description="Encoder or objective instance -> share of `size`; default: equal."
    )
    index: ComponentRef | None = Field(
        default=None,
        description="How the top items of encoders with vectors are found in mode union: `exact`, `faiss`, ...; none "
        "given: by the scores of all items.",
    )

    @model_validator(mode="after")
    def _union(self) -> CandidatesConfig:
        if self.index is not None and self.mode != "union":
            raise ValueError(f'index is for mode = "union"; mode = "{self.mode}" does not search')
        return self


class Exploration(Section):
    """`[policy] explore`: how served lists are varied at random, with known probabilities. One of the two."""

    temperature: float | None = Field(
        default=None, ge=1e-6, description="Plackett-Luce: the next item is drawn with odds exp(score / temperature)."
    )
    epsilon: float | None = Field(
        default=None, gt=0, le=1, description="At each place with this probability any item, all alike; else the best."
    )

    @model_validator(mode="after")
    def _one(self) -> Exploration:
        if (self.temperature is None) == (self.epsilon is None):
            raise ValueError("give either temperature or epsilon")
        return self


class PolicyConfig(ComponentRef):
    """`[policy]`: the kind of policy, which signals it weighs, how they are normalised."""

    signals: tuple[str, ...] = Field(default=(), description="Signals that policies weigh; none named: all.")
    normalise: Literal["minmax", "zscore", "rank", "none"] = Field(
        default="minmax", description="Normaliser over a request's candidates."
    )
    normalisers: dict[str, Literal["minmax", "zscore", "rank", "none"]] = Field(
        default_factory=dict, description="Signal -> its own normaliser."
    )
    explore: Exploration | None = Field(
        default=None,
        description="Served lists vary at random: { temperature = T } (Plackett-Luce) or { epsilon = E }, with the "
        "propensity of every row; search and certificates are without it.",
    )


class SearchConfig(Section):
    """`[search]`: the budget."""

    evaluations: int | None = Field(default=None, ge=1, description="Policies to judge.")
    seconds: float | None = Field(default=None, gt=0, description="Seconds to search (not reproducible).")
    points: int = Field(default=30, ge=1, le=200, description="Front points kept at most.")
    requests: int | None = Field(
        default=None,
        ge=1,
        description="Select requests that the search looks at, at most, by whole users drawn by seed; none given: as "
        "many as tell the smallest change wished for, and all where there are 20,000 or fewer.",
    )


class CertifyConfig(Section):
    """`[certify]`: what changes are measured against, and how surely."""

    baseline: str = Field(default="", description="Signal that is the baseline policy; default: best encoder.")
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="Simultaneous confidence shown in reports.")
    resamples: int = Field(default=2000, ge=200, description="Bootstrap resamples of the users.")


class PickConfig(Section):
    """`[pick]`: the standing wish."""

    maximize: str = Field(default="", description="Objective to maximise; default: equal relative changes of all.")
    keep: dict[str, str] = Field(default_factory=dict, description='Objective -> least change, such as "-2%".')
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="Confidence of the promise.")
    knee: bool = Field(default=False, description="Pick where more of one objective costs most of the others.")
    weights: dict[str, float] = Field(
        default_factory=dict, description="Objective -> weight of its change: pick the highest weighted sum."
    )
    reference_point: dict[str, str] = Field(
        default_factory=dict, description='Objective -> wished-for change, such as "+5%": pick what comes nearest.'
    )
    lexicographic: tuple[str, ...] = Field(
        default=(), description="Objectives by importance: pick the best in the first, then in the second, ..."
    )
    tolerance: dict[str, str] = Field(
        default_factory=dict,
        description='Objective in `lexicographic` -> how far below the best counts as equal; default: "1%".',
    )

    @model_validator(mode="after")
    def _one_way(self) -> PickConfig:
        ways = {name: getattr(self, name) for name in WAYS}
        problem = one_way(ways, self.tolerance)
        if problem:
            raise ValueError(problem)
        return self


WAYS = ("maximize", "knee", "weights", "reference_point", "lexicographic")
"""Keys of `[pick]` of which one says how to pick."""


def one_way(ways: Mapping[str, Any], tolerance: Mapping[str, str]) -> str:
    """What is wrong with these ways to pick taken together, as a sentence; empty: nothing."""
    given = [name for name, value in ways.items() if value]
    if len(given) > 1:
        return f"{' and '.join(given)} are {len(given)} ways to pick; give one of {', '.join(ways)}"
    order = tuple(ways["lexicographic"])
    if len(set(order)) < len(order):
        return f"lexicographic names an objective twice: {', '.join(order)}; name each once, the most important first"
    stray = [name for name in tolerance if name not in order]
    if stray:
        return f"tolerance names {stray[0]!r}, which is not in lexicographic; name it there too, or leave it out"
    return ""


class AxisConfig(Section):
    """`[tune.space] KEY`: what a key may be; a list stands for `values`, an empty table for all that the field may."""

    values: tuple[Any, ...] = Field(default=(), description="The values to choose from.")
    low: float | None = Field(default=None, description="Least value of a range; default: the field's own bound.")
    high: float | None = Field(default=None, description="Largest value of a range; default: the field's own bound.")
    log: bool = Field(default=False, description="Even steps in the logarithm; for ranges above 0.")
    steps: int | None = Field(default=None, ge=2, description="Values that `grid` takes of a range.")

    @model_validator(mode="before")
    @classmethod
    def _list(cls, given: Any) -> Any:
        if isinstance(given, list | tuple):
            return {"values": given}
        if not isinstance(given, Mapping | AxisConfig):
            raise ValueError("give a list of values, or a table with low and high")
        return given


class TuneConfig(Section):
    """`[tune]`: the search over models, around the search over policies. Read by `paretorec tune` alone."""

    trials: int = Field(default=20, ge=1, description="Configurations tried, beside the one that is written.")
    sampler: ComponentRef = Field(
        default=ComponentRef(use="random"),
        description="What proposes configurations: random, grid, or any optimizer such as bayesian.",
    )
    folds: int = Field(default=3, ge=2, le=50, description="Parts that take turns in being held out.")
    by: Literal["users", "time"] = Field(
        default="users",
        description="Fold by users: models are fitted once, the select requests of each part of the users are held "
        "out from the search in turn. By time: everything is done anew for every fold, on later and later windows.",
    )
    evaluations: int = Field(default=500, ge=1, description="Policies judged for each configuration and fold.")
    stop: float = Field(
        default=0.005,
        ge=0,
        lt=1,
        description="A trial ends after a fold when it is behind the best and adds less than this share to the "
        "hypervolume of all trials before it; 0: every trial sees every fold.",
    )
    space: dict[str, AxisConfig] = Field(
        default_factory=dict, description="Key, as `--set` takes it, -> what it may be."
    )

    @field_validator("sampler", mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        return {"use": given} if isinstance(given, str) else given

    @field_validator("space", mode="before")
    @classmethod
    def _flat(cls, given: Any) -> Any:
        return dict(_axes(given, "")) if isinstance(given, Mapping) else given


def _axes(space: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    """Dotted keys without quotes are tables within tables to TOML: down to what cannot be one."""
    for name, given in space.items():
        key = f"{above}{name}"
        inner = given.values() if isinstance(given, Mapping) and "values" not in given else ()
        if any(isinstance(value, Mapping | list | tuple) for value in inner):
            yield from _axes(given, f"{key}.")
        else:
            yield key, given


class RunConfig(Section):
    """A whole run. Every default is stated here or in a component's own model."""

    seed: int = Field(default=0, ge=0, description="Seed of everything random.")
    k: int = Field(default=10, ge=1, description="Length of the lists.")
    threads: int = Field(default=0, ge=0, description="CPU threads; 0: all.")
    memory: float = Field(
        default=2.0,
        gt=0,
        description="GiB that the signals of a part may take; more of them go to temporary files in the run's folder.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where torch trains; auto: on a GPU where torch finds one."
    )
    source: ComponentRef | None = Field(default=None, description="Where data comes from; None: the host gives it.")
    data: DataConfig = Field(default_factory=DataConfig, description="What the columns of the tables mean.")
    split: ComponentRef = Field(
        default_factory=lambda: ComponentRef(use="temporal"),
        description="Who learns from what, and who is judged on what.",
    )
    encoders: tuple[ComponentRef, ...] = Field(
        default=(ComponentRef(use="popularity"), ComponentRef(use="repeat"), ComponentRef(use="item-knn")),
        min_length=1,
        description="What learns from histories; each becomes the signal `encoder.NAME`.",
    )
    candidates: CandidatesConfig = Field(default_factory=CandidatesConfig, description="What a policy chooses from.")
    ranker: ComponentRef | None = Field(default=None, description="None: policies weigh encoders' scores alone.")
    objectives: tuple[ComponentRef, ...] = Field(
        default=(ComponentRef(use="relevance"), ComponentRef(use="novelty")),
        min_length=1,
        description="What is wanted; the first decides which encoder is the baseline.",
    )
    policy: PolicyConfig = Field(
        default_factory=lambda: PolicyConfig(use="linear"), description="How signals become a list."
    )
    rules: tuple[ComponentRef, ...] = Field(default=(), description="What may be shown.")
    optimizer: ComponentRef = Field(
        default_factory=lambda: ComponentRef(use="nsga2"), description="What proposes policies."
    )
    search: SearchConfig = Field(
        default_factory=lambda: SearchConfig(evaluations=1000), description="The budget of the search."
    )
    certify: CertifyConfig = Field(
        default_factory=CertifyConfig, description="What changes are measured against, and how surely."
    )
    pick: PickConfig = Field(default_factory=PickConfig, description="The standing wish.")
    observers: tuple[ComponentRef, ...] = Field(
        default=(), description="What is told how the run goes; results do not depend on it."
    )
    tune: TuneConfig | None = Field(default=None, description="The search over models; `paretorec run` ignores it.")
