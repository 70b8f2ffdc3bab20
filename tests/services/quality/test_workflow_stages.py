"""A compendial test in stages at the bench: each stage is verified, a further one is tested, only the last decides."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from crdmo.common.materials.models import Lot
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.services.quality import models
from crdmo.services.quality.models import Investigation, Result
from crdmo.services.quality.workflow import specifications, testing
from tests.services.quality.browsing import Desk, text
from tests.services.quality.lab import Lab

FIRST = ("81", "86", "88", "90", "79", "87")
GOOD = ("85", "86", "84", "85", "88", "83")
LOW = ("70", "72", "71", "69", "73", "70")


@pytest.fixture
def staged(lab: Lab) -> Lab:
    method = lab.units_method("M-DIS", 6)
    drafted = specifications.draft_specification(
        lab.supervisor,
        lab.product,
        title="Velatide tablets, release",
        stage="release",
        criteria=[{"name": "Dissolution", "method": method, "limit": "Q = 80", "unit": "%"}],
        supersedes=lab.specification,
    )
    lab.specification = specifications.approve_specification(
        lab.qa, drafted, effective_from=lab.today, credentials=lab.sign(lab.qa)
    )
    return lab


def assigned(lab: Lab, lot: Lot) -> models.Test:
    return testing.assign_tests(lab.supervisor, lab.sample(lot), specification=lab.specification)[0]


def stage(lab: Lab, test: models.Test, values: Sequence[str], *, who: object = None, verified: bool = True) -> Result:
    test.refresh_from_db()
    person = who or lab.analyst
    sheet = testing.open_worksheet(person, lab.program, method=test.criterion.method)
    made = testing.enter_results(person, sheet, [testing.Entry(test, tuple(values))])[0]
    if verified:
        lab.verify(test)
        made.refresh_from_db()
    test.refresh_from_db()
    return made


def test_a_lot_that_conforms_at_s2_is_certified_with_its_stage_and_opens_no_investigation(staged: Lab) -> None:
    lot = staged.lot()
    test = assigned(staged, lot)
    first = stage(staged, test, FIRST)
    assert (first.stage, first.passes, test.state) == ("S1", None, "next_stage")
    second = stage(staged, test, GOOD)
    assert (second.stage, second.passes, second.replicate, test.state) == ("S2", True, 2, "verified")
    assert not Investigation.objects.exists()
    assert list(test.readings.order_by("replicate").values_list("replicate", flat=True)) == list(range(1, 13))
    line = staged.certificate(lot).lines[0]
    assert (line["result"], line["passes"]) == ("85 (S2)", True)
    assert [one["kind"] for one in line["results"]] == ["original, S1", "original, S2"]


def test_no_certificate_while_the_next_stage_waits(staged: Lab) -> None:
    lot = staged.lot()
    stage(staged, assigned(staged, lot), FIRST)
    with pytest.raises(Refused, match="Dissolution is not finished"):
        staged.certificate(lot)


def test_the_next_stage_waits_until_the_one_before_is_verified(staged: Lab) -> None:
    test = assigned(staged, staged.lot())
    stage(staged, test, FIRST, verified=False)
    with pytest.raises(Refused, match="takes no result now"):
        stage(staged, test, GOOD)


def test_a_stage_takes_exactly_its_units(staged: Lab) -> None:
    test = assigned(staged, staged.lot())
    stage(staged, test, FIRST)
    for values in (GOOD[:5], GOOD * 2):
        with pytest.raises(Invalid, match="takes 6 readings now"):
            stage(staged, test, values)
    stage(staged, test, ("62", *GOOD[1:]))
    with pytest.raises(Invalid, match="takes 12 readings now"):
        stage(staged, test, GOOD)


def test_only_the_last_stage_opens_an_investigation(staged: Lab) -> None:
    test = assigned(staged, staged.lot())
    stage(staged, test, ("76", *FIRST[1:]))
    stage(staged, test, LOW)
    assert test.state == "next_stage" and not Investigation.objects.exists()
    third = stage(staged, test, LOW * 2)
    assert (third.stage, third.passes, test.state) == ("S3", False, "investigation")
    assert Investigation.objects.get().result_id == third.id


def test_a_retest_begins_at_the_first_stage_and_may_need_the_second(staged: Lab) -> None:
    test = assigned(staged, staged.lot())
    stage(staged, test, ("50", *FIRST[1:]))
    found = Investigation.objects.get()
    staged.check(found, cause=True)
    staged.plan(found, 1)
    stage(staged, test, FIRST, who=staged.colleague)
    assert test.state == "next_stage"
    with pytest.raises(Refused, match="second analyst"):
        stage(staged, test, GOOD)
    last = stage(staged, test, GOOD, who=staged.colleague)
    assert (last.round, last.stage, last.passes, test.state) == (1, "S2", True, "investigation")
    staged.conclude(found, "laboratory_error")
    test.refresh_from_db()
    assert test.state == "verified"


def test_a_reading_of_the_open_stage_is_corrected_and_one_of_a_verified_stage_is_not(staged: Lab) -> None:
    test = assigned(staged, staged.lot())
    first = stage(staged, test, FIRST)
    second = stage(staged, test, LOW, verified=False)
    assert second.passes is None
    late = test.readings.get(replicate=7)
    made = testing.correct_reading(staged.analyst, late, value="90", reason="read from the wrong vial")
    assert (made.id, made.rounded) == (second.id, "80")
    assert Result.objects.get(id=first.id).version == first.version
    with pytest.raises(Refused, match="not corrected at the bench"):
        testing.correct_reading(staged.analyst, test.readings.get(replicate=1), value="95", reason="typing error")


def test_the_page_asks_for_the_units_of_the_stage(staged: Lab) -> None:
    test = assigned(staged, staged.lot())
    stage(staged, test, FIRST)
    stage(staged, test, LOW)
    assert test.state == "next_stage"
    sheet = testing.open_worksheet(staged.analyst, staged.program, method=test.criterion.method)
    page = text(Desk(staged.analyst).get(f"worksheets/{sheet.code}/"))
    assert page.count(f'name="value_{test.pk}"') == 12 and "Next stage" in page
    assert f"{test.pk}" in text(Desk(staged.analyst).get(f"worksheets/{sheet.code}/"))


def test_the_reviewer_sees_that_a_stage_was_not_met(staged: Lab) -> None:
    lot = staged.lot()
    test = assigned(staged, lot)
    stage(staged, test, FIRST, verified=False)
    page = text(Desk(staged.reviewer).get("verify/"))
    assert "test 6 more units (S2)" in page and "Next stage" in page
    staged.verify(test)
    assert "Further stage" in text(Desk(staged.qa).get(f"lots/{lot.code}/?tab=review"))
