"""How probable each next item is when lists are drawn from the top down, item by item, in plain Python."""

import math


def plackett_luce(utilities, places, allowed=lambda listed, item: True):
    """Probability of each of `places` given those before; utilities are logarithms of odds."""
    out = []
    for number, chosen in enumerate(places):
        listed = list(places[:number])
        rest = [c for c in range(len(utilities)) if c not in listed and allowed(listed, c)]
        top = max(utilities[c] for c in rest)
        out.append(
            math.exp(utilities[chosen] - top) / math.fsum(math.exp(utilities[c] - top) for c in rest)
            if chosen in rest
            else 0.0
        )
    return out


def epsilon_greedy(order, epsilon, places, allowed=lambda listed, item: True):
    """The same where the best of `order` that is left comes next, or with `epsilon` any that is left."""
    out = []
    for number, chosen in enumerate(places):
        listed = list(places[:number])
        rest = [c for c in order if c not in listed and allowed(listed, c)]
        out.append((epsilon / len(rest) + (1 - epsilon) * (chosen == rest[0])) if chosen in rest else 0.0)
    return out
