"""Pages of lots and certificates: worklist, gates, review, release, rejection, copies."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from crdmo.common.materials.models import Lot
from crdmo.services.quality.models import Certificate, Disposition, TrailReview
from crdmo.services.quality.workflow import bench, testing
from tests.services.quality.browsing import Desk, text
from tests.services.quality.lab import Lab


def test_the_worklist_shows_what_waits_for_each(lab: Lab) -> None:
    lot = lab.lot()
    assay, _ = lab.tests(lot)
    assert "Assay" in text(Desk(lab.analyst).get())
    lab.enter(assay, "99.6")
    assert "1 results" in text(Desk(lab.reviewer).get()) or "1 result" in text(Desk(lab.reviewer).get())
    page = text(Desk(lab.qp).get())
    assert "L-1" in page and "missing: tests" in page
    assert "Nothing waits for you" in text(Desk(lab.sponsor).get())


def test_a_lot_is_registered_from_its_form(lab: Lab) -> None:
    keeper = Desk(lab.keeper)
    data = {
        "substance": str(lab.product.pk),
        "code": "B-7",
        "amount": "500",
        "unit": "{tablet}",
        "expires_on": "2030-01-31",
    }
    response = keeper.post("lots/new/", data)
    assert response.status_code == 302
    assert Lot.objects.get(code="B-7").status == "quarantine"
    again = keeper.post("lots/new/", data)
    assert (again.status_code == 422 and "this code is taken" in text(again).lower()) or "taken" in text(again)


def test_the_lots_are_given_in_every_format_at_the_same_address(lab: Lab) -> None:
    lab.lot()
    desk = Desk(lab.sponsor)
    assert json.loads(desk.get("lots/", format="json").content)[0]["code"] == "L-1"
    assert b"L-1" in desk.get("lots/", format="csv").content
    assert desk.get("lots/", format="pdf").status_code == 422


def test_the_lot_page_says_what_is_open_and_who_can_close_it(lab: Lab) -> None:
    lab.lot()
    page = text(Desk(lab.qp).get("lots/L-1/"))
    for words in (
        "What stands between this lot and its release",
        "Assay: no test assigned",
        "QC analyst",
        "no certificate of analysis is signed",
    ):
        assert words in page
    assert "Release L-1" not in page


@pytest.mark.parametrize("tab", ["overview", "results", "stock", "review"])
def test_every_tab_of_a_lot_opens(lab: Lab, tab: str) -> None:
    lab.out_of_specification(lab.lot())
    assert Desk(lab.qa).get("lots/L-1/", tab=tab).status_code == 200


def test_the_gates_are_given_as_json(lab: Lab) -> None:
    lab.lot()
    told = json.loads(Desk(lab.sponsor).get("lots/L-1/", format="json").content)
    assert told["releasable"] is False and {g["name"] for g in told["gates"]} >= {"Tests", "Certificate", "Audit trail"}


def test_a_lot_goes_from_certificate_to_release_on_its_pages(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    drafted = Desk(lab.supervisor).post("lots/L-1/certificate/")
    assert drafted.status_code == 302
    qa, qp = Desk(lab.qa), Desk(lab.qp)
    assert "99.6" in text(qa.get("certificates/COA-26-0001/1/".replace("26", f"{lab.today:%y}")))
    place = f"certificates/COA-{lab.today:%y}-0001/1/"
    assert qa.post(place, sign=True).status_code == 302
    page = qa.get("lots/L-1/", tab="review")
    assert (
        qa.post(
            "lots/L-1/",
            step="review",
            conclusion="Every exception is explained.",
            up_to=str(page.context["facts"].last_entry),
            sign=True,
        ).status_code
        == 302
    )
    assert TrailReview.objects.count() == 1
    assert "Release L-1" in text(qp.get("lots/L-1/"))
    assert qp.post("lots/L-1/", step="release", sign=True).status_code == 302
    assert Disposition.objects.get().decision == "released"
    after = text(qp.get("lots/L-1/"))
    assert "Released" in after and lab.qp.printed_name in after and "Every gate is met" in after


def test_a_release_with_a_gate_open_is_refused_in_words(lab: Lab) -> None:
    lab.lot()
    refused = Desk(lab.qp).post("lots/L-1/", step="release", sign=True)
    assert refused.status_code == 409
    assert "cannot be released" in text(refused) and "There is a problem" in text(refused)
    assert Lot.objects.get().status == "quarantine"


def test_a_wrong_password_signs_nothing(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    lab.certificate(lot)
    desk = Desk(lab.qa)
    answer = desk.post(
        "lots/L-1/", step="review", conclusion="Clean.", signing_user_id=lab.qa.user_id, signing_password="wrong"
    )
    assert answer.status_code in (403, 409, 422) and "There is a problem" in text(answer)
    assert not TrailReview.objects.exists()


def test_a_review_of_what_was_not_shown_is_refused(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    answer = Desk(lab.qa).post("lots/L-1/", step="review", conclusion="Clean.", up_to="1", sign=True)
    assert answer.status_code == 409 and "has grown since it was shown" in text(answer)


def test_an_analyst_is_not_shown_the_step_and_cannot_take_it(lab: Lab) -> None:
    lab.lot()
    desk = Desk(lab.analyst)
    assert "Reject" not in text(desk.get("lots/L-1/"))
    assert desk.get("lots/L-1/reject/").status_code == 403
    assert desk.post("lots/L-1/", step="release", sign=True).status_code in (403, 409)
    assert not Disposition.objects.exists()


def test_a_lot_is_held_and_rejected_with_reasons(lab: Lab) -> None:
    lab.lot()
    qa = Desk(lab.qa)
    assert qa.post("lots/L-1/hold/", reason="").status_code == 422
    assert qa.post("lots/L-1/hold/", reason="Complaint").status_code == 302
    assert Lot.objects.get().status == "hold"
    without = qa.post("lots/L-1/reject/", reason="", sign=True)
    assert without.status_code == 422 and Lot.objects.get().status == "hold"
    assert qa.post("lots/L-1/reject/", reason="Damaged", sign=True).status_code == 302
    assert Lot.objects.get().status == "rejected"


def test_the_review_shows_the_exceptions(lab: Lab) -> None:
    found = lab.out_of_specification(lab.lot())
    page = text(Desk(lab.qa).get("lots/L-1/", tab="review"))
    assert "Out of limit" in page and found.code in page


def test_a_certificate_gives_its_pdf_and_json_as_issued(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    signed = lab.certificate(lot)
    desk = Desk(lab.sponsor)
    place = f"certificates/{signed.code}/{signed.issue}/"
    pdf = desk.get(place + "copy.pdf")
    assert pdf["Content-Type"] == "application/pdf" and pdf.content.startswith(b"%PDF-")
    assert json.loads(desk.get(place + "copy.json").content)["code"] == signed.code


def test_a_certificate_is_issued_anew_after_a_correction_and_both_open(lab: Lab) -> None:
    lot = lab.lot()
    test = lab.tested(lot)
    old = lab.certificate(lot)
    bench.correct_potency(lab.supervisor, lab.standard, potency="98.8", reason="Corrected certificate")
    place = f"certificates/{old.code}/1/"
    assert "stands on data changed since" in text(Desk(lab.qa).get(place))
    refused = Desk(lab.supervisor).post("lots/L-1/certificate/", reissue_reason="Potency corrected")
    assert refused.status_code == 409
    testing.recalculate(lab.supervisor, test, reason="Potency corrected")
    lab.verify(test)
    Desk(lab.supervisor).post("lots/L-1/certificate/", reissue_reason="Potency corrected")
    assert Desk(lab.qa).post(f"certificates/{old.code}/2/", sign=True).status_code == 302
    assert "99.6" in text(Desk(lab.sponsor).get(place))
    new = text(Desk(lab.sponsor).get(f"certificates/{old.code}/2/"))
    assert "98.6" in new and "Replaces" in new and "Potency corrected" in new


def test_a_draft_certificate_is_voided_with_a_reason(lab: Lab) -> None:
    lot = lab.lot()
    lab.tested(lot)
    desk = Desk(lab.supervisor)
    desk.post("lots/L-1/certificate/")
    place = f"certificates/{Certificate.objects.get().code}/1/"
    assert desk.post(place, step="void", reason="").status_code == 422
    assert desk.post(place, step="void", reason="Wrong day").status_code == 302
    assert Certificate.objects.get().is_void


ADDRESSES = (
    "",
    "lots/",
    "lots/L-1/",
    "samples/",
    "worksheets/",
    "verify/",
    "results/",
    "investigations/",
    "certificates/",
)


@pytest.mark.parametrize("place", ADDRESSES)
def test_another_sponsors_program_is_not_there(lab: Lab, place: str) -> None:
    from crdmo.foundation.accounts.roles import Role
    from tests import factories

    lab.lot()
    other = factories.program("CRD-900", owner=factories.sponsor("OTHER"), with_=factories.partner("OTHERLAB"))
    stranger = factories.person(Role.SPONSOR_LEAD, other, organization=other.organization)
    assert Desk(stranger).get(place).status_code == 404


def test_a_lot_of_another_program_is_not_found_in_this_one(lab: Lab) -> None:
    lab.lot()
    assert Desk(lab.qa).get("lots/L-2/").status_code == 404


@pytest.mark.parametrize("place", ADDRESSES)
def test_pages_need_no_more_queries_for_more_lots(lab: Lab, place: str, django_assert_num_queries) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    lab.out_of_specification(lab.lot())
    desk = Desk(lab.qa)
    desk.get(place)
    with CaptureQueriesContext(connection) as few:
        assert desk.get(place).status_code == 200
    for i in range(2, 5):
        lab.out_of_specification(lab.lot(f"L-{i}"))
    with CaptureQueriesContext(connection) as many:
        desk.get(place)
    assert len(many) <= len(few)
    assert len(many) <= 37  # one each asks manufacture and the quality system for their gates


def test_the_addresses_of_records_lead_to_their_pages(lab: Lab) -> None:
    from crdmo.services.quality.models import Result
    from crdmo.web.links import record_url

    lot = lab.lot()
    test = lab.tested(lot)
    signed = lab.certificate(lot)
    result = Result.objects.filter(test=test).get()
    here = {"program": "CRD-101"}
    assert record_url(lot) == reverse("quality:lot", kwargs={**here, "code": "L-1"})
    assert record_url(result) == reverse("quality:result", kwargs={**here, "key": result.pk})
    assert record_url(signed) == reverse("quality:certificate", kwargs={**here, "code": signed.code, "issue": 1})
    assert record_url(test.sample) == record_url(test)
