"""Randomisation and its secrecy: list and kits are made by an unblinded person and concealed at once.

The system draws from them. What comes out is told to nobody but who breaks the code of one subject, or unblinds the
locked trial. Nothing here puts an arm into a record, a reason, a refusal or a text that is logged.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crdmo.common.studies import workflow as studies
from crdmo.common.studies.models import Allocation, Arm, Place, Study, Subject
from crdmo.common.studies.queries import in_force
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.roles import SITE, Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign
from crdmo.science.clinical.randomisation import permuted_blocks

from ..models import (
    DatabaseLock,
    Eligibility,
    Kit,
    Randomisation,
    RandomisationList,
    Slot,
    TrialUnblinding,
    Unblinding,
)
from .desks import Seen, consented, is_unblinded, not_later, of_site, taking_data, worker

UNBLINDED = (Role.UNBLINDED_STATISTICIAN,)
GUESSED = 10**11
BROKEN = "I broke the code of this subject in an emergency, and I tell the arm to nobody who does not need it."


@dataclass(frozen=True)
class Disclosed:
    """What came out when a code was broken. The arm is kept out of its text."""

    unblinding: Unblinding
    arm: str = field(repr=False)


@dataclass(frozen=True)
class ListPlace:
    """One place of an opened list. The arm is kept out of its text."""

    stratum: str
    number: int
    subject: str
    kit: str
    arm: str = field(repr=False)


@verb("clinical.prepare_list", "prepare and conceal the randomisation list", roles=UNBLINDED)
def prepare_list(
    act: Act, study: Study, *, length: int, block_sizes: Sequence[int], seed: int | None = None
) -> RandomisationList:
    """Draw the list in stratified permuted blocks and conceal it: arms, seed and block sizes are sealed.

    Raises:
        Invalid: the seed can be guessed.
        MethodError: a block cannot hold the ratio.
        Refused: the trial has a list.
    """
    taking_data(study)
    if RandomisationList.objects.filter(study=study, is_void=False).exists():
        raise Refused(f"{study} has a list", next="Randomise from it")
    drawn_from = secrets.randbits(120) + GUESSED if seed is None else seed
    if drawn_from < GUESSED:
        raise Invalid(
            "who guesses the seed has the list", errors={"seed": "12 digits or more, or empty to have one drawn"}
        )
    arms = in_force(study, Arm)
    strata = study.details["strata"]
    drawn = permuted_blocks(
        arms=[one.code for one in arms],
        ratio=[one.ratio for one in arms],
        block_sizes=list(block_sizes),
        length=length,
        seed=drawn_from,
        strata=strata,
    )
    secret = {"seed": str(drawn_from), "block_sizes": list(block_sizes), "generator": drawn.generator}
    made = act.create(
        RandomisationList,
        program=study.program,
        study=study,
        strata=strata,
        length=length,
        secret=json.dumps(secret, sort_keys=True),
        prepared_by=worker(act),
    )
    common = {"program": study.program, "listing": made}
    rows = [{**common, "stratum": one.stratum, "number": one.number, "arm": one.arm} for one in drawn.slots]
    act.create_many(Slot, rows)
    return made


@verb("clinical.register_kits", "register numbered kits at a site", roles=UNBLINDED)
def register_kits(act: Act, place: Place, *, contents: Mapping[str, int]) -> list[Kit]:
    """Register kits under numbers that are drawn without regard to what is in them.

    Raises:
        Invalid: an arm is not of the trial, or a count is not positive.
    """
    study = taking_data(place.study)
    known = {one.code for one in in_force(study, Arm)}
    if set(contents) != known or any(count < 1 for count in contents.values()):
        raise Invalid("kits are registered for every arm", errors={"contents": "each arm of the trial, 1 or more"})
    luck = secrets.SystemRandom()
    arms = [arm for arm, count in contents.items() for _ in range(count)]
    # Shuffled, so that neither the order of keys nor that of numbers follows the arms.
    luck.shuffle(arms)
    taken = set(Kit.objects.filter(study=study).values_list("number", flat=True))
    free = [number for number in map(str, range(10000, 100000)) if number not in taken]
    numbers = sorted(luck.sample(free, len(arms)))
    common = {"program": study.program, "study": study, "place": place}
    return act.create_many(Kit, [{**common, "number": n, "arm": arm} for n, arm in zip(numbers, arms, strict=True)])


@verb("clinical.randomise", "randomise an eligible subject", roles=SITE)
def randomise(act: Act, subject: Subject, *, stratum: str, on: dt.date | None = None) -> Randomisation:
    """Give the subject the next place in the stratum and a kit of the arm that stands there.

    `on` is the day where it is entered later, after an outage; the ledger keeps when it was entered.

    Raises:
        Invalid: there is no such stratum.
        Refused: the subject is not eligible or is randomised, the list is used up, or kits have run short.
    """
    study = taking_data(of_site(act, subject).study)
    listing = RandomisationList.objects.filter(study=study, is_void=False).first()
    if listing is None:
        raise Refused(f"{study} has no randomisation list", next="The unblinded statistician prepares it")
    if stratum not in listing.strata:
        raise Invalid("there is no such stratum", errors={"stratum": ", ".join(listing.strata)}, given=stratum)
    day = not_later(act, "on", on or act.now.date())
    consented(subject, day)
    _may_be_randomised(subject)
    used = Randomisation.objects.filter(study=study).values("slot")
    slot = listing.slots.filter(stratum=stratum).exclude(pk__in=used).order_by("number").first()
    if slot is None:
        raise Refused(
            "this stratum of the list is used up", given=stratum, next="The unblinded statistician extends it"
        )
    kit = _draw_kit(act, subject, slot)
    act.change(kit, state=Kit.State.ASSIGNED)
    if subject.state == Subject.State.SCREENED:
        studies.enroll(act, [subject], on=day)
    return act.create(
        Randomisation,
        program=study.program,
        study=study,
        subject=subject,
        slot=slot,
        kit=kit,
        stratum=stratum,
        number=Randomisation.objects.filter(study=study).count() + 1,
        on=day,
        at=act.now,
        by=worker(act),
    )


def _may_be_randomised(subject: Subject) -> None:
    if Randomisation.objects.filter(subject=subject).exists():
        raise Refused(f"{subject} is randomised", next="Who is randomised keeps the place")
    found = Eligibility.objects.filter(subject=subject, is_void=False).first()
    if found is None or not found.is_eligible or not subject.is_in_study:
        raise Refused(
            f"{subject} is not eligible",
            given="not decided" if found is None else subject.get_state_display(),
            allowed="eligible by the investigator's decision",
            next="The investigator answers the criteria first",
        )


def _draw_kit(act: Act, subject: Subject, slot: Slot) -> Kit:
    """Return a kit of the slot's arm, any of them at random: a rule such as the lowest number tells which are passed over.

    The refusal comes whenever any arm has run out here, whichever is next: else it would tell the arm.
    """
    kits = list(Kit.objects.filter(place=subject.place, state=Kit.State.AT_SITE, is_void=False).order_by("number"))
    arms = act.unseal(kits, "arm") if kits else []
    if not {one.code for one in in_force(subject.study, Arm)} <= set(arms):
        raise Refused("this site is short of kits", next="The unblinded statistician sends more; then randomise")
    wanted = act.unseal([slot], "arm")[0]
    return secrets.choice([kit for kit, arm in zip(kits, arms, strict=True) if arm == wanted])


def in_full(credentials: Credentials) -> Credentials:
    """Return credentials of which every component is asked again, however long the session has been open."""
    return replace(credentials, session_key="")


@verb(
    "clinical.break_blind", "break the code of one subject in an emergency",
    roles=(Role.INVESTIGATOR, Role.MEDICAL_MONITOR), signs=Meaning.PERFORMED,
)  # fmt: skip
def break_blind(act: Act, subject: Subject, *, credentials: Credentials) -> Disclosed:
    """Tell one subject's arm to who signs for it with every component, and write down who asked and why.

    It works on a locked trial and for a subject who has left: an emergency does not wait.

    Raises:
        Invalid: there is no reason.
        Refused: the subject is not randomised.
    """
    of_site(act, subject)
    if not act.reason:
        raise Invalid("say why the code has to be broken", errors={"reason": "needed"})
    found = Randomisation.objects.filter(subject=subject).select_related("slot").first()
    if found is None:
        raise Refused(f"{subject} is not randomised", next="There is no code to break")
    made = act.create(
        Unblinding,
        program=subject.program,
        study=subject.study,
        subject=subject,
        randomisation=found,
        reason=act.reason,
        at=act.now,
        by=worker(act),
    )
    sign(act, [made], Meaning.PERFORMED, in_full(credentials), statement=BROKEN)
    return Disclosed(made, _name(subject.study, act.unseal([found.slot], "arm")[0]))


def _name(study: Study, code: str) -> str:
    return next(one.name for one in in_force(study, Arm) if one.code == code)


@verb("clinical.open_list", "read the randomisation list", roles=UNBLINDED, signs=Meaning.PERFORMED)
def open_list(act: Act, listing: RandomisationList, *, credentials: Credentials) -> list[ListPlace]:
    """Tell the unblinded statistician the list with who stands where, for the committee that watches over safety.

    Raises:
        Invalid: there is no reason.
    """
    if not act.reason:
        raise Invalid("say for what the list is read", errors={"reason": "needed"})
    sign(
        act,
        [listing],
        Meaning.PERFORMED,
        in_full(credentials),
        statement="I read the randomisation list for the reason given, and show it to nobody who is blinded.",
    )
    slots = list(listing.slots.order_by("stratum", "number"))
    arms = act.unseal(slots, "arm")
    used = {
        one.slot_id: one for one in Randomisation.objects.filter(study=listing.study).select_related("subject", "kit")
    }
    found = []
    for slot, arm in zip(slots, arms, strict=True):
        one = used.get(slot.pk)
        who, kit = (one.subject.code, one.kit.number) if one else ("", "")
        found.append(ListPlace(slot.stratum, slot.number, who, kit, _name(listing.study, arm)))
    return found


@verb("clinical.unblind_trial", "unblind the locked trial", roles=UNBLINDED, signs=Meaning.PERFORMED)
def unblind_trial(
    act: Act, lock: DatabaseLock, *, credentials: Credentials, seen: Seen | None = None
) -> TrialUnblinding:
    """Open every allocation of a locked trial for its analysis.

    Raises:
        Refused: the database is not locked, or the trial is unblinded.
    """
    study: Any = lock.study
    lock.refresh_from_db(fields=["is_void", "version", "entry"])
    if lock.is_void:
        raise Refused(f"the database of {study} is not locked", next="Lock it first")
    if is_unblinded(study):
        raise Refused(f"{study} is unblinded", next="Analyse it")
    made = act.create(TrialUnblinding, program=study.program, study=study, lock=lock, at=act.now, by=worker(act))
    sign(act, [made], Meaning.PERFORMED, in_full(credentials), statement="I unblind this trial after its lock.")
    rows = list(Randomisation.objects.filter(study=study).select_related("slot", "subject").order_by("number"))
    arms = {one.code: one for one in in_force(study, Arm)}
    common = {"program": study.program, "study": study, "group": "", "sources": sources_of([lock])}
    opened = zip(rows, act.unseal([one.slot for one in rows], "arm"), strict=True)
    act.create_many(Allocation, [{**common, "subject": one.subject, "arm": arms[code]} for one, code in opened])
    return made
