"""What if a batch is released at its limit: when its bound would have moved to the shelf-life limit.

The batches on study started where they started. A batch may lawfully be released lower (or higher), so the change that
is allowed is the distance between the release limit and the shelf-life limit, and the bound of every batch is
followed until it has moved so far from the fitted intercept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crdmo.science.method import MethodError, method

from .stability import SOURCE
from .stability_bounds import Outcome
from .stability_evaluation import INDIVIDUAL, LABELS, POOLED, evaluated, fits_of, poolability
from .stability_fit import stack
from .stability_models import Line, Model, models_of, whole_months
from .stability_study import Options, read_study

RULE = "the batch whose bound moves fastest: the shortest time of all batches of a model"


@dataclass(frozen=True)
class WhatIf:
    """The time from release limit to shelf-life limit by every model and batch.

    `model` is the one that the poolability tests choose, `rule` says which batch gives `months`.
    """

    model: str
    months: float | None
    whole_months: int | None
    worst_batch: str
    outcome: Outcome
    rule: str
    release_limit: float
    shelf_life_limit: float
    allowed_change: float
    models: tuple[Model, ...]
    reasons: tuple[str, ...]


@method("quality.shelf_life_what_if", version="1.1", title="Shelf life from the release limit", source=SOURCE)
def what_if_shelf_life(
    *,
    batch: Sequence[str],
    month: Sequence[float],
    value: Sequence[float],
    release_limit: float,
    shelf_life_limit: float,
    confidence: float = 0.95,
    alpha_pool: float = 0.25,
    mean_square: str = "pooled",
) -> WhatIf:
    """Return, for every model and batch, when a batch released at its limit would reach the shelf-life limit.

    Args:
        batch: batch of each point.
        month: time of each point, months.
        value: result of each point, in one unit.
        release_limit: where the batch starts, in that unit (98.0; loose 97.95).
        shelf_life_limit: where its shelf life ends (95.0; loose 94.95). Below the release limit: the attribute falls.
        confidence: of the one-sided bound.
        alpha_pool: significance level of the poolability tests.
        mean_square: `pooled` or `individual`, where slopes differ.

    Returns:
        Every batch of every model, the model by the poolability tests, and its shortest time.

    Raises:
        MethodError: the limits are equal, a batch has too few points, or a number cannot be used.

    Source: LeBlond et al. (2011): the one-sided bound moves from the fitted intercept by the difference of the limits.
    """
    if release_limit == shelf_life_limit:
        raise MethodError(
            "release and shelf-life limit are the same: nothing may change",
            given=str(release_limit),
            allowed="two different limits",
        )
    options = Options(1, confidence, alpha_pool, mean_square)
    study = read_study(batch, month, value)
    if lacking := study.lacking():
        raise MethodError(
            f"batch {lacking[0]} has too few points for a line with an interval",
            given=lacking[1],
            allowed="three times or more",
            next_step="Evaluate the other batches, or wait for the next pull",
        )
    data = stack([(study.index, study.months, study.values)], len(study.names))
    fits = fits_of(data)
    change = shelf_life_limit - release_limit
    models = {}
    for label in ("cics", "dics", POOLED, INDIVIDUAL):
        end = fits[label.split(maxsplit=1)[0]].intercept + change
        found = evaluated(data, label, fits, options, end if change < 0 else None, None if change < 0 else end)
        models[label] = models_of(study, found, label, options)
    label = LABELS[int(poolability(data, fits, options).chosen[0])]
    return _answer(models[label], tuple(models.values()), release_limit, shelf_life_limit)


def _answer(model: Model, models: tuple[Model, ...], release: float, end: float) -> WhatIf:
    told = [f"{one.name}: {', '.join(_said(line) for line in one.lines)}" for one in models]
    whole = whole_months(model.months)
    said = f"{model.months:.5f} months: {whole} months" if model.months is not None else model.outcome.value
    told.append(f"model {model.name} by the poolability tests; {RULE}: batch {model.worst_batch}, {said}")
    return WhatIf(
        model.name,
        model.months,
        whole,
        model.worst_batch,
        model.outcome,
        RULE,
        release,
        end,
        abs(end - release),
        models,
        tuple(told),
    )


def _said(line: Line) -> str:
    return f"{line.batch} {line.months:.5f}" if line.months is not None else f"{line.batch} {line.outcome.value}"
