"""The Pareto picture of a fitted surface: how far each term stands out from its noise."""

from __future__ import annotations

from scipy import stats

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .regular_fraction import LETTERS
from .response_surface import ResponseSurface
from .surface_model import term_name


@figure("process.response_surface")
def pareto_figure(result: ResponseSurface, *, title: str = "") -> Figure:
    """Draw |t| of every term beside the critical value of a two-sided test at 5 %.

    Args:
        result: the fit.
        title: of the picture; by default the response.
    """
    letters = LETTERS[: len(result.model.factors)]
    short = [term_name(term, letters).replace(" × ", "") for term in result.model.terms]
    pairs = zip(short, result.terms, strict=False)
    terms = sorted(((name, term) for name, term in pairs if term.name != "constant"), key=lambda pair: -abs(pair[1].t))
    bound = float(stats.t.ppf(0.975, result.residual_df))
    chart = Chart(
        title or f"{result.model.response}: terms by size",
        x=Axis("Term", categories=tuple(name for name, _ in terms)),
        y=Axis("|t|", low=0),
        legend=False,
    )
    chart.bars("|t|", [i - 0.5 for i in range(len(terms) + 1)], [abs(term.t) for _, term in terms])
    chart.limit(bound, f"5 %: {bound:.2f}", firm=False)
    active = [name for name, term in terms if abs(term.t) > bound]
    key = ", ".join(f"{letter} {factor.name}" for letter, factor in zip(letters, result.model.factors, strict=True))
    return chart.build(
        f"{key}. Beyond the 5 % line: {', '.join(active) or 'none'}. R² {result.r_squared:.3f}, residual SD "
        f"{result.residual_sd:.3g} {result.model.unit} with {result.residual_df} degrees of freedom."
    )
