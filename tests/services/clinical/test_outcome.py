"""Lock, unblinding, analyses, report; SDTM out and in; what the API answers."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client

from crdmo.common.studies.models import Allocation, Study, Subject
from crdmo.foundation import computing
from crdmo.foundation.accounts import tokens
from crdmo.foundation.documents import workflow as documents
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.clinical.exports import events_csv
from crdmo.services.clinical.models import CrfPage, DatabaseLock, DomainTable, TrialAnalysis
from crdmo.services.clinical.sdtm.writing import files_of, zipped
from crdmo.services.clinical.workflow import analyses, blinding, exchange, forms, locks, people, safety
from crdmo.standards.cdisc import archive
from crdmo.standards.xpt import read_xpt
from tests import factories, shared_data
from tests.services.clinical.trial import STRATUM, Trial


def whole(trial: Trial, count: int = 8) -> None:
    """Take subjects through the trial; the values differ enough to be analysed."""
    for number in range(count):
        subject = trial.randomised(number % 2)
        if number % 3 == 0:
            safety.report_event(
                trial.crew.coordinators[number % 2], subject, term="Low sugar", category="HYPOGLYCAEMIA",
                starts=trial.day(-60 + number).isoformat(), severity="MILD", relation="RELATED", serious="N",
                outcome="RECOVERED/RESOLVED",
            )  # fmt: skip
        trial.whole(subject, number % 2, hba1c=f"{7.1 + 0.17 * (number * 5 % 8):.2f}")
        page = CrfPage.objects.get(subject=subject, visit__code="BL", form__code="LB")
        values = {"HBA1C": f"{8.0 + 0.13 * (number * 3 % 8):.2f}", "GLUC": "9.0"}
        forms.save_page(
            trial.crew.coordinators[number % 2], subject, visit="BL", form="LB", done_on=page.done_on, values=values,
            reason="Laboratory report",
        )  # fmt: skip


def test_a_database_is_locked_when_nothing_is_open_and_unlocked_with_a_reason(trial: Trial) -> None:
    subject = trial.randomised()
    trial.save(subject, values={"SYSBP": "70", "DIABP": "60"})
    sign = trial.sign(trial.crew.manager)
    with pytest.raises(Refused) as refused:
        locks.lock_database(trial.crew.manager, trial.study, credentials=sign)
    for part in ("ended", "query is closed", "verified", "frozen", "signed"):
        assert part in refused.value.given
    assert trial.again(trial.study).state == "active"
    forms.save_page(trial.coordinator, subject, visit="SCR", form="VS", done_on=trial.day(-98),
                    values={"SYSBP": "130", "DIABP": "80", "WEIGHT": "90"}, reason="Misread")  # fmt: skip
    people.end_subject(trial.coordinator, trial.again(subject), state="withdrawn", on=trial.day(-9), ending="Moved")
    lock = trial.locked()
    assert trial.again(trial.study).state == "locked"
    with pytest.raises(Refused):
        trial.save(subject, form="LB")
    with pytest.raises(Invalid, match="unlocked"):
        locks.unlock_database(trial.crew.manager, lock)
    with pytest.raises(NotPermitted):
        locks.unlock_database(trial.crew.statistician, lock, reason="x")
    locks.unlock_database(trial.crew.manager, lock, reason="A laboratory report came late")
    trial.save(subject, form="LB")
    assert not DatabaseLock.objects.filter(is_void=False).exists()


def test_a_trial_is_unblinded_after_the_lock_then_analysed_reported_and_closed_to_change(trial: Trial) -> None:
    whole(trial)
    statistician, unblinded = trial.crew.statistician, trial.crew.unblinded
    with pytest.raises(Refused, match="not analysed by arm"):
        analyses.analyse_change(statistician, trial.study)
    lock = trial.locked()
    with pytest.raises(Refused, match="not analysed by arm"):
        analyses.analyse_time(statistician, trial.again(trial.study))
    with pytest.raises(NotPermitted):
        blinding.unblind_trial(statistician, lock, credentials=trial.sign(statistician))
    assert not Allocation.objects.exists()
    blinding.unblind_trial(unblinded, lock, credentials=trial.sign(unblinded))
    assert Allocation.objects.count() == 8
    with pytest.raises(Refused, match="unblinded"):
        locks.unlock_database(trial.crew.manager, trial.again(lock), reason="x")
    study = trial.again(trial.study)
    with pytest.raises(Refused, match="analysis is missing"):
        analyses.write_report(statistician, study, credentials=trial.sign(statistician), conclusion="x")
    change, time = analyses.analyse_change(statistician, study), analyses.analyse_time(statistician, study)
    for one in (change, time):
        assert "identical" in computing.recompute(one.result).sentence()
    assert sum(mean["subjects"] for mean in change.result.output["means"]) == 8
    assert sum(arm["events"] for arm in time.result.output["arms"]) == 3
    with pytest.raises(Refused, match="stands"):
        analyses.analyse_change(statistician, study)
    report = analyses.write_report(statistician, study, credentials=trial.sign(statistician), conclusion="It works.")
    assert "It works." in report.text and "Velatide 20 mg" in report.text and report.state == "in_review"
    documents.review(trial.crew.quality, report, credentials=trial.sign(trial.crew.quality))
    files = {name: read_xpt(data).members[0].frame for name, data in files_of(study).items()}
    assert set(files["dm.xpt"]["ARMCD"]) == {"A", "P"} and set(files["ex.xpt"]["EXTRT"]) == {"VELATIDE", "PLACEBO"}
    assert TrialAnalysis.objects.count() == 2


def test_before_unblinding_sdtm_holds_kits_and_no_arm_and_the_same_bytes_each_time(trial: Trial) -> None:
    subject = trial.randomised()
    trial.save(subject)
    trial.screened(1)
    files = files_of(trial.study)
    assert zipped(files) == zipped(files_of(trial.again(trial.study)))
    frames = {name: read_xpt(data).members[0].frame for name, data in files.items()}
    assert set(frames) == {"dm.xpt", "ds.xpt", "ex.xpt", "ta.xpt", "te.xpt", "ts.xpt", "tv.xpt", "vs.xpt"}
    assert list(frames["dm.xpt"]["ARMCD"]) == ["BLINDED", ""]
    assert frames["ex.xpt"]["EXTRT"][0].startswith("Kit ")
    vs = frames["vs.xpt"].filter(frames["vs.xpt"]["VSTESTCD"] == "SYSBP")
    assert (vs["VSORRES"][0], vs["VSSTRESN"][0], vs["VSORRESU"][0]) == ("130", 130.0, "mm[Hg]")


def folder() -> dict[str, bytes]:
    """Return the real folder of SDTM."""
    return {one.name: one.read_bytes() for one in shared_data.path("regulatory/tdf_sdtm").glob("*.xpt")}


def bring(trial: Trial, files: dict[str, bytes]) -> Study:
    return exchange.import_sdtm(trial.crew.manager, trial.program, file_name="study.zip", data=zipped(files))


def test_a_real_folder_of_sdtm_goes_in_and_comes_out_equal_in_values(trial: Trial) -> None:
    files = folder()
    study = bring(trial, files)
    back = files_of(study)
    assert set(back) == set(files) and len(files) == 13
    for name, data in files.items():
        was, is_ = read_xpt(data).members[0], read_xpt(back[name]).members[0]
        assert is_.frame.equals(was.frame) and is_.block.special == was.block.special, name
        assert is_.header.variables == was.header.variables and is_.header.label == was.header.label
    dm = read_xpt(files["dm.xpt"]).members[0].frame
    assert set(study.subjects.values_list("code", flat=True)) == set(dm["USUBJID"])
    assert study.is_imported and DomainTable.objects.filter(study=study).count() == 13
    with pytest.raises(Invalid, match="taken"):
        bring(trial, files)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda files: files | {"ae.xpt": files["ae.xpt"][: len(files["ae.xpt"]) // 2 + 17]}, "ae.xpt"),
        (lambda files: {k: v for k, v in files.items() if k != "dm.xpt"}, "dm.xpt"),
        (lambda files: files | {"ae2.xpt": files["ae.xpt"]}, "ae2.xpt"),
        (lambda files: files | {"ae.xpt": b"subject,term\n=1+1,x\n"}, "ae.xpt"),
    ],
    ids=["torn", "without DM", "twice", "a CSV"],
)
def test_a_folder_that_is_torn_or_does_not_belong_leaves_nothing(trial: Trial, change: Any, names: str) -> None:
    with pytest.raises(Invalid) as refused:
        bring(trial, change(folder()))
    assert names in refused.value.errors
    assert Study.objects.filter(is_imported=True).count() == 0 and not DomainTable.objects.exists()


def test_what_is_no_zip_and_a_zip_that_is_a_bomb_are_refused(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 100_000)
    with pytest.raises(Invalid, match="archive cannot be read"):
        exchange.import_sdtm(trial.crew.manager, trial.program, file_name="a.zip", data=b"PK\x03\x04 torn")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("dm.xpt", bytes(100_001))
    with pytest.raises(Invalid, match="too much"):
        exchange.import_sdtm(trial.crew.manager, trial.program, file_name="a.zip", data=out.getvalue())


def test_a_cell_that_begins_like_a_formula_goes_out_as_text(trial: Trial) -> None:
    event = safety.report_event(
        trial.coordinator, trial.screened(), term="=HYPERLINK(1)", starts=trial.day(-3).isoformat(), severity="MILD",
        relation="RELATED", serious="N",
    )  # fmt: skip
    assert "'=HYPERLINK(1)" in events_csv([event])


class Api:
    """One person's program."""

    def __init__(self, person: Any, base: str) -> None:
        _, text = tokens.issue(person, name="t", scopes=["read", "write"], days=1)
        self.client, self.base, self.headers = Client(), base, {"Authorization": f"Bearer {text}"}

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = json.dumps(body) if body is not None else ""
        return self.client.generic(
            method, self.base + path, data, content_type="application/json", headers={**self.headers, **headers}
        )


def test_the_api_enters_asks_answers_and_randomises_for_the_own_site_only(trial: Trial) -> None:
    base = f"/api/v1/programs/{trial.program.code}/clinical/trials/{trial.study.code}"
    mine, other = Api(trial.coordinator, base), Api(trial.other_coordinator, base)
    subject = trial.eligible()
    path = f"/subjects/{subject.code}/SCR/VS"
    body = {
        "done_on": trial.day(-98).isoformat(),
        "values": {"SYSBP": {"value": "70", "unit": "mm[Hg]"}, "DIABP": {"value": "60"}, "WEIGHT": {"value": "90"}},
    }
    assert other.send("PUT", path, body).status_code == 404
    saved = mine.send("PUT", path, body)
    assert saved.status_code == 200 and saved["ETag"] == '"1"'
    wrong = {**body, "values": {"SYSBP": {"value": "70", "unit": "kPa"}}}
    assert mine.send("PUT", path, wrong, **{"If-Match": '"1"'}).status_code == 422
    assert mine.send("PUT", path, {**body, "reason": "x"}, **{"If-Match": '"7"'}).status_code == 412
    asked = mine.send("GET", "/queries?state=open").json()["items"]
    assert [one["by_check"] for one in asked] == ["range/SYSBP"]
    assert other.send("POST", f"/queries/{asked[0]['id']}/answer", {"answer": "x"}).status_code == 404
    assert (
        mine.send("POST", f"/queries/{asked[0]['id']}/answer", {"answer": "Confirmed."}).json()["state"] == "answered"
    )
    drawn = mine.send("POST", f"/subjects/{subject.code}/randomise", {"stratum": STRATUM}).json()
    assert set(drawn) == {"id", "type", "version", "entry", "void", "subject", "stratum", "number", "kit"}
    assert other.send("GET", "/subjects").json()["items"] == []
    sponsor = Api(trial.sponsor, base)
    assert sponsor.send("GET", "/subjects").status_code == 403
    assert sponsor.send("GET", "").json()["enrolment"][0]["randomised"] == 1


def test_another_sponsors_people_find_no_trial(trial: Trial) -> None:
    foreign = factories.program("LQ-7", owner=factories.sponsor("OTHER"))
    stranger = factories.person("sponsor_lead", foreign, organization=factories.sponsor("OTHER"))
    base = f"/api/v1/programs/{trial.program.code}/clinical/trials/{trial.study.code}"
    assert Api(stranger, base).send("GET", "").status_code == 404
    manager = factories.person("data_manager", foreign)
    at_home = f"/api/v1/programs/{foreign.code}/clinical/trials/{trial.study.code}"
    assert Api(manager, at_home).send("GET", "").status_code == 404
    assert not Subject.objects.filter(program=foreign).exists()
