"""Electronic signatures after 21 CFR Part 11: who, when, with which meaning, over exactly which bytes.

    @verb("quality.approve_method", "approve a method", roles=QUALITY_UNIT, signs=Meaning.APPROVED)
    def approve_method(act, method, *, credentials):
        method = act.change(method, state="approved")
        sign(act, [method], Meaning.APPROVED, credentials)

`signatures_of(record)` shows them, `preview(...)` feeds the dialog, `require_signed(...)` holds a step until others
have signed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ceremony import Excluded, Series, independent, revoke, sign, sign_series, signable
    from .cosigning import require_signed
    from .credentials import Credentials, CredentialsRefused, end_session, end_sessions_of, needs
    from .manifestation import Manifestation, as_csv_rows, as_json, signatures_of, signatures_of_many
    from .meanings import Meaning
    from .showing import SigningPreview, credentials_from, preview, seen_from

# Loaded on first use: Django imports this package before its models can be.
_PLACES = {
    "Credentials": "credentials", "CredentialsRefused": "credentials", "Excluded": "ceremony",
    "Manifestation": "manifestation", "Meaning": "meanings", "Series": "ceremony", "SigningPreview": "showing",
    "as_csv_rows": "manifestation", "as_json": "manifestation", "credentials_from": "showing",
    "end_session": "credentials", "end_sessions_of": "credentials", "independent": "ceremony",
    "needs": "credentials", "preview": "showing", "require_signed": "cosigning", "revoke": "ceremony",
    "seen_from": "showing", "sign": "ceremony", "sign_series": "ceremony", "signable": "ceremony",
    "signatures_of": "manifestation", "signatures_of_many": "manifestation",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f".{place}", __name__), name)
    globals()[name] = found
    return found


__all__ = [
    "Credentials", "CredentialsRefused", "Excluded", "Manifestation", "Meaning", "Series", "SigningPreview",
    "as_csv_rows", "as_json", "credentials_from", "end_session", "end_sessions_of", "independent", "needs", "preview",
    "require_signed", "revoke", "seen_from", "sign", "sign_series", "signable", "signatures_of", "signatures_of_many",
]  # fmt: skip
