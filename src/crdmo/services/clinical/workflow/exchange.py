"""A trial of another house comes in as a folder of SDTM, all of it or nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from crdmo.common.studies import workflow as studies
from crdmo.common.studies.days import whole_date
from crdmo.common.studies.models import Place, Study, Subject
from crdmo.foundation import datasets
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.fields import MEASURED

from ..models import DomainTable
from ..sdtm.reading import members_of, unpacked, variables_of

SEXES = {"F", "M"}


@verb("clinical.import_sdtm", "import a study from SDTM", roles=(Role.DATA_MANAGER,))
def import_sdtm(act: Act, program: Program, *, file_name: str, data: bytes) -> Study:
    """Take in a folder of transport files: its study, its subjects and sites, and each domain as a sealed table.

    Raises:
        Invalid: a file is torn or does not belong, or the study is here already; nothing is written then.
    """
    found = members_of(unpacked(file_name, data))
    dm = found["DM"].frame
    title = _title(found.get("TS"))
    study = studies.create_study(
        act, program, code=str(dm["STUDYID"][0]).strip().replace(" ", "-")[:30], title=title or "Imported study",
        kind=Study.Kind.CLINICAL, is_imported=True,
    )  # fmt: skip
    _people(act, study, dm)
    for code, member in sorted(found.items()):
        sealed = datasets.seal(
            act, name=f"{study.code} {code}", data=member.frame, kind="sdtm", program=program, file_name=f"{code}.xpt"
        )
        act.create(
            DomainTable,
            program=program,
            study=study,
            domain=code,
            label=member.header.label,
            rows=member.frame.height,
            variables=variables_of(member),
            dataset=sealed,
        )
    return study


def _title(ts: Any) -> str:
    if ts is None or not {"TSPARMCD", "TSVAL"} <= set(ts.frame.columns):
        return ""
    rows = ts.frame.filter(pl.col("TSPARMCD") == "TITLE")["TSVAL"].to_list()
    return str(rows[0])[:200] if rows else ""


def _people(act: Act, study: Study, dm: pl.DataFrame) -> list[Subject]:
    rows = dm.to_dicts()
    sites = sorted({str(row.get("SITEID") or "").strip() for row in rows} - {""})
    places: dict[str, Place] = {}
    if sites:
        made = studies.add_places(
            act, study, [{"kind": Place.Kind.SITE, "code": one[:20], "name": one} for one in sites]
        )
        places = dict(zip(sites, made, strict=True))
    values = []
    for row in rows:
        age = f"{row['AGE']:g}" if isinstance(row.get("AGE"), float) else str(row.get("AGE") or "")
        values.append(
            {
                "code": str(row["USUBJID"])[:40],
                "sex": row["SEX"] if row["SEX"] in SEXES else "U",
                "place": places.get(str(row.get("SITEID") or "").strip()),
                "age": age if MEASURED.match(age) else "",
                "age_unit": str(row.get("AGEU") or "")[:10],
                "screened_on": None,
                "reference_on": _day(row.get("RFSTDTC")),
                "ended_on": _day(row.get("RFENDTC")),
                "state": Subject.State.COMPLETED,
                "details": {"subjid": str(row["SUBJID"])},
            }
        )
    return studies.register_subjects(act, study, values)


def _day(moment: Any) -> dt.date | None:
    try:
        return whole_date(str(moment or ""))
    except ValueError:
        return None
