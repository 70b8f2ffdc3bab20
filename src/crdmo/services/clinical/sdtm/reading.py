"""A folder of SDTM transport files, read whole or refused whole before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crdmo.foundation.refusals import Invalid
from crdmo.standards.cdisc import transport_files
from crdmo.standards.refusals import FormatError
from crdmo.standards.xpt import Member, read_xpt

NEEDED = ("STUDYID", "USUBJID")
REPEATED = 1000


def unpacked(name: str, data: bytes) -> dict[str, bytes]:
    """Return the transport files in an upload: a zip of them, or one of them.

    Raises:
        Invalid: it is neither, holds too much, or its pieces are torn.
    """
    try:
        return transport_files(data, name)
    except FormatError as error:
        raise Invalid(
            f"this folder is not taken: {error.what}", errors={"file": str(error)}, given=error.given or name,
            allowed=error.allowed or "a .zip of .xpt files, or one .xpt",
        ) from error  # fmt: skip


def members_of(files: Mapping[str, bytes]) -> dict[str, Member]:
    """Return the domains in a folder of transport files by code.

    Raises:
        Invalid: a file is torn or holds more than one domain, two hold the same, there is no DM, a subject stands twice
            in it, or the files are of different studies; every file is named.
    """
    found: dict[str, Member] = {}
    errors: dict[str, str] = {}
    for name, data in sorted(files.items()):
        try:
            library = read_xpt(data)
        except FormatError as error:
            errors[name] = str(error)
            continue
        if len(library.members) != 1:
            errors[name] = "one domain a file"
        elif (code := library.members[0].header.name) in found:
            errors[name] = f"{code} stands in another file too"
        else:
            found[code] = library.members[0]
    if not errors:
        errors = _wrong(found)
    if errors:
        raise Invalid("this folder cannot be taken; nothing was saved", errors=errors)
    return found


def _wrong(found: Mapping[str, Member]) -> dict[str, str]:
    dm = found.get("DM")
    if dm is None:
        return {"dm.xpt": "needed: it names the subjects"}
    if missing := [name for name in (*NEEDED, "SUBJID", "SEX") if name not in dm.frame.columns]:
        return {"dm.xpt": f"lacks {', '.join(missing)}"}
    keys = dm.frame["USUBJID"].to_list()
    if not keys or len(set(keys)) != len(keys):
        return {"dm.xpt": "each subject once, and at least one"}
    studies = {str(value) for one in found.values() if "STUDYID" in one.frame.columns for value in one.frame["STUDYID"]}
    if len(studies) != 1:
        return {"dm.xpt": f"one study in all files; found: {', '.join(sorted(studies)[:5])}"}
    known = set(keys)
    strange = {
        f"{code.lower()}.xpt": f"{value} is not in DM"
        for code, one in found.items()
        if "USUBJID" in one.frame.columns
        for value in one.frame["USUBJID"].to_list()
        if value and value not in known
    }
    return dict(list(strange.items())[:REPEATED])


def variables_of(member: Member) -> list[dict[str, Any]]:
    """Return the variables of a domain as plain JSON, with the special missing values of each."""
    found = []
    for one in member.header.variables:
        special = member.block.special.get(one.name, {})
        told = {name: getattr(one, name) for name in one.__dataclass_fields__}
        found.append({**told, "special": {str(row): letter for row, letter in special.items()}})
    return found
