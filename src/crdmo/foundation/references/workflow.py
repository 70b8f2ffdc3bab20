"""Adding to the reference catalogue, and finding in it what was in force on a day."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.datasets import store
from crdmo.foundation.ledger.acts import Act

from ..refusals import Invalid, NotFound, Refused
from .models import Reference

KEEPERS = (Role.QA, Role.SUPERVISOR, Role.METROLOGIST, Role.REGULATORY_PUBLISHER, Role.PROJECT_MANAGER)
DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class Missing(NotFound):
    """The catalogue does not hold what is needed, and the refusal says how to bring it in."""

    kind = "reference-missing"


@verb("references.add", "add to the reference catalogue", roles=KEEPERS)
def add(
    act: Act, path: Path, *, name: str, edition: str, kind: str, effective_from: dt.date, licence: str, publisher: str,
    organization: Organization | None = None, digest: str = "", note: str = "",
) -> Reference:  # fmt: skip
    """Take a file into the catalogue. With `digest`, the publisher's SHA-256, the file must have it.

    Adding the very same file under the same name and edition again returns what is there.

    Raises:
        Invalid: the file is not there or empty, a field is missing, or the digest is another one.
        Refused: this edition is in the catalogue with other content.
    """
    _check_fields(name=name, edition=edition, kind=kind, licence=licence, publisher=publisher)
    found = _digest(path, digest)
    known = Reference.objects.filter(name=name, edition=edition, organization=organization, is_void=False).first()
    if known is not None:
        if known.digest == found:
            return known
        raise Refused(
            f"{name} {edition} is in the catalogue with other content", given=f"SHA-256 {found}",
            allowed=f"SHA-256 {known.digest}",
            next="Give a corrected file an edition of its own, or void the entry that is there",
        )  # fmt: skip
    return act.create(
        Reference, organization=organization, name=name, edition=edition, kind=kind, effective_from=effective_from,
        licence=licence, publisher=publisher, blob=store.put_file(path), digest=found, file_name=path.name, note=note,
    )  # fmt: skip


def _check_fields(**fields: str) -> None:
    if errors := {field: "say it" for field, value in fields.items() if not value.strip()}:
        raise Invalid(
            "a reference lacks " + " and ".join(errors),
            errors=errors,
            allowed="name, edition, kind, licence and publisher",
            next="Where the licence forbids passing it on, say so: the file stays on this installation",
        )


def _digest(path: Path, stated: str) -> str:
    if not path.is_file():
        raise Invalid("there is no such file", given=str(path))
    if path.stat().st_size == 0:
        raise Invalid("the file is empty", given=str(path))
    found = store.name_of_file(path).removeprefix("sha256:")
    wanted = stated.strip().lower().removeprefix("sha256:")
    if stated and not DIGEST.match(wanted):
        raise Invalid("this is no SHA-256", given=stated, allowed="64 hexadecimal digits")
    if wanted and wanted != found:
        raise Invalid(
            f"{path.name} is not the file that was announced", given=f"SHA-256 {found}", allowed=f"SHA-256 {wanted}",
            next="Fetch it again from its publisher",
        )  # fmt: skip
    return found


@verb("references.withdraw", "withdraw a reference from the catalogue", roles=(Role.QA,))
def withdraw(act: Act, reference: Reference) -> Reference:
    """Declare an entry void, with a reason. What used it still names it, and its file stays."""
    return act.void(reference)


def find(name: str, on: dt.date | None = None, *, edition: str = "") -> Reference:
    """Return the edition of a reference that is in force on a day (today by default), or the edition asked for.

    Raises:
        Missing: the catalogue has none.
    """
    day = on or dt.datetime.now(dt.UTC).date()
    rows = Reference.objects.filter(name=name, is_void=False)
    rows = rows.filter(edition=edition) if edition else rows.filter(effective_from__lte=day)
    found = rows.order_by("-effective_from", "-entry").first()
    if found is not None:
        return found
    have = sorted(Reference.objects.filter(name=name, is_void=False).values_list("edition", "effective_from"))
    raise Missing(
        f"the reference catalogue has no {name} {edition}".rstrip() + ("" if edition else f" in force on {day}"),
        given=", ".join(f"{e} from {d}" for e, d in have) or "no edition at all",
        next=f"Bring it in with: crdmo references add FILE --name '{name}'",
    )


def read(reference: Reference) -> bytes:
    """Return the file of a reference, checked against its digest.

    Raises:
        BlobMissing, BlobAltered: the store does not hold what was added.
    """
    return store.get(reference.blob)


def editions(name: str) -> list[Reference]:
    """Return all editions of a reference, newest first."""
    return list(Reference.objects.filter(name=name, is_void=False).order_by("-effective_from", "-entry"))
