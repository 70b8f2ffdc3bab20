"""Fixed nodes of integration, so that a probability is the same at every run."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import special

from crdmo.science.checks import Vector

# Beyond this many standard deviations nothing is left: 2e-19.
FAR = 9.0


@lru_cache(maxsize=64)
def nodes(count: int) -> tuple[Vector, Vector]:
    """Return the Gauss–Legendre nodes and weights on (-1, 1)."""
    at, weights = special.roots_legendre(count)
    return at, weights


@lru_cache(maxsize=64)
def normal_nodes(count: int) -> tuple[Vector, Vector]:
    """Return nodes, and weights that sum over the standard normal distribution."""
    at, weights = nodes(count)
    z = FAR * at
    return z, FAR * weights * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
