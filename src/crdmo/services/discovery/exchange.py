"""The files that discovery takes and gives: structures, and plates as their readers write them."""

from __future__ import annotations

from pathlib import PurePath

from crdmo.common.exchange import Brought, File, Kind, Look, Option, Outgoing, Taken
from crdmo.common.verbs import must_be
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.datasets import store
from crdmo.foundation.refusals import Invalid, NotFound

from . import exports, plate_files, queries, registry
from .models import Plate, Run
from .workflow import assays, registration

SUFFIXES = {".sdf": "sdf", ".csv": "csv"}
RACEMIC = Option("no_chiral_flag", "racemic, where wedges of a V2000 file without its flag are racemates")


def _form(brought: Brought) -> str:
    return SUFFIXES.get(PurePath(brought.file.name).suffix.lower(), "smiles")


def _judged(program: Program, brought: Brought) -> list[registry.Verdict]:
    sources = registry.read_records(_form(brought), brought.file.data, brought.file.name)
    return registry.judged(program, sources, "racemic" if brought.said("no_chiral_flag") == "racemic" else "absolute")


def _look_structures(program: Program, brought: Brought) -> Look:
    found = _judged(program, brought)
    rows = [{"record": one.source.number, "decision": str(one.decision), "reason": one.reason} for one in found]
    lines = [f"{row['record']}: {row['decision']}: {row['reason']}" for row in rows]
    return Look([*lines, f"{len(rows)} records"], {"records": rows})


def _take_structures(person: Person, program: Program, brought: Brought) -> Taken:
    """Register all records, or none. Records to decide one by one are brought on the page of registration."""
    found = _judged(program, brought)
    refused = {f"record {one.source.number}": one.reason for one in found if one.decision == registry.REFUSED}
    if refused:
        raise Invalid(
            f"{len(refused)} of {len(found)} records are refused; nothing was saved",
            errors=dict(list(refused.items())[: plate_files.TOLD]), given=", ".join(list(refused)[:5]),
            next="Correct the file, or bring it on the page of registration and decide there",
        )  # fmt: skip
    made = registration.bring_structures(
        person, program, data=brought.file.data, kind=_form(brought), file_name=brought.file.name,
        no_chiral_flag=brought.said("no_chiral_flag") or "absolute",
    )  # fmt: skip
    registration.register_upload(person, made)
    says = f"{made.code}: {made.records} records registered."
    return Taken(made, says, {"upload": made.code, "records": made.records})


def _layout(brought: Brought) -> tuple[bytes, str] | None:
    return (brought.beside.data, brought.beside.name) if brought.beside else None


def _look_plate(program: Program, brought: Brought) -> Look:
    run = queries.find_run(program, brought.said("run"))
    must_be(run, Run.State.OPEN)
    wells = plate_files.read_plate(
        brought.file.data, brought.file.name, run.assay.wells, _layout(brought), unit=run.assay.signal_unit,
        plate=brought.said("plate"),
    )  # fmt: skip
    lots = assays.lots_of(run, wells.lots)
    line = f"{wells.frame.height} wells, {len(lots)} lots: {', '.join(sorted(lots))}"
    return Look([line], {"wells": wells.frame.height, "lots": sorted(lots)})


def _take_plate(person: Person, program: Program, brought: Brought) -> Taken:
    run = queries.find_run(program, brought.said("run"))
    made = assays.add_plate(
        person, run, code=brought.said("plate"), data=brought.file.data, file_name=brought.file.name,
        layout=_layout(brought),
    )  # fmt: skip
    count, quality = made.curves.count(), made.quality.output["z_prime"]
    says = f"{made} of {run}: {count} curves, Z' {quality:.3f}." if quality is not None else f"{made}: {count} curves."
    return Taken(made, says, {"run": run.code, "plate": made.code, "curves": count, "z_prime": quality})


def _give_plate(program: Program, code: str) -> File:
    found = Plate.objects.filter(program=program, code=code, is_void=False).select_related("dataset").first()
    if found is None:
        raise NotFound("there is no such plate", given=code)
    return File(found.dataset.file_name or f"{code}.csv", store.get(found.dataset.original))


def _give_structures(program: Program, code: str) -> File:
    if code != program.code:
        raise NotFound("there is no such program", given=code, allowed=program.code)
    return File(f"{program.code}-compounds.sdf", exports.sar_sdf(program))


TAKES = (
    Kind(
        "structures",
        "Structures to register",
        "discovery.bring_structures",
        "An SD file, a CSV with smiles and name, or SMILES one a line",
        _look_structures,
        _take_structures,
        (RACEMIC,),
    ),
    Kind(
        "plate",
        "A plate of an assay",
        "discovery.add_plate",
        "Long form (well, role, lot, dose, unit, signal); or the reader's file: a grid, BMG MARS, Allotrope JSON, a list",
        _look_plate,
        _take_plate,
        (
            Option("run", "Number of the open run", required=True),
            Option("plate", "Barcode of the plate", required=True),
        ),
        beside="The layout, with a reader's file: well, role, lot, dose, unit",
    ),
)
GIVES = (
    Outgoing("plate", "A plate's file as it came", "discovery.view", "barcode of the plate", _give_plate),
    Outgoing(
        "structures", "The compounds as an SD file, V3000", "discovery.view", "code of the program", _give_structures
    ),
)
