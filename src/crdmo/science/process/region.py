"""The region that was studied: the convex hull of the runs, in coded units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from crdmo.science.method import MethodError
from crdmo.science.process.factors import Matrix

EDGE = 1e-7
MOST_DIMENSIONS = 6


class Region:
    """The hull of the runs.

    Raises:
        MethodError: the runs do not span every factor, or there are too many factors for a hull.
    """

    def __init__(self, coded: Matrix) -> None:
        points = np.unique(np.round(coded, 9), axis=0)
        if points.shape[1] > MOST_DIMENSIONS:
            raise MethodError(
                "the region of so many factors is not computed",
                given=str(points.shape[1]),
                allowed=f"up to {MOST_DIMENSIONS}",
                next_step="keep the factors that matter",
            )
        try:
            self._planes = _planes(points)
        except QhullError as error:
            raise MethodError(
                "the runs do not span every factor",
                given=f"{len(points)} different settings of {points.shape[1]} factors",
                allowed="runs that change every factor on its own",
            ) from error

    def holds(self, coded: Matrix) -> NDArray[np.bool_]:
        """Say of each point whether it lies inside or on the edge."""
        inside: NDArray[np.bool_] = np.all(coded @ self._planes[:, :-1].T + self._planes[:, -1] <= EDGE, axis=1)
        return inside


def _planes(points: Matrix) -> Matrix:
    if points.shape[1] == 1:
        return np.array([[1.0, -points.max()], [-1.0, points.min()]])
    made: Matrix = ConvexHull(points).equations
    return made
