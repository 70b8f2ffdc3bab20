"""The pages of a study: the whole path taken at its desks, and what each page says when there is nothing yet."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from crdmo.common.studies.models import Finding, ProtocolVersion, Study
from crdmo.services.preclinical.models import Inspection, Noael, StudyReport
from crdmo.services.preclinical.send import importing
from crdmo.services.preclinical.workflow import records
from crdmo.standards.cdisc import zipped
from tests import factories
from tests.services.preclinical import facility as facilities
from tests.services.preclinical.test_send import small
from tests.services.quality.browsing import Desk as QualityDesk
from tests.services.quality.browsing import text

PLACES = (
    "", "protocol/", "animals/", "data/", "toxicokinetics/", "statistics/", "noael/", "quality-assurance/", "report/", "exchange/",
)  # fmt: skip


class Desk(QualityDesk):
    """One person at the pages of preclinical studies."""

    def __init__(self, person) -> None:
        super().__init__(person)
        self.root = "/CRD-101/preclinical/"

    def step(self, place: str, key: str, *, sign: bool = False, **given):
        told = self.post(place, {"step": key, **given}, sign=sign)
        assert told.status_code == 302, (place, key, told.status_code, _errors(text(told)))
        return told

    def refused(self, place: str, key: str, *, sign: bool = False, **given) -> str:
        told = self.post(place, {"step": key, **given}, sign=sign)
        assert told.status_code in (403, 409, 422), told.status_code
        return text(told)


def _errors(page: str) -> str:
    at = page.find("error")
    return page[max(at - 200, 0) : at + 900]


def lines(**more) -> dict:
    """The small design of the facility, as the lines of the draft page."""
    rows = [
        *(("group", c, f"Group {c}", d, "mg/kg", "control n=2" if c == "1" else "n=2") for c, d in facilities.DOSES.items()),
        ("epoch", "TRT", "Treatment", "", "", ""),
        ("activity", "BW", "Body weight", "BW", "", ""), ("item", "BW", "Body Weight", "", "g", ""),
        ("activity", "PC", "Plasma", "PC", "", ""),
        *(("item", "DRUG", "Drug", "", "ng/mL", f"PLASMA @{n} LLOQ=1.00") for n, _ in facilities.TIMES),
        ("day", "D-1", "Day -1", "-1", "TRT", "BW"), ("day", "D8", "Day 8", "8", "TRT", "BW PC -1+1"),
    ]  # fmt: skip
    names = ("kind", "code", "name", "value", "unit", "more")
    return {f"line_{name}": [row[i] for row in rows] for i, name in enumerate(names)} | more


def test_a_study_goes_through_its_pages_from_opening_to_the_locked_report(facility) -> None:
    head, director, bench, qa = (
        Desk(p) for p in (facility.management, facility.director, facility.technician, facility.qa)
    )
    opened = head.post(
        "studies/new/",
        {
            "code": "TOX-9",
            "title": "Pages",
            "lead": facility.director.user_id,
            "species": "RAT",
            "substance": str(facility.article.id),
        },
    )
    assert opened["Location"].endswith("/studies/TOX-9/")
    root = "studies/TOX-9/"
    assert "Draft the protocol" in text(director.get(root + "protocol/"))
    told = director.post(root + "protocol/draft/", lines(text="Purpose."))
    assert told.status_code == 302, _errors(text(told))
    director.step(root + "protocol/", "offer")
    assert "GLP review of the protocol" in text(qa.get())
    qa.step(root + "protocol/", "review", sign=True)
    director.step(root + "protocol/", "sign", sign=True)
    head.step(root + "protocol/", "approve", sign=True)
    listed = "\n".join(f"{s}{i}, {s}, C{i}" for s in "MF" for i in range(1, 7))
    bench.step(root + "animals/", "receive", rows=listed, on=facility.on(-3))
    study = Study.objects.get(code="TOX-9")
    people = facility.people(study)
    weights = {f"value_{one.pk}_0": f"{200 + i}.0" for i, one in enumerate(people)}
    assert bench.post(root + "record/D-1/BW/", {**weights, "on": facility.on(-1)}).status_code == 302
    director.step(root + "animals/", "assign", seed="5")
    bench.step(root + "animals/", "dosing", on=str(facility.first))
    bench.step(root + "animals/", "dose", on=facility.on(1), route="ORAL GAVAGE", codes="")
    grid = text(bench.get(root + "record/D8/BW/"))
    assert grid.count('<input name="value_') == 12
    late = bench.post(root + "record/D8/BW/", {f"value_{people[0].pk}_0": "230", "on": facility.on(10)})
    assert late.status_code == 422 and "early or late has a reason" in text(late) and 'value="230"' in text(late)
    _data(facility, study)
    director.step(root + "toxicokinetics/", "compute", visit="D8")
    page = text(director.get(root + "toxicokinetics/"))
    assert page.count("<svg") >= 2 and "Exposure by animal" in page
    director.step(root + "statistics/", "compare", test="BW.BW.", day="8")
    assert "Dunnett p" in text(director.get(root + "statistics/"))
    assert text(director.get(root + "data/")).count("<svg") >= 2
    evidence = [str(one.result_id) for one in study.analyses.filter(kind="comparison")]
    for arm, adverse in (("2", "no"), ("3", "yes")):
        director.step(
            root + "noael/",
            "judge",
            arm=arm,
            sex="B",
            title=f"Weight, group {arm}",
            is_adverse=adverse,
            judgement="Why.",
            evidence=evidence,
        )
    signed = {"signing_user_id": facility.director.user_id, "signing_password": factories.PASSWORD}
    told = director.refused(root + "noael/", "conclude", arm="3", sex="B", rationale="x", **signed)
    assert "adverse effect stands at or below" in told
    director.step(root + "noael/", "conclude", arm="2", sex="B", rationale="No harm at 10.", **signed)
    codes = " ".join(one.code for one in people)
    bench.step(root + "animals/", "end", codes=codes, state="completed", ending="TERMINAL SACRIFICE", on=facility.on(9))
    director.step(root, "complete")
    mine = {"signing_user_id": facility.qa.user_id, "signing_password": factories.PASSWORD}
    for phase in ("protocol", "in_life", "report"):
        found = "major The scale was not checked." if phase == "in_life" else ""
        qa.step(
            root + "quality-assurance/",
            "inspect",
            phase=phase,
            on=str(facility.today),
            scope="All.",
            findings=found,
            **mine,
        )
    for one in Inspection.objects.all():
        qa.step(root + "quality-assurance/", "report", inspection=str(one.pk))
    finding = Inspection.objects.get(phase="in_life").findings.get()
    assert finding.grade == "major"
    director.step(root + "quality-assurance/", "answer", finding=str(finding.pk), answer="Checked daily from now on.")
    qa.step(root + "quality-assurance/", "close", inspection=str(finding.inspection_id))
    qa.step(root + "quality-assurance/", "statement", reason="", **mine)
    assert "Before it can be signed" not in text(director.get(root + "report/"))
    director.step(root + "report/", "finalise", compliance="In compliance.", **signed)
    qa.step(root + "report/", "review", sign=True)
    head.step(root + "report/", "approve", sign=True)
    assert StudyReport.objects.get().state == "final"
    answer = director.get(root + "report/", format="pdf")
    assert answer.content.startswith(b"%PDF") and answer["Content-Type"] == "application/pdf"
    package = director.get(root + "send.zip")
    assert package.status_code == 200, text(package)[text(package).find("<main") :][:2500]
    assert package.content.startswith(b"PK") and "TOX-9" in text(head.get("master/"))
    director.step(root + "report/", "amend", part="Summary", text="As above.", reason="Words", **signed)
    for desk in (head, Desk(facility.sponsor)):
        for place in PLACES:
            assert desk.get(root + place).status_code == 200, place


def _data(facility, study) -> None:
    from crdmo.common.studies.queries import arms_of

    day, placed = facility.visit(study, "D8"), arms_of(facility.people(study))
    rows = []
    for i, one in enumerate(facility.people(study)):
        dose = int(facilities.DOSES[placed[one.id].code])
        rows.append(facility.weight(one, f"{240 + i % 3 - dose}.0", day))
        for (name, at), level in zip(facilities.TIMES, facilities.LEVELS, strict=True):
            rows.append(
                {"subject": one, "visit": day, "domain": "PC", "code": "DRUG", "name": "Drug", "specimen": "PLASMA", "unit": "ng/mL",
                 "time_point": name, "elapsed": at, "value": f"{level * dose:.1f}" if dose else "BLQ", "lower_limit": "1.00",
                 "starts": facility.on(8)}
            )  # fmt: skip
    records.record_findings(facility.technician, study, rows)


def test_an_empty_study_says_on_each_page_what_to_do_first(facility) -> None:
    facility.opened("TOX-1")
    for person in (facility.director, facility.qa, facility.technician):
        desk = Desk(person)
        for place in PLACES:
            assert desk.get("studies/TOX-1/" + place).status_code == 200, (person, place)
    assert "The study director drafts" in text(Desk(facility.qa).get("studies/TOX-1/protocol/"))


def test_a_finding_is_corrected_on_its_page_and_both_values_stay_readable(facility) -> None:
    study = facility.housed()
    one = facility.finding(study, visit="D-1")
    desk, place = Desk(facility.technician), f"studies/TOX-1/findings/{one.pk}/"
    why = {"reason_0": "Transcription error", "reason_1": "digits turned"}
    assert "Correct it" in text(desk.get(place))
    told = desk.post(place, {"step": "correct", "value": "222.5", "not_done": "", **why})
    if told.status_code != 302:
        why = {"reason_0": "Other", "reason_1": "digits turned"}
        told = desk.post(place, {"step": "correct", "value": "222.5", "not_done": "", **why})
    assert told.status_code == 302, _errors(text(told))
    page = text(desk.get(place))
    assert "222.5" in page and one.value in page and "Corrected" in page
    assert "Correct it" not in text(Desk(facility.qa).get(place))
    assert Desk(facility.qa).post(place, {"step": "correct", "value": "1", **why}).status_code in (403, 409)
    desk.step(place, "void", reason="another animal was on the balance")
    assert Finding.objects.get(pk=one.pk).is_void


def test_tables_and_packages_come_in_by_page_and_what_is_torn_leaves_nothing(facility) -> None:
    study = facility.dosed()
    desk, on = Desk(facility.technician), facility.on(8)
    good = f"animal,day,test,value,unit,date\nM1,D8,BW,231.5,g,{on}\n".encode()
    bad = good.replace(b",g,", b",kg,")
    told = desk.post(
        "studies/TOX-1/exchange/", {"step": "table", "reason": "", "file": SimpleUploadedFile("t.csv", bad)}
    )
    assert (
        told.status_code == 422 and "planned g" in text(told) and not Finding.objects.filter(visit__code="D8").exists()
    )
    told = desk.post(
        "studies/TOX-1/exchange/", {"step": "table", "reason": "", "file": SimpleUploadedFile("t.csv", good)}
    )
    assert told.status_code == 302 and Finding.objects.filter(visit__code="D8").count() == 1
    director = Desk(facility.director)
    torn = SimpleUploadedFile("p.zip", zipped(small())[:-40])
    assert director.post("packages/new/", {"code": "", "file": torn}).status_code == 422
    whole = SimpleUploadedFile("p.zip", zipped(small()))
    told = director.post("packages/new/", {"code": "", "file": whole})
    assert told["Location"].endswith("/studies/S/")
    for place in PLACES:
        assert director.get("studies/S/" + place).status_code == 200, place
    assert Study.objects.filter(is_imported=True).count() == 1 and not study.is_imported


def test_an_amendment_is_drafted_on_its_page_with_what_it_changes(facility) -> None:
    facility.dosed()
    desk, empty = (
        Desk(facility.director),
        {f"line_{n}": [""] for n in ("kind", "code", "name", "value", "unit", "more")},
    )
    place = "studies/TOX-1/protocol/draft/"
    refused = desk.post(place, {**empty, "text": "Purpose: to see.", "retire": "D-1", "reason": "not needed"})
    assert refused.status_code == 422 and "report a deviation" in text(refused)
    assert (
        desk.post(place, {**empty, "text": "Purpose: to see.", "retire": "D9", "reason": "no necropsy"}).status_code
        == 302
    )
    page = text(desk.get("studies/TOX-1/protocol/"))
    assert "What this amendment changes" in page and "no necropsy" in page
    desk.step("studies/TOX-1/protocol/", "discard", reason="kept after all")
    assert ProtocolVersion.objects.filter(is_void=True).count() == 1


def test_the_director_is_replaced_on_the_overview(facility) -> None:
    facility.opened("TOX-1")
    head = Desk(facility.management)
    head.step("studies/TOX-1/", "director", lead=facility.other_director.user_id, reason="leave")
    assert Study.objects.get().lead == facility.other_director
    assert "Replace the study director" not in text(Desk(facility.director).get("studies/TOX-1/"))


@pytest.mark.parametrize("place", ["studies/NONE/", "studies/NONE/report/", "studies/NONE/send.zip"])
def test_what_is_not_there_answers_like_another_sponsors(facility, place: str) -> None:
    other = factories.program("LQ-1", owner=factories.sponsor("OTHER"), with_=facility.program.partner)
    theirs = importing.import_send(facility.director, other, small())
    desk = Desk(facility.sponsor)
    assert desk.get(place).status_code == desk.get(place.replace("NONE", theirs.code)).status_code == 404
    assert not Noael.objects.exists()
