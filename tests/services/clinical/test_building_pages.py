"""The desk where a trial is built: from an empty page to a protocol in force, and its edit checks, by page and by API."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from crdmo.common.studies.models import Study
from crdmo.common.studies.queries import changes_of, design_of
from crdmo.services.clinical import demo
from crdmo.services.clinical.models import DataQuery, EditCheck
from crdmo.services.clinical.pages.building import changes_in_words
from crdmo.services.clinical.workflow import building
from tests.services.clinical.test_outcome import Api
from tests.services.clinical.test_pages import at
from tests.services.clinical.trial import Trial
from tests.web.house import Browser

PLAN = {
    "code": "VT-301", "title": "Velatide in phase 3", "phase": "III", "indication": "Type 2 diabetes", "target": "40",
    "strata": "HbA1c below 8.5 %\nHbA1c 8.5 % or more", "criteria": "I1 in Age 18 or more\nE1 out Treatment with insulin",
    "form": "LB", "item": "HBA1C", "baseline": "BL", "visit": "W12", "event": "HYPOGLYCAEMIA",
}  # fmt: skip
COLUMNS = ("code", "name", "kind", "unit", "choices", "min", "max", "required")
LB = [("HBA1C", "Haemoglobin A1c", "decimal", "%", "", "4.0", "14.0", "yes"), ("", "", "", "", "", "", "", "")]
VS = [
    ("SYSBP", "Systolic blood pressure", "decimal", "mm[Hg]", "", "80", "200", "yes"),
    ("DIABP", "Diastolic blood pressure", "decimal", "mm[Hg]", "", "40", "120", "yes"),
    ("VSPOS", "Position", "choice", "", "SITTING, SUPINE", "", "", ""),
]


def grid(rows: list[Any]) -> dict[str, list[str]]:
    return {f"line_{name}": [row[i] for row in rows] for i, name in enumerate(COLUMNS)}


def put(who: Browser, url: str, given: dict[str, Any]) -> None:
    answer = who.post(url, given)
    assert answer.status_code == 302, answer.content.decode()[:6000]


def test_a_trial_is_built_at_the_desk_from_an_empty_page_to_its_first_check(trial: Trial) -> None:
    who = Browser(trial.crew.manager)
    new = reverse("clinical:plan", kwargs={"program": trial.program.code})
    wrong = who.post(new, {**PLAN, "criteria": "I1 maybe Age"})
    assert wrong.status_code == 422 and "line 1: code, in or out, text" in wrong.content.decode()
    assert who.post(new, {**PLAN, "strata": "a\na"}).status_code == 422
    url = who.post(new, PLAN)["Location"]
    assert "Draft the protocol first" in who.text(url) and "No draft to put a form into" in who.text(url + "form/")
    put(who, url, {"step": "draft", "text": "Purpose: to compare."})
    put(who, url, {"step": "arm", "code": "A", "name": "Velatide", "ratio": "2"})
    assert who.post(url, {"step": "arm", "code": "A", "name": "Again", "ratio": "1"}).status_code == 422
    put(who, url, {"step": "arm", "code": "P", "name": "Placebo", "ratio": "1", "is_control": "on"})
    put(who, url, {"step": "epoch", "code": "TRT", "name": "Treatment"})
    zero = {"step": "visit", "code": "BL", "name": "Baseline", "epoch": "TRT", "day": "0", "before": "0", "after": "0"}
    refused = who.post(url, zero)
    assert refused.status_code == 422 and "no study day 0" in refused.content.decode().replace("There is", "there is")
    put(who, url, {**zero, "day": "1"})
    put(who, url, {**zero, "code": "W12", "name": "Week 12", "day": "85", "before": "4", "after": "4"})
    stone = [(*LB[0][:3], "stone", *LB[0][4:])]
    bad = who.post(url + "form/", {"code": "LB", "name": "Laboratory", "domain": "LB", **grid(stone)})
    assert bad.status_code == 422 and "no UCUM code" in bad.content.decode() and 'value="stone"' in bad.content.decode()
    put(who, url + "form/", {"code": "LB", "name": "Laboratory", "domain": "LB", **grid(LB)})
    put(who, url + "form/", {"code": "VS", "name": "Vital signs", "domain": "VS", **grid(VS)})
    assert "Due at no visit: LB, VS" in who.text(url) and "Offer it for approval" not in who.text(url)
    assert who.post(url, {"step": "offer"}).status_code == 422
    odd = who.post(url + "schedule/", {"due": ["W99/LB"]})
    assert odd.status_code == 422 and "W99" in odd.content.decode()
    put(who, url + "schedule/", {"due": ["BL/LB", "W12/LB", "BL/VS"]})
    put(who, url + "forms/VS/", {"name": "Vital signs", "domain": "VS", **grid(VS[:2])})
    put(who, url, {"step": "take_out", "piece": "arm/P", "reason": "Typed wrong"})
    put(who, url, {"step": "arm", "code": "P", "name": "Placebo", "ratio": "1", "is_control": "on"})
    put(who, url, {"step": "offer"})
    study = Study.objects.get(code="VT-301")
    plan = design_of(study, study.protocols.get())
    assert {one["code"]: len(one["items"]) for one in plan["activities"]} == {"LB": 1, "VS": 2}
    assert {(one["visit"], one["activity"]) for one in plan["schedule"]} == {("BL", "LB"), ("BL", "VS"), ("W12", "LB")}
    given = {
        "form": "VS", "code": "VS01", "expression": "SYSBP > DIABP", "message": "Which is right?", "weight": "hard",
        "holds": "SYSBP=120, DIABP=80", "fires": "SYSBP=120, DIABP=70",
    }  # fmt: skip
    tried = who.post(url + "check/", {**given, "step": "try"}).content.decode()
    assert "Not as said" in tried and not EditCheck.objects.filter(study=study).exists()
    unsure = who.post(url + "check/", {**given, "step": "save"})
    assert unsure.status_code == 422 and "ith these values SYSBP &gt; DIABP holds" in unsure.content.decode()
    nonsense = who.post(url + "check/", {**given, "expression": "SYSBP > PULSE", "step": "try"})
    assert nonsense.status_code == 422 and "PULSE is no item of the form" in nonsense.content.decode()
    put(who, url + "check/", {**given, "fires": "SYSBP=70, DIABP=70", "step": "save"})
    made = EditCheck.objects.get(study=study)
    assert made.is_hard and set(made.examples) == {"holds", "fires"} and "SYSBP &gt; DIABP" in who.text(url)
    put(who, url, {"step": "retire", "check": str(made.pk), "reason": "Not needed"})
    assert (
        Browser(trial.crew.monitor).get(url).status_code == 403
        and Browser(trial.coordinator).get(url).status_code == 403
    )


def test_an_amendment_is_begun_shown_and_discarded_at_the_desk(trial: Trial) -> None:
    who, url = Browser(trial.crew.manager), at(trial, "build")
    assert who.post(url, {"step": "amend", "text": "Text"}).status_code == 422
    put(who, url, {"step": "amend", "text": demo.TEXT.replace("\n", "\r\n"), "reason": "Pulse is needed"})
    assert building_changes(trial) == [], "the same text with a form's line ends is no other text"
    put(who, url + "forms/LB/", {"name": "Laboratory", "domain": "LB", **grid(LB)})
    put(who, url, {"step": "take_out", "piece": "visit/W4", "reason": "Not needed"})
    shown = who.text(url)
    assert "What VT-201 protocol version 2 changes" in shown and "Pulse is needed" in shown
    words = {(one["kind"], one["code"], one["what"]) for one in building_changes(trial)}
    assert {("Form", "LB", "changed"), ("Visit", "W4", "retired"), ("Due", "VS at W4", "retired")} <= words
    put(who, url, {"step": "discard", "reason": "Not wanted"})
    assert building.draft_of(trial.study) is None and "Draft an amendment" in who.text(url)


def building_changes(trial: Trial) -> list[dict[str, str]]:
    draft = building.draft_of(trial.study)
    assert draft is not None
    return changes_in_words(changes_of(draft))


def test_the_api_builds_a_trial_and_tries_its_check(trial: Trial) -> None:
    home = f"/api/v1/programs/{trial.program.code}/clinical"
    api = Api(trial.crew.manager, f"{home}/trials")
    body = {
        "code": "VT-302", "title": "By program", "phase": "III", "indication": "Type 2 diabetes", "target": 10, "strata": ["all"],
        "criteria": [{"code": "I1", "kind": "in", "text": "Age 18 or more"}],
        "endpoints": {"form": "LB", "item": "HBA1C", "baseline": "BL", "visit": "W12", "event": "X"},
    }  # fmt: skip
    assert Api(trial.crew.monitor, home).send("POST", "/plan", body).status_code == 403
    assert Api(trial.crew.manager, home).send("POST", "/plan", body).json()["state"] == "planned"
    at_ = "/VT-302/protocol"
    assert api.send("GET", at_).status_code == 404
    assert api.send("POST", f"{at_}/draft", {"text": "Purpose"}).json()["missing"]["arms"] == "two or more; there are 0"
    for code in "AP":
        assert api.send("POST", f"{at_}/arms", {"code": code, "name": f"Arm {code}"}).status_code == 200
    assert api.send("POST", f"{at_}/epochs", {"code": "TRT", "name": "Treatment"}).status_code == 200
    for code, day in (("BL", 1), ("W12", 85)):
        visit = {"name": code, "day": day, "epoch": "TRT"}
        assert api.send("PUT", f"{at_}/visits/{code}", visit).status_code == 200
    for odd in ({"day": 10**30}, {"day": 0}, {"epoch": "x\0"}, {"name": "x" * 200}, {"epoch": "NONE"}):
        body = {"name": "Odd", "day": 5, "epoch": "TRT", **odd}
        assert api.send("PUT", f"{at_}/visits/ODD", body).status_code == 422, odd
    item = {"code": "HBA1C", "name": "Haemoglobin A1c", "kind": "decimal", "unit": "%", "max": "14.0"}
    wrong = api.send(
        "PUT", f"{at_}/forms/LB", {"name": "Laboratory", "domain": "LB", "items": [{**item, "unit": "stone"}]}
    )
    assert wrong.status_code == 422 and "1/unit" in wrong.content.decode()
    assert (
        api.send("PUT", f"{at_}/forms/LB", {"name": "Laboratory", "domain": "LB", "items": [item]}).status_code == 200
    )
    due = {"due": {"BL": ["LB"], "W12": ["LB"]}}
    assert api.send("PUT", f"{at_}/schedule", due).json()["missing"] == {}
    asked = {"form": "LB", "expression": "HBA1C > 4.0", "holds": {"HBA1C": "8.1"}, "fires": {"HBA1C": "3.9"}}
    assert api.send("POST", "/VT-302/checks/try", asked).json() == {"holds": "holds", "fires": "fires"}
    saved = {**asked, "code": "LB01", "message": "Is it per cent?", "hard": True}
    letters = api.send("POST", "/VT-302/checks/try", {**asked, "fires": {"HBA1C": "3,9"}})
    assert letters.status_code == 422 and "a decimal number" in letters.content.decode()
    refused = api.send("POST", "/VT-302/checks/add", {**saved, "fires": {"HBA1C": "5"}})
    assert refused.status_code == 422 and api.send("GET", "/VT-302/checks").json()["items"] == []
    key = api.send("POST", "/VT-302/checks/add", saved).json()["id"]
    assert api.send("GET", "/VT-302/checks").json()["items"][0]["expression"] == "HBA1C > 4.0"
    assert api.send("POST", f"/VT-302/checks/{key}/retire", {"reason": "No"}).json()["void"] is True
    assert api.send("POST", f"{at_}/take-out", {"kind": "visit", "code": "W12"}).json()["missing"].keys() == {
        "endpoint"
    }
    assert api.send("POST", f"{at_}/offer").status_code == 422
    assert api.send("POST", f"{at_}/discard", {"reason": "Only a try"}).status_code == 200


def test_a_question_goes_to_the_chosen_pages_by_page_and_api(trial: Trial) -> None:
    pages = [trial.save(trial.screened()) for _ in range(3)]
    who, url = Browser(trial.crew.manager), at(trial, "ask")
    assert pages[0].subject.code in who.text(url)
    chosen = [str(one.pk) for one in pages[:2]]
    assert who.post(url, {"page": [], "text": "Why?"}).status_code == 422
    assert who.post(url, {"page": [*chosen, str(trial.study.pk)], "text": "Why?"}).status_code == 404
    assert not DataQuery.objects.exists()
    put(who, url, {"page": chosen, "item": "SYSBP", "text": "Why?"})
    assert set(DataQuery.objects.values_list("page", "item")) == {(one.pk, "SYSBP") for one in pages[:2]}
    assert Browser(trial.coordinator).get(url).status_code == 403
    api = Api(trial.crew.monitor, f"/api/v1/programs/{trial.program.code}/clinical/trials/{trial.study.code}")
    body = {"pages": [str(one.pk) for one in pages], "text": "All of them?"}
    assert [one["number"] for one in api.send("POST", "/queries/ask", body).json()["items"]] == [3, 4, 5]
    lost = {**body, "pages": [*body["pages"], str(trial.study.pk)]}
    assert api.send("POST", "/queries/ask", lost).status_code == 404 and DataQuery.objects.count() == 5
    told = api.send("POST", f"/pages/{pages[0].pk}/verify", {"items": ["SYSBP"]}).json()
    assert told["verified_items"] == {"SYSBP": "verified"} and told["verified"] is False


def test_an_adverse_event_is_reported_by_program(trial: Trial) -> None:
    api = Api(trial.coordinator, f"/api/v1/programs/{trial.program.code}/clinical/trials/{trial.study.code}")
    event = {
        "subject": trial.screened().code, "term": "Headache", "starts": trial.day(-3).isoformat(), "severity": "MILD",
        "relation": "RELATED", "serious": "N",
    }  # fmt: skip
    assert api.send("POST", "/events/report", event).status_code == 200


def test_an_item_is_verified_on_its_page_and_a_correction_shows_there(trial: Trial) -> None:
    subject = trial.screened()
    page = trial.save(subject)
    where = {"code": subject.code, "visit": "SCR", "form": "VS"}
    monitor, url, shown = Browser(trial.crew.monitor), at(trial, "verify_items", **where), at(trial, "page", **where)
    put(monitor, url, {"expected": "1", "item": ["SYSBP", "DIABP"]})
    assert trial.again(page).verified_items == {"SYSBP": "verified", "DIABP": "verified"}
    put(monitor, url, {"expected": "1", "item": ["WEIGHT"]})
    assert "WEIGHT" not in trial.again(page).verified_items and "was changed since it was shown" in monitor.text(shown)
    trial.save(subject, values={"SYSBP": "131"}, reason="Misread")
    text = Browser(trial.coordinator).text(shown)
    assert text.count("Changed since verified") == 1 and "Verified as chosen" not in text
    assert Browser(trial.coordinator).get(url).status_code == 403
