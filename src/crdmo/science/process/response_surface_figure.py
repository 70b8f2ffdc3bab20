"""The Pareto picture of a fitted surface: how far each term stands out from its noise."""

from __future__ import annotations

from scipy import stats

from crdmo.science.figure_registry import figure
from crdmo.science.figures import Axis, Chart, Figure

from .response_surface import ResponseSurface


@figure("process.response_surface")
def pareto_figure(result: ResponseSurface, *, title: str = "") -> Figure:
    """Draw |t| of every term beside the critical value of a two-sided test at 5 %.

    Args:
        result: the fit.
        title: of the picture; by default the response.
    """
    terms = sorted((t for t in result.terms if t.name != "constant"), key=lambda t: -abs(t.t))
    bound = float(stats.t.ppf(0.975, result.residual_df))
    names = tuple(term.name for term in terms)
    chart = Chart(
        title or f"{result.model.response}: terms by size",
        x=Axis("Term", categories=names),
        y=Axis("|t|", low=0),
        legend=False,
    )
    chart.bars("|t|", [i - 0.5 for i in range(len(terms) + 1)], [abs(t.t) for t in terms])
    chart.limit(bound, f"5 %: {bound:.2f}", firm=False)
    active = [term.name for term in terms if abs(term.t) > bound]
    return chart.build(
        f"Beyond the 5 % line: {', '.join(active) or 'none'}. R² {result.r_squared:.3f}, residual SD "
        f"{result.residual_sd:.3g} {result.model.unit} with {result.residual_df} degrees of freedom."
    )
