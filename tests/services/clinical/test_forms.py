"""Pages of the casebook: typed items, edit checks, queries, verification, freezing, signature."""

from __future__ import annotations

from typing import Any

import pytest

from crdmo.common.studies.models import Subject
from crdmo.foundation.ledger import trail
from crdmo.foundation.refusals import Conflict, Invalid, NotFound, NotPermitted, Refused
from crdmo.services.clinical.checks import check_items, fired, read_values
from crdmo.services.clinical.models import Casebook, CrfPage, DataQuery
from crdmo.services.clinical.workflow import design, forms
from tests.services.clinical.trial import GOOD, Trial


@pytest.fixture
def subject(trial: Trial) -> Subject:
    return trial.screened()


def queries() -> list[tuple[str, str]]:
    return list(DataQuery.objects.order_by("number").values_list("check_code", "state"))


def test_a_good_page_is_saved_as_entered_and_asks_nothing(trial: Trial, subject: Subject) -> None:
    page = trial.save(subject)
    assert page.values["WEIGHT"] == {"value": "90.5", "unit": "kg"} and queries() == []


@pytest.mark.parametrize(
    ("values", "item"),
    [
        ({"SYSBP": "12O"}, "SYSBP"),
        ({"SYSBP": {"value": "130", "unit": "kPa"}}, "SYSBP"),
        ({"VSPOS": "HANGING"}, "VSPOS"),
        ({"PULSE": "80"}, "PULSE"),
        ({"SYSBP": {"value": "130", "not_done": "Cuff broken"}}, "SYSBP"),
        ({"SYSBP": "NaN"}, "SYSBP"),
        ({"SYSBP": "=1+1"}, "SYSBP"),
    ],
)
def test_what_is_no_value_of_its_item_is_refused_whole(
    trial: Trial, subject: Subject, values: dict[str, Any], item: str
) -> None:
    with pytest.raises(Invalid) as refused:
        trial.save(subject, values=values)
    assert item in refused.value.errors and not CrfPage.objects.exists() and not DataQuery.objects.exists()


@pytest.mark.parametrize(
    ("more", "kind", "says"),
    [
        ({"days": 1}, Invalid, "future"),
        ({"days": -101}, Refused, "before consent"),
        ({"visit": "W99"}, Invalid, "not due"),
        ({"form": "LB", "visit": "W4", "expected": 7}, Conflict, "somebody else"),
    ],
)
def test_a_page_that_cannot_be_is_refused(
    trial: Trial, subject: Subject, more: dict[str, Any], kind: type[Refused], says: str
) -> None:
    days = more.pop("days", -98)
    with pytest.raises(kind, match=says):
        trial.save(subject, done_on=trial.day(days), **more)
    assert not CrfPage.objects.exists()


def test_nobody_enters_data_of_another_site_or_beside_a_site(trial: Trial, subject: Subject) -> None:
    with pytest.raises(NotFound):
        trial.save(subject, by=trial.other_coordinator)
    for who in (trial.crew.manager, trial.crew.monitor, trial.sponsor):
        with pytest.raises(NotPermitted):
            trial.save(subject, by=who)


def test_odd_values_are_saved_and_asked_about(trial: Trial, subject: Subject) -> None:
    trial.save(subject, values={"SYSBP": "70", "DIABP": "80", "WEIGHT": ""})
    assert queries() == [("range/SYSBP", "open"), ("required/WEIGHT", "open"), ("VS01", "open")]


def test_a_value_not_done_with_its_reason_answers_the_check_that_it_is_required(trial: Trial, subject: Subject) -> None:
    trial.save(subject, values={"WEIGHT": {"not_done": "Scale broken"}})
    assert queries() == []


def test_unknown_is_not_false(trial: Trial, subject: Subject) -> None:
    trial.save(subject, values={"SYSBP": {"not_done": "Refused"}, "DIABP": "80"})
    assert queries() == []


def test_a_change_needs_a_reason_and_keeps_what_stood(trial: Trial, subject: Subject) -> None:
    page = trial.save(subject)
    with pytest.raises(Invalid, match="reason"):
        trial.save(subject, values={"SYSBP": "131"})
    with pytest.raises(Invalid, match="what stands"):
        trial.save(subject, reason="Again")
    trial.save(subject, values={"SYSBP": "131"}, reason="Misread", expected=page.version)
    line = trail.history(page.pk)[0]
    change = next(one for one in line.changes if one.field == "values")
    assert (change.old["SYSBP"]["value"], change.new["SYSBP"]["value"], line.reason) == ("130", "131", "Misread")


def test_a_stale_page_is_not_saved_over_another(trial: Trial, subject: Subject) -> None:
    page = trial.save(subject)
    trial.save(subject, values={"SYSBP": "131"}, reason="Misread", expected=page.version)
    with pytest.raises(Conflict):
        trial.save(subject, values={"SYSBP": "132"}, reason="Misread", expected=page.version)


def test_a_query_goes_from_open_over_answered_to_closed_and_none_closes_itself(trial: Trial, subject: Subject) -> None:
    trial.save(subject, values={"SYSBP": "70", "DIABP": "60"})
    query = DataQuery.objects.get()
    with pytest.raises(Refused, match="open"):
        forms.close_query(trial.crew.manager, query)
    trial.save(subject, values={"SYSBP": "130", "DIABP": "60"}, reason="Misread")
    query = trial.again(query)
    assert (query.state, query.answer) == ("answered", "Data changed: Misread")
    forms.reopen_query(trial.crew.monitor, query)
    with pytest.raises(Invalid, match="answer"):
        forms.answer_query(trial.coordinator, trial.again(query), answer=" ")
    with pytest.raises(NotFound):
        forms.answer_query(trial.other_coordinator, trial.again(query), answer="x")
    forms.answer_query(trial.coordinator, trial.again(query), answer="Corrected.")
    with pytest.raises(NotPermitted):
        forms.close_query(trial.coordinator, trial.again(query))
    forms.close_query(trial.crew.manager, trial.again(query))
    assert trial.again(query).state == "closed"


def test_a_person_asks_about_an_item_that_is_there(trial: Trial, subject: Subject) -> None:
    page = trial.save(subject)
    for item, text in (("NOPE", "Why?"), ("SYSBP", " ")):
        with pytest.raises(Invalid):
            forms.open_query(trial.crew.monitor, page, item=item, text=text)
    assert forms.open_query(trial.crew.monitor, page, item="SYSBP", text="Why?").number == 1
    with pytest.raises(NotPermitted):
        forms.open_query(trial.coordinator, page, item="SYSBP", text="Why?")


def test_a_change_takes_verification_and_signature_away(trial: Trial, subject: Subject) -> None:
    page = trial.save(subject)
    forms.verify_pages(trial.crew.monitor, [page])
    assert trial.again(page).is_verified
    with pytest.raises(Refused, match="verified as it stands"):
        forms.verify_pages(trial.crew.monitor, [trial.again(page)])
    book = Casebook.objects.get(subject=subject)
    forms.sign_casebook(trial.investigator, book, credentials=trial.sign(trial.investigator))
    signed = trial.again(book).digest
    with pytest.raises(Refused, match="signed as it stands"):
        forms.sign_casebook(trial.investigator, trial.again(book), credentials=trial.sign(trial.investigator))
    trial.save(subject, values={"SYSBP": "131"}, reason="Misread")
    assert not trial.again(page).is_verified
    assert signed != forms.digest_of(CrfPage.objects.filter(subject=subject))


def test_only_the_monitor_verifies_and_only_the_investigator_of_the_site_signs(trial: Trial, subject: Subject) -> None:
    page = trial.save(subject)
    with pytest.raises(NotPermitted):
        forms.verify_pages(trial.coordinator, [page])
    book = Casebook.objects.get(subject=subject)
    other = trial.crew.investigators[1]
    with pytest.raises(NotFound):
        forms.sign_casebook(other, book, credentials=trial.sign(other))
    with pytest.raises(NotPermitted):
        forms.sign_casebook(trial.coordinator, book, credentials=trial.sign(trial.coordinator))


def test_a_frozen_page_is_changed_after_it_is_unfrozen_with_a_reason(trial: Trial, subject: Subject) -> None:
    page = trial.save(subject, values={"SYSBP": "70", "DIABP": "60"})
    with pytest.raises(Refused, match="not closed"):
        forms.freeze_pages(trial.crew.manager, [page])
    forms.answer_query(trial.coordinator, DataQuery.objects.get(), answer="Confirmed.")
    forms.close_query(trial.crew.manager, DataQuery.objects.get())
    forms.freeze_pages(trial.crew.manager, [trial.again(page)])
    with pytest.raises(Refused, match="frozen"):
        trial.save(subject, values={"SYSBP": "131"}, reason="Misread")
    with pytest.raises(Invalid, match="opened again"):
        forms.unfreeze_page(trial.crew.manager, trial.again(page))
    forms.unfreeze_page(trial.crew.manager, trial.again(page), reason="Late laboratory report")
    trial.save(subject, values={"SYSBP": "131"}, reason="Misread")


def test_many_pages_are_saved_all_or_none(trial: Trial, subject: Subject) -> None:
    row = {"subject": subject, "form": "VS", "done_on": trial.day(-98), "values": GOOD["VS"]}
    with pytest.raises(Invalid) as refused:
        forms.save_pages(
            trial.coordinator, trial.study, [{**row, "visit": "SCR"}, {**row, "visit": "BL", "values": {"SYSBP": "x"}}]
        )
    assert set(refused.value.errors) == {"2/SYSBP"} and not CrfPage.objects.exists()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"form": "XX"}, "form"),
        ({"item": "XX"}, "item"),
        ({"operator": "~"}, "operator"),
        ({"other": "VSPOS"}, "other"),
        ({"constant": "3"}, "other"),
        ({"code": "VS01"}, "code"),
        ({"message": ""}, "message"),
    ],
)
def test_a_check_that_cannot_work_is_refused(trial: Trial, more: dict[str, str], field: str) -> None:
    row = {"form": "VS", "code": "VS02", "item": "SYSBP", "operator": ">", "other": "DIABP", "message": "?", **more}
    with pytest.raises(Invalid) as refused:
        design.add_checks(trial.crew.manager, trial.study, [row])
    assert f"1/{field}" in refused.value.errors


def test_items_of_a_form_have_kinds_and_units_that_are_known() -> None:
    wrong = [
        {"code": "x", "name": "X", "kind": "decimal"}, {"code": "A", "name": "A", "kind": "colour"},
        {"code": "B", "name": "B", "kind": "choice"}, {"code": "C", "name": "C", "kind": "decimal", "unit": "stone"},
        {"code": "D", "name": "D", "kind": "decimal", "min": "low"},
    ]  # fmt: skip
    assert set(check_items(wrong)) == {"1/code", "2/kind", "3/choices", "4/unit", "5/min"}


def test_dates_and_texts_are_read_as_what_they_are(trial: Trial) -> None:
    items = [{"code": "D", "name": "Day", "kind": "date"}, {"code": "T", "name": "Text", "kind": "text"}]
    assert read_values(items, {"D": "2026-03-14", "T": ""}, trial.today) == {"D": {"value": "2026-03-14"}}
    for given in ({"D": "14.3.2026"}, {"D": trial.day(1).isoformat()}, {"T": "=cmd|' /C calc'!A0"}, {"T": "x" * 300}):
        with pytest.raises(Invalid):
            read_values(items, given, trial.today)
    assert fired(items, [], {}) == []
