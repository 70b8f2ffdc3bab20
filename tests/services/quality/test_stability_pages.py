"""Pages of stability: draft, approve, lay in, pull, miss, excursion, evaluate, approve; and what strangers see."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crdmo.services.quality.models import Condition, Excursion, Protocol, Pull, ShelfLife
from crdmo.services.quality.workflow import stability
from tests import factories
from tests.services.quality import study as studies
from tests.services.quality.browsing import Desk, text
from tests.services.quality.lab import Lab
from tests.services.quality.study import Study


@pytest.fixture
def study(lab: Lab) -> Study:
    return studies.make(lab)


@pytest.fixture
def played(study: Study) -> Study:
    study.play()
    return study


def place(study: Study, rest: str = "") -> str:
    return f"stability/{study.protocol.code}/{rest}"


ROW = {
    "kind": "long_term",
    "temperature": "25",
    "humidity": "60",
    "chamber": "C1",
    "months": "0 3 6",
    "orientations": "",
    "window_days": "7",
    "units_per_pull": "2",
}


def draft(study: Study, *rows: dict[str, str]) -> dict[str, object]:
    grid = {f"condition_{name}": [row[name] for row in rows] for name in ROW}
    return {
        "title": "New",
        "substance": str(study.lab.product.pk),
        "specification": str(study.specification.pk),
        "pack": "Bottle",
        "guideline": "Q1A-E",
        **grid,
    }


def test_a_protocol_is_drafted_with_its_conditions_and_approved_by_signature(study: Study) -> None:
    empty = {**ROW, "kind": "accelerated", "months": ""}
    assert Desk(study.coordinator).post("stability/draft/", draft(study, ROW, empty)).status_code == 302
    made = Protocol.objects.get(title="New")
    assert [(c.kind, c.months, c.units_per_pull) for c in made.conditions.all()] == [("long_term", ["0", "3", "6"], 2)]
    where = f"stability/{made.code}/"
    assert "signing_password" not in text(Desk(study.coordinator).get(where))
    assert Desk(study.lab.qa).post(where, sign=True).status_code == 302
    made.refresh_from_db()
    assert made.state == "approved"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"months": "0 three"}, "a month of condition 1 is no number"),
        ({"months": "6 3"}, "the months of a condition rise"),
        ({"window_days": "-1"}, "the window of condition 1"),
        ({"units_per_pull": "0"}, "the units of condition 1"),
        ({"kind": "warm"}, "condition 1 is of no known kind"),
        ({"months": ""}, "at least one condition"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused_and_kept_on_the_page(
    study: Study, change: dict[str, str], words: str
) -> None:
    answer = Desk(study.coordinator).post("stability/draft/", draft(study, {**ROW, **change}))
    assert answer.status_code == 422 and words in text(answer).replace("A month", "a month").replace(
        "The ", "the "
    ).replace("Condition 1 is", "condition 1 is")
    assert 'value="C1"' in text(answer) and not Protocol.objects.filter(title="New").exists()


def test_a_lot_is_laid_in_and_its_calendar_stands_on_the_page(study: Study) -> None:
    study.lab.lot("L-9")
    given = {"lot": str(study.lab.product.lots.get(code="L-9").pk), "started_on": study.started.isoformat()}
    desk = Desk(study.coordinator)
    few = desk.post(place(study, "lay-in/"), {**given, "units": "5"})
    assert few.status_code == 409 and "do not cover the pulls" in text(few)
    assert desk.post(place(study, "lay-in/"), {**given, "units": "60"}).status_code == 302
    page = text(desk.get(place(study)))
    assert page.count("/stability/pulls/") == Pull.objects.count() == 9 and "Overdue" in page and "inverted" in page


def test_a_late_pull_asks_for_its_reason_and_then_is_drawn(study: Study) -> None:
    planned = study.lay_in("L-1").pulls.order_by("due_on")[0]
    desk, where = Desk(study.coordinator), f"stability/pulls/{planned.pk}/"
    given = {"on": study.lab.today.isoformat(), "amount": "5", "unit": "{tablet}", "note": ""}
    late = desk.post(where, given)
    assert late.status_code == 422 and "lies outside" in text(late)
    assert desk.post(where, {**given, "note": "Holiday"}).status_code == 302
    planned.refresh_from_db()
    assert planned.state == "late" and planned.sample is not None
    assert "Pull the sample" not in text(desk.get(where)) and planned.sample.code in text(desk.get(where))


def test_a_missed_pull_is_recorded_with_its_note(study: Study) -> None:
    planned = study.lay_in("L-1").pulls.order_by("due_on")[0]
    desk, where = Desk(study.coordinator), f"stability/pulls/{planned.pk}/"
    assert desk.post(where, {"step": "miss", "miss-note": ""}).status_code == 422
    assert desk.post(where, {"step": "miss", "miss-note": "Chamber empty"}).status_code == 302
    assert "Chamber empty" in text(desk.get(where))


def test_an_excursion_is_recorded_from_a_pasted_column(study: Study) -> None:
    given = {
        "condition": str(study.condition.pk),
        "started": "2026-01-02T03:00",
        "ended": "2026-01-02T05:00",
        "assessment": "No effect.",
    }
    desk = Desk(study.coordinator)
    bad = desk.post(place(study, "excursion/"), {**given, "celsius": "20\nwarm"})
    assert bad.status_code == 422 and "warm" in text(bad) and not Excursion.objects.exists()
    assert desk.post(place(study, "excursion/"), {**given, "celsius": "20\n30"}).status_code == 302
    assert "26.26" in text(desk.get(place(study), part="excursions"))
    assert Excursion.objects.get().started == dt.datetime(2026, 1, 2, 3, 0, tzinfo=dt.UTC)


EVALUATION = {
    "sides": "0",
    "mean_square": "pooled",
    "transformation": "none",
    "storage": "room temperature",
    "accelerated": "none",
    "intermediate": "not studied",
    "supporting_data": "on",
    "rationale": "As planned.",
}


def evaluate(study: Study, **change: str) -> dict[str, str]:
    return {"condition": str(study.condition.pk), "criterion": str(study.assay.pk), **EVALUATION, **change}


def test_the_study_is_evaluated_and_the_shelf_life_approved_on_its_pages(played: Study) -> None:
    assert Desk(played.coordinator).post(place(played, "evaluate/"), evaluate(played)).status_code == 302
    found = ShelfLife.objects.get()
    where = f"stability/shelf-lives/{found.code}/"
    page = text(Desk(played.lab.sponsor).get(where))
    assert (
        "<svg" in page
        and "Equal slopes" in page
        and "As planned." in page
        and f"{found.computed.output['months']:.5f}" in page
    )
    assert "signing_password" not in page
    wrong = Desk(played.lab.qa).post(where, signing_user_id=played.lab.qa.user_id, signing_password="no")
    found.refresh_from_db()
    assert wrong.status_code >= 400 and found.state == "proposed"
    assert Desk(played.lab.qa).post(where, sign=True).status_code == 302
    found.refresh_from_db()
    assert found.state == "approved"


def test_what_the_tree_refuses_is_said_on_the_form(played: Study) -> None:
    answer = Desk(played.coordinator).post(place(played, "evaluate/"), evaluate(played, accelerated="yes"))
    assert answer.status_code == 422 and "intermediate" in text(answer) and "As planned." in text(answer)


def test_results_stand_on_the_page_and_as_json_with_the_trend_check(study: Study) -> None:
    study.play({"A": ("100.0", "99.5", "99.1", "98.4", "94.0")})
    desk = Desk(study.lab.sponsor)
    assert "A at 12 months is out of trend" in text(desk.get(place(study), part="results"))
    rows = desk.get(place(study), format="json").json()["results"]  # type: ignore[attr-defined]
    assert [(r["month"], r["value"], r["out_of_trend"]) for r in rows][-1] == ("12", "94.0", True)


def test_the_calendar_is_given_as_a_feed(study: Study) -> None:
    study.lay_in("L-1")
    answer = Desk(study.coordinator).get(place(study, "pulls.ics"))
    assert answer["Content-Type"].startswith("text/calendar") and text(answer).count("BEGIN:VEVENT") == 9


def test_an_analyst_sees_a_study_and_cannot_change_it(study: Study) -> None:
    study.lay_in("L-1")
    desk, planned = Desk(study.lab.analyst), Pull.objects.first()
    assert planned is not None and desk.get(place(study)).status_code == 200
    for rest in ("lay-in/", "excursion/", "evaluate/"):
        assert desk.get(place(study, rest)).status_code == 403
    refused = desk.post(
        f"stability/pulls/{planned.pk}/", on=planned.due_on.isoformat(), amount="5", unit="{tablet}", note=""
    )
    assert refused.status_code == 403
    planned.refresh_from_db()
    assert planned.state == "planned"


def test_another_sponsor_finds_no_study_pull_or_shelf_life(played: Study) -> None:
    found = stability.evaluate_stability(
        played.coordinator, played.protocol, condition=played.condition, criterion=played.assay
    )
    other = factories.sponsor("OTHER")
    stranger = factories.person("sponsor_lead", factories.program("LQ-7", owner=other), organization=other)
    planned = Pull.objects.first()
    assert planned is not None
    for where in (
        place(played),
        place(played, "pulls.ics"),
        f"stability/pulls/{planned.pk}/",
        f"stability/shelf-lives/{found.code}/",
    ):
        assert Desk(stranger).get(where).status_code == 404 == Desk(stranger, "LQ-7").get(where).status_code


def test_a_page_of_many_pulls_asks_the_database_no_more_than_one_of_few(study: Study) -> None:
    desk = Desk(study.coordinator)
    study.lay_in("L-1")
    desk.get(place(study))  # the first request of a log-in asks more
    counts = []
    for more in ((), ("L-2", "L-3", "L-4", "L-5")):
        for code in more:
            study.lay_in(code)
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(place(study)).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert Condition.objects.count() == 2
