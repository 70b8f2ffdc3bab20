"""The files that preclinical studies take and give: SEND packages, animals and findings."""

from __future__ import annotations

from crdmo.common.exchange import Brought, File, Kind, Look, Option, Outgoing, Taken
from crdmo.foundation.accounts.models import Person, Program

from . import imports, queries
from .send import importing, reading, writing
from .workflow import records


def _look_send(program: Program, brought: Brought) -> Look:
    found = reading.read_package(reading.unzipped(brought.file.data, brought.file.name))
    counts = {name: domain.member.frame.height for name, domain in sorted(found.domains.items())}
    line = f"Study {found.study}: {len(found.animals)} animals; {', '.join(f'{k} {v}' for k, v in counts.items())}"
    return Look([line], {"study": found.study, "animals": len(found.animals), "domains": counts})


def _take_send(person: Person, program: Program, brought: Brought) -> Taken:
    files = reading.unzipped(brought.file.data, brought.file.name)
    made = importing.import_send(person, program, files, code=brought.said("code"))
    animals = made.subjects.count()
    return Taken(made, f"{made} is in, with {animals} animals.", {"study": made.code, "animals": animals})


def _look_findings(program: Program, brought: Brought) -> Look:
    study = queries.study_of(program, brought.said("study"))
    rows = imports.read_findings(study, brought.file.data, brought.file.name)
    return Look([f"{len(rows)} findings of {study}"], {"study": study.code, "findings": len(rows)})


def _take_findings(person: Person, program: Program, brought: Brought) -> Taken:
    study = queries.study_of(program, brought.said("study"))
    rows = imports.read_findings(study, brought.file.data, brought.file.name)
    made = records.record_findings(person, study, rows, reason=brought.said("reason"))
    told = {"study": study.code, "findings": len(made)}
    return Taken(study, f"{len(made)} findings of {study} are recorded.", told)


def _give_send(program: Program, code: str) -> File:
    found = queries.study_of(program, code)
    return File(f"{found.code}-send.zip", writing.zipped(writing.package(found)))


TAKES = (
    Kind(
        "send",
        "A SEND package as a study",
        "preclinical.import_send",
        "A zip (or by command a folder) of transport files, dm.xpt among them",
        _look_send,
        _take_send,
        (Option("code", "Code of the study; that of the package where nothing is said"),),
        packed=True,
    ),
    Kind(
        "findings",
        "Findings of a study",
        "preclinical.record_findings",
        "A table: animal, day, test, value, unit; specimen, time, date where they apply",
        _look_findings,
        _take_findings,
        (
            Option("study", "Code of the study", required=True),
            Option("reason", "Why, where something is early or late"),
        ),
    ),
)
GIVES = (Outgoing("send", "A study as a SEND package", "preclinical.view", "code of the study", _give_send),)
