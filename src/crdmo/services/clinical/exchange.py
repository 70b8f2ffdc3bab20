"""The files that trials take and give: folders of SDTM."""

from __future__ import annotations

from crdmo.common.exchange import Brought, File, Kind, Look, Outgoing, Taken
from crdmo.foundation.accounts.models import Person, Program

from . import queries
from .sdtm.reading import members_of, unpacked
from .sdtm.writing import files_of, zipped
from .workflow.exchange import import_sdtm


def _look(program: Program, brought: Brought) -> Look:
    found = members_of(unpacked(brought.file.name, brought.file.data))
    counts = {code: member.frame.height for code, member in sorted(found.items())}
    study = str(found["DM"].frame["STUDYID"][0])
    line = f"Study {study}: {counts['DM']} subjects; {', '.join(f'{k} {v}' for k, v in counts.items())}"
    return Look([line], {"study": study, "subjects": counts["DM"], "domains": counts})


def _take(person: Person, program: Program, brought: Brought) -> Taken:
    made = import_sdtm(person, program, file_name=brought.file.name, data=brought.file.data)
    subjects = made.subjects.count()
    return Taken(made, f"{made} is in, with {subjects} subjects.", {"study": made.code, "subjects": subjects})


def _give(program: Program, code: str) -> File:
    found = queries.trial(program, code)
    return File(f"{found.code}-sdtm.zip", zipped(files_of(found)))


TAKES = (
    Kind(
        "sdtm",
        "A folder of SDTM as a trial",
        "clinical.import_sdtm",
        "A zip (or by command a folder) of transport files, dm.xpt among them",
        _look,
        _take,
        packed=True,
    ),
)
GIVES = (Outgoing("sdtm", "A trial as SDTM", "clinical.export_sdtm", "code of the trial", _give),)
