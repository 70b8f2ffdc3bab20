"""The protocol of a study: drafted whole, reviewed by quality assurance, signed by the director, approved by management."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crdmo.common.studies import workflow as steps
from crdmo.common.studies.models import ProtocolVersion, ScheduledActivity, Study, Visit
from crdmo.common.studies.queries import in_force
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Invalid
from crdmo.foundation.signing import Credentials, Meaning

from .desks import DIRECTOR, MANAGEMENT, QA_UNIT, Seen, as_director, independent

Row = Mapping[str, Any]
# Quality assurance reviews, the director signs (that day is the start of the study), management approves.
ORDER = (Meaning.REVIEWED, Meaning.AUTHORED, Meaning.APPROVED)


@verb("preclinical.draft_protocol", "draft a protocol", roles=DIRECTOR)
def draft_protocol(
    act: Act,
    study: Study,
    *,
    text: str,
    arms: Sequence[Row],
    epochs: Sequence[Row],
    activities: Sequence[Row],
    visits: Sequence[Row],
) -> ProtocolVersion:
    """Draft a protocol whole: groups with doses, epochs, activities with their items, days with what is done on each.

    A visit names its epoch and its activities by their codes.
    """
    as_director(act, study)
    version = steps.draft_protocol(act, study, text=text)
    _add(act, version, arms=arms, epochs=epochs, activities=activities, visits=visits)
    return version


@verb("preclinical.amend_protocol", "amend a protocol", roles=DIRECTOR)
def amend_protocol(
    act: Act,
    study: Study,
    *,
    text: str = "",
    arms: Sequence[Row] = (),
    epochs: Sequence[Row] = (),
    activities: Sequence[Row] = (),
    visits: Sequence[Row] = (),
    retire: Sequence[str] = (),
) -> ProtocolVersion:
    """Draft an amendment, with a reason: what it adds, and the codes of the days that it retires.

    Raises:
        Invalid: a day that is retired does not stand, or has passed for an animal: what is done is no amendment but a
            deviation.
    """
    as_director(act, study)
    version = steps.amend_protocol(act, study, text=text)
    stands = {one.code: one for one in in_force(study, Visit)}
    if unknown := [code for code in retire if code not in stands]:
        raise Invalid("this day does not stand in the protocol", errors={"retire": "not there"}, given=unknown[0])
    gone = [stands[code] for code in retire]
    if done := [one.code for one in gone if one.findings.filter(is_void=False).exists()]:
        raise Invalid(
            "what was done is not amended afterwards",
            errors={"retire": "data were recorded on this day: report a deviation, which the study director judges"},
            given=", ".join(done),
        )
    marks = [one for one in in_force(study, ScheduledActivity) if one.visit_id in {visit.id for visit in gone}]
    elements: list[Record] = [*marks, *gone]
    steps.retire(act, version, elements)
    _add(act, version, arms=arms, epochs=epochs, activities=activities, visits=visits)
    return version


def _add(
    act: Act,
    version: ProtocolVersion,
    *,
    arms: Sequence[Row],
    epochs: Sequence[Row],
    activities: Sequence[Row],
    visits: Sequence[Row],
) -> None:
    from crdmo.common.studies.models import Activity, Epoch  # noqa: PLC0415

    study = version.study
    if arms:
        steps.add_arms(act, version, arms)
    if epochs:
        steps.add_epochs(act, version, epochs)
    if activities:
        steps.add_activities(act, version, activities)
    known_epochs = {one.code: one for one in in_force(study, Epoch, version)}
    known = {one.code: one for one in in_force(study, Activity, version)}
    rows, wanted = [], []
    for i, row in enumerate(visits, 1):
        values = dict(row)
        epoch, doing = str(values.pop("epoch", "")), list(values.pop("activities", ()))
        if epoch and epoch not in known_epochs:
            raise Invalid(
                "a day lies in an epoch of the protocol", errors={f"visits/{i}/epoch": "not there"}, given=epoch
            )
        if odd := [code for code in doing if code not in known]:
            raise Invalid(
                "what is done on a day is an activity of the protocol",
                errors={f"visits/{i}/activities": "not there"},
                given=", ".join(odd),
                allowed=", ".join(known),
            )
        rows.append({**values, "epoch": known_epochs.get(epoch)})
        wanted.append([known[code] for code in doing])
    if rows:
        made = steps.add_visits(act, version, rows)
        steps.schedule(act, version, dict(zip(made, wanted, strict=True)))


@verb("preclinical.offer_protocol", "offer a protocol for signature", roles=DIRECTOR)
def offer_protocol(act: Act, version: ProtocolVersion) -> ProtocolVersion:
    """Freeze a draft; quality assurance reviews it next."""
    as_director(act, version.study)
    return steps.finalise_protocol(act, version)


@verb("preclinical.discard_protocol", "discard a draft of a protocol", roles=DIRECTOR)
def discard_protocol(act: Act, version: ProtocolVersion) -> ProtocolVersion:
    """Void a version that is not in force, with a reason, and what it brought; another is drafted in its place."""
    as_director(act, version.study)
    return steps.discard_protocol(act, version)


@verb("preclinical.review_protocol", "review a protocol for GLP", roles=QA_UNIT, signs=Meaning.REVIEWED)
def review_protocol(
    act: Act, version: ProtocolVersion, *, credentials: Credentials, seen: Seen | None = None
) -> ProtocolVersion:
    """Sign that the protocol has what 21 CFR 58.120 asks for; by nobody who took part in the study."""
    independent(act, version.study)
    return steps.sign_protocol(act, version, Meaning.REVIEWED, credentials, seen=seen)


@verb("preclinical.sign_protocol", "sign a protocol as study director", roles=DIRECTOR, signs=Meaning.AUTHORED)
def sign_protocol(
    act: Act, version: ProtocolVersion, *, credentials: Credentials, seen: Seen | None = None
) -> ProtocolVersion:
    """Sign as the study director, after the review. The day of this signature is the start of the study."""
    as_director(act, version.study)
    return steps.sign_protocol(act, version, Meaning.AUTHORED, credentials, seen=seen, after=ORDER[:1])


@verb("preclinical.approve_protocol", "approve a protocol for the facility", roles=MANAGEMENT, signs=Meaning.APPROVED)
def approve_protocol(
    act: Act, version: ProtocolVersion, *, credentials: Credentials, seen: Seen | None = None
) -> ProtocolVersion:
    """Approve the signed protocol; from here on work is done by it, and the version before is superseded."""
    steps.sign_protocol(act, version, Meaning.APPROVED, credentials, seen=seen, after=ORDER[:2])
    return steps.put_in_force(act, version, ORDER)
