"""Max-t bounds the slow way: one resample at a time, influence by influence. Imports nothing of paretorec."""

import numpy as np


def changes(above, below, weights, relative, sign):
    """(change, standard error), [P][M], of policies against policy 0. above, below: [P, M, U]; weights: [U]."""
    users = len(weights)
    policies, objectives, _ = above.shape
    change, error = np.zeros((policies, objectives)), np.zeros((policies, objectives))
    for m in range(objectives):
        value, influence = [], []
        for p in range(policies):
            total = (weights * below[p, m]).sum()
            value.append((weights * above[p, m]).sum() / total)
            influence.append((above[p, m] - value[p] * below[p, m]) / total)
        for p in range(policies):
            if relative[m]:
                change[p, m] = sign[m] * 100 * (value[p] / value[0] - 1)
                moves = 100 * (influence[p] / value[0] - value[p] / value[0] ** 2 * influence[0])
            else:
                change[p, m] = sign[m] * (value[p] - value[0])
                moves = influence[p] - influence[0]
            error[p, m] = np.sqrt((weights * moves**2).sum() * users / (users - 1))
    return change, error


def maxima(above, below, relative, sign, floor_share, resamples):
    """Sorted largest studentised deviations: (upwards, downwards), over all policies but policy 0.

    resamples: [B][U], how often each user is in each resample.
    """
    users = above.shape[2]
    change, error = changes(above, below, np.ones(users), relative, sign)
    floor = floor_share * np.median(error[1:], axis=0)
    up, down = [], []
    for weights in resamples:
        moved, spread = changes(above, below, weights, relative, sign)
        t = ((moved - change) / np.maximum(spread, floor))[1:]
        up.append(t.max())
        down.append((-t).max())
    return np.sort(up), np.sort(down)
