"""Off-policy estimates row by row. Imports nothing of paretorec."""

from itertools import permutations
from math import exp, sqrt


def snips(rows):
    """Value per list. rows: (user, request, position, reward, propensity, target)."""
    requests = {row[1] for row in rows}
    total = 0.0
    for position in {row[2] for row in rows}:
        here = [row for row in rows if row[2] == position]
        mass = sum(row[5] / row[4] for row in here)
        mean = sum(row[5] / row[4] * row[3] for row in here) / mass
        total += len(here) / len(requests) * mean
    return total


def corrected(rows, logged, target):
    """Doubly robust value per list, of predictions by row."""
    requests = {row[1] for row in rows}
    terms = [t + row[5] / row[4] * (row[3] - q) for row, q, t in zip(rows, logged, target, strict=True)]
    return sum(terms) / len(requests)


def mean(rows):
    """What the logging policy earned per list."""
    return sum(row[3] for row in rows) / len({row[1] for row in rows})


def jackknife_error(rows, statistic):
    """Standard error of ``statistic(rows)`` by leaving out one user after the other."""
    users = sorted({row[0] for row in rows})
    left = [statistic([row for row in rows if row[0] != user]) for user in users]
    middle = sum(left) / len(left)
    return sqrt((len(users) - 1) / len(users) * sum((x - middle) ** 2 for x in left))


def position_probabilities(scores, depth):
    """[depth][N] of a Plackett-Luce policy, by going through all lists."""
    mass = [exp(score) for score in scores]
    out = [[0.0] * len(mass) for _ in range(depth)]
    for listed in permutations(range(len(mass)), depth):
        probability, left = 1.0, sum(mass)
        for item in listed:
            probability *= mass[item] / left
            left -= mass[item]
        for position, item in enumerate(listed):
            out[position][item] += probability
    return out
