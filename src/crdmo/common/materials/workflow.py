"""The verbs of the physical thread. Every quantity that leaves a thing is a flow, and none can leave twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Organization, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused

from .models import Container, Custody, Flow, Lot, Sample, Substance
from .quantities import Quantity, converted, plain, quantity, total
from .queries import Thing, outflows, remaining

MATERIAL_KEEPERS = (Role.SAMPLE_MANAGER, Role.SUPERVISOR, Role.QA, Role.PROJECT_MANAGER)
HANDLERS = (Role.SAMPLE_MANAGER, Role.ANALYST, Role.SUPERVISOR, Role.STABILITY_COORDINATOR)


@verb("materials.register_substance", "register a substance or product", roles=MATERIAL_KEEPERS)
def register_substance(
    act: Act,
    program: Program,
    *,
    code: str,
    name: str,
    kind: str,
    smiles: str = "",
    cas: str = "",
    dosage_form: str = "",
    strength: str = "",
) -> Substance:
    """Register what lots will be lots of."""
    if Substance.objects.filter(program=program, code=code, is_void=False).exists():
        raise Invalid("this code is taken in the program", errors={"code": "taken"}, given=code)
    return act.create(
        Substance,
        program=program,
        code=code,
        name=name,
        kind=kind,
        smiles=smiles,
        cas=cas,
        dosage_form=dosage_form,
        strength=strength,
    )


@verb("materials.register_lot", "register a lot", roles=MATERIAL_KEEPERS)
def register_lot(
    act: Act,
    substance: Substance,
    *,
    amount: str,
    unit: str,
    code: str = "",
    made_on: dt.date | None = None,
    expires_on: dt.date | None = None,
    retest_on: dt.date | None = None,
    storage: str = "",
    maker: str = "",
    owner: Organization | None = None,
) -> Lot:
    """Register a lot in quarantine. It belongs to the sponsor unless another owner is named."""
    quantity(amount, unit)
    assert substance.program is not None
    code = code or next_code(act, Lot, "LOT", substance.program)
    if Lot.objects.filter(program=substance.program, code=code).exists():
        raise Invalid("this lot number is taken in the program", errors={"code": "taken"}, given=code)
    return act.create(
        Lot,
        program=substance.program,
        substance=substance,
        code=code,
        amount=amount,
        unit=unit,
        made_on=made_on,
        expires_on=expires_on,
        retest_on=retest_on,
        storage=storage,
        maker=maker,
        owner=owner or substance.program.sponsor,
    )


def _flow(act: Act, kind: str, source: Thing, amount: Quantity, *, to: Thing | None = None, note: str = "") -> Flow:
    """Let a quantity go from one thing to another.

    Raises:
        Refused: there is less left than is asked for, or owners or programs differ.
    """
    left = remaining(source)
    asked = converted(amount, left.unit)
    if asked.amount > left.amount:
        raise Refused(f"{source} does not hold that much", given=str(amount), allowed=f"at most {left}")
    if to is not None and (to.program_id != source.program_id or owner_of(to) != owner_of(source)):
        raise Refused("stock of different owners or programs is kept apart", given=f"{source} into {to}")
    places = {f"from_{type(source).__name__.lower()}": source}
    if to is not None:
        places[f"to_{type(to).__name__.lower()}"] = to
    return act.create(
        Flow,
        program=source.program,
        kind=kind,
        amount=plain(amount.amount),
        unit=amount.unit,
        at=act.now,
        note=note,
        **places,
    )


def owner_of(thing: Thing) -> object:
    """Return the key of the organization whose property a thing is."""
    return thing.owner_id if isinstance(thing, Lot) else thing.lot.owner_id


@verb("materials.split_lot", "split a lot", roles=MATERIAL_KEEPERS)
def split_lot(act: Act, lot: Lot, *, amount: str, unit: str, code: str = "") -> Lot:
    """Take a part of a lot as a lot of its own, of the same substance and dates."""
    part = _like(act, lot, quantity(amount, unit), code or next_code(act, Lot, "LOT", _program(lot)))
    _flow(act, Flow.Kind.SPLIT, lot, quantity(amount, unit), to=part)
    return part


def _program(thing: Thing) -> Program:
    assert thing.program is not None
    return thing.program


def _like(act: Act, lot: Lot, amount: Quantity, code: str) -> Lot:
    return act.create(
        Lot,
        program=lot.program,
        substance=lot.substance,
        code=code,
        amount=plain(amount.amount),
        unit=amount.unit,
        made_on=lot.made_on,
        expires_on=lot.expires_on,
        retest_on=lot.retest_on,
        storage=lot.storage,
        maker=lot.maker,
        owner=lot.owner,
    )


@verb("materials.merge_lots", "merge lots", roles=MATERIAL_KEEPERS)
def merge_lots(act: Act, lots: Sequence[Lot], *, code: str = "", kind: str = Flow.Kind.MERGE) -> Lot:
    """Bring all that is left of several lots of one substance into a new lot; the earliest expiry holds."""
    if len(lots) < 2 or len({lot.id for lot in lots}) != len(lots):
        raise Invalid("two or more different lots are merged", given=str(len(lots)))
    first = lots[0]
    if len({lot.substance_id for lot in lots}) > 1:
        raise Refused("only lots of one substance are merged", given=", ".join(lot.substance.code for lot in lots))
    left = [remaining(lot) for lot in lots]
    amount = total(left, first.unit)
    merged = _like(act, first, amount, code or next_code(act, Lot, "LOT", _program(first)))
    for lot, part in zip(lots, left, strict=True):
        _flow(act, kind, lot, part, to=merged)
    dates = [lot.expires_on for lot in lots if lot.expires_on]
    if dates and min(dates) != first.expires_on:
        raise Refused(
            "name the lot with the earliest expiry first: its dates are those of the merged lot",
            given=str(first.expires_on),
            allowed=str(min(dates)),
        )
    return merged


@verb("materials.fill_container", "fill a container", roles=MATERIAL_KEEPERS)
def fill_container(act: Act, lot: Lot, *, amount: str, unit: str, location: str, code: str = "") -> Container:
    """Put a part of a lot into a container at a place."""
    made = act.create(
        Container,
        program=lot.program,
        lot=lot,
        code=code or next_code(act, Container, "C", _program(lot)),
        amount=amount,
        unit=unit,
        location=location,
    )
    _flow(act, Flow.Kind.SPLIT, lot, quantity(amount, unit), to=made)
    return made


@verb("materials.register_sample", "register a sample", roles=(*HANDLERS, Role.QA))
def register_sample(
    act: Act,
    source: Lot | Container | Sample,
    *,
    purpose: str,
    amount: str,
    unit: str,
    taken_on: dt.date,
    due_on: dt.date | None = None,
    expires_on: dt.date | None = None,
    location: str = "",
    code: str = "",
) -> Sample:
    """Take a sample from a lot, a container or another sample; what is left there goes down by as much."""
    if taken_on > act.now.date() + dt.timedelta(days=1):
        raise Invalid("a sample is not taken in the future", errors={"taken_on": "in the future"}, given=str(taken_on))
    if isinstance(source, Sample):
        usable(source, taken_on)
    lot = source if isinstance(source, Lot) else source.lot
    sample = act.create(
        Sample,
        program=lot.program,
        lot=lot,
        parent=source if isinstance(source, Sample) else None,
        purpose=purpose,
        code=code or next_code(act, Sample, "S", _program(lot)),
        amount=amount,
        unit=unit,
        taken_on=taken_on,
        due_on=due_on,
        expires_on=expires_on,
        location=location,
    )
    _flow(act, Flow.Kind.SAMPLING, source, quantity(amount, unit), to=sample)
    _custody(act, sample, Custody.Step.REGISTERED, location)
    return sample


def _custody(act: Act, thing: Sample | Container, step: str, location: str, condition: str = "") -> Custody:
    place = {"sample": thing} if isinstance(thing, Sample) else {"container": thing}
    person = act.actor if isinstance(act.actor, Person) else None
    if person is None:
        raise Refused("custody is held by people", given=act.actor.printed_name)
    return act.create(
        Custody,
        program=thing.program,
        step=step,
        person=person,
        location=location,
        condition=condition,
        at=act.now,
        **place,
    )


@verb("materials.receive_sample", "receive a sample in the laboratory", roles=HANDLERS)
def receive_sample(
    act: Act, sample: Sample, *, location: str, condition: str = "intact", accepted: bool = True
) -> Sample:
    """Take a registered sample into the laboratory, or reject it there with its condition as the reason."""
    if sample.state != Sample.State.REGISTERED:
        raise Refused(f"{sample} was received before", given=sample.get_state_display(), allowed="Registered")
    if not condition.strip():
        raise Invalid("the condition on receipt is recorded", errors={"condition": "say how the sample arrived"})
    _custody(act, sample, Custody.Step.RECEIVED, location, condition)
    state = Sample.State.RECEIVED if accepted else Sample.State.REJECTED
    return act.change(
        sample, state=state, location=location, condition=condition, received_at=act.now, holder=_person(act)
    )


def _person(act: Act) -> Person | None:
    return act.actor if isinstance(act.actor, Person) else None


@verb("materials.move_sample", "move or hand out a sample", roles=HANDLERS)
def move_sample(
    act: Act, sample: Sample, *, location: str, holder: Person | None = None, step: str = "moved"
) -> Sample:
    """Record that a sample went to another place or another person's hands."""
    _in_house(sample)
    _custody(act, sample, step, location)
    return act.change(sample, location=location, holder=holder or _person(act))


def _in_house(sample: Sample) -> None:
    if sample.state in (Sample.State.DISPOSED, Sample.State.REJECTED) or sample.is_void:
        raise Refused(f"{sample} is no longer here", given=sample.get_state_display())


@verb("materials.use_sample", "use up a part of a sample", roles=HANDLERS)
def use_sample(act: Act, sample: Sample, *, amount: str, unit: str, note: str = "") -> Flow:
    """Record what a test took of a sample."""
    usable(sample, act.now.date())
    return _flow(act, Flow.Kind.USE, sample, quantity(amount, unit), note=note)


@verb("materials.retain_sample", "put a sample into retention", roles=HANDLERS)
def retain_sample(act: Act, sample: Sample, *, location: str) -> Sample:
    """Keep what is left of a sample."""
    _in_house(sample)
    _custody(act, sample, Custody.Step.MOVED, location)
    return act.change(sample, state=Sample.State.RETAINED, location=location)


@verb("materials.dispose_sample", "dispose of a sample", roles=(Role.SAMPLE_MANAGER, Role.SUPERVISOR))
def dispose_sample(act: Act, sample: Sample) -> Sample:
    """Dispose of what is left, with a reason; afterwards nothing can be taken or tested."""
    _in_house(sample)
    if not act.reason:
        raise Invalid("a disposal needs a reason", errors={"reason": "say why this is disposed of"})
    left = remaining(sample)
    if left.amount:
        _flow(act, Flow.Kind.DISPOSAL, sample, left)
    _custody(act, sample, Custody.Step.DISPOSED, sample.location)
    return act.change(sample, state=Sample.State.DISPOSED)


def usable(thing: Lot | Sample, on: dt.date) -> None:
    """Say nothing if a thing may be used or tested on a day.

    Raises:
        Refused: it is disposed of, rejected, void, past its expiry or its retest date.
    """
    if isinstance(thing, Sample):
        _in_house(thing)
        if thing.state == Sample.State.REGISTERED:
            raise Refused(f"{thing} has not been received", next="Receive it first")
    elif thing.status == Lot.Status.REJECTED or thing.is_void:
        raise Refused(f"{thing} is rejected")
    elif thing.retest_on and thing.retest_on < on:
        raise Refused(f"{thing} is due for retest", given=str(thing.retest_on), allowed=f"a date after {on}")
    if thing.expires_on and thing.expires_on < on:
        raise Refused(f"{thing} has expired", given=str(thing.expires_on), allowed=f"a date after {on}")


def consume(act: Act, source: Container | Lot, amount: Quantity, *, into: Lot, note: str = "") -> Flow:
    """Let a quantity go into a lot that is being made, from stock that is released and in date. Not a verb, as below.

    Raises:
        Refused: the stock is not released, past its dates, no longer here, another owner's, or less than is asked for.
    """
    stock = source if isinstance(source, Lot) else source.lot
    # A page may have read it before somebody put it on hold.
    stock.refresh_from_db(fields=["status", "expires_on", "retest_on", "is_void"])
    if stock.status != Lot.Status.RELEASED:
        raise Refused(f"{stock} is not released", given=stock.get_status_display(), allowed="Released")
    usable(stock, act.now.date())
    if isinstance(source, Container) and (source.state != "stored" or source.is_void):
        raise Refused(f"{source} holds nothing to use", given=source.get_state_display(), allowed="Stored")
    flow = _flow(act, Flow.Kind.CONSUMPTION, source, amount, to=into, note=note)
    if isinstance(source, Container) and not remaining(source).amount:
        act.change(source, state="empty")
    return flow


def put_back(act: Act, flow: Flow) -> None:
    """Void a flow out of a container, with a reason: what was taken is there again. Not a verb, as below."""
    act.void(flow)
    if flow.from_container is not None and flow.from_container.state == "empty":
        act.change(flow.from_container, state="stored")


def record_output(act: Act, lot: Lot, amount: str, *, made_on: dt.date, expires_on: dt.date | None) -> Lot:
    """Give a lot that was being made its amount and dates, once. Not a verb, as below."""
    if outflows(lot) or quantity(lot.amount, lot.unit).amount:
        raise Refused(f"{lot} has its amount", given=f"{lot.amount} {lot.unit}")
    return act.change(lot, amount=plain(quantity(amount, lot.unit).amount), made_on=made_on, expires_on=expires_on)


def change_status(act: Act, lot: Lot, status: str) -> Lot:
    """Move a lot to another status. Not a verb: a service decides by a verb of its own, with its gates."""
    return act.change(lot, status=status)
