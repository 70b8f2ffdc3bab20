"""In which states a study takes which steps. The state is read again in the act: a page may be old."""

from __future__ import annotations

from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused

from ..models import ProtocolVersion, Study


def now(study: Study) -> Study:
    """Return the study as it stands in the act."""
    study.refresh_from_db(fields=["state", "version", "entry", "is_void", "lead", "started_on"])
    return study


def open_study(study: Study) -> Study:
    """Say nothing if a study is not ended.

    Raises:
        Refused: it is locked, cancelled or void.
    """
    now(study)
    if study.is_void or study.state in (Study.State.LOCKED, Study.State.CANCELLED):
        raise Refused(
            f"{study} takes no more data",
            given="void" if study.is_void else study.get_state_display(),
            allowed="planned, active or completed",
            next="What is reported is changed by an amendment of the report only",
        )
    return study


def recording(study: Study) -> Study:
    """Say nothing if subjects and data may be recorded: the protocol is in force, or the data are imported.

    Raises:
        Refused: there is no protocol in force, or the study is ended.
    """
    open_study(study)
    if study.state == Study.State.PLANNED and not study.is_imported:
        raise Refused(
            f"the protocol of {study} is not in force",
            given=study.get_state_display(),
            allowed="Active",
            next="Have the protocol signed first",
        )
    return study


def draft_of(version: ProtocolVersion) -> ProtocolVersion:
    """Say nothing if a version can still be worked on.

    Raises:
        Refused: it was offered for signature, or is in force.
    """
    version.refresh_from_db(fields=["state", "version", "entry", "is_void"])
    if version.state != ProtocolVersion.State.DRAFT or version.is_void:
        raise Refused(
            f"{version} is frozen",
            given="void" if version.is_void else version.get_state_display(),
            allowed="Draft",
            next="Draft an amendment",
        )
    return version


def with_reason(act: Act, what: str) -> None:
    """Say nothing if the act has a reason.

    Raises:
        Invalid: it has none.
    """
    if not act.reason:
        raise Invalid(f"{what} has a reason", errors={"reason": "say why"})
