"""The optimism of a front of two minimised objectives, resample by resample. Imports nothing of paretorec."""


def means(sums, sizes, weights):
    """[P][2] values of policies. sums: [P][2][U] by user; sizes: [U]."""
    total = sum(w * n for w, n in zip(weights, sizes, strict=True))
    return [[sum(w * x for w, x in zip(weights, row, strict=True)) / total for row in policy] for policy in sums]


def front(values):
    """Rows that no other row beats, in order."""

    def beats(a, b):
        return all(x <= y for x, y in zip(a, b, strict=True)) and a != b

    return [i for i, one in enumerate(values) if not any(beats(other, one) for other in values)]


def area(values, reference):
    """What the rows dominate below the reference point."""
    total, floor = 0.0, reference[1]
    for x, y in sorted(map(tuple, values)):
        if x < reference[0] and y < floor:
            total += (reference[0] - x) * (floor - y)
            floor = y
    return total


def optimism(sums, sizes, reference, resamples):
    """(area as it looks, as expected). resamples: [B][U], how often each user is in each."""
    real = means(sums, sizes, [1] * len(sizes))
    gaps = []
    for weights in resamples:
        drawn = means(sums, sizes, weights)
        rows = front(drawn)
        gaps.append(area([drawn[i] for i in rows], reference) - area([real[i] for i in rows], reference))
    look = area([real[i] for i in front(real)], reference)
    return look, look - sum(gaps) / len(gaps)
