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


def intercept(gaps, noise):
    """What is left of the mean of `gaps` where both columns of `noise` are 0: least squares by Cramer's rule."""
    n = len(gaps)
    middle = [sum(column) / n for column in zip(*noise, strict=True)]
    off = [[x - m for x, m in zip(row, middle, strict=True)] for row in noise]
    aa, ab, bb = (sum(row[i] * row[j] for row in off) for i, j in ((0, 0), (0, 1), (1, 1)))
    mean = sum(gaps) / n
    ay, by = (sum(row[i] * (gap - mean) for row, gap in zip(off, gaps, strict=True)) for i in (0, 1))
    scale = aa * bb - ab * ab
    slopes = (ay * bb - by * ab) / scale, (by * aa - ay * ab) / scale
    return mean - slopes[0] * middle[0] - slopes[1] * middle[1]


def gap(seen, real, shown, reference):
    """(area of the front chosen in `seen`, less what its policies are; how `shown` moved in each objective)."""
    rows = front(seen)
    moved = [sum(seen[i][m] - real[i][m] for i in shown) / len(shown) for m in (0, 1)]
    return area([seen[i] for i in rows], reference) - area([real[i] for i in rows], reference), moved


def optimism(sums, sizes, reference, resamples):
    """(area as it looks, as expected). resamples: [U] each, how often each user is in it."""
    real = means(sums, sizes, [1] * len(sizes))
    shown = front(real)
    gaps, noise = zip(*(gap(means(sums, sizes, weights), real, shown, reference) for weights in resamples), strict=True)
    look = area([real[i] for i in shown], reference)
    return look, look - 2**0.5 * intercept(gaps, noise)
