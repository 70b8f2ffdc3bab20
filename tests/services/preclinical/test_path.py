"""A study from the master schedule to its locked report, and the milestones that it meets on the way."""

from __future__ import annotations

import datetime as dt

import pytest

from crdmo.common.engagements.conditions import evidence_for
from crdmo.common.studies.models import Finding, Study
from crdmo.common.studies.queries import arms_of
from crdmo.foundation.computing import recompute
from crdmo.foundation.computing.models import Result
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.ledger import thread
from crdmo.foundation.ledger.verification import verify
from crdmo.foundation.refusals import Refused
from crdmo.foundation.signing import signatures_of
from crdmo.services.preclinical import comparison, queries, reporting, toxicokinetics
from crdmo.services.preclinical.models import Analysis, QaStatement
from crdmo.services.preclinical.workflow import records, reports

ASKED = {"study": "TOX-1"}


@pytest.mark.clause("21 CFR 58.185(b)")
def test_a_study_goes_from_protocol_to_a_signed_report_and_is_locked(facility) -> None:
    program = facility.program
    assert evidence_for("preclinical.protocol_signed", program, ASKED) is None
    report = facility.final()
    study = Study.objects.get()
    assert (report.state, study.state, study.locked_on) == ("final", "locked", facility.today)
    for name in ("protocol_signed", "in_life_completed", "report_signed"):
        assert evidence_for(f"preclinical.{name}", program, ASKED) is not None, name
    version = DocumentVersion.objects.get(pk=report.document_id)
    assert version.state == "effective"
    assert [m.meaning for m in signatures_of(version) if m.holds] == ["authored", "reviewed", "approved"]
    assert "In compliance with 21 CFR Part 58." in version.text
    assert QaStatement.objects.get().text in version.text
    assert "The no-observed-adverse-effect level in both sexes is 10 mg/kg" in version.text
    with pytest.raises(Refused, match="takes no more data"):
        records.correct_finding(facility.technician, facility.finding(study), value="1", reason="late")
    assert verify().holds


def test_every_number_leads_to_the_weights_it_came_from_and_comes_out_again(facility) -> None:
    study = facility.computed()
    results = list(Result.objects.all())
    assert {one.method for one in results} == {
        "preclinical.assign_by_weight", "preclinical.nca", "preclinical.dunnett",
    }  # fmt: skip
    assert all("identical" in recompute(one).sentence() for one in results)
    one = facility.finding(study)
    named = Analysis.objects.get(kind="comparison", sex="M")
    assert named.id in thread.downstream(one.id)
    records.correct_finding(facility.technician, one, value="150.0", reason="digits turned")
    assert one.id in thread.stale_causes([named.result_id])[named.result_id]
    assert named.id in thread.stale_causes([named.id])


def test_exposure_rises_with_dose_and_controls_have_none(facility) -> None:
    study = facility.computed()
    lines = toxicokinetics.means(study)
    assert [(one["arm"], one["sex"], one["n"]) for one in lines] == [
        ("2", "F", 2),
        ("2", "M", 2),
        ("3", "F", 2),
        ("3", "M", 2),
    ]
    low, high = lines[0], lines[2]
    assert high["cmax"] == pytest.approx(3 * low["cmax"]) == pytest.approx(2700.0)
    # 0.5–2 h rises: 1.5·650; 2–8 h and 8–24 h fall: (c1−c2)·Δt/ln(c1/c2).
    assert low["auc"] == pytest.approx(975 + 600 * 6 / 1.0986122887 + 288 * 16 / 3.2188758249)
    assert low["tmax"] == 2.0


def test_the_comparison_is_dunnetts_by_sex_and_says_the_change(facility) -> None:
    study = facility.computed()
    males = next(one for one in comparison.lines(study) if "males" in one["title"] and "females" not in one["title"])
    assert [(g["arm"], g["n"]) for g in males["groups"]] == [("1", 2), ("2", 2), ("3", 2)]
    assert males["groups"][0]["p"] is None and males["groups"][2]["p"] < 0.01
    assert males["groups"][2]["change"] == pytest.approx(-12.5, abs=1.5)


def test_animals_are_assigned_by_weight_and_the_list_is_the_same_for_the_same_seed(facility) -> None:
    first, second = facility.dosed("TOX-1"), facility.dosed("TOX-2")
    placed = {one.code: arm.code for one in facility.people(first) for arm in [arms_of([one])[one.id]]}
    again = {one.code: arm.code for one in facility.people(second) for arm in [arms_of([one])[one.id]]}
    assert placed == again and sorted(placed.values()) == ["1"] * 4 + ["2"] * 4 + ["3"] * 4
    assert [(g.males, g.females) for g in queries.groups(first)] == [(2, 2)] * 3


def test_the_master_schedule_shows_a_study_as_it_stood_on_a_day(facility) -> None:
    facility.final()
    lines = queries.master_schedule(facility.management, facility.today)
    assert [(one.study.code, one.state) for one in lines] == [("TOX-1", "locked")]
    assert queries.master_schedule(facility.management, facility.today - dt.timedelta(1)) == []


@pytest.mark.clause("21 CFR 58.35(b)(7)")
def test_the_statement_names_each_phase_with_its_dates(facility) -> None:
    study = facility.ready()
    found = reports.statement_of(study)
    assert [one["phase"] for one in found.lines] == ["Protocol", "In-life measurements", "Draft report"]
    today = str(facility.today)
    assert all(one[key] == today for one in found.lines for key in ("inspected", "director", "management"))
    assert found.text.count(today) == 9


def test_the_schedule_says_what_is_done_open_and_late(facility) -> None:
    study = facility.dosed()
    stand = {(m.visit.code, m.activity.code): m for m in queries.marks(study, facility.today)}
    assert (stand["D-1", "BW"].state, stand["D-1", "BW"].done) == ("done", 12)
    assert (stand["D8", "BW"].state, stand["D8", "BW"].expected) == ("overdue", 12)
    one = facility.people(study)[0]
    records.record_findings(facility.technician, study, [facility.weight(one, "230", facility.visit(study, "D8"))])
    stand = {(m.visit.code, m.activity.code): m for m in queries.marks(study, facility.today)}
    assert stand["D8", "BW"].done == 1


def test_a_draft_of_the_report_can_be_read_before_anything_is_signed(facility) -> None:
    study = facility.in_life()
    told = reporting.report_text(study, None, "")
    assert "No conclusion is signed." in told and "No toxicokinetics were computed." in told
    assert Finding.objects.filter(study=study).exists()
