"""The life of a sequence: planned, assembled, validated, signed off, published, submitted, acknowledged.

| from | step | to | who |
|---|---|---|---|
| – | plan_sequence | planned | desk |
| planned, assembling, validated | place_leaf and its like | assembling | desk |
| assembling, validated | validate_sequence, no error | validated | desk |
| validated | sign_off | signed off | lead, by signature, who placed no leaf |
| signed off | publish | published: sealed | publisher |
| published | submit | submitted | publisher |
| submitted | acknowledge | acknowledged: the clock starts | publisher |
| validated, signed off | reopen | assembling | desk, with a reason |
"""

from __future__ import annotations

import datetime as dt

from crdmo.common.verbs import must_be, person_of, said
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.datasets import seal
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, require_signed, sign
from crdmo.standards import ectd
from crdmo.standards.refusals import Finding, Severity

from .. import build, queries, staleness
from ..models import Application, Clock, Sequence, Validation
from ..refusing import as_invalid
from . import clocks
from .desks import DESK, LEADS, PUBLISHERS, Seen, now

State = Sequence.State
# A record holds so many findings; the counts are always of all.
HELD = 500
WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@verb("regulatory.plan_sequence", "plan a sequence", roles=DESK)
def plan_sequence(
    act: Act,
    application: Application,
    *,
    submission_type: str,
    unit_type: str,
    description: str,
    activity: str = "",
    due_on: dt.date | None = None,
) -> Sequence:
    """Plan the next sequence of an application. `activity` is the first sequence of what it belongs to; itself if empty.

    Raises:
        Invalid: a type is none of the agency's, or does not fit the application or the activity.
    """
    taken = [int(number) for number in application.sequences.values_list("number", flat=True)]
    number = f"{max(taken, default=-1) + 1:04d}"
    if len(number) > 4:
        raise Refused("an application has no sequence after 9999", given=str(application))
    said(description=description)
    made = Sequence(
        application=application, number=number, submission_type=submission_type, unit_type=unit_type,
        activity=activity.strip() or number, description=" ".join(description.split()),
    )  # fmt: skip
    with as_invalid("submission_type"):
        build.envelope_of(made).require(number)
    if made.activity != number and not application.sequences.filter(number=made.activity, is_void=False).exists():
        raise Invalid(
            "there is no such sequence", errors={"activity": "a sequence of this application"}, given=activity
        )
    return act.create(
        Sequence, program=application.program, application=application, number=number, due_on=due_on,
        submission_type=submission_type, unit_type=unit_type, activity=made.activity, description=made.description,
    )  # fmt: skip


def assembling(act: Act, sequence: Sequence) -> None:
    """Take a sequence back to assembling: what was validated is no longer what stands."""
    if sequence.state != State.ASSEMBLING:
        act.change(sequence, state=State.ASSEMBLING)


@verb("regulatory.validate_sequence", "validate a sequence", roles=DESK)
def validate_sequence(act: Act, sequence: Sequence) -> Validation:
    """Build the sequence as it stands, look at it with every criterion, and keep what was found.

    Raises:
        Refused: it is signed off, or holds no leaf.
        Invalid: it cannot be built.
    """
    must_be(now(sequence), State.PLANNED, State.ASSEMBLING, State.VALIDATED)
    if not build.leaves_of(sequence):
        raise Refused(f"{sequence} holds no leaf", next="Place a document first")
    with as_invalid():
        package = build.package_of(sequence)
        findings = sorted(build.check(sequence, package), key=lambda one: WEIGHT[one.severity])
    counts = {weight: sum(one.severity is weight for one in findings) for weight in Severity}
    made = act.create(
        Validation, program=sequence.program, sequence=sequence, criteria=ectd.LATEST, digest=package.digest,
        errors=counts[Severity.ERROR], warnings=counts[Severity.WARNING], notes=counts[Severity.NOTE],
        findings=[told(one) for one in findings[:HELD]], validated_by=person_of(act),
        official=[f"{row.name} {row.edition} sha256:{row.digest}" for row in package.official],
    )  # fmt: skip
    after = State.VALIDATED if made.errors == 0 else State.ASSEMBLING
    if sequence.state != after:
        act.change(sequence, state=after)
    return made


def told(one: Finding) -> dict[str, str]:
    """Return a finding as a record holds it."""
    return {
        "criterion": one.criterion,
        "severity": one.severity.value,
        "place": one.place,
        "what": one.what,
        "reason": one.reason,
    }


def _current(sequence: Sequence) -> build.Package:
    """Return the package if it is, byte for byte, the one that was validated without an error, and nothing is stale.

    Raises:
        Refused: it is another one, or a leaf is stale and nobody said why it is submitted all the same.
    """
    stale = unjustified(sequence)
    if stale:
        raise Refused(
            f"{sequence} has stale leaves", given="; ".join(stale), allowed="leaves that say what their documents say",
            next="Renew each leaf, or justify it",
        )  # fmt: skip
    last = queries.last_validation(sequence)
    with as_invalid():
        package = build.package_of(sequence)
    if last is None or last.errors or last.digest != package.digest:
        raise Refused(
            f"{sequence} is not what was validated", given=package.digest[:19],
            allowed=last.digest[:19] if last else "a validated sequence", next="Reopen it and validate it again",
        )  # fmt: skip
    return package


def unjustified(sequence: Sequence) -> list[str]:
    """Return the stale leaves of a sequence that nobody has justified, each with its reasons."""
    leaves = build.leaves_of(sequence)
    why = staleness.reasons(leaves)
    open_ones = {leaf: staleness.open_reasons(leaf, why[leaf.pk]) for leaf in leaves}
    return [f"{leaf}: {', '.join(reasons)}" for leaf, reasons in open_ones.items() if reasons]


def missing(sequence: Sequence) -> list[queries.Coverage]:
    """Return the expected headings at which nothing will stand after a sequence."""
    return [one for one in queries.coverage(sequence.application, queries.after(sequence)) if one.is_missing]


@verb("regulatory.sign_off", "sign a sequence off for publishing", roles=LEADS, signs=Meaning.APPROVED)
def sign_off(
    act: Act, sequence: Sequence, *, credentials: Credentials, gaps: str = "", seen: Seen | None = None
) -> Sequence:
    """Sign a validated sequence off; by nobody who placed a leaf of it. Expected headings that stay empty are explained.

    Raises:
        Refused: it is not validated, changed since, or has stale leaves.
        Invalid: expected headings are empty and nothing is said of them.
    """
    must_be(now(sequence), State.VALIDATED)
    _current(sequence)
    empty = missing(sequence)
    if empty and not gaps.strip():
        raise Invalid(
            "expected headings are empty", errors={"gaps": "say why they are empty in this sequence"},
            given=", ".join(one.section for one in empty),
        )  # fmt: skip
    act.change(sequence, state=State.SIGNED_OFF, gaps=gaps.strip())
    sign(act, [sequence], Meaning.APPROVED, credentials, seen=seen, independent_of=build.leaves_of(sequence))
    return sequence


@verb("regulatory.reopen_sequence", "reopen a sequence", roles=DESK)
def reopen_sequence(act: Act, sequence: Sequence) -> Sequence:
    """Take a sequence that is not published back to assembling, with a reason."""
    must_be(now(sequence), State.VALIDATED, State.SIGNED_OFF)
    if not act.reason:
        raise Invalid("say why it is opened again", errors={"reason": "needed"})
    return act.change(sequence, state=State.ASSEMBLING)


@verb("regulatory.publish", "publish a sequence", roles=PUBLISHERS)
def publish(act: Act, sequence: Sequence) -> Sequence:
    """Seal the package of a signed sequence. It is byte for byte what was validated and signed off.

    Raises:
        Refused: the signature is missing, an earlier sequence is not published, or something changed since.
    """
    must_be(now(sequence), State.SIGNED_OFF)
    require_signed(sequence, [Meaning.APPROVED])
    before = sequence.application.sequences.filter(number__lt=sequence.number, package__isnull=True, is_void=False)
    if before.exists():
        raise Refused(
            f"an earlier sequence of {sequence.application.code} is not published",
            given=", ".join(before.values_list("number", flat=True)), next="Publish the sequences in their order",
        )  # fmt: skip
    package = _current(sequence)
    code, number = sequence.application.code, sequence.number
    sealed = seal(
        act, name=f"{code} sequence {number}", kind="ectd_sequence", data=package.archive, program=sequence.program,
        file_name=f"{code.lower()}-{number}.zip", media_type="application/zip", sources=build.leaves_of(sequence),
        note="Lacks " + ", ".join(package.published.missing) if package.published.missing else "",
    )  # fmt: skip
    return act.change(sequence, state=State.PUBLISHED, package=sealed, digest=package.digest)


@verb("regulatory.submit", "record that a sequence was submitted", roles=PUBLISHERS)
def submit(act: Act, sequence: Sequence, *, submitted_on: dt.date, reference: str) -> Sequence:
    """Record when a published sequence was sent, and under which number of the gateway."""
    must_be(now(sequence), State.PUBLISHED)
    said(reference=reference)
    if submitted_on > act.now.date():
        raise Invalid("it was sent", errors={"submitted_on": "today or earlier"}, given=str(submitted_on))
    return act.change(
        sequence, state=State.SUBMITTED, submitted_on=submitted_on, submission_reference=reference.strip()
    )


@verb("regulatory.acknowledge", "record the agency's receipt of a sequence", roles=PUBLISHERS)
def acknowledge(
    act: Act, sequence: Sequence, *, received_on: dt.date, receipt: str, procedure: str = ""
) -> Clock | None:
    """Record the day of receipt, and start the clock of a procedure from it. Dispatch starts no clock.

    Raises:
        Invalid: the receipt lies before the dispatch or in the future, or there is no such procedure.
    """
    must_be(now(sequence), State.SUBMITTED)
    said(receipt=receipt)
    assert sequence.submitted_on is not None
    if not sequence.submitted_on <= received_on <= act.now.date():
        raise Invalid(
            "it was received after it was sent", errors={"received_on": f"from {sequence.submitted_on} to today"},
            given=str(received_on),
        )  # fmt: skip
    act.change(sequence, state=State.ACKNOWLEDGED, received_on=received_on, receipt=receipt.strip())
    return clocks.started(act, sequence, procedure, received_on) if procedure else None
