"""By which rules exposure is computed: chosen, kept with the result, told on the page, refused where records do not carry them."""

from __future__ import annotations

import pytest

from crdmo.common.studies.models import Finding, Intervention, Visit
from crdmo.foundation.refusals import Invalid
from crdmo.services.preclinical import kinetic_rules, toxicokinetics
from crdmo.services.preclinical.workflow import analyses, records


def test_rules_are_chosen_kept_and_told(facility) -> None:
    study = facility.computed()
    first = toxicokinetics.lines(study)
    assert {one["rules"] for one in first} == {
        "λz by PKNCA: never the peak; below the limit: 0 before, missing between, dropped after"
    }
    visit = facility.visit(study, "D8")
    with pytest.raises(Invalid, match="no such rule"):
        analyses.compute_toxicokinetics(facility.director, study, visit, window="best")
    analyses.compute_toxicokinetics(facility.director, study, visit, window="winnonlin", below="zero")
    again = toxicokinetics.lines(study)
    assert len(again) == len(first)
    assert all("WinNonlin" in one["rules"] and "0 throughout" in one["rules"] for one in again)
    assert [one["auc"] for one in again] == [one["auc"] for one in first]
    assert {one["result"].parameters["route"] for one in again} == {"extravascular"}
    # The route is that of the recorded dose, and an infusion lacks its duration.
    one = Intervention.objects.filter(study=study, subject__code=first[0]["animal"]).first()
    records.correct_dose(facility.technician, one, route="INTRAVENOUS BOLUS", reason="form misread")
    assert kinetic_rules.routes(study)[one.subject_id] == "bolus"
    bolus = {
        x.words["animal"]: x
        for x in analyses.compute_toxicokinetics(facility.director, study, visit, window="winnonlin")
    }
    assert bolus[first[0]["animal"]].result.output["route"] == "bolus"
    records.correct_dose(facility.technician, one, route="INTRAVENOUS DRIP", reason="form misread again")
    with pytest.raises(Invalid, match="infusion has its duration"):
        analyses.compute_toxicokinetics(facility.director, study, visit)


def test_half_the_limit_takes_the_limit_of_the_samples() -> None:
    samples = [Finding(lower_limit="1.00"), Finding(lower_limit="1.00")]
    found = kinetic_rules.parameters("pknca", "half", samples, "extravascular")
    assert found["below"] == {"before": "half_the_limit", "between": "half_the_limit", "after": "missing", "limit": 1.0}
    with pytest.raises(Invalid, match="one limit"):
        kinetic_rules.parameters("pknca", "half", [*samples, Finding(lower_limit="0.50")], "extravascular")
    assert kinetic_rules.told({"interval": 24.0}) == ""


def test_the_24_h_sample_belongs_to_the_dose_before_it() -> None:
    days = {day: Visit(code=f"D{day}", day=day) for day in (-1, 1, 2, 29, 30)}

    def sampled(day: int, *elapsed: str) -> list[Finding]:
        return [Finding(visit=days[day], elapsed=one) for one in elapsed]

    rows = sampled(1, "PT1H", "PT8H") + sampled(2, "PT24H") + sampled(29, "PT0H", "PT7H") + sampled(30, "P1D")
    assert [at for at, _ in toxicokinetics.of_dose(rows, days[1])] == [1, 8, 24]
    assert [at for at, _ in toxicokinetics.of_dose(rows, days[29])] == [0, 7, 24]
    assert toxicokinetics.of_dose(rows, days[2]) == []
    # Recorded with its own dose it stays there, also when the day before has no samples.
    same = sampled(2, "PT1H", "PT24H")
    assert [at for at, _ in toxicokinetics.of_dose(same, days[2])] == [1, 24]
    # There is no day 0: 24 h after day -1 is day 1.
    early = sampled(-1, "PT1H") + sampled(1, "PT24H")
    assert [at for at, _ in toxicokinetics.of_dose(early, days[-1])] == [1, 24]
