"""Pages of the bench: samples, worksheets with their grid and files, verification, a result, an investigation."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from crdmo.common.materials.models import Custody, Sample
from crdmo.foundation.datasets import Dataset, read_original
from crdmo.services.quality import models
from crdmo.services.quality.models import Investigation, Reading, Result, Worksheet
from crdmo.services.quality.workflow import bench, investigations, testing
from tests.services.quality.browsing import Desk, text
from tests.services.quality.lab import CONTROL, Lab, areas


def test_a_sample_is_taken_received_and_assigned_on_its_pages(lab: Lab) -> None:
    lab.lot()
    keeper, supervisor = Desk(lab.keeper), Desk(lab.supervisor)
    data = {"purpose": "release", "amount": "20", "taken_on": lab.today.isoformat()}
    assert keeper.post("lots/L-1/sample/", data).status_code == 302
    sample = Sample.objects.get()
    place = f"samples/{sample.code}/"
    assert keeper.post(place, step="receive", location="Refrigerator 3", condition="").status_code == 422
    assert keeper.post(place, step="receive", location="Refrigerator 3", condition="intact").status_code == 302
    assert (
        supervisor.post(
            place,
            step="assign",
            specification=str(lab.specification.pk),
            analyst=lab.analyst.user_id,
            due_on="2026-12-24",
        ).status_code
        == 302
    )
    test = models.Test.objects.get(criterion__name="Assay")
    assert (test.analyst, test.due_on) == (lab.analyst, dt.date(2026, 12, 24))
    page = text(keeper.get(place))
    assert "Refrigerator 3" in page and "intact" in page and "95.0 – 105.0" in page


def test_more_than_there_is_cannot_be_taken(lab: Lab) -> None:
    lab.lot()
    answer = Desk(lab.keeper).post("lots/L-1/sample/", purpose="release", amount="2000", taken_on=lab.today.isoformat())
    assert answer.status_code == 409 and "does not hold that much" in text(answer)


def test_a_sample_is_handed_out_used_kept_and_disposed_of(lab: Lab) -> None:
    sample = lab.sample(lab.lot())
    keeper, place = Desk(lab.keeper), f"samples/{sample.code}/"
    assert keeper.post(place, step="move", location="Bench 2", holder=lab.analyst.user_id).status_code == 302
    assert Custody.objects.order_by("entry").last().step == "handed_out"
    assert keeper.post(place, step="move", location="Refrigerator 3", returned="1").status_code == 302
    assert Custody.objects.order_by("entry").last().step == "returned"
    assert keeper.post(place, step="use", amount="25", note="Assay").status_code == 409
    assert keeper.post(place, step="use", amount="5", note="Assay").status_code == 302
    assert ">15<" in text(keeper.get(place)) and "left of" in text(keeper.get(place))
    assert keeper.post(place, step="retain", location="Retention 1").status_code == 302
    assert keeper.post(place, step="dispose", reason="").status_code == 422
    assert keeper.post(place, step="dispose", reason="Retention time is over").status_code == 302
    sample.refresh_from_db()
    assert sample.state == "disposed"


def test_a_step_that_is_none_is_not_found(lab: Lab) -> None:
    sample = lab.sample(lab.lot())
    assert Desk(lab.keeper).post(f"samples/{sample.code}/", step="eat").status_code in (404, 409)


def test_a_test_is_cancelled_with_a_reason(lab: Lab) -> None:
    assay, _ = lab.tests(lab.lot())
    place = f"samples/{assay.sample.code}/"
    assert (
        Desk(lab.supervisor).post(place, step="cancel", test=str(assay.pk), reason="Assigned twice").status_code == 302
    )
    assay.refresh_from_db()
    assert assay.state == "cancelled"


def test_what_cannot_be_used_says_so_beside_its_name(lab: Lab) -> None:
    old = bench.register_instrument(lab.supervisor, lab.qa.organization, code="HPLC-9", name="HPLC 9", kind="HPLC")
    page = text(Desk(lab.analyst).get("worksheets/open/"))
    assert "HPLC-1 HPLC 1: calibrated until" in page and "HPLC-9 HPLC 9: never calibrated" in page
    answer = Desk(lab.analyst).post("worksheets/open/", method=str(lab.assay.pk), instrument=str(old.pk))
    assert answer.status_code == 409 and "HPLC-9 was never calibrated" in text(answer)


def opened(lab: Lab) -> tuple[Desk, str]:
    desk = Desk(lab.analyst)
    data = {"method": str(lab.assay.pk), "instrument": str(lab.hplc.pk), "reagents": [str(lab.standard.pk)]}
    assert desk.post("worksheets/open/", data).status_code == 302
    return desk, f"worksheets/{Worksheet.objects.order_by('entry').last().code}/"


def test_a_run_goes_from_controls_to_its_signature(lab: Lab) -> None:
    assay, _ = lab.tests(lab.lot())
    desk, place = opened(lab)
    assert "Controls first" in text(desk.get(place))
    bad = desk.post(place, step="controls", control_0="one")
    assert bad.status_code == 422 and "one" in text(bad)
    assert desk.post(place, step="controls", control_0="1.2").status_code == 302
    assert "Standard area" in text(desk.get(place))
    assert desk.post(place, {f"value_{assay.pk}": areas("99.6")}, step="results", source="pasted").status_code == 302
    assert {r.source for r in Reading.objects.all()} == {"pasted"}
    assert Result.objects.get().rounded == "99.6"
    assert desk.post(place, sign=True).status_code == 302
    sheet = Worksheet.objects.get()
    assert sheet.state == "closed"
    assert lab.analyst.printed_name in text(Desk(lab.reviewer).get(place))


def test_a_run_that_is_not_suitable_takes_no_results(lab: Lab) -> None:
    assay, _ = lab.tests(lab.lot())
    desk, place = opened(lab)
    desk.post(place, step="controls", control_0="3.1")
    assert "The system was not suitable" in text(desk.get(place))
    assert desk.post(place, {f"value_{assay.pk}": areas("99.6")}, step="results").status_code == 409
    assert not Reading.objects.exists()


def test_wrong_cells_are_marked_and_what_was_typed_stays(lab: Lab) -> None:
    tests = [lab.tests(lab.lot(f"L-{i}"))[1] for i in (1, 2)]
    desk = Desk(lab.analyst)
    desk.post("worksheets/open/", method=str(lab.water.pk))
    place = f"worksheets/{Worksheet.objects.get().code}/"
    answer = desk.post(
        place, {f"value_{tests[0].pk}": ["2.31", "2.3x"], f"value_{tests[1].pk}": ["2.40", ""]}, step="results"
    )
    page = text(answer)
    assert answer.status_code == 422 and page.count('aria-invalid="true"') == 2
    assert 'value="2.31"' in page and 'value="2.40"' in page and 'value="2.3x"' in page
    assert not Reading.objects.exists()


def test_nobody_else_gets_the_grid(lab: Lab) -> None:
    lab.tests(lab.lot())
    _, place = opened(lab)
    assert "Controls first" not in text(Desk(lab.colleague).get(place))
    assert Desk(lab.colleague).post(place, step="controls", control_0="1.0").status_code == 409


def table(lab: Lab, rows: list[tuple[str, str, str]]) -> SimpleUploadedFile:
    body = "sample,test,value\n" + "\n".join(",".join(row) for row in rows)
    return SimpleUploadedFile("kf.csv", body.encode(), content_type="text/csv")


def test_readings_come_from_an_instruments_file_which_is_sealed(lab: Lab) -> None:
    _, water = lab.tests(lab.lot())
    desk = Desk(lab.analyst)
    desk.post("worksheets/open/", method=str(lab.water.pk))
    place = f"worksheets/{Worksheet.objects.get().code}/"
    code = water.sample.code
    assert (
        desk.post(place, step="file", file=table(lab, [(code, "Water", "2.31"), (code, "Water", "2.36")])).status_code
        == 302
    )
    assert Result.objects.get().rounded == "2.3"
    sealed = Dataset.objects.get()
    assert {r.file_id for r in Reading.objects.all()} == {sealed.pk} and {r.source for r in Reading.objects.all()} == {
        "file"
    }
    assert read_original(sealed).startswith(b"sample,test,value")


def test_a_file_with_an_unknown_row_is_refused_whole_with_its_row(lab: Lab) -> None:
    _, water = lab.tests(lab.lot())
    desk = Desk(lab.analyst)
    desk.post("worksheets/open/", method=str(lab.water.pk))
    place = f"worksheets/{Worksheet.objects.get().code}/"
    rows = [(water.sample.code, "Water", "2.31"), (water.sample.code, "Water", "2.36"), ("S-99", "Water", "2.1")]
    answer = desk.post(place, step="file", file=table(lab, rows))
    assert answer.status_code == 422 and "f.csv row 4, column sample" in text(answer)
    assert not Reading.objects.exists() and not Dataset.objects.exists()


def entered(lab: Lab) -> tuple[models.Test, models.Test]:
    assay, water = lab.tests(lab.lot())
    lab.enter(water, ("2.31", "2.35"))
    lab.enter(assay, "93.1")
    return assay, water


def test_the_unusual_stands_on_top_of_what_is_to_be_verified(lab: Lab) -> None:
    assay, water = entered(lab)
    page = text(Desk(lab.reviewer).get("verify/"))
    assert page.index(str(assay)) < page.index(str(water))
    assert "Out of limit" in page and "Worksheet still open" in page
    assert "Nothing waits to be verified" in text(Desk(lab.analyst).get("verify/"))


def test_a_series_is_verified_by_one_signature_and_the_failure_investigated(lab: Lab) -> None:
    assay, water = entered(lab)
    answer = Desk(lab.reviewer).post("verify/", {"round": [f"{assay.pk}:0", f"{water.pk}:0"]}, step="verify", sign=True)
    assert answer.status_code == 302
    assert {r.state for r in Result.objects.all()} == {"verified"}
    assert Investigation.objects.get().test == assay


def test_a_result_changed_since_it_was_shown_is_not_verified(lab: Lab) -> None:
    _, water = entered(lab)
    shown = [f"{r.pk}:{r.version}" for r in Result.objects.all()]
    testing.correct_reading(lab.analyst, water.readings.first(), value="2.30", reason="Transcription error")
    answer = Desk(lab.reviewer).post(
        "verify/", {"round": [f"{water.pk}:0"], "signing_seen": shown}, step="verify", sign=True
    )
    assert answer.status_code == 409 and "was changed since it was shown" in text(answer)
    assert Result.objects.get(test=water).state == "entered"


@pytest.mark.parametrize("chosen", [[], ["nonsense"], ["00000000-0000-0000-0000-000000000000:0"]])
def test_nothing_sensible_chosen_verifies_nothing(lab: Lab, chosen: list[str]) -> None:
    entered(lab)
    assert Desk(lab.reviewer).post("verify/", {"round": chosen}, step="verify", sign=True).status_code in (
        404,
        409,
        422,
    )
    assert {r.state for r in Result.objects.all()} == {"entered"}


def test_an_analyst_verifies_nothing(lab: Lab) -> None:
    _, water = entered(lab)
    answer = Desk(lab.colleague).post("verify/", {"round": [f"{water.pk}:0"]}, step="verify", sign=True)
    assert answer.status_code == 403 and Result.objects.get(test=water).state == "entered"


def test_results_are_returned_with_a_reason_and_corrected_on_their_page(lab: Lab) -> None:
    _, water = entered(lab)
    reviewer = Desk(lab.reviewer)
    assert reviewer.post("verify/", {"round": [f"{water.pk}:0"]}, step="return", reason="").status_code == 422
    assert (
        reviewer.post("verify/", {"round": [f"{water.pk}:0"]}, step="return", reason="Is 2.35 right?").status_code
        == 302
    )
    result = Result.objects.get(test=water)
    assert result.state == "returned"
    desk, place = Desk(lab.analyst), f"results/{result.pk}/"
    reading = water.readings.get(replicate=2)
    fields = {"step": "correct", "reading": str(reading.pk), "value": "2.45", "version": str(result.version)}
    assert desk.post(place, fields).status_code == 422
    assert desk.post(place, fields, reason_kind="Transcription error").status_code == 302
    result.refresh_from_db()
    assert (result.rounded, result.state) == ("2.4", "entered")
    assert "<del>2.35</del>" in text(desk.get(place))
    assert "<del>2.35</del>" in text(reviewer.get("verify/"))


def test_a_correction_of_what_was_shown_before_is_refused(lab: Lab) -> None:
    _, water = entered(lab)
    result, reading = Result.objects.get(test=water), water.readings.get(replicate=2)
    testing.correct_reading(lab.analyst, reading, value="2.37", reason="Transcription error")
    fields = {
        "step": "correct",
        "reading": str(reading.pk),
        "value": "2.45",
        "version": str(result.version),
        "reason_kind": "Transcription error",
    }
    assert Desk(lab.analyst).post(f"results/{result.pk}/", fields).status_code == 409


def test_a_result_page_leads_from_the_reading_to_the_signature(lab: Lab) -> None:
    test = lab.tested(lab.lot())
    result = test.results.get()
    page = text(Desk(lab.sponsor).get(f"results/{result.pk}/"))
    for words in (
        "1000.0",
        "99.6",
        "95.0 – 105.0",
        "quality.calculated_result",
        lab.reviewer.printed_name,
        "Steps of the calculation",
        f"/thread/{result.pk}/",
    ):
        assert words in page


def test_a_stale_result_is_calculated_anew_on_its_page(lab: Lab) -> None:
    result = lab.tested(lab.lot()).results.get()
    bench.correct_potency(lab.supervisor, lab.standard, potency="98.8", reason="Corrected certificate")
    desk, place = Desk(lab.supervisor), f"results/{result.pk}/"
    assert "It stands on data changed since" in text(desk.get(place))
    assert desk.post(place, step="renew", reason="").status_code == 422
    assert desk.post(place, step="renew", reason="Potency corrected").status_code == 302
    result.refresh_from_db()
    assert result.rounded == "98.6"


def test_an_investigation_is_gone_through_on_its_page(lab: Lab) -> None:
    found = lab.out_of_specification(lab.lot())
    supervisor, qa, place = Desk(lab.supervisor), Desk(lab.qa), f"investigations/{found.code}/"
    assert "the original stays" in text(supervisor.get(place))
    answers = {f"answer_{i}": "yes" for i in range(len(investigations.CHECKLIST))}
    part = supervisor.post(
        place, {**answers, "answer_2": ""}, step="check", text="The flask was filled above the mark."
    )
    assert part.status_code == 422 and "The flask was filled above the mark." in text(part)
    assert (
        supervisor.post(
            place, answers, step="check", text="The flask was filled above the mark.", assignable_cause="yes"
        ).status_code
        == 302
    )
    assert supervisor.post(place, step="go_on").status_code == 409
    assert supervisor.post(place, step="propose", replicates="two", rationale="SOP").status_code == 422
    assert supervisor.post(place, step="propose", replicates="5", rationale="Many.").status_code == 302
    assert supervisor.post(place, step="withdraw", reason="").status_code == 422
    assert supervisor.post(place, step="withdraw", reason="Too many.").status_code == 302
    assert supervisor.post(place, step="propose", replicates="1", rationale="As the SOP sets out.").status_code == 302
    assert qa.post(place, step="approve", signing_seen=[], sign=True).status_code == 409
    assert qa.post(place, step="approve", sign=True).status_code == 302
    lab.retest(found.test, "99.4")
    assert (
        qa.post(place, step="conclude", outcome="laboratory_error", text="Dilution error.", sign=True).status_code
        == 302
    )
    found.refresh_from_db()
    assert (found.phase, found.outcome) == ("concluded", "laboratory_error")
    page = text(qa.get(place))
    assert (
        "93.1" in page and "99.4" in page and "Invalid, with assignable cause" in page and lab.qa.printed_name in page
    )


def test_the_analyst_sees_no_steps_in_the_investigation(lab: Lab) -> None:
    found = lab.out_of_specification(lab.lot())
    page = text(Desk(lab.analyst).get(f"investigations/{found.code}/"))
    assert "Record the checklist" not in page and "Propose" not in page


def test_lists_can_be_filtered(lab: Lab) -> None:
    entered(lab)
    desk = Desk(lab.sponsor)
    assert "Assay" in text(desk.get("results/", lot="L-1")) and "Assay" not in text(desk.get("results/", test="Water"))
    assert "No result here" in text(desk.get("results/", lot="L-9"))
    assert "No sample here" in text(desk.get("samples/", state="disposed"))
    assert "No investigation" in text(desk.get("investigations/", only="open"))
    assert CONTROL not in text(desk.get("worksheets/"))
