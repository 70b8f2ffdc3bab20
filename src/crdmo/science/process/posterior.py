"""The posterior predictive distribution of several correlated responses under one model, and the chance that all are met.

With the usual vague prior, a future run at x follows a multivariate t with ν = n − p − q + 1 degrees of freedom, the
fitted means, and the scale (1 + x'(X'X)⁻¹x) A/ν, where A holds the residual sums of squares and products of q responses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from crdmo.science.checks import finite_numbers, same_length, whole_number
from crdmo.science.method import MethodError
from crdmo.science.process.factors import Factor, Matrix, checked_factors, to_coded
from crdmo.science.process.region import Region
from crdmo.science.process.response_surface import check_estimable, design_matrix
from crdmo.science.process.surface_model import Order, columns, terms_of

MOST_DRAWS = 200_000
# As many values of one batch of points and draws are held in memory at a time.
BATCH = 4_000_000


@dataclass(frozen=True)
class Criterion:
    """The specification of one response, in its unit; one end may be open."""

    response: str
    lower: float | None = None
    upper: float | None = None


class Posterior:
    """The fitted responses, ready to be asked for probabilities inside the region studied.

    Raises:
        MethodError: what `response_surface` refuses, a criterion without data or limits, or too few runs for the
            number of responses.
    """

    def __init__(
        self,
        factors: Sequence[Factor],
        settings: Sequence[Sequence[float]],
        responses: Mapping[str, Sequence[float]],
        criteria: Sequence[Criterion],
        order: Order,
        blocks: Sequence[str] | None,
    ) -> None:
        checked_factors(factors)
        _check(criteria, responses)
        coded = to_coded(factors, settings)
        self.terms = terms_of(len(factors), order)
        x = design_matrix(self.terms, coded, blocks)
        ys = []
        for criterion in criteria:
            y = finite_numbers(criterion.response, responses[criterion.response])
            same_length(criterion.response, y, "settings", coded)
            check_estimable(x, y)
            ys.append(y)
        table = np.column_stack(ys)
        n, p, q = *x.shape, table.shape[1]
        self.df = n - p - q + 1
        if self.df < 1:
            raise MethodError(
                "too few runs for so many responses together",
                given=f"{n} runs, {p} coefficients, {q} responses",
                allowed="n − p − q + 1 of at least 1",
                next_step="take a smaller model, fewer responses, or more runs",
            )
        inverse = np.linalg.inv(x.T @ x)
        beta = inverse @ x.T @ table
        residual = table - x @ beta
        self._inverse, self._beta = inverse, beta
        self._scale = residual.T @ residual / self.df
        self._width = x.shape[1]
        self.region = Region(coded)
        self._lower = np.array([-math.inf if c.lower is None else c.lower for c in criteria])
        self._upper = np.array([math.inf if c.upper is None else c.upper for c in criteria])

    def at(self, coded: Matrix) -> tuple[Matrix, Matrix]:
        """Return the means, a row a point, and 1 + leverage of each point; the first block is predicted."""
        x = np.zeros((len(coded), self._width))
        x[:, : len(self.terms)] = columns(self.terms, coded)
        spread: Matrix = 1.0 + np.einsum("ij,jk,ik->i", x, self._inverse, x)
        return x @ self._beta, spread

    @property
    def correlation(self) -> Matrix:
        """The correlation of the residuals."""
        root = np.sqrt(np.diag(self._scale))
        made: Matrix = self._scale / np.outer(root, root)
        return made

    def probability(self, coded: Matrix, draws: int, seed: int) -> Matrix:
        """Return the chance that all criteria are met at each point: exact for one response, else from draws.

        Points outside the region are not a number: nothing is known there. All points share their draws, so that
        a map is smooth.
        """
        means, spread = self.at(coded)
        if self._scale.shape[0] == 1:
            sd = np.sqrt(spread * self._scale[0, 0])
            low, high = (self._lower[0] - means[:, 0]) / sd, (self._upper[0] - means[:, 0]) / sd
            made: Matrix = stats.t.cdf(high, self.df) - stats.t.cdf(low, self.df)
        else:
            made = self._by_draws(means, np.sqrt(spread), draws, seed)
        return np.where(self.region.holds(coded), made, np.nan)

    def _by_draws(self, means: Matrix, root: Matrix, draws: int, seed: int) -> Matrix:
        if whole_number("draws", draws, at_least=1000) > MOST_DRAWS:
            raise MethodError("too many draws", given=str(draws), allowed=f"at most {MOST_DRAWS}")
        rng = np.random.default_rng(seed)
        # The square root by eigenvalues also takes responses that move exactly together.
        values, vectors = np.linalg.eigh(self._scale)
        factor = vectors * np.sqrt(np.clip(values, 0.0, None))
        normal = rng.standard_normal((draws, len(values))) @ factor.T
        errors = normal / np.sqrt(rng.chisquare(self.df, draws) / self.df)[:, None]
        made, step = np.empty(len(means)), max(1, BATCH // draws)
        for start in range(0, len(means), step):
            part = slice(start, start + step)
            met = np.ones((len(means[part]), draws), dtype=bool)
            for j in range(len(values)):
                low = (self._lower[j] - means[part, j]) / root[part]
                high = (self._upper[j] - means[part, j]) / root[part]
                if np.isfinite(self._lower[j]):
                    met &= errors[:, j] >= low[:, None]
                if np.isfinite(self._upper[j]):
                    met &= errors[:, j] <= high[:, None]
            made[part] = met.mean(axis=1)
        return made


def _check(criteria: Sequence[Criterion], responses: Mapping[str, Sequence[float]]) -> None:
    names = [criterion.response for criterion in criteria]
    if not names or len(set(names)) != len(names) or set(names) - set(responses):
        raise MethodError(
            "criteria and responses do not belong together",
            given=", ".join(names) or "no criterion",
            allowed=f"each once: {', '.join(responses)}",
        )
    for c in criteria:
        finite_numbers(f"limits of {c.response}", [v for v in (c.lower, c.upper) if v is not None], at_least=1)
        if c.lower is not None and c.upper is not None and c.lower >= c.upper:
            raise MethodError(
                f"the limits of {c.response} are not in order",
                given=f"{c.lower:g} to {c.upper:g}",
                allowed="lower < upper",
            )
