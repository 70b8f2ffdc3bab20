"""Studies: locked runs, the random order, and every way in which a run or a file is refused whole."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from crdmo.common import exchange
from crdmo.foundation.datasets.tables import write_xlsx
from crdmo.foundation.ledger.models import Entry
from crdmo.foundation.refusals import Invalid, NotPermitted, Refused
from crdmo.services.process import exports, imports, queries
from crdmo.services.process.models import Observation, Study
from crdmo.services.process.workflow import analysis, studies
from tests import factories
from tests.published.doe_data import path
from tests.services.process.desk import Desk


def test_the_same_seed_lays_out_the_same_runs_and_the_runs_are_locked_once_it_starts(desk: Desk) -> None:
    first, second = desk.draft(), desk.draft(title="Again")
    orders = [list(s.runs.order_by("standard").values_list("order", flat=True)) for s in (first, second)]
    assert orders[0] == orders[1] and sorted(orders[0]) == list(range(1, 13))
    studies.start_study(desk.engineer, first)
    with pytest.raises(Refused, match="has started"):
        studies.discard_study(desk.engineer, first, reason="Another design")
    with pytest.raises(Refused, match="cannot start"):
        studies.start_study(desk.engineer, first)
    studies.discard_study(desk.engineer, second, reason="Another design")
    assert Study.objects.get(pk=second.pk).is_void


@pytest.mark.parametrize(
    ("changed", "place", "said"),
    [
        ({"kind": "process.magic"}, "kind", "allowed: process.factorial_design"),
        ({"order": "third"}, "order", "allowed: first"),
        ({"factors": []}, "factors", "at least one"),
        ({"responses": []}, "responses", "at least one"),
        ({"title": " "}, "title", "needed"),
    ],
)
def test_a_study_that_is_not_complete_is_refused(desk: Desk, changed: dict[str, Any], place: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        desk.draft(**changed)
    assert said in refused.value.errors[place]
    assert not Study.objects.exists()


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [("2", "16", "it can be set from 4 to 24 kN"), ("16", "8", "below the high end"), ("8 kN", "16", "two numbers")],
)
def test_a_factor_outside_its_range_or_without_range_is_refused(desk: Desk, low: str, high: str, said: str) -> None:
    factors = [
        {"parameter": desk.parameters["Force"], "low": low, "high": high},
        {"parameter": desk.parameters["Time"], "low": "2", "high": "6"},
    ]
    with pytest.raises(Invalid) as refused:
        desk.draft(factors=factors)
    assert said in refused.value.errors["Force"]


def test_a_design_that_its_method_refuses_leaves_nothing_behind(desk: Desk) -> None:
    with pytest.raises(Invalid, match="number of factors"):
        desk.draft(kind="process.box_behnken", parameters={"centre_points": 3})
    with pytest.raises(Invalid, match="no such argument"):
        desk.draft(parameters={"secret": 1})
    assert not Study.objects.exists()


def test_a_parameter_of_another_program_is_refused(desk: Desk) -> None:
    other = factories.program("LQ-7", owner=factories.sponsor("OTHER"))
    factories.member(other, "process_engineer", desk.engineer)
    with pytest.raises(Refused, match="not in this program"):
        studies.draft_study(
            desk.engineer,
            other,
            title="Foreign",
            kind="process.central_composite",
            factors=[{"parameter": p, "low": "8", "high": "9"} for p in list(desk.parameters.values())[:2]],
            responses=list(desk.attributes.values()),
        )


def test_who_is_no_engineer_starts_nothing(desk: Desk) -> None:
    with pytest.raises(NotPermitted):
        studies.start_study(desk.sponsor, desk.draft())
    assert Study.objects.get().state == "draft"


def test_a_run_is_recorded_once_and_only_in_a_study_that_runs(desk: Desk) -> None:
    study = desk.draft()
    run = study.runs.get(order=1)
    with pytest.raises(Refused, match="does not run"):
        studies.record_run(desk.engineer, run, values={"Hardness": "80", "Dissolution": "90"})
    studies.start_study(desk.engineer, study)
    run = study.runs.get(order=1)
    studies.record_run(desk.engineer, run, values={"Hardness": "80.50", "Dissolution": "90"})
    with pytest.raises(Refused, match="is recorded"):
        studies.record_run(desk.engineer, run, values={"Hardness": "81", "Dissolution": "90"})
    assert Observation.objects.get(run=run, response__attribute__name="Hardness").value == "80.50"


def test_a_run_out_of_order_is_marked(desk: Desk) -> None:
    study = desk.draft()
    studies.start_study(desk.engineer, study)
    late = studies.record_run(desk.engineer, study.runs.get(order=3), values={"Hardness": "80", "Dissolution": "90"})
    first = studies.record_run(desk.engineer, study.runs.get(order=1), values={"Hardness": "80", "Dissolution": "90"})
    assert late.is_out_of_order and not first.is_out_of_order


def test_what_was_achieved_enters_the_model_and_a_far_setting_asks_for_a_comment(desk: Desk) -> None:
    study = desk.draft()
    studies.start_study(desk.engineer, study)
    rows = desk.rows(study)
    planned = study.runs.get(order=rows[0]["run"]).planned["Force"]
    rows[0]["achieved"] = {"Force": str(float(planned) + 2)}
    with pytest.raises(Invalid) as refused:
        studies.record_runs(desk.engineer, study, rows)
    assert "say in the comment why" in refused.value.errors["Force"]
    assert not Observation.objects.exists()
    rows[0]["comment"] = "The press drifted"
    study = studies.record_runs(desk.engineer, study, rows)
    given, _, _ = analysis.data_of(study)
    assert given["settings"][0][0] == float(planned) + 2


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (lambda rows: rows[:-1], "run", "is missing"),
        (lambda rows: [*rows, rows[0]], "run", "stands in two rows"),
        (lambda rows: [*rows, {**rows[0], "run": 40}], "run 40", "there is none"),
        (lambda rows: [{**rows[0], "values": {"Hardness": "hard"}}, *rows[1:]], "Hardness", "a number with a point"),
        (lambda rows: [{**rows[0], "values": {**rows[0]["values"], "X": "1"}}, *rows[1:]], "values", "allowed"),
    ],
)
def test_rows_that_are_not_the_runs_are_refused_whole(desk: Desk, change: Any, place: str, said: str) -> None:
    study = desk.draft()
    studies.start_study(desk.engineer, study)
    with pytest.raises(Invalid) as refused:
        studies.record_runs(desk.engineer, study, change(desk.rows(study)))
    assert any(key.startswith(place) and said in text for key, text in refused.value.errors.items())
    assert not Observation.objects.exists()
    assert not study.runs.filter(state="done").exists()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_run_sheet_goes_out_is_filled_and_comes_back(desk: Desk, kind: str) -> None:
    study = desk.draft()
    studies.start_study(desk.engineer, study)
    sheet = exports.run_sheet(study)
    assert sheet.columns == [
        "run",
        "block",
        "point",
        "Force (kN)",
        "Time (min)",
        "Hardness (N)",
        "Dissolution (%)",
        "comment",
    ]
    values = {row["run"]: row["values"] for row in desk.rows(study)}
    filled = sheet.with_columns(
        pl.Series("Hardness (N)", [values[int(n)]["Hardness"] for n in sheet["run"]]),
        pl.Series("Dissolution (%)", [values[int(n)]["Dissolution"] for n in sheet["run"]]),
    )
    data = filled.write_csv().encode() if kind == "csv" else write_xlsx(filled)
    study = studies.record_runs(desk.engineer, study, imports.read_runs(study, f"sheet.{kind}", data))
    assert study.state == "completed"
    assert all(v["seen"] for row in queries.sheet_of(study)["rows"] for v in row["values"])


BAD_FILES = [
    ("run,Hardness (kN),Dissolution\n1,80,90\n", "given the unit kN"),
    ("run,Hardness\n1,80\n", "Dissolution: this column is missing"),
    ("run,Hardness,Dissolution,Taste\n1,80,90,good\n", "no such column"),
    ("run,Hardness,Hardness (N),Dissolution\n1,80,80,90\n", "a second column of Hardness"),
    ("run,Hardness,Dissolution\nfirst,80,90\n", "the number of a run"),
    ('run,Hardness,Dissolution\n1,"=1+1",90\n', "no formula"),
    ("", "is empty"),
    ('run,Hardness,Dissolution\n1,"80,90\n', "is torn"),
]


def test_a_file_that_does_not_fit_is_refused_by_place(desk: Desk) -> None:
    study = desk.draft()
    for text, said in BAD_FILES:
        with pytest.raises(Invalid) as refused:
            imports.read_runs(study, "sheet.csv", text.encode())
        told = f"{refused.value.sentence()} {'; '.join(f'{k}: {v}' for k, v in refused.value.errors.items())}"
        assert said in told


def test_a_published_study_comes_in_from_its_file_with_its_blocks(desk: Desk) -> None:
    """Table 7.6 of RSM 3e: the fit of the room is the published one, pure error inside the blocks."""
    from crdmo.services.process.workflow import profile

    operation = profile.add_operation(desk.engineer, desk.program, name="Reaction")
    factors = []
    for name, unit, low, high in (("time", "min", "60", "120"), ("temp", "[degF]", "150", "200")):
        own = profile.add_parameter(desk.engineer, operation, name=name, unit=unit, low=low, high=high)
        factors.append(
            {"parameter": own, "low": "80" if name == "time" else "170", "high": "90" if name == "time" else "180"}
        )
    yields = profile.add_attribute(
        desk.engineer, desk.element, name="yield", unit="%", criterion="≥ 83.5", severity=5, justification="Cost"
    )
    file = path("manufacturing/doe/chemreact.csv")
    rows = imports.read_study(file.name, file.read_bytes(), [f["parameter"] for f in factors], [yields])
    study = studies.import_study(
        desk.engineer, desk.program, title="ChemReact", factors=factors, responses=[yields], rows=rows, source="RSM 3e"
    )
    (model,) = analysis.analyse_study(desk.engineer, study)
    fit = model.computed.output
    assert fit["lack_of_fit_p"] == pytest.approx(0.6851, abs=5e-5)
    assert next(r for r in fit["anova"] if r["source"] == "pure error")["df"] == 4
    assert model.stationary is not None
    assert model.stationary.output["natural"] == pytest.approx([86.86148, 176.6719], abs=5e-6)


def test_an_entered_study_with_a_missing_setting_or_source_is_refused_whole(desk: Desk) -> None:
    factors = [{"parameter": desk.parameters["Force"], "low": "8", "high": "16"}]
    rows = [{"settings": {"Force": ""}, "values": {"Hardness": "80"}}]
    given: dict[str, Any] = {"title": "Elsewhere", "factors": factors, "responses": [desk.attributes["Hardness"]]}
    with pytest.raises(Invalid) as refused:
        studies.import_study(desk.engineer, desk.program, rows=rows, source="Notebook 4", **given)
    assert "row 1, Force" in refused.value.errors
    with pytest.raises(Invalid):
        studies.import_study(desk.engineer, desk.program, rows=rows, source="", **given)
    with pytest.raises(Invalid, match="has runs"):
        studies.import_study(desk.engineer, desk.program, rows=[], source="Notebook 4", **given)
    assert not Study.objects.exists()


def test_a_run_sheet_goes_out_and_comes_in_by_the_table_of_kinds(desk: Desk) -> None:
    study = desk.draft()
    studies.start_study(desk.engineer, study)
    sheet = pl.read_csv(exchange.give(desk.engineer, desk.program, "runs", study.code).data, infer_schema=False)
    values = {str(row["run"]): row["values"] for row in desk.rows(study)}
    filled = sheet.with_columns(
        pl.Series("Hardness (N)", [values[n]["Hardness"] for n in sheet["run"]]),
        pl.Series("Dissolution (%)", [values[n]["Dissolution"] for n in sheet["run"]]),
    )

    def bring(frame: pl.DataFrame, who: Any = desk.engineer) -> exchange.Taken:
        brought = exchange.Brought(exchange.File("s.csv", frame.write_csv().encode()), options={"study": study.code})
        return exchange.take(who, desk.program, "runs", brought)

    before = Entry.objects.count()
    for wrong, why in (
        (filled.head(3), "is missing"),
        (filled.rename({"Hardness (N)": "Hardness (kN)"}), "given the unit kN"),
        (filled.with_columns(comment=pl.lit("=1+1")), "formula"),
    ):
        with pytest.raises(Invalid) as refused:
            bring(wrong)
        assert why in f"{refused.value.sentence()} {refused.value.errors}"
    assert Entry.objects.count() == before
    with pytest.raises(NotPermitted):
        bring(filled, desk.sponsor)
    assert bring(filled).detail == {"study": study.code, "runs": filled.height}
    assert Study.objects.get(pk=study.pk).state == "completed"
