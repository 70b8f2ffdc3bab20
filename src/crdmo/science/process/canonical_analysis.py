"""Where a fitted surface leads: its stationary point with what it is, and the path of steepest ascent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crdmo.science.checks import positive, whole_number
from crdmo.science.method import MethodError, method
from crdmo.science.process.factors import Matrix, to_natural
from crdmo.science.process.surface_model import SurfaceModel, predict, quadratic_parts

SOURCE = (
    "Myers, Montgomery & Anderson-Cook, Response Surface Methodology 3e, 5 and 6; Lenth 2009, J. Stat. Softw. 32(7)"
)
# An eigenvalue smaller than this share of the greatest draws a ridge: its direction hardly changes the response.
RIDGE = 0.1


@dataclass(frozen=True)
class CanonicalAnalysis:
    """The stationary point and the shape around it.

    `shape` is maximum, minimum, saddle, or ridge (an eigenvalue under a tenth of the greatest). `is_optimum` is true
    only for a maximum or minimum inside the region studied; `said` says in words what the point is.
    """

    coded: tuple[float, ...]
    natural: tuple[float, ...]
    predicted: float
    eigenvalues: tuple[float, ...]
    eigenvectors: tuple[tuple[float, ...], ...]
    shape: str
    distance: float
    radius: float
    is_optimum: bool
    said: str


@dataclass(frozen=True)
class AscentStep:
    """A step of the path, at a distance from the centre in coded units."""

    distance: float
    coded: tuple[float, ...]
    natural: tuple[float, ...]
    predicted: float
    inside: bool


@dataclass(frozen=True)
class SteepestAscent:
    """The direction of unit length in coded units, and steps along it."""

    direction: tuple[float, ...]
    steps: tuple[AscentStep, ...]


@method("process.canonical_analysis", version="1.0", source=SOURCE, title="Stationary point and canonical analysis")
def canonical_analysis(*, model: SurfaceModel, radius: float = 1.0) -> CanonicalAnalysis:
    """Find where the gradient is zero and say what is there. `radius`: how far from the centre was studied, coded.

    Raises:
        MethodError: the model has no second-order part, or is flat in a direction, so there is no single point.
    """
    positive("radius", radius)
    linear, square = quadratic_parts(model)
    values, vectors = np.linalg.eigh(square)
    greatest = float(np.max(np.abs(values)))
    if greatest == 0.0 or np.min(np.abs(values)) < 1e-10 * greatest:
        raise MethodError(
            "this surface has no single stationary point",
            given=f"eigenvalues {', '.join(f'{v:.4g}' for v in values)}",
            allowed="a second-order model that is curved in every direction",
            next_step="follow the path of steepest ascent, or fit a second-order model",
        )
    point: Matrix = np.asarray(-0.5 * np.linalg.solve(square, linear), dtype=np.float64)
    order = np.argsort(-values)
    values, vectors = values[order], vectors[:, order]
    shape = _shape(values, greatest)
    distance = float(np.linalg.norm(point))
    # The region is a cube for a radius of 1 and a ball beyond it.
    inside = bool(np.max(np.abs(point)) <= radius + 1e-9) if radius <= 1.0 else distance <= radius + 1e-9
    optimum = inside and shape in ("maximum", "minimum")
    return CanonicalAnalysis(
        tuple(point.tolist()),
        tuple(to_natural(model.factors, [point.tolist()])[0].tolist()),
        float(predict(model, np.asarray(point[None, :], dtype=np.float64))[0]),
        tuple(values.tolist()),
        tuple(tuple(row) for row in vectors.T.tolist()),
        shape,
        distance,
        radius,
        optimum,
        f"a {shape} {'inside' if inside else 'outside'} the region studied{'' if optimum else ': no optimum'}",
    )


def _shape(values: Matrix, greatest: float) -> str:
    if np.any(np.abs(values) < RIDGE * greatest):
        return "ridge"
    if np.all(values < 0.0):
        return "maximum"
    return "minimum" if np.all(values > 0.0) else "saddle"


@method("process.steepest_ascent", version="1.0", source=SOURCE, title="Path of steepest ascent")
def steepest_ascent(
    *, model: SurfaceModel, step: float = 0.5, steps: int = 10, descend: bool = False
) -> SteepestAscent:
    """Walk from the centre along the first-order gradient in coded units; `descend` goes down instead.

    Steps outside the coded cube are marked: their predicted value is an extrapolation and asks for runs.

    Raises:
        MethodError: no step, or a surface without slope.
    """
    positive("step", step)
    whole_number("steps", steps, at_least=1)
    linear, _ = quadratic_parts(model)
    length = float(np.linalg.norm(linear))
    if length == 0.0:
        raise MethodError("the surface has no slope at the centre", given="a gradient of 0", allowed="any other")
    direction = linear / length * (-1.0 if descend else 1.0)
    coded: Matrix = np.array([direction * step * i for i in range(steps + 1)])
    natural, predicted = to_natural(model.factors, coded), predict(model, coded)
    return SteepestAscent(
        tuple(direction.tolist()),
        tuple(
            AscentStep(
                step * i,
                tuple(coded[i].tolist()),
                tuple(natural[i].tolist()),
                float(predicted[i]),
                bool(np.max(np.abs(coded[i])) <= 1.0 + 1e-9),
            )
            for i in range(steps + 1)
        ),
    )
