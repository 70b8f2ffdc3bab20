"""A package of transport files, read whole before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from crdmo.foundation.refusals import Invalid
from crdmo.standards.cdisc import read_files, transport_files
from crdmo.standards.refusals import FormatError
from crdmo.standards.xpt import Member

# Domains whose rows become records. What describes the trial, relates records or belongs to pools is kept as its file.
EVENTS = ("DS",)
INTERVENTIONS = ("EX",)
TRIAL = ("TA", "TE", "TS", "TX", "TD", "SE", "CO", "RELREC", "POOLDEF")


@dataclass(frozen=True)
class Domain:
    """One data set of a package: the bytes as they came, and its rows."""

    name: str
    file_name: str
    data: bytes
    member: Member

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows by variable."""
        found: list[dict[str, Any]] = self.member.frame.to_dicts()
        return found


@dataclass(frozen=True)
class Package:
    """A package by domain, its study, and its animals by USUBJID."""

    study: str
    domains: Mapping[str, Domain]
    animals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def unzipped(data: bytes, file_name: str = "package.zip") -> dict[str, bytes]:
    """Return the transport files of an archive, by name.

    Raises:
        Invalid: it is no archive, is hostile or torn, holds too much, or none.
    """
    try:
        return transport_files(data, file_name)
    except FormatError as error:
        raise Invalid(
            f"this package is not taken: {error.what}", errors={"file": str(error)}, given=error.given,
            allowed=error.allowed or "a ZIP of .xpt files",
        ) from error  # fmt: skip


def read_package(files: Mapping[str, bytes]) -> Package:
    """Return a package whose rows all belong to one study and to animals that are in DM.

    Raises:
        Invalid: a file is torn, a domain stands twice, DM is missing, or a row names another study or an unknown animal.
    """
    try:
        datasets = read_files(dict(files)).datasets
    except FormatError as error:
        named = error.what.partition(":")[0]
        raise Invalid("this package cannot be read", errors={named: str(error)}, given=error.what) from error
    data = {PurePosixPath(name).stem.upper(): (name, content) for name, content in files.items()}
    domains = {key: Domain(key, *data[key], one.member) for key, one in datasets.items()}
    if "DM" not in domains:
        raise Invalid(
            "a package has its animals",
            errors={"dm.xpt": "missing"},
            given=", ".join(sorted(domains)),
            allowed="dm.xpt",
        )
    animals: dict[str, Mapping[str, Any]] = {}
    for row in domains["DM"].rows:
        if (key := str(row.get("USUBJID") or "")) in animals or not key:
            raise Invalid("an animal stands once in DM", errors={"dm.xpt": f"USUBJID {key or 'empty'}"}, given=key)
        animals[key] = row
    studies = {str(row.get("STUDYID") or "") for row in animals.values()}
    if len(studies) != 1:
        raise Invalid("a package is of one study", errors={"dm.xpt": "STUDYID"}, given=", ".join(sorted(studies)))
    found = Package(studies.pop(), domains, animals)
    for one in domains.values():
        _belongs(found, one)
    return found


def _belongs(package: Package, domain: Domain) -> None:
    columns = domain.member.frame.columns
    for i, row in enumerate(domain.rows, 1):
        if "STUDYID" in columns and str(row.get("STUDYID") or "") != package.study:
            raise Invalid(
                "a row is of another study",
                errors={domain.file_name: f"row {i}, STUDYID"},
                given=str(row.get("STUDYID")),
                allowed=package.study,
            )
        animal = str(row.get("USUBJID") or "") if "USUBJID" in columns else ""
        if animal and animal not in package.animals:
            raise Invalid(
                "an animal is not in the study",
                errors={domain.file_name: f"row {i}, USUBJID"},
                given=animal,
                allowed="an animal of dm.xpt",
            )


def becomes_records(domain: Domain) -> bool:
    """Say whether the rows of a domain become records: each is of one animal and is a finding, a dose or a disposition."""
    columns = set(domain.member.frame.columns)
    if domain.name in TRIAL or "USUBJID" not in columns:
        return False
    kind = domain.name in (*EVENTS, *INTERVENTIONS) or f"{domain.name}TESTCD" in columns
    return kind and all(row.get("USUBJID") for row in domain.rows)
