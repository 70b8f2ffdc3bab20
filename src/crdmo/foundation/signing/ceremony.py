"""The act of signing: one check of the signer, then one bound signature for each record.

`sign` refuses the whole when one record cannot be signed; `sign_series` leaves that one out and says so. Both write
into the act that is open, so a signature and the step that it belongs to are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from crdmo.foundation.accounts.authority import TABLE
from crdmo.foundation.accounts.models import Person
from crdmo.foundation.ledger import state as states
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.proof.identifiers import uuid7

from ..refusals import Conflict, Invalid, Refused
from . import binding, credentials
from .credentials import Credentials
from .manifestation import Manifestation, signatures_of
from .meanings import INDEPENDENT, STATEMENTS, WITH_REASON, Meaning
from .models import Signature

Seen = Mapping[UUID, int] | Mapping[str, int]


@dataclass(frozen=True)
class Excluded:
    """A record that could not be signed in a series, and why."""

    record: Record
    refused: Refused


@dataclass(frozen=True)
class Series:
    """What came of signing a series: the signatures, and the records that were left out."""

    signed: list[Signature]
    excluded: list[Excluded]


def sign(
    act: Act, records: Sequence[Record], meaning: str, credentials: Credentials, *, seen: Seen | None = None,
    independent_of: Iterable[Record] = (), statement: str = "",
) -> list[Signature]:
    """Sign records as they stand now, all or none, and return the signatures.

    Args:
        act: the open act; its actor is the signer.
        records: what is signed, after the versions to be signed were written.
        meaning: one of `Meaning`.
        credentials: what the signer gave.
        seen: the version of each record that the signer was shown; what changed since is refused.
        independent_of: further records that the signer must not have made (the results of a report).
        statement: the statement signed, if it is not the usual one of the meaning.

    Raises:
        CredentialsRefused: the signer is not proven.
        Conflict: a record changed since it was shown or read.
        Refused: a record is void, or the signer made what a second person has to sign.
    """
    series = _sign(act, records, meaning, credentials, seen, independent_of, statement)
    if series.excluded:
        raise series.excluded[0].refused
    return _write(act, series, meaning, credentials, statement)


def sign_series(
    act: Act, records: Sequence[Record], meaning: str, credentials: Credentials, *, seen: Seen | None = None,
    independent_of: Iterable[Record] = (), statement: str = "",
) -> Series:
    """Sign a series in one ceremony; what cannot be signed is left out and named in the answer.

    Raises:
        CredentialsRefused: the signer is not proven.
        Refused: not one of the records can be signed.
    """
