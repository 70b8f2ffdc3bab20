"""What a tabulation standard is made of: domains with their variables, in the order in which they are written."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crdmo.standards.refusals import FormatError


class Role(enum.StrEnum):
    """What a variable says about a record, in the terms of the SDTM model."""

    IDENTIFIER = "identifier"
    TOPIC = "topic"
    GROUPING = "grouping qualifier"
    RESULT = "result qualifier"
    SYNONYM = "synonym qualifier"
    RECORD = "record qualifier"
    VARIABLE = "variable qualifier"
    RULE = "rule"
    TIMING = "timing"


class Core(enum.StrEnum):
    """Whether a data set must have a variable, should have it, or may."""

    REQUIRED = "Req"
    EXPECTED = "Exp"
    PERMISSIBLE = "Perm"


class Kind(enum.StrEnum):
    """The class of a domain."""

    SPECIAL = "special purpose"
    INTERVENTIONS = "interventions"
    EVENTS = "events"
    FINDINGS = "findings"
    DESIGN = "trial design"
    RELATIONSHIP = "relationship"


@dataclass(frozen=True)
class Definition:
    """One variable of a domain. `most` is how many bytes a text may have: 8 for short names, 40 for names, else 200."""

    name: str
    label: str
    is_numeric: bool
    role: Role
    core: Core
    most: int = 200

    @property
    def is_moment(self) -> bool:
        """Say whether it holds an ISO 8601 date or time."""
        return self.name.endswith("DTC")


@dataclass(frozen=True)
class Domain:
    """A domain: its code, name and class, its variables in order, and the variables that make a sequence number unique."""

    code: str
    name: str
    kind: Kind
    variables: tuple[Definition, ...]
    sequence_within: tuple[str, ...] = ()

    def variable(self, name: str) -> Definition | None:
        """Return the definition of a variable, or None."""
        return next((one for one in self.variables if one.name == name), None)

    @property
    def sequence(self) -> str:
        """Return the name of the sequence variable, or "" where the domain has none."""
        name = f"{self.code}SEQ"
        return name if self.variable(name) else ""


@dataclass(frozen=True)
class Standard:
    """An implementation guide with its domains by code."""

    name: str
    version: str
    domains: Mapping[str, Domain]

    def domain(self, code: str) -> Domain:
        """Return a domain; SUPP-- of any domain, and a split domain by its first two letters (QSCG, LBCH).

        Raises:
            FormatError: the standard has no such domain.
        """
        if code in self.domains:
            return self.domains[code]
        if re.fullmatch(r"SUPP[A-Z0-9]{2,4}", code):
            return Domain(code, f"Supplemental Qualifiers for {code[4:]}", Kind.RELATIONSHIP,
                          self.domains["SUPP"].variables)  # fmt: skip
        whole = self.domains.get(code[:2])
        if whole is not None and re.fullmatch(r"[A-Z]{2}[A-Z0-9]{1,2}", code) and whole.kind is Kind.FINDINGS:
            return whole
        raise FormatError(
            f"{self.name} {self.version} as it is known here has no such domain",
            given=code,
            allowed=", ".join(sorted(self.domains)),
            next_step="use one of these domains, or the standard that has it",
        )


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The types, roles and lengths of variables by their name, or by their name without the domain's two letters.
NUMERIC = _words(
    "SEQ DY STDY ENDY VISITNUM VISITDY TAETORD AGE DOSE DOSTOT VAMT PSTRG STRESN STNRLO STNRHI LLOQ ULOQ "
    "TPTNUM NOMDY RPPLDY RPPLSTDY RPPLENDY RPDY RPSTDY RPENDY DETECT REPNUM LLTCD PTCD HLTCD HLGTCD BDSYCD "
    "SOCCD"
)
SHORT = _words("TESTCD PARMCD ETCD SETCD QNAM DOMAIN RDOMAIN")
NAMED = _words("TEST PARM QLABEL")
# A criterion is named by its whole text.
LONG_TESTS = _words("IETEST")


def is_numeric(name: str, suffix: str) -> bool:
    """Say whether a variable is a number."""
    return name in NUMERIC or suffix in NUMERIC


def longest(name: str, suffix: str) -> int:
    """Return the most bytes of a text variable."""
    if name in LONG_TESTS:
        return 200
    if name in SHORT or suffix in SHORT:
        return 8
    return 40 if name in NAMED or suffix in NAMED else 20 if name in ("ARMCD", "ACTARMCD") else 200


def fixed(lines: str, roles: Mapping[str, Role], *, required: str, expected: str = "") -> tuple[Definition, ...]:
    """Return variables from lines of `NAME Label`, each with its whole name."""
    found = []
    for line in lines.strip().splitlines():
        name, label = line.split(maxsplit=1)
        core = core_of(name, required.split(), expected.split())
        bare = name[2:]
        role = next((role for key, role in roles.items() if name in key.split()), _role(name))
        found.append(Definition(name, label, is_numeric(name, bare), role, core, longest(name, bare)))
    return tuple(found)


def core_of(name: str, required: Iterable[str], expected: Iterable[str]) -> Core:
    """Return the core of a variable."""
    return Core.REQUIRED if name in required else Core.EXPECTED if name in expected else Core.PERMISSIBLE


IDENTIFIERS = _words("STUDYID DOMAIN RDOMAIN USUBJID POOLID SPDEVID FOCID SUBJID SITEID IDVAR IDVARVAL RELID FETUSID")
TIMINGS = _words("VISITNUM VISIT VISITDY TAETORD EPOCH")


def _role(name: str) -> Role:
    if name in IDENTIFIERS or name.endswith("SEQ"):
        return Role.IDENTIFIER
    if name in TIMINGS or name.endswith(("DTC", "DY", "DUR")):
        return Role.TIMING
    if name.endswith(("STRL", "ENRL", "TABRANCH", "TATRANS")):
        return Role.RULE
    return Role.RECORD


def general(
    code: str,
    name: str,
    kind: Kind,
    tables: Sequence[Sequence[tuple[str, Role, str]]],
    *,
    labels: str = "",
    required: str = "",
    expected: str = "",
    without: str = "",
) -> Domain:
    """Return a domain of a general observation class.

    Args:
        code: of the domain, two letters.
        name: of the domain.
        kind: its class.
        tables: the variables of the class in order; `--` in a name stands for the code.
        labels: lines of `SUFFIX Label` for what the domain calls otherwise.
        required: suffixes, or whole names of variables without the domain's code.
        expected: the same.
        without: suffixes that the domain does not have.
    """
    own = dict(line.strip().split(maxsplit=1) for line in labels.strip().splitlines() if line.strip())
    missing = set(without.split())
    found = []
    for key, role, label in (one for table in tables for one in table):
        suffix = key.removeprefix("--")
        if suffix in missing:
            continue
        full = code + suffix if key.startswith("--") else key
        core = core_of(suffix, [*required.split(), "STUDYID", "DOMAIN", "SEQ"], expected.split())
        kind_of_number = is_numeric(full if full == suffix else "", suffix)
        found.append(Definition(full, own.get(suffix, label), kind_of_number, role, core, longest(full, suffix)))
    return Domain(code, name, kind, tuple(found), ("USUBJID", "POOLID"))


def table(lines: str) -> tuple[tuple[str, Role, str], ...]:
    """Return variables of a class from lines of `--NAME role Label`; the role by its first letters."""
    letters = {"I": Role.IDENTIFIER, "T": Role.TOPIC, "G": Role.GROUPING, "R": Role.RESULT, "S": Role.SYNONYM,
               "Q": Role.RECORD, "V": Role.VARIABLE, "W": Role.TIMING}  # fmt: skip
    found = []
    for line in lines.strip().splitlines():
        name, letter, label = line.split(maxsplit=2)
        found.append((name, letters[letter], label))
    return tuple(found)
