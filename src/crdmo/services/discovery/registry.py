"""What a record would be if it were registered now: refused, known, or new, against the compounds of its sponsor only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from uuid import UUID

from crdmo.foundation.accounts.models import Program
from crdmo.foundation.datasets import read
from crdmo.foundation.datasets.tables import read_table
from crdmo.foundation.refusals import Invalid
from crdmo.science.discovery.registration import NoFlag, register_structure
from crdmo.science.discovery.registration import Registration as Made
from crdmo.science.discovery.registration_checker import Penalty, check_drawing
from crdmo.science.discovery.registration_files import SourceRecord, decoded, read_sdf, read_smiles
from crdmo.science.method import MethodError

from .models import Compound, Form, Registration, Upload

Decision = Registration.Decision
REFUSED = "refused"
NAMES = ("name", "id", "compound", "compound_name", "title")


@dataclass(frozen=True)
class Verdict:
    """One record of an upload as it stands: what it is, why, and beside which compound."""

    source: SourceRecord
    decision: str
    reason: str
    made: Made | None = None
    compound: str = ""
    relative: str = ""

    @property
    def words(self) -> str:
        """The decision in words."""
        return "Refused" if self.decision == REFUSED else str(Decision(self.decision).label)


def read_records(kind: str, data: bytes, file_name: str = "structures") -> list[SourceRecord]:
    """Return the records of a file.

    Raises:
        Invalid: it cannot be read at all: empty, no text, too large, a line too long, a formula, no column of structures.
    """
    try:
        if kind == "sdf":
            return read_sdf(data)
        if kind == "smiles":
            return read_smiles(decoded(data))
        decoded(data)
    except MethodError as error:
        raise Invalid(error.what, given=error.given, allowed=error.allowed, next=error.next_step) from error
    table = read_table(data, file_name if file_name.lower().endswith(".csv") else "structures.csv")
    columns = {name.strip().lower(): name for name in table.columns}
    if "smiles" not in columns:
        raise Invalid(
            "the table has no column of structures", given=", ".join(table.columns)[:200], allowed="smiles, name"
        )
    # "=" and "@" begin no SMILES, but a SMILES may begin with a bracket only; other cells are judged as any table's.
    if table.flags:
        first = table.flags[0]
        raise Invalid(
            "the table holds what a spreadsheet would take for a formula",
            given=first.value[:40],
            errors={f"row {one.row}, column {one.column}": "a formula" for one in table.flags[:30]},
        )
    named = next((columns[name] for name in NAMES if name in columns), None)
    rows = [
        SourceRecord(i, str(row.get(named) or "")[:160] if named else "", str(row[columns["smiles"]] or ""))
        for i, row in enumerate(table.frame.iter_rows(named=True), 2)
    ]
    if not rows:
        raise Invalid("the table is empty", given="headings only", allowed="at least one row")
    return rows


@lru_cache(maxsize=8192)
def _made(structure: str, no_chiral_flag: NoFlag, owner: UUID | None) -> Made:
    # The owner is in the key: a structure that is known to one sponsor answers another no sooner.
    return register_structure(structure=structure, no_chiral_flag=no_chiral_flag)


@lru_cache(maxsize=1024)
def _penalties(structure: str, owner: UUID | None) -> tuple[Penalty, ...]:
    try:
        return check_drawing(structure=structure).penalties
    except MethodError:
        return ()


def penalties(verdict: Verdict, owner: UUID | None) -> tuple[Penalty, ...]:
    """Return what the checker finds in a record's drawing, the worst first; a refused record has its reason already."""
    return _penalties(verdict.source.structure, owner) if verdict.made is not None else ()


def name_of(source: SourceRecord) -> str:
    """Return the name that a record brings: its own, or that of the first field that is one."""
    fields = {key.lower(): value for key, value in source.fields.items()}
    return (
        (next((fields[key] for key in NAMES if fields.get(key)), "") or source.name).splitlines()[0][:160]
        if (source.name or fields)
        else ""
    )


def _of_sponsor(program: Program) -> Iterable[Compound]:
    # Another sponsor's compounds are not in this list, so nothing that follows can tell of them.
    return Compound.objects.filter(organization=program.sponsor, is_void=False).order_by("code", "entry")


def verdicts(upload: Upload) -> list[Verdict]:
    """Return what each record of an upload is; one that stands twice in the file is new once."""
    assert upload.program is not None
    sources = read_records(upload.kind, read(upload.dataset), upload.dataset.file_name)
    return judged(upload.program, sources, "racemic" if upload.no_chiral_flag == "racemic" else "absolute")


def judged(program: Program, sources: Iterable[SourceRecord], no_chiral_flag: NoFlag = "absolute") -> list[Verdict]:
    """Return what each record is against the compounds of the program's sponsor and the records before it."""
    by_key: dict[str, str] = {}
    layers: dict[str, dict[str, str]] = {"isotope": {}, "stereo": {}, "skeleton": {}}
    exact: dict[str, str] = {}
    for one in _of_sponsor(program):
        by_key.setdefault(one.key, one.code)
        exact.setdefault(one.key, one.key_exact)
        for name, found in layers.items():
            found.setdefault(getattr(one, f"key_{name}"), one.code)
    forms = set(Form.objects.filter(organization=program.sponsor, is_void=False).values_list("compound__key", "name"))
    answers = []
    for source in sources:
        verdict = _judge(source, no_chiral_flag, program.organization_id, by_key, exact, layers, forms)
        answers.append(verdict)
        if verdict.made is not None:
            keys, here = verdict.made.identity, f"record {source.number}"
            by_key.setdefault(keys.tautomer, here)
            exact.setdefault(keys.tautomer, keys.exact)
            forms.add((keys.tautomer, verdict.made.form))
            for name, found in layers.items():
                found.setdefault(getattr(keys, name), here)
    return answers


_RELATION = (
    ("isotope", "the isotope labels differ from {0}; the rest is equal"),
    ("stereo", "the stereo differs from {0}; connections and isotopes are equal"),
    ("skeleton", "isotope labels and stereo differ from {0}; the connections are equal"),
)


def _judge(
    source: SourceRecord,
    no_chiral_flag: NoFlag,
    owner: UUID | None,
    by_key: dict[str, str],
    exact: dict[str, str],
    layers: dict[str, dict[str, str]],
    forms: set[tuple[str, str]],
) -> Verdict:
    if source.problem:
        return Verdict(source, REFUSED, source.problem)
    try:
        made = _made(source.structure, no_chiral_flag, owner)
    except MethodError as error:
        return Verdict(source, REFUSED, str(error))
    keys = made.identity
    if keys.tautomer in by_key:
        known = by_key[keys.tautomer]
        drawn = (
            "drawn as it is" if exact[keys.tautomer] == keys.exact else "drawn as another tautomer, which is the same"
        )
        if (keys.tautomer, made.form) in forms:
            return Verdict(source, Decision.KNOWN, f"{known}, {made.form}: {drawn}", made, known)
        return Verdict(source, Decision.FORM, f"{known} as a new form, {made.form}: the parent is {drawn}", made, known)
    for name, words in _RELATION:
        other = layers[name].get(getattr(keys, name))
        if other is not None:
            return Verdict(source, Decision.VARIANT, words.format(other), made, relative=other)
    return Verdict(source, Decision.NEW, "no compound of the sponsor has these connections", made)


def renamed(verdict: Verdict, names: dict[str, str]) -> Verdict:
    """Return a verdict in which records of the same file are named by the numbers that they got."""
    compound, relative = (names.get(one, one) for one in (verdict.compound, verdict.relative))
    reason = verdict.reason
    for old in (verdict.compound, verdict.relative):
        if old in names:
            reason = reason.replace(old, names[old], 1)
    return replace(verdict, compound=compound, relative=relative, reason=reason)
