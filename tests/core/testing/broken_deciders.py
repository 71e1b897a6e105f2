"""Policies, rules and optimizers that are broken in one way each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from broken_twins import twin
from sound_components import Optimizer, Policy, Rule, SettledConfig, SettledPolicy

from paretorec.contracts import Choice


class NoisyPolicy(Policy):
    """draws its samples from numpy's global generator"""

    def sample(self, box, count, seed):
        return np.random.random((count, len(box.names)))


class WritingPolicy(Policy):
    """writes into the requests' histories"""

    def rank(self, batch, theta, depth):
        batch.histories.times[:] = 0
        return super().rank(batch, theta, depth)


class WidePolicy(Policy):
    """returns int64"""

    def rank(self, batch, theta, depth):
        return super().rank(batch, theta, depth).astype(np.int64)


class CentringPolicy(Policy):
    """leaves out signals that are below their mean over the batch"""

    def rank(self, batch, theta, depth):
        mean = batch.values.mean(axis=0, keepdims=True) if len(batch) else batch.values
        return super().rank(replace(batch, values=np.maximum(batch.values - mean, 0)), theta, depth)


class FlaglessPolicy(Policy):
    """does not say whether it is linear"""

    linear = None


class OutsidePolicy(Policy):
    """has corners outside its box"""

    def space(self, signals):
        box = super().space(signals)
        return replace(box, corners=2 * box.corners)


class UnseededPolicy(Policy):
    """draws the same samples for every seed"""

    def sample(self, box, count, seed):
        return super().sample(box, count, 0)


class UnmaskedPolicy(Policy):
    """lists what rules forbid"""

    def rank(self, batch, theta, depth):
        return super().rank(replace(batch, mask=np.ones_like(batch.mask)), theta, depth)


class FirstPolicy(Policy):
    """weighs by what the first policy asked for weighs"""

    def rank(self, batch, theta, depth):
        return super().rank(batch, theta * theta[:1], depth)


class MixedPolicy(Policy):
    """adds 0.3 of the first signal to every policy"""

    def rank(self, batch, theta, depth):
        return super().rank(batch, theta + 0.3 * np.eye(theta.shape[1])[0], depth)


class SquaringPolicy(Policy):
    """says that it is linear, and ranks by squares of its parameters"""

    def rank(self, batch, theta, depth):
        return super().rank(batch, np.square(theta), depth)


class UnsettledPolicy(SettledPolicy):
    """says another thing each time it is settled, and ranks by it"""

    drawn = 0

    def settle(self, requests, items):
        UnsettledPolicy.drawn += 1
        return self.config.model_copy(update={"share": float(UnsettledPolicy.drawn)})

    def rank(self, batch, theta, depth):
        turn = np.roll(np.arange(theta.shape[1]), int(self.config.share))
        return super().rank(batch, theta[:, turn], depth)


class NoisyRule(Rule):
    """hides items at random, by numpy's global generator"""

    def mask(self, view):
        return super().mask(view) & (np.random.random(view.items.shape) < 0.9)


class MaskingRule(Rule):
    """writes into the histories' times"""

    def mask(self, view):
        view.histories.times[:] = 0
        return super().mask(view)


class WordyRule(Rule):
    """returns 0 and 1"""

    def mask(self, view):
        return super().mask(view).astype(np.int8)


class FirstRule(Rule):
    """forbids for all what the first request had"""

    def mask(self, view):
        had = np.isin(view.items, view.items[:1])
        return super().mask(view) & ~had


class IdleRule:
    """neither masks nor shapes"""

    def __init__(self, config):
        self.config = config


class WholeRule(Rule):
    """keeps the earlier half of a list, however long it is"""

    def shape(self, items, table):
        return (items >= 0) & (np.arange(items.shape[1]) < items.shape[1] // 2)


class RememberingRule(Rule):
    """keeps which items are tea in the first item table that it sees"""

    tea = None

    def mask(self, view):
        if self.tea is None:
            self.tea = view.table.categories["category"].codes == 1
        return view.mask & ~self.tea[np.minimum(np.maximum(view.items, 0), len(self.tea) - 1)]


class ColumnRule(Rule):
    """takes it for granted that items have a category"""

    def mask(self, view):
        return view.mask & (view.table.categories["category"].codes[np.maximum(view.items, 0)] != 1)


class NoisyOptimizer(Optimizer):
    """draws from numpy's global generator"""

    def ask(self):
        x = super().ask()
        x[5:] = self.problem.lower + np.random.random(x[5:].shape) * (self.problem.upper - self.problem.lower)
        return x


class RankingOptimizer(Optimizer):
    """sorts the values that it is told in place"""

    def tell(self, x, result):
        result.values.sort(axis=0)
        super().tell(x, result)


class MuteOptimizer:
    """has no tell"""

    def __init__(self, config):
        self.config = config

    def setup(self, problem, seed):
        self.problem = problem

    def ask(self):
        return self.problem.first


class CircularChooser:
    """chooses what is not installed"""

    def __init__(self, config):
        self.config = config

    def choose(self, problem):
        return Choice("nobody-has-it", "it is the best")


class BoastfulOptimizer(Optimizer):
    """declares `random` and draws the same for every seed"""

    def setup(self, problem, seed):
        super().setup(problem, 0)


class LeavingOptimizer(Optimizer):
    """steps over the upper bound"""

    def ask(self):
        return super().ask() * 1.2


class OwnFirstOptimizer(Optimizer):
    """begins with draws of its own"""

    def ask(self):
        return super().ask()[::-1]


class ImpatientOptimizer(Optimizer):
    """goes on to another generation with every ask"""

    def ask(self):
        self.seed += 1
        return super().ask()


class SharingOptimizer(Optimizer):
    """counts generations for all instances together"""

    count = np.zeros(1, int)

    def setup(self, problem, seed):
        super().setup(problem, seed)
        self.count[0] += 1

    def ask(self):
        self.seed, seed = self.seed + self.count[0], self.seed
        x = super().ask()
        self.seed = seed
        return x


class PlaneOptimizer(Optimizer):
    """works for two objectives only, and does not say so"""

    def tell(self, x, result):
        first, second = result.values.T
        np.lexsort((first, second))
        super().tell(x, result)


class DividingOptimizer(Optimizer):
    """divides by the width of the box"""

    def ask(self):
        x = super().ask()
        width = self.problem.upper - self.problem.lower
        with np.errstate(all="ignore"):
            return self.problem.lower + (x - self.problem.lower) / width * width


class TrustingOptimizer(Optimizer):
    """takes the best of the policies that could be judged, of which there may be none"""

    def tell(self, x, result):
        result.values[result.feasible].min(axis=0)
        super().tell(x, result)


class ThriftyOptimizer(Optimizer):
    """stops asking before the budget is spent"""

    def ask(self):
        return super().ask() if self.generation < 5 else super().ask()[:0]


class ClockworkOptimizer(Optimizer):
    """learns from how often it was set up in this process"""

    runs = np.zeros(1, int)

    def setup(self, problem, seed):
        self.runs[0] += 1
        super().setup(problem, seed + self.runs[0])


TWINS = [
    twin("policy.same-seed", NoisyPolicy),
    twin("policy.inputs", WritingPolicy),
    twin("policy.shapes", WidePolicy),
    twin("policy.rows", CentringPolicy),
    twin("policy.protocol", FlaglessPolicy),
    twin("policy.space", OutsidePolicy),
    twin("policy.sample", UnseededPolicy),
    twin("policy.lists", UnmaskedPolicy),
    twin("policy.policies", FirstPolicy),
    twin("policy.corners", MixedPolicy),
    twin("policy.fast", SquaringPolicy),
    twin("policy.settled", UnsettledPolicy, config=SettledConfig),
    twin("rule.same-seed", NoisyRule),
    twin("rule.inputs", MaskingRule),
    twin("rule.shapes", WordyRule),
    twin("rule.rows", FirstRule),
    twin("rule.protocol", IdleRule),
    twin("rule.places", WholeRule),
    twin("rule.new-table", RememberingRule),
    twin("rule.bare-items", ColumnRule),
    twin("optimizer.same-seed", NoisyOptimizer),
    twin("optimizer.inputs", RankingOptimizer),
    twin("optimizer.protocol", MuteOptimizer),
    twin("optimizer.choice", CircularChooser, capabilities=frozenset({"chooses"})),
    twin("optimizer.other-seed", BoastfulOptimizer),
    twin("optimizer.box", LeavingOptimizer),
    twin("optimizer.first", OwnFirstOptimizer),
    twin("optimizer.ask-again", ImpatientOptimizer),
    twin("optimizer.setup-again", SharingOptimizer),
    twin("optimizer.objectives", PlaneOptimizer),
    twin("optimizer.boxes", DividingOptimizer),
    twin("optimizer.infeasible", TrustingOptimizer),
    twin("optimizer.budget", ThriftyOptimizer),
    twin("optimizer.resume", ClockworkOptimizer),
]
