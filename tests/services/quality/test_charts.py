"""Control charts: limits are frozen by signature and never follow what comes after; and their pages."""

from __future__ import annotations

from itertools import pairwise

import pytest

from crdmo.foundation.computing import figure_of
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.quality.models import ControlChart, ControlResult
from crdmo.services.quality.workflow import charts, testing
from tests import factories
from tests.services.quality.browsing import Desk, text
from tests.services.quality.lab import CONTROL, Lab

QUIET = ("1.20", "1.22", "1.19", "1.21", "1.18", "1.22", "1.20", "1.19", "1.21", "1.20")
ABOUT = {"watches": "controls", "method_code": "M-ASSAY", "criterion_name": CONTROL}

OWN = "cannot sign it as the second person"


def control(lab: Lab, *values: str) -> list[ControlResult]:
    """Open a run for each value of the control."""
    made = []
    for value in values:
        sheet = testing.open_worksheet(
            lab.analyst, lab.program, method=lab.assay, instrument=lab.hplc, reagents=[lab.standard]
        )
        testing.record_controls(lab.analyst, sheet, values={CONTROL: value})
        made.append(sheet.controls.get())
    return made


def propose(lab: Lab, chosen: list[ControlResult], **more: object) -> ControlChart:
    return charts.freeze_baseline(lab.analyst, lab.program, name="Tailing", chosen=chosen, **ABOUT, **more)


def frozen(lab: Lab, values: tuple[str, ...] = QUIET) -> ControlChart:
    return charts.approve_chart(lab.reviewer, propose(lab, control(lab, *values)), credentials=lab.sign(lab.reviewer))


def test_the_limits_are_the_mean_and_three_short_term_sigmas(lab: Lab) -> None:
    base = frozen(lab).baseline.output
    ranges = [abs(float(b) - float(a)) for a, b in pairwise(QUIET)]
    sigma = sum(ranges) / len(ranges) / 1.1283791670955126
    assert base["centre"] == pytest.approx(1.202) and base["upper"] == pytest.approx(1.202 + 3 * sigma)


def test_its_author_does_not_freeze_the_limits(lab: Lab) -> None:
    chart = propose(lab, control(lab, *QUIET))
    with pytest.raises(NotPermitted, match="approve the baseline"):
        charts.approve_chart(lab.analyst, chart, credentials=lab.sign(lab.analyst))
    own = charts.freeze_baseline(
        lab.supervisor, lab.program, name="Own", chosen=list(ControlResult.objects.order_by("entry")), **ABOUT
    )
    with pytest.raises(Refused, match=OWN):
        charts.approve_chart(lab.supervisor, own, credentials=lab.sign(lab.supervisor))


def test_nothing_is_charted_before_the_limits_are_frozen(lab: Lab) -> None:
    with pytest.raises(Refused, match="are not frozen"):
        charts.run_chart(lab.analyst, propose(lab, control(lab, *QUIET)))


def test_a_drift_is_signalled_by_its_rule_and_leaves_the_limits_where_they_were(lab: Lab) -> None:
    chart = frozen(lab)
    before = chart.baseline.output
    assert charts.run_chart(lab.analyst, chart).in_control is True
    control(lab, "1.40")
    chart = charts.run_chart(lab.analyst, chart)
    assert chart.latest is not None and chart.in_control is False
    output = chart.latest.output
    assert {s["rule"] for s in output["location"]["signals"]} == {"Nelson 1"} and output["location"]["signals"][0][
        "position"
    ] == 11
    assert output["baseline"] == before and (output["location"]["upper"], output["location"]["lower"]) == (
        before["upper"],
        before["lower"],
    )
    assert chart.baseline.output == before and len(chart.points) == 11


def test_each_run_is_a_new_result_and_the_old_one_stays(lab: Lab) -> None:
    chart = charts.run_chart(lab.analyst, frozen(lab))
    first = chart.latest
    control(lab, "1.21")
    chart = charts.run_chart(lab.analyst, chart)
    assert first is not None and chart.latest != first
    first.refresh_from_db()
    assert (first.version, len(first.output["location"]["points"])) == (1, 10)


def test_a_point_is_left_out_of_the_limits_only_with_its_cause(lab: Lab) -> None:
    points = control(lab, *QUIET[:5], "1.60", *QUIET[5:])
    chart = propose(lab, points, left_out={str(points[5].pk): "Air bubble, run repeated"})
    assert (chart.baseline.output["excluded"], chart.baseline.output["points"]) == ([6], 10)
    assert any("point 6 left out: Air bubble" in said for said in chart.baseline.output["reasons"])


def test_too_few_points_or_none_that_vary_make_no_limits(lab: Lab) -> None:
    with pytest.raises(Invalid, match=r"too short|at least"):
        propose(lab, control(lab, "1.2", "1.3"))
    with pytest.raises(Invalid, match="does not vary"):
        propose(lab, control(lab, "1.5", "1.5", "1.5", "1.5")[-4:])
    assert not ControlChart.objects.exists()


def test_points_of_another_test_are_refused(lab: Lab) -> None:
    points = control(lab, *QUIET)
    with pytest.raises(Invalid, match="verified values of this test"):
        charts.freeze_baseline(
            lab.analyst,
            lab.program,
            name="X",
            chosen=points,
            watches="controls",
            method_code="M-WATER",
            criterion_name=CONTROL,
        )


def test_new_limits_are_a_new_chart_that_supersedes_the_old_one(lab: Lab) -> None:
    old = frozen(lab)
    new = propose(lab, list(ControlResult.objects.order_by("entry")), supersedes=old)
    charts.approve_chart(lab.reviewer, new, credentials=lab.sign(lab.reviewer))
    old.refresh_from_db()
    assert (old.state, new.state) == ("superseded", "approved")
    with pytest.raises(Refused, match="are not frozen"):
        charts.run_chart(lab.analyst, old)


def test_only_verified_results_are_charted_and_an_invalid_original_gives_way_to_its_retests(lab: Lab) -> None:
    about = {"watches": "results", "method_code": "M-ASSAY", "criterion_name": "Assay"}
    lab.tested(lab.lot("L-1"), "99.6")
    first, _ = lab.tests(lab.lot("L-2"))
    lab.enter(first, "99.2")
    assert [(p.label, round(p.value, 1)) for p in charts.points(lab.program, **about)] == [("L-1", 99.6)]
    lab.verify(first)
    assert [p.label for p in charts.points(lab.program, **about)] == ["L-1", "L-2"]


def test_the_picture_names_runs_limits_and_signals(lab: Lab) -> None:
    chart = frozen(lab)
    control(lab, "1.40")
    chart = charts.run_chart(lab.analyst, chart)
    assert chart.latest is not None
    drawn = figure_of(
        chart.latest, title="Tailing", attribute=CONTROL, labels="\n".join(p["label"] for p in chart.points)
    )
    assert (
        "Nelson 1" in drawn.svg
        and "UCL" in drawn.svg
        and "point 11" in drawn.desc
        and "frozen from 10 points" in drawn.desc
    )


def test_a_chart_is_proposed_frozen_and_run_on_its_pages(lab: Lab) -> None:
    points = control(lab, *QUIET)
    desk, subject = Desk(lab.analyst), f"controls|M-ASSAY|{CONTROL}"
    assert CONTROL in text(desk.get("charts/freeze/")) and points[0].worksheet.code in text(
        desk.get("charts/freeze/", subject=subject)
    )
    given = {"subject": subject, "name": "Tailing", "point": [str(p.pk) for p in points[:9]]}
    assert desk.post("charts/freeze/", given).status_code == 302
    chart = ControlChart.objects.get()
    place = f"charts/{chart.code}/"
    assert len(chart.baseline_points) == 9
    assert desk.post(place, step="run").status_code == 409
    assert Desk(lab.reviewer).post(place, sign=True).status_code == 302
    assert desk.post(place, step="run").status_code == 302
    page = text(desk.get(place))
    assert "<svg" in page and "In control" in page and "Limits frozen" in page
    assert desk.get(place, format="json").json()["chart"]["in_control"] is True  # type: ignore[attr-defined]
    assert "Tailing" in text(desk.get("charts/"))


def test_too_few_chosen_points_are_refused_on_the_page_and_stay_chosen(lab: Lab) -> None:
    points = control(lab, *QUIET)
    given = {"subject": f"controls|M-ASSAY|{CONTROL}", "name": "Tailing", "point": [str(points[0].pk)]}
    answer = Desk(lab.analyst).post("charts/freeze/", given)
    assert answer.status_code == 422 and text(answer).count(" checked") == 1


def test_an_unknown_subject_asks_again_and_a_sponsor_cannot_freeze(lab: Lab) -> None:
    assert "What is watched?" in text(Desk(lab.analyst).get("charts/freeze/", subject="results|X|Y"))
    assert Desk(lab.sponsor).get("charts/freeze/").status_code == 403
    assert Desk(lab.sponsor).get("charts/").status_code == 200


def test_another_sponsors_chart_is_not_there(lab: Lab) -> None:
    chart = propose(lab, control(lab, *QUIET))
    other = factories.sponsor("OTHER")
    stranger = factories.person("sponsor_lead", factories.program("LQ-7", owner=other), organization=other)
    assert Desk(stranger, "LQ-7").get(f"charts/{chart.code}/").status_code == 404
