"""Pages of a trial as its people use them: entry, queries, emergency unblinding, lock, SDTM in, and what a site sees."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from crdmo.foundation.ledger.models import Entry, Sealed
from crdmo.services.clinical.models import CrfPage, DataQuery, Randomisation
from crdmo.standards.cdisc import zipped
from crdmo.standards.xpt import read_xpt
from tests import factories
from tests.services.clinical.test_outcome import folder
from tests.services.clinical.trial import STRATUM, Trial
from tests.web.house import Browser

ARMS = {'"A"': "Velatide 20 mg", '"P"': "Placebo"}


def at(trial: Trial, name: str, **more: str) -> str:
    return reverse(f"clinical:{name}", kwargs={"program": trial.program.code, "study": trial.study.code, **more})


def test_a_coordinator_enters_a_page_and_sees_at_its_item_what_is_asked(trial: Trial) -> None:
    subject = trial.screened()
    site = Browser(trial.coordinator)
    url = at(trial, "page", code=subject.code, visit="SCR", form="VS")
    given = {"done_on": trial.day(-98).isoformat(), "expected": "0", "i_SYSBP": "7O", "i_DIABP": "60", "i_WEIGHT": "90"}
    refused = site.post(url, given)
    assert (
        refused.status_code == 422
        and "A decimal number" in refused.content.decode()
        and 'value="7O"' in refused.content.decode()
    )
    assert not CrfPage.objects.exists()
    assert site.post(url, {**given, "i_SYSBP": "70"})["Location"] == url
    assert "is outside 80 to 200" in site.text(url)
    stale = site.post(url, {**given, "i_SYSBP": "130", "reason": "Misread"})
    assert stale.status_code == 409 and "somebody else" in stale.content.decode()
    query = DataQuery.objects.get()
    listed = at(trial, "queries")
    assert site.post(listed, {"step": "answer", "query": str(query.pk), "answer": "Confirmed."}).status_code == 302
    manager = Browser(trial.crew.manager)
    assert manager.post(listed, {"step": "close", "query": str(query.pk)}).status_code == 302
    assert trial.again(query).state == "closed"
    assert Browser(trial.other_coordinator).get(url).status_code == 404


def test_a_subject_goes_through_its_page_from_consent_to_the_kit(trial: Trial) -> None:
    site, investigator = Browser(trial.coordinator), Browser(trial.investigator)
    consent = {"site": "01", "form_version": "1.0", "signed_on": trial.day(-3).isoformat(), "sex": "M", "age": "61"}
    assert site.post(at(trial, "consent"), {**consent, "age": "12"}).status_code == 422
    url = site.post(at(trial, "consent"), consent)["Location"]
    answers = {"c_I1": "yes", "c_I2": "yes", "c_E1": "no", "c_E2": "no", "decided_on": trial.day(-2).isoformat()}
    assert investigator.post(url, {"step": "decide", **answers}).status_code == 302
    assert site.post(url, {"step": "randomise", "stratum": STRATUM}).status_code == 302
    kit = Randomisation.objects.get().kit
    assert kit.number in site.text(url)
    assert site.post(url, {"step": "dispense", "number": "1", "on": trial.today.isoformat()}).status_code == 422
    assert site.post(url, {"step": "dispense", "number": kit.number, "on": trial.today.isoformat()}).status_code == 302
    assert trial.again(kit).state == "dispensed"


def test_a_broken_code_stands_in_the_answer_to_the_signed_step_and_in_no_page(trial: Trial) -> None:
    subject = trial.randomised()
    arm = ARMS[Sealed.objects.get(record_id=Randomisation.objects.get().slot_id).value]
    who = Browser(trial.investigator)
    url = at(trial, "break_blind", code=subject.code)
    signed = {"signing_user_id": trial.investigator.user_id, "signing_password": factories.PASSWORD}
    assert who.post(url, {"reason": "", **signed}).status_code == 422
    assert who.post(url, {"reason": "Emergency", "signing_password": factories.PASSWORD}).status_code == 422
    told = who.post(url, {"reason": "Emergency", **signed})
    assert told.status_code == 200 and f'class="target">{arm}<' in told.content.decode()
    assert told["Cache-Control"] == "no-store" and "ETag" not in told
    for page in (url, at(trial, "subject", code=subject.code), at(trial, "randomisation")):
        assert f'class="target">{arm}<' not in who.text(page)
    assert "Emergency" in Browser(trial.crew.monitor).text(at(trial, "randomisation"))
    assert Browser(trial.crew.manager).get(url).status_code == 403


def test_the_lock_page_says_what_is_open_and_is_refused_over_it(trial: Trial) -> None:
    trial.save(trial.randomised())
    manager = Browser(trial.crew.manager)
    assert "Vital signs of 01-001 at Screening" in manager.text(at(trial, "lock"))
    signed = {"step": "lock", "signing_user_id": trial.crew.manager.user_id, "signing_password": factories.PASSWORD}
    refused = manager.post(at(trial, "lock"), signed)
    assert refused.status_code == 409 and "cannot be locked" in refused.content.decode()
    assert Browser(trial.sponsor).get(at(trial, "lock")).status_code == 403


def test_a_folder_of_sdtm_comes_in_by_the_page_and_a_torn_one_is_refused_at_its_file(trial: Trial) -> None:
    manager = Browser(trial.crew.manager)
    url = reverse("clinical:bring", kwargs={"program": trial.program.code})
    torn = manager.post(url, {"file": SimpleUploadedFile("study.zip", b"PK torn")})
    assert torn.status_code == 422 and "the archive cannot be read" in torn.content.decode()
    made = manager.post(url, {"file": SimpleUploadedFile("study.zip", zipped(folder()))})
    assert made.status_code == 302 and "SUPPDS" in manager.text(made["Location"])
    assert manager.get(made["Location"] + "sdtm.zip").status_code == 200
    ae = read_xpt(folder()["ae.xpt"]).members[0].frame.with_row_index("row", 1)
    first = ae.row(0, named=True)
    mine = ae.filter(ae["USUBJID"] == first["USUBJID"])
    assert first["USUBJID"] in manager.text(made["Location"] + "subjects/")
    url = f"{made['Location']}subjects/{first['USUBJID']}/"
    text = manager.text(url)
    assert first["AETERM"] in text and "PLACEBO" not in text.upper()
    assert [f"ae.xpt, row {n}<" in text for n in mine["row"]] == [True] * mine.height
    assert text.count(">ae.xpt, row ") == mine.height
    assert manager.post(url, {"step": "decide"}).status_code == 404


def test_who_works_at_a_site_reads_no_other_record_of_the_program(trial: Trial) -> None:
    subject = trial.randomised(1)
    site = Browser(trial.coordinator)
    assert site.get(f"/record/{subject.pk}/").status_code == 404
    assert site.get(f"/{trial.program.code}/ledger/").status_code == 403
    assert subject.code not in site.text(f"/search/?q={subject.code}").replace(f'value="{subject.code}"', "")
    assert subject.code not in site.text(at(trial, "subjects"))
    assert Entry.objects.filter(record_type="ledger.refusal", action="clinical.randomise").count() == 0
