"""Sources, splitters and observers that are broken in one way each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from broken_twins import twin
from sound_components import Observer, Source, Splitter

from paretorec.contracts import hookimpl
from paretorec.testing.world import tiny_tables


class ShufflingSource(Source):
    """shuffles rows with numpy's global generator"""

    def load(self):
        tables = super().load()
        return replace(tables, interactions=tables.interactions.iloc[np.random.permutation(len(tables.interactions))])


class BareSource(Source):
    """returns the interactions without Tables around them"""

    def load(self):
        return super().load().interactions


class UnnamedSource(Source):
    """numbers its columns"""

    def load(self):
        tables = super().load()
        items = tables.items.copy()
        items.columns = range(len(items.columns))
        return replace(tables, items=items)


class NamelessSource(Source):
    """does not say where the interactions come from"""

    def load(self):
        return replace(super().load(), origin="")


class MappingSource(Source):
    """suggests a column that its tables do not have"""

    def load(self):
        tables = super().load()
        return replace(tables, data={**tables.data, "item": "sku"})


class CachingSource(Source):
    """returns the same tables again"""

    tables = None

    def load(self):
        self.tables = self.tables or tiny_tables()
        return self.tables


class NoisySplitter(Splitter):
    """leaves rows out at random, by numpy's global generator"""

    def split(self, data, seed):
        split = super().split(data, seed)
        return replace(split, fit=split.fit & (np.random.random(len(data)) < 0.9))


class ClosingSplitter(Splitter):
    """writes 0 over labels of later rows"""

    def split(self, data, seed):
        split = super().split(data, seed)
        data.labels["click"][~split.fit] = 0
        return split


class DictSplitter(Splitter):
    """returns a dict"""

    def split(self, data, seed):
        return vars(super().split(data, seed))


class SeededSplitter(Splitter):
    """leaves rows out by the seed and does not declare `random`"""

    def split(self, data, seed):
        split = super().split(data, seed)
        return replace(split, fit=split.fit & (np.random.default_rng(seed).random(len(data)) < 0.9))


class ForeignSplitter(Splitter):
    """gives requests users that the data does not have"""

    def split(self, data, seed):
        split = super().split(data, seed)
        return replace(split, select=replace(split.select, user=split.select.user + 1000))


class LateSplitter(Splitter):
    """says an end of the fit part that lies before its last rows"""

    def split(self, data, seed):
        split = super().split(data, seed)
        return replace(split, fit_end=split.fit_end - 10**9)


class LeakingSplitter(Splitter):
    """learns from every row"""

    def split(self, data, seed):
        split = super().split(data, seed)
        return replace(split, fit=np.ones_like(split.fit), fit_end=int(data.time[-1]) + 1)


class SecondLookSplitter(Splitter):
    """certifies on the requests that selected"""

    def split(self, data, seed):
        split = super().split(data, seed)
        return replace(split, certify=split.select)


class CountingSplitter(Splitter):
    """counts with numpy integers"""

    def split(self, data, seed):
        split = super().split(data, seed)
        return replace(split, counts={"fit_rows": split.fit.sum()})


class DemandingSplitter(Splitter):
    """takes it for granted that a user has three rows"""

    def split(self, data, seed):
        for user in range(30):
            np.flatnonzero(data.user == user)[2]
        return super().split(data, seed)


class DeafObserver:
    """has a hook that there is not"""

    def __init__(self, config):
        self.config = config

    @hookimpl
    def paretorec_generation_ended(self, event):
        return None


class HopefulObserver(Observer):
    """rounds hypervolumes that are not finite to whole numbers"""

    @hookimpl
    def paretorec_generation_finished(self, event):
        round(event.hypervolume)


class EditingObserver(Observer):
    """takes points out of the front that it is told"""

    @hookimpl
    def paretorec_certify_finished(self, event):
        event.front["points"].clear()


TWINS = [
    twin("source.same-seed", ShufflingSource),
    twin("source.protocol", BareSource),
    twin("source.tables", UnnamedSource),
    twin("source.origin", NamelessSource),
    twin("source.mapping", MappingSource),
    twin("source.own-tables", CachingSource),
    twin("splitter.same-seed", NoisySplitter),
    twin("splitter.inputs", ClosingSplitter),
    twin("splitter.protocol", DictSplitter),
    twin("splitter.other-seed", SeededSplitter),
    twin("splitter.parts", ForeignSplitter),
    twin("splitter.past", LateSplitter),
    twin("splitter.leak", LeakingSplitter),
    twin("splitter.certify", SecondLookSplitter),
    twin("splitter.counts", CountingSplitter),
    twin("splitter.little-data", DemandingSplitter),
    twin("observer.protocol", DeafObserver),
    twin("observer.runs", HopefulObserver),
    twin("observer.events", EditingObserver),
]
