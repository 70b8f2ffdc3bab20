"""The polynomial of a response surface: its terms, its columns, and its coefficients in coded and natural units.

A term is the tuple of the factors that it multiplies: () is the constant, (0,) the first factor, (0, 1) an interaction,
(0, 0) a square.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from crdmo.science.method import MethodError
from crdmo.science.process.factors import Factor, Matrix

Term = tuple[int, ...]
Order = Literal["first", "interactions", "second"]


@dataclass(frozen=True)
class SurfaceModel:
    """A fitted polynomial. `coefficients` belong to coded factors; the response is in its own `unit`."""

    response: str
    unit: str
    factors: tuple[Factor, ...]
    terms: tuple[Term, ...]
    coefficients: tuple[float, ...]


def terms_of(count: int, order: Order) -> tuple[Term, ...]:
    """Return the terms of a full model: constant, linear, then interactions, then squares."""
    terms: list[Term] = [(), *((i,) for i in range(count))]
    if order in ("interactions", "second"):
        terms += list(itertools.combinations(range(count), 2))
    if order == "second":
        terms += [(i, i) for i in range(count)]
    return tuple(terms)


def columns(terms: Sequence[Term], coded: Matrix) -> Matrix:
    """Return the columns of the model for coded settings."""
    made: Matrix = np.column_stack([np.prod(coded[:, list(t)], axis=1) if t else np.ones(len(coded)) for t in terms])
    return made


def term_name(term: Term, names: Sequence[str]) -> str:
    """Return a term as it is written: "time", "time × temp", "temp²"."""
    if not term:
        return "constant"
    if len(term) == 2 and term[0] == term[1]:
        return f"{names[term[0]]}²"
    return " × ".join(names[i] for i in term)


def predict(model: SurfaceModel, coded: Matrix) -> Matrix:
    """Return the fitted response at coded settings."""
    value: Matrix = columns(model.terms, coded) @ np.asarray(model.coefficients)
    return value


def natural_coefficients(model: SurfaceModel) -> tuple[float, ...]:
    """Return the coefficients of the same polynomial in natural units, in the order of the terms.

    Raises:
        MethodError: the model lacks a lower term that the change of units needs (it breaks hierarchy).
    """
    made = dict.fromkeys(model.terms, 0.0)
    for term, value in zip(model.terms, model.coefficients, strict=True):
        # Each coded factor is (u − c) / h: multiply out.
        for kept in itertools.product((True, False), repeat=len(term)):
            part, left = value, []
            for index, keep in zip(term, kept, strict=True):
                factor = model.factors[index]
                part *= (1.0 if keep else -factor.centre) / factor.half
                left += [index] if keep else []
            if tuple(left) not in made:
                raise MethodError(
                    "the model breaks hierarchy",
                    given=f"term {term} without {tuple(left)}",
                    allowed="every term with all lower ones that it holds",
                )
            made[tuple(left)] += part
    return tuple(made.values())


def quadratic_parts(model: SurfaceModel) -> tuple[Matrix, Matrix]:
    """Return the vector of linear coefficients and the symmetric matrix of second-order ones."""
    k = len(model.factors)
    linear, square = np.zeros(k), np.zeros((k, k))
    for term, value in zip(model.terms, model.coefficients, strict=True):
        if len(term) == 1:
            linear[term[0]] = value
        elif len(term) == 2:
            square[term[0], term[1]] += value / 2.0
            square[term[1], term[0]] += value / 2.0
    return linear, square
