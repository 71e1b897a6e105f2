"""In which order policies are judged, and from which other one each starts."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array


def near_tree(points: Array) -> tuple[Array, Array]:
    """(order int64 [P], parent int64 [P]): points joined to the nearest of those before them, nearest ones first.

    In the order given, point i hangs on point ``parent[i] < i``; the first is its own. A minimal spanning tree (Prim,
    1957), O(P^2 D).
    """
    count = len(points)
    order, parent = np.zeros(count, np.int64), np.zeros(count, np.int64)
    place, nearest = np.zeros(count, np.int64), np.zeros(count, np.int64)
    distance = np.full(count, np.inf)
    here = 0
    for step in range(count):
        order[step], parent[step], place[here] = here, place[nearest[here]], step
        distance[here] = -1.0
        away = np.square(points - points[here]).sum(axis=1)
        closer = away < distance
        distance[closer], nearest[closer] = away[closer], here
        here = int(np.where(distance < 0, np.inf, distance).argmin())
    return order, parent
