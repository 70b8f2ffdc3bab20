"""Made-up contents of the style guide. Nothing here is a record."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict

from crdmo.foundation.signing.manifestation import Manifestation
from crdmo.foundation.signing.showing import Difference, Item, SigningPreview

from ..fields import DayField, MeasuredField, ReasonField
from ..states import COMING, GOOD, MOVING, OVER, WATCH, WRONG
from ..tables import Column, Table, TablePage

NOW = dt.datetime(2026, 11, 22, 13, 5, 22, tzinfo=dt.UTC)
HASH = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"


def key(n: int) -> UUID:
    """Return a key that is the same on every run."""
    return UUID(int=0x019AA000_0000_7000_8000_000000000000 + n)


@dataclass(frozen=True)
class Person:
    """Somebody who signs."""

    printed_name: str
    user_id: str


PERSON = Person("Ann Analyst", "ann")


@dataclass(frozen=True)
class Lot:
    """A line of the table."""

    code: str
    product: str
    amount: str
    unit: str
    assay: str
    expires: dt.date
    status: str
    pk: UUID = field(default_factory=lambda: key(1))

    def record_type(self) -> str:
        """Return the type by which pages are found."""
        return "styleguide.lot"

    def __str__(self) -> str:
        return self.code


LOTS = (
    Lot(
        "LOT-26-0001", "Nortelix 10 mg tablet", "12000", "{tablet}", "99.80", dt.date(2028, 11, 30), "released", key(1)
    ),
    Lot(
        "LOT-26-0002",
        "Nortelix 10 mg tablet",
        "11840",
        "{tablet}",
        "100.4",
        dt.date(2028, 12, 31),
        "quarantine",
        key(2),
    ),
    Lot("LOT-26-0003", "CRD-1042 drug substance", "4.250", "kg", "98.1", dt.date(2027, 6, 30), "investigation", key(3)),
    Lot("LOT-26-0004", "CRD-1042 drug substance", "3.900", "kg", "", dt.date(2027, 6, 30), "rejected", key(4)),
    Lot("LOT-26-0005", "Placebo tablets", "2000", "{tablet}", "0.00", dt.date(2028, 11, 30), "void", key(5)),
)
TONES = {"rejected": "bad", "investigation": "warn"}
TABLE = Table(
    "lots",
    "Lots of the program",
    (
        Column("code", "Lot", kind="record", sort="code"),
        Column("product", "Product", sort="product"),
        Column("amount", "Amount", kind="number", unit_at="unit"),
        Column("assay", "Assay", kind="number", unit="% label claim"),
        Column("expires", "Expiry", kind="day", sort="expires"),
        Column("status", "Status", kind="state", sort="status"),
    ),
    sort="code",
    batch="lot",
    tone=lambda lot: TONES.get(lot.status, ""),
)


def table(query: QueryDict) -> TablePage:
    """Return a page of the sample table, sorted as asked."""
    asked, column = TABLE.order(query.get("sort", ""))
    rows = sorted(
        LOTS, key=lambda lot: str(getattr(lot, column.sort if column else "code")), reverse=asked.startswith("-")
    )
    return TablePage(TABLE, rows, query.copy(), asked, 50, "c2FtcGxl", False, 12345)


def states() -> list[tuple[str, tuple[str, ...]]]:
    """Return the whole vocabulary of states."""
    return [
        ("Good as it stands", GOOD),
        ("Somebody must look", WATCH),
        ("Out of limit or refused", WRONG),
        ("On its way", MOVING),
        ("Not begun", COMING),
        ("Over", OVER),
        ("Marks", ("signed", "locked", "stale", "void")),
    ]


CARDS = (
    {"label": "milestones met", "value": "7 of 12", "url": "#figures"},
    {"label": "earned by records", "value": "1 240 000", "unit": "EUR"},
    {"label": "milestones late", "value": "2", "tone": "bad", "url": "#figures"},
    {"label": "results that are stale", "value": "3", "tone": "stale", "url": "#figures"},
)
TOKENS = (
    "page",
    "surface",
    "sunken",
    "text",
    "muted",
    "accent",
    "border",
    "divider",
    "ok",
    "warn",
    "bad",
    "info",
    "stale",
    "neutral",
)


class ResultForm(forms.Form):
    """A form with one field of each kind."""

    sample = forms.CharField(label="Sample", help_text="Number on the label, such as SMP-26-0007.")
    assay = MeasuredField(label="Assay", unit="% label claim", low="80", high="120", places=2)
    taken = DayField(label="Taken on", required=False)
    condition = forms.ChoiceField(
        label="Condition on receipt",
        help_text="As the container was found.",
        widget=forms.RadioSelect,
        choices=[("intact", "Intact, seal unbroken"), ("damaged", "Damaged"), ("open", "Open")],
    )
    method = forms.ChoiceField(
        label="Method",
        choices=[("AM-001", "AM-001 Assay by HPLC"), ("AM-002", "AM-002 Water by KF")],
        help_text="Only versions in force are listed.",
        widget=forms.Select(attrs={"class": "medium"}),
    )
    remark = forms.CharField(
        label="Remark",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What somebody else must know.",
    )
    witnessed = forms.BooleanField(label="A second person saw the weighing", required=False)
    reason = ReasonField("quality.reading")


def form(*, filled: bool = False) -> ResultForm:
    """Return the form empty, or filled with what cannot be taken."""
    given = {
        "sample": "",
        "assay": "1,500",
        "taken": "11/12/26",
        "condition": "intact",
        "method": "AM-001",
        "reason_0": "Other",
    }
    return ResultForm(given, prefix=None, auto_id="wrong_%s") if filled else ResultForm(auto_id="form_%s")


def lines() -> list[dict[str, Any]]:
    """Return ledger entries of every kind, newest first."""
    common = {
        "name": "Ann Analyst",
        "role": "Analyst",
        "label": "Result",
        "record": str(key(9)),
        "hash": HASH,
        "reason": "",
        "changes": [],
        "state": {},
    }
    at = [NOW - dt.timedelta(minutes=m) for m in (0, 50, 190, 1600, 1700)]
    return [
        {
            **common,
            "kind": "signature",
            "operation": "created",
            "says": "verify a result",
            "at": at[0],
            "seq": 1042,
            "version": 1,
            "name": "Vera Verifier",
            "role": "Reviewer",
            "state": {"meaning": "Verified", "printed_name": "Vera Verifier", "target_version": 3},
        },
        {
            **common,
            "kind": "change",
            "operation": "changed",
            "says": "correct a reading",
            "at": at[1],
            "seq": 1038,
            "version": 3,
            "reason": "Transcription error: digits exchanged",
            "changes": [{"name": "value", "old": "98.90 %", "new": "99.80 %"}],
        },
        {
            **common,
            "kind": "refused",
            "operation": "noted",
            "says": "verify a result",
            "at": at[2],
            "seq": 1031,
            "version": 1,
            "state": {"what": "nobody verifies what they entered themselves", "given": "Ann Analyst"},
        },
        {
            **common,
            "kind": "create",
            "operation": "created",
            "says": "enter readings",
            "at": at[3],
            "seq": 1017,
            "version": 1,
            "changes": [{"name": "value", "old": "", "new": "98.90 %"}, {"name": "source", "old": "", "new": "typed"}],
        },
        {
            **common,
            "kind": "void",
            "operation": "voided",
            "says": "void a reading",
            "at": at[4],
            "seq": 1009,
            "version": 2,
            "reason": "Wrong sample or position",
        },
    ]


def _signature(n: int, state: str, detail: str = "") -> Manifestation:
    return Manifestation(
        id=key(20 + n),
        entry=1042 + n,
        target_type="quality.result",
        target_id=key(9),
        target_version=3,
        content_hash=HASH,
        meaning="verified",
        meaning_label="Verified",
        statement="I checked this against the original data, and it is right.",
        signer_id=key(30),
        printed_name="Vera Verifier",
        job_title="Senior analyst",
        role="reviewer",
        signed_at=NOW,
        components="password",
        ceremony=key(40),
        state=state,
        detail=detail,
    )


def signatures() -> list[Manifestation]:
    """Return a signature in each state."""
    return [
        _signature(0, "valid"),
        _signature(1, "changed", "the record has version 4 now"),
        _signature(2, "revoked", "withdrawn by the signer"),
    ]


def preview() -> SigningPreview:
    """Return what a signature dialog shows."""
    item = Item(
        key=key(9),
        type="result",
        label="Assay of SMP-26-0007",
        version=3,
        content_hash=HASH,
        signatures=(),
        differences=(Difference("value", "98.90", "99.80"), Difference("source", "typed", "instrument file")),
        since=_signature(0, "changed"),
        exceptions=("One reading of this preparation was left out: wrong flask",),
    )
    others = tuple(
        Item(
            key=key(50 + n),
            type="result",
            label=f"Assay of SMP-26-{8 + n:04d}",
            version=1,
            content_hash=HASH,
            signatures=(),
            differences=(),
            since=None,
            exceptions=(),
        )
        for n in range(6)
    )
    return SigningPreview(
        items=(item, *others),
        meaning="verified",
        meaning_label="Verified",
        button="Verify 7 results",
        user_id="vera",
        statement="I checked this against the original data, and it is right.",
        printed_name="Vera Verifier",
        needs_user_id=True,
        needs_totp=False,
        has_passkey=False,
        needs_reason=False,
    )
