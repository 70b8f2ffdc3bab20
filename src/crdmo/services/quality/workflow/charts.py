"""Control charts: a baseline is proposed from stated points, approved by signature, and never recomputed in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.computing import run
from crdmo.foundation.computing.models import Result as Computed
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign
from crdmo.science.method import MethodError

from ..models import ControlChart, ControlResult, Result
from ..stability_tables import standing
from .desks import BENCH, CHECKERS, QUALITY_UNIT

BASELINE, CHART = "quality.baseline_individuals", "quality.chart_individuals"


@dataclass(frozen=True)
class Point:
    """One value in time order: its record, its number at full precision, and the lot or run that it is of."""

    record: Record
    value: float
    label: str

    @property
    def key(self) -> str:
        """The id of the record, as text."""
        return str(self.record.pk)


def points(program: Program, *, watches: str, method_code: str, criterion_name: str) -> list[Point]:
    """Return what can be charted, in the order of the ledger: verified results of release samples, or controls of runs.

    Raises:
        Refused: a test has several results of its own, or a value is no number.
    """
    if watches == ControlChart.Watches.CONTROLS:
        found = ControlResult.objects.filter(
            program=program, name=criterion_name, worksheet__method__code=method_code, is_void=False
        )
        return [
            Point(c, _number(c, c.value), c.worksheet.code) for c in found.select_related("worksheet").order_by("entry")
        ]
    rows = Result.objects.filter(
        program=program,
        test__criterion__name=criterion_name,
        test__criterion__method__code=method_code,
        test__sample__purpose="release",
        is_void=False,
    )
    kept = sorted(standing(rows.select_related("test__sample__lot", "test__criterion")), key=lambda r: r.entry)
    by_test = [r.test_id for r in kept if r.round == 0]
    if len(by_test) != len(set(by_test)):
        raise Refused(
            f"a test of {criterion_name} has several results", next="An individuals chart takes one value a test"
        )
    return [Point(r, _number(r, r.calculated), r.test.sample.lot.code) for r in kept]


def _number(record: Record, text: str) -> float:
    try:
        return float(Decimal(text))
    except InvalidOperation as error:
        raise Refused(f"{record} is no number", given=text, next="Only numbers are charted") from error


@verb("quality.freeze_baseline", "propose the baseline of a control chart", roles=(*BENCH, *CHECKERS))
def freeze_baseline(
    act: Act,
    program: Program,
    *,
    name: str,
    method_code: str,
    criterion_name: str,
    chosen: Sequence[Record],
    watches: str = ControlChart.Watches.RESULTS,
    left_out: Mapping[str, str] | None = None,
    supersedes: ControlChart | None = None,
) -> ControlChart:
    """Make the limits from the chosen points; `left_out` gives, by record id, the cause of each that is left out.

    The chart is proposed; it watches nothing until it is approved by signature.
    """
    known = {p.key: p for p in points(program, watches=watches, method_code=method_code, criterion_name=criterion_name)}
    basis = [known[key] for key in (str(r.pk) for r in chosen) if key in known]
    if len(basis) != len(chosen) or not basis:
        raise Invalid(
            "a baseline is made of verified values of this test",
            errors={"chosen": "some are not among them"},
            given=f"{len(chosen)} chosen, {len(basis)} found",
        )
    causes = {key: why.strip() for key, why in (left_out or {}).items() if key in known and why.strip()}
    out = [(number, causes[p.key]) for number, p in enumerate(basis, 1) if p.key in causes]
    inputs = {
        "values": [p.value for p in basis],
        "excluded": [n for n, _ in out],
        "exclusion_reasons": [why for _, why in out],
    }
    made = _run(act, program, BASELINE, inputs, [p.record for p in basis], f"Baseline of {name}")
    return act.create(
        ControlChart,
        program=program,
        code=next_code(act, ControlChart, "CC", program),
        name=name,
        watches=watches,
        method_code=method_code,
        criterion_name=criterion_name,
        baseline=made,
        baseline_points=[p.key for p in basis],
        supersedes=supersedes,
        sources=sources_of([made]),
    )


def _run(
    act: Act, program: Program | None, method: str, inputs: Mapping[str, object], sources: Sequence[Record], title: str
) -> Computed:
    try:
        return run(act, method, inputs=dict(inputs), sources=sources, program=program, title=title)
    except MethodError as error:
        raise Invalid(error.what, given=error.given, allowed=error.allowed, next=error.next_step) from error


@verb(
    "quality.approve_chart",
    "approve the baseline of a control chart",
    roles=(*CHECKERS, *QUALITY_UNIT),
    signs=Meaning.APPROVED,
)
def approve_chart(act: Act, chart: ControlChart, *, credentials: Credentials) -> ControlChart:
    """Freeze the limits by signature, not by a person who proposed them; the chart before is superseded."""
    if chart.state != "proposed":
        raise Refused(f"{chart} is not proposed", given=chart.get_state_display(), next="New limits are a new chart")
    act.change(chart, state="approved")
    if chart.supersedes is not None and chart.supersedes.state == "approved":
        act.change(chart.supersedes, state="superseded")
    sign(act, [chart], Meaning.APPROVED, credentials)
    return chart


@verb("quality.run_chart", "chart the latest values", roles=(*BENCH, *CHECKERS, *QUALITY_UNIT))
def run_chart(act: Act, chart: ControlChart) -> ControlChart:
    """Hold every value since the first of the baseline against the frozen limits; the limits themselves stay."""
    if chart.state != "approved":
        raise Refused(
            f"the limits of {chart} are not frozen",
            given=chart.get_state_display(),
            next="A colleague approves the baseline by signature",
        )
    assert chart.program is not None
    found = points(
        chart.program, watches=chart.watches, method_code=chart.method_code, criterion_name=chart.criterion_name
    )
    start = next((i for i, p in enumerate(found) if p.key in chart.baseline_points), 0)
    shown = found[start:]
    inputs = {"values": [p.value for p in shown], "baseline": chart.baseline.output}
    made = _run(
        act,
        chart.program,
        CHART,
        inputs,
        [chart.baseline, *(p.record for p in shown)],
        f"{chart.name}, {len(shown)} points",
    )
    return act.change(
        chart,
        latest=made,
        points=[{"record": p.key, "label": p.label} for p in shown],
        in_control=made.output["in_control"],
    )
