"""The bench: methods in versions, who may run them, instruments and their gates, reagents; and its pages."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.foundation.ledger.thread import stale_causes
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.science.method import MethodError
from crdmo.services.quality.bench_tables import changes, in_doubt, instruments, shelf
from crdmo.services.quality.models import Instrument, Method, Qualification, Reagent, Result
from crdmo.services.quality.workflow import bench, testing
from tests import factories
from tests.services.quality.browsing import Desk, text
from tests.services.quality.lab import Lab

DAY = dt.timedelta(days=1)

OWN = "cannot sign it as the second person"


def state(lab: Lab) -> str:
    return instruments(lab.qa.organization, lab.today)[0].state


def test_a_calculated_method_names_its_calculation_and_others_have_none(lab: Lab) -> None:
    house = lab.qa.organization
    for given in ({"reporting": "calculated"}, {"reporting": "mean", "calculation": "quality.external_standard"}):
        with pytest.raises(Invalid, match="names its calculation"):
            bench.draft_method(lab.supervisor, house, title="X", technique="HPLC", **given)
    with pytest.raises(MethodError, match="no such method"):
        bench.draft_method(
            lab.supervisor, house, title="X", technique="HPLC", reporting="calculated", calculation="quality.nothing"
        )


def test_a_method_takes_at_least_one_reading(lab: Lab) -> None:
    with pytest.raises(Invalid, match="at least one reading"):
        bench.draft_method(lab.supervisor, lab.qa.organization, title="X", technique="UV", replicates=0)


def next_version(lab: Lab) -> Method:
    return bench.draft_method(
        lab.supervisor,
        lab.qa.organization,
        title="Assay by UHPLC",
        technique="HPLC",
        reporting="calculated",
        replicates=4,
        calculation="quality.external_standard",
        instrument_kind="HPLC",
        suitability=[{"name": "Tailing factor", "limit": "≤ 1.5"}],
        supersedes=lab.assay,
    )


def test_the_next_version_supersedes_the_one_before_when_it_is_approved(lab: Lab) -> None:
    second = next_version(lab)
    lab.assay.refresh_from_db()
    assert (second.code, second.number, lab.assay.state) == ("M-ASSAY", 2, "effective")
    bench.approve_method(lab.qa, second, credentials=lab.sign(lab.qa))
    lab.assay.refresh_from_db()
    assert (second.state, lab.assay.state) == ("effective", "superseded")


def test_versions_are_compared_word_by_word_and_limit_by_limit(lab: Lab) -> None:
    assert changes(next_version(lab)) == [
        {"name": "title", "old": "Assay by HPLC", "new": "Assay by UHPLC"},
        {"name": "Tailing factor", "old": "≤ 2.0", "new": "≤ 1.5"},
    ]
    assert changes(lab.assay) == []


def test_its_author_does_not_approve_a_method(lab: Lab) -> None:
    with pytest.raises(Refused, match=OWN):
        bench.approve_method(lab.supervisor, next_version(lab), credentials=lab.sign(lab.supervisor))


def test_nobody_qualifies_themselves_and_no_time_runs_backwards(lab: Lab) -> None:
    with pytest.raises(Refused, match="nobody qualifies themselves"):
        bench.qualify_analyst(lab.supervisor, lab.supervisor, method=lab.assay, starts=lab.today, ends=lab.today)
    with pytest.raises(Invalid, match="ends before it starts"):
        bench.qualify_analyst(lab.supervisor, lab.analyst, method=lab.assay, starts=lab.today, ends=lab.today - DAY)


def test_an_instrument_that_was_never_calibrated_cannot_be_used(lab: Lab) -> None:
    new = bench.register_instrument(lab.supervisor, lab.qa.organization, name="HPLC 2", kind="HPLC")
    with pytest.raises(Refused, match="never calibrated"):
        testing.open_worksheet(lab.analyst, lab.program, method=lab.assay, instrument=new, reagents=[lab.standard])


def test_a_taken_code_is_refused(lab: Lab) -> None:
    with pytest.raises(Invalid, match="this code is taken"):
        bench.register_instrument(lab.supervisor, lab.qa.organization, code="HPLC-1", name="Another", kind="HPLC")


@pytest.mark.parametrize(("days", "word"), [(100, "in_service"), (30, "expiring"), (0, "expiring"), (-1, "overdue")])
def test_the_state_of_an_instrument_follows_the_end_of_its_calibration(lab: Lab, days: int, word: str) -> None:
    new = bench.register_instrument(lab.supervisor, lab.qa.organization, code="A-1", name="Balance", kind="A balance")
    bench.log_instrument(
        lab.supervisor, new, kind="calibration", on=lab.today - 200 * DAY, due_on=lab.today + days * DAY
    )
    assert state(lab) == word
    if word == "overdue":
        with pytest.raises(Refused, match="is overdue"):
            bench.calibrated_until(new, lab.today)
    else:
        assert bench.calibrated_until(new, lab.today) == lab.today + days * DAY


def test_a_failed_check_takes_the_instrument_out_and_a_passed_calibration_brings_it_back(lab: Lab) -> None:
    bench.log_instrument(lab.analyst, lab.hplc, kind="check", on=lab.today, passed=False)
    assert state(lab) == "out_of_service"
    with pytest.raises(Refused, match="out of service"):
        testing.open_worksheet(
            lab.analyst,
            lab.program,
            method=lab.assay,
            instrument=Instrument.objects.get(pk=lab.hplc.pk),
            reagents=[lab.standard],
        )
    lab.hplc.refresh_from_db()
    bench.log_instrument(lab.supervisor, lab.hplc, kind="calibration", on=lab.today, due_on=lab.today + 365 * DAY)
    assert state(lab) == "in_service"


def test_the_logbook_is_not_written_ahead_and_a_calibration_says_until_when_it_holds(lab: Lab) -> None:
    with pytest.raises(Invalid, match="not written ahead"):
        bench.log_instrument(lab.supervisor, lab.hplc, kind="check", on=lab.today + 2 * DAY)
    with pytest.raises(Invalid, match="until when it holds"):
        bench.log_instrument(lab.supervisor, lab.hplc, kind="calibration", on=lab.today)


def doubted(lab: Lab) -> set[str]:
    events = list(lab.hplc.events.all())
    found = in_doubt(lab.hplc, events, lab.qa)
    return {str(r) for r in found.results} if found else set()


def test_a_failed_check_names_every_result_since_the_last_good_one(lab: Lab) -> None:
    lab.tested(lab.lot("L-1"), "99.6")
    assert doubted(lab) == set()
    bench.log_instrument(lab.supervisor, lab.hplc, kind="check", on=lab.today, passed=False)
    # Water was measured without this instrument.
    assert doubted(lab) == {"Assay 99.6 %"}


def test_results_before_the_last_good_check_are_not_in_doubt(lab: Lab) -> None:
    lab.tested(lab.lot("L-1"), "99.6")
    with_past = lab.hplc.events.get(kind="calibration")
    assert with_past.on < lab.today
    bench.log_instrument(lab.supervisor, lab.hplc, kind="check", on=lab.today)
    bench.log_instrument(lab.supervisor, lab.hplc, kind="failure", on=lab.today, passed=False)
    found = in_doubt(lab.hplc, list(lab.hplc.events.all()), lab.qa)
    assert found is not None and found.good is not None and found.good.kind == "check"


def test_results_of_programs_that_one_may_not_see_are_counted_only(lab: Lab) -> None:
    lab.tested(lab.lot("L-1"), "99.6")
    bench.log_instrument(lab.supervisor, lab.hplc, kind="check", on=lab.today, passed=False)
    stranger = factories.person("analyst", factories.program("LQ-7", owner=factories.sponsor("OTHER")))
    found = in_doubt(lab.hplc, list(lab.hplc.events.all()), stranger)
    assert found is not None and (found.results, found.hidden) == ((), 1)


def reagent(lab: Lab, **given: object) -> Reagent:
    return bench.register_reagent(
        lab.analyst,
        lab.qa.organization,
        **{"name": "Eluent", "kind": "solution", "lot_number": "1", "expires_on": lab.today + 300 * DAY, **given},
    )


def test_a_standard_has_a_potency(lab: Lab) -> None:
    with pytest.raises(Invalid, match="has a potency"):
        reagent(lab, kind="standard")


def test_a_reagent_is_used_by_the_earlier_of_expiry_and_open_until(lab: Lab) -> None:
    made = reagent(lab, open_days=10)
    assert (shelf(made, lab.today).until, shelf(made, lab.today).state) == (lab.today + 300 * DAY, "in_date")
    made = bench.open_reagent(lab.analyst, made, on=lab.today - 5 * DAY)
    assert (shelf(made, lab.today).until, shelf(made, lab.today).state) == (lab.today + 5 * DAY, "expiring")
    assert shelf(made, lab.today + 6 * DAY).state == "expired"
    with pytest.raises(Refused, match="was opened before"):
        bench.open_reagent(lab.analyst, made, on=lab.today)


def test_what_has_expired_is_neither_used_nor_prepared_from(lab: Lab) -> None:
    old = reagent(lab, expires_on=lab.today - DAY)
    with pytest.raises(Refused, match="may no longer be used"):
        reagent(lab, prepared_from=old)
    with pytest.raises(Refused, match="may no longer be used"):
        testing.open_worksheet(lab.analyst, lab.program, method=lab.assay, instrument=lab.hplc, reagents=[old])


def test_a_corrected_potency_needs_a_reason_and_makes_what_stands_on_it_stale(lab: Lab) -> None:
    lab.tested(lab.lot(), "99.6")
    lab.standard.refresh_from_db()
    with pytest.raises(Invalid, match="needs a reason"):
        bench.correct_potency(lab.qa, lab.standard, potency="99.5")
    bench.correct_potency(lab.qa, lab.standard, potency="99.5", reason="New certificate")
    results = {r.pk: r.test.criterion.name for r in Result.objects.select_related("test__criterion")}
    assert {results[key] for key in stale_causes(results)} == {"Assay"}


def test_an_analyst_does_not_correct_a_potency(lab: Lab) -> None:
    with pytest.raises(NotPermitted, match="correct the potency"):
        bench.correct_potency(lab.analyst, lab.standard, potency="99.5", reason="x")


@pytest.mark.parametrize(
    "place", ["methods/", "methods/M-ASSAY/1/", "instruments/", "instruments/HPLC-1/", "reagents/", "reagents/RS-1/"]
)
def test_the_partner_opens_the_pages_of_the_bench_and_a_sponsor_does_not(lab: Lab, place: str) -> None:
    assert Desk(lab.analyst).get(f"bench/{place}").status_code == 200
    assert Desk(lab.sponsor).get(f"bench/{place}").status_code == 403


@pytest.mark.parametrize("place", ["methods/M-NONE/1/", "instruments/NONE/", "reagents/NONE/"])
def test_what_is_not_on_the_bench_is_not_found(lab: Lab, place: str) -> None:
    assert Desk(lab.analyst).get(f"bench/{place}").status_code == 404


def test_another_laboratorys_bench_is_not_there(lab: Lab) -> None:
    other = factories.partner("RIVAL")
    factories.program("RIV-1", with_=other)
    rival = factories.person("analyst", organization=other)
    assert Desk(rival, "RIV-1").get("bench/instruments/HPLC-1/").status_code == 404
    assert "HPLC-1" not in text(Desk(rival, "RIV-1").get("bench/instruments/"))


def test_the_page_of_an_instrument_writes_its_logbook_and_shows_what_is_in_doubt(lab: Lab) -> None:
    lab.tested(lab.lot("L-1"), "99.6")
    desk, place = Desk(lab.supervisor), "bench/instruments/HPLC-1/"
    assert "To be looked at again" not in text(desk.get(place))
    day = lab.today.isoformat()
    bad = desk.post(place, kind="calibration", on=day, passed="yes", due_on="", note="")
    assert bad.status_code == 422 and "a date after the calibration" in text(bad)
    assert desk.post(place, kind="check", on=day, passed="no", due_on="", note="Drift").status_code == 302
    page = text(desk.get(place))
    assert "To be looked at again" in page and "99.6" in page and "Out of service" in page


def test_a_method_is_drafted_approved_and_an_analyst_qualified_on_its_pages(lab: Lab) -> None:
    desk = Desk(lab.supervisor)
    head = {
        "code": "M-UV",
        "title": "Identity by UV",
        "technique": "UV",
        "reporting": "single",
        "replicates": "1",
        "calculation": "",
        "instrument_kind": "",
        "procedure": "",
    }
    grid = {
        "control_kind": ["blank", "suitability"],
        "control_name": ["Blank", ""],
        "control_limit": ["≤ 0.05", ""],
        "control_unit": ["AU", ""],
    }
    wrong = desk.post("bench/methods/draft/", {**head, **grid, "control_limit": ["≤", ""]})
    assert wrong.status_code == 422 and "The limit of Blank" in text(wrong)
    assert desk.post("bench/methods/draft/", {**head, **grid}).status_code == 302
    made = Method.objects.get(code="M-UV")
    assert made.suitability == [{"kind": "blank", "name": "Blank", "limit": "≤ 0.05", "unit": "AU"}]
    assert Desk(lab.qa).post("bench/methods/M-UV/1/", sign=True).status_code == 302
    days = {"starts": lab.today.isoformat(), "ends": (lab.today + DAY).isoformat()}
    assert desk.post("bench/methods/M-UV/1/", step="qualify", person=str(lab.analyst.pk), **days).status_code == 302
    assert Qualification.objects.filter(method_code="M-UV", person=lab.analyst).exists()
    refused = desk.post("bench/methods/M-UV/1/", step="qualify", person=str(lab.supervisor.pk), **days)
    assert refused.status_code == 409 and "nobody qualifies themselves" in text(refused).lower()


def test_a_potency_is_corrected_on_the_page_after_it_says_what_stands_on_it(lab: Lab) -> None:
    lab.tested(lab.lot(), "99.6")
    desk, place = Desk(lab.qa), "bench/reagents/RS-1/"
    assert "Assay 99.6 %" in text(desk.get(place))
    none = desk.post(place, step="potency", potency="99.5")
    assert none.status_code == 422
    done = desk.post(place, step="potency", potency="99.50", reason_0="New information", reason_1="New certificate")
    lab.standard.refresh_from_db()
    assert done.status_code == 302 and lab.standard.potency == "99.50"
    assert "Stale" in text(desk.get(place))
