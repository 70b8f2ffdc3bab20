"""A trial is built piece by piece on a draft of its protocol: arms, epochs, visits, forms, schedule; and amended the same way.

A piece that the draft brought itself is made anew, with a reason; in an amendment what stood before ends, and what takes its
place begins with it.
Data stay with the form by which they were entered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from crdmo.common.studies import workflow as studies
from crdmo.common.studies.models import Activity, Arm, Epoch, ProtocolVersion, ScheduledActivity, Study, Visit
from crdmo.common.studies.queries import in_force, protocol_in_force
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.refusals import Invalid, Refused

from ..checks import check_items
from .desks import PLANNERS

T = TypeVar("T")
# The domains of findings that forms can be taken out in.
DOMAINS = ("EG", "LB", "QS", "VS")
KINDS: dict[str, type[Any]] = {"arm": Arm, "epoch": Epoch, "visit": Visit, "form": Activity}
# Why a piece of a draft was made again, where nobody says more.
WORKED_ON = "The draft is worked on"


def draft_of(study: Study) -> ProtocolVersion | None:
    """Return the version of the protocol that is worked on."""
    return study.protocols.filter(state=ProtocolVersion.State.DRAFT, is_void=False).first()


def _draft(study: Study) -> ProtocolVersion:
    found = draft_of(study)
    if found is None:
        raise Refused(
            f"no protocol of {study} is being drafted", given="no draft", allowed="a draft",
            next="Draft the protocol, or an amendment of the one in force",
        )  # fmt: skip
    return found


@verb("clinical.draft_protocol", "draft the protocol of a trial, or an amendment", roles=PLANNERS)
def draft_protocol(act: Act, study: Study, *, text: str) -> ProtocolVersion:
    """Begin the protocol of a trial; where one is in force, an amendment of it, with a reason.

    Raises:
        Invalid: there is no text, or an amendment has no reason.
        Refused: a version is on its way already.
    """
    if not text.strip():
        raise Invalid("a protocol has a text", errors={"text": "needed: purpose, endpoints, statistics"})
    # A form sends its lines with a carriage return: by that alone no text is another one.
    words = text.replace("\r\n", "\n").strip()
    if protocol_in_force(study) is None:
        return studies.draft_protocol(act, study, text=words)
    return studies.amend_protocol(act, study, text=words)


@verb("clinical.add_arm", "add an arm to the draft of a trial", roles=PLANNERS)
def add_arm(act: Act, study: Study, row: Mapping[str, Any]) -> Arm:
    """Add an arm: code, name, ratio, treatment, dose, unit, is_control.

    Raises:
        Refused: the draft is an amendment: the list was drawn for the arms that stand.
    """
    return _loose(lambda: studies.add_arms(act, _first(_draft(study)), [row])[0])


@verb("clinical.add_epoch", "add an epoch to the draft of a trial", roles=PLANNERS)
def add_epoch(act: Act, study: Study, row: Mapping[str, Any]) -> Epoch:
    """Add an epoch: code and name, in the order in which they follow."""
    return _loose(lambda: studies.add_epochs(act, _draft(study), [row])[0])


@verb("clinical.put_visit", "put a visit into the draft of a trial", roles=PLANNERS)
def put_visit(act: Act, study: Study, row: Mapping[str, Any]) -> Visit:
    """Put a visit in, or in the place of the one of its code: code, name, day, before, after, epoch. Its marks go with it.

    Raises:
        Invalid: the epoch is not there, the day is 0, or nothing would change.
    """
    version = _draft(study)
    epochs = {one.code: one for one in in_force(study, Epoch, version)}
    wanted = str(row.get("epoch") or "")
    if wanted not in epochs:
        raise Invalid(
            "a visit lies in an epoch", errors={"epoch": f"one of: {', '.join(epochs) or 'none yet, add one first'}"}, given=wanted
        )  # fmt: skip
    values = {**row, "epoch": epochs[wanted]}
    stands = _standing(study, version, Visit, str(row.get("code", "")))
    if stands is None:
        return _loose(lambda: studies.add_visits(act, version, [values])[0])
    if all(getattr(stands, name) == value for name, value in values.items()):
        raise Invalid("this is how the visit stands", errors={"code": "change something of it"}, given=stands.code)
    due = [one.activity for one in _marks(study, version) if one.visit_id == stands.pk]
    _remove(act, version, stands)
    made = _loose(lambda: studies.add_visits(act, version, [{**values, "position": stands.position}])[0])
    studies.schedule(act, version, {made: due})
    return made


@verb("clinical.put_form", "put a form into the draft of a trial", roles=PLANNERS)
def put_form(
    act: Act, study: Study, *, code: str, name: str, items: Sequence[Mapping[str, Any]], domain: str = ""
) -> Activity:
    """Put a form with its items in, or in the place of the one of its code; it is due where that was due.

    Raises:
        Invalid: an item has no kind, a unit that is not known or a code that stands twice; or nothing would change.
    """
    version = _draft(study)
    errors = check_items(items)
    if not items:
        errors["items"] = "at least one"
    if domain and domain not in DOMAINS:
        errors["domain"] = f"{', '.join(DOMAINS)}, or none"
    if errors:
        raise Invalid("this form cannot be used; nothing was saved", errors=errors)
    row: dict[str, Any] = {
        "code": code.strip(),
        "name": name.strip(),
        "domain": domain,
        "items": [dict(one) for one in items],
    }
    stands = _standing(study, version, Activity, row["code"])
    if stands is None:
        return _loose(lambda: studies.add_activities(act, version, [row])[0])
    if all(getattr(stands, key) == value for key, value in row.items()):
        raise Invalid("this is how the form stands", errors={"items": "change something of it"}, given=stands.code)
    visits = [one.visit for one in _marks(study, version) if one.activity_id == stands.pk]
    _remove(act, version, stands)
    made = _loose(lambda: studies.add_activities(act, version, [{**row, "position": stands.position}])[0])
    studies.schedule(act, version, {one: [made] for one in visits})
    return made


@verb("clinical.schedule_forms", "say which form is due at which visit", roles=PLANNERS)
def schedule_forms(act: Act, study: Study, due: Mapping[str, Sequence[str]]) -> list[ScheduledActivity]:
    """Set the schedule of activities whole: by code of visit, the codes of the forms that are due at it.

    Raises:
        Invalid: a visit or form is not in the draft, or nothing would change.
    """
    version = _draft(study)
    visits = {one.code: one for one in in_force(study, Visit, version)}
    forms = {one.code: one for one in in_force(study, Activity, version)}
    wanted = {(visit, form) for visit, codes in due.items() for form in codes}
    if odd := sorted(
        {visit for visit in due if visit not in visits} | {form for _, form in wanted if form not in forms}
    ):
        raise Invalid("the schedule names what is not there", errors={"due": f"no visit or form: {', '.join(odd)}"})
    stands = {(one.visit.code, one.activity.code): one for one in _marks(study, version)}
    if wanted == set(stands):
        raise Invalid("this is the schedule that stands", errors={"due": "set or take away a mark"})
    for key in sorted(set(stands) - wanted):
        _end(act, version, stands[key])
    added: dict[Visit, list[Activity]] = {}
    for visit, form in sorted(wanted - set(stands)):
        added.setdefault(visits[visit], []).append(forms[form])
    studies.schedule(act, version, added)
    return _marks(study, version)


@verb("clinical.take_out", "take a piece out of the draft of a trial", roles=PLANNERS)
def take_out(act: Act, study: Study, *, kind: str, code: str) -> Record:
    """Take an arm, an epoch, a visit or a form out of the draft; in an amendment it ends, and what was recorded stays.

    Raises:
        Invalid: there is none of this code, or a visit lies in the epoch.
        Refused: an arm of an amendment.
    """
    version = _draft(study)
    if kind not in KINDS:
        raise Invalid("this is no piece of a protocol", errors={"kind": ", ".join(KINDS)}, given=kind)
    found = _standing(study, version, KINDS[kind], code)
    if found is None:
        raise Invalid(f"there is no such {kind} in the draft", errors={"code": "not there"}, given=code)
    if isinstance(found, Arm):
        _first(version)
    if isinstance(found, Epoch) and any(one.epoch_id == found.pk for one in in_force(study, Visit, version)):
        raise Invalid("visits lie in this epoch", errors={"code": "take its visits out first"}, given=code)
    return _remove(act, version, found)


@verb("clinical.offer_protocol", "offer the draft of a trial's protocol for approval", roles=PLANNERS)
def offer_protocol(act: Act, study: Study) -> ProtocolVersion:
    """Offer the draft to the sponsor's physician: its design is written into it whole, and changes no more.

    Raises:
        Invalid: something is missing, a form is due nowhere, or an endpoint is not recorded; every point is named.
    """
    version = _draft(study)
    if lacks := missing(study, version):
        raise Invalid("this protocol is not complete; nothing was saved", errors=lacks)
    return studies.finalise_protocol(act, version)


@verb("clinical.discard_protocol", "discard a draft of a trial's protocol", roles=PLANNERS)
def discard_protocol(act: Act, version: ProtocolVersion) -> ProtocolVersion:
    """Void a version that is not in force, with a reason: what it brought goes, what it was to end stays."""
    return studies.discard_protocol(act, version)


def missing(study: Study, version: ProtocolVersion) -> dict[str, str]:
    """Return what a draft lacks before it can be offered, by piece, in the order of work."""
    arms, epochs = in_force(study, Arm, version), in_force(study, Epoch, version)
    visits, forms = in_force(study, Visit, version), in_force(study, Activity, version)
    marks = {(one.visit.code, one.activity.code) for one in _marks(study, version)}
    found = {}
    if len(arms) < 2:
        found["arms"] = f"two or more; there are {len(arms)}"
    if not epochs:
        found["epochs"] = "at least one, such as screening and treatment"
    if not visits:
        found["visits"] = "at least one"
    if not forms:
        found["forms"] = "at least one"
    if idle := [one.code for one in forms if one.code not in {form for _, form in marks}]:
        found["schedule"] = f"due at no visit: {', '.join(idle)}"
    wanted = study.details.get("endpoints", {})
    items = {one.code: {item["code"] for item in one.items} for one in forms}
    if wanted and wanted["item"] not in items.get(wanted["form"], set()):
        found["endpoint"] = f"no form {wanted['form']} with item {wanted['item']}, which the endpoint compares"
    elif wanted and (
        gone := [wanted[one] for one in ("baseline", "visit") if (wanted[one], wanted["form"]) not in marks]
    ):
        found["endpoint"] = f"form {wanted['form']} is not due at {', '.join(gone)}, where the endpoint is read"
    return found


def _first(version: ProtocolVersion) -> ProtocolVersion:
    if version.is_amendment:
        raise Refused(
            "the arms of a trial stand", given=str(version), allowed="the first version",
            next="The randomisation list was drawn for them; other arms are another trial",
        )  # fmt: skip
    return version


def _loose(do: Callable[[], T]) -> T:
    """Return what a step makes; an error about its only row is told at the field."""
    try:
        return do()
    except Invalid as refused:
        errors = {place.removeprefix("1/"): why for place, why in refused.errors.items()}
        raise Invalid(refused.what, errors=errors, given=refused.given) from refused


def _standing(study: Study, version: ProtocolVersion, model: type[Any], code: str) -> Any:
    return next((one for one in in_force(study, model, version) if one.code == code.strip()), None)


def _marks(study: Study, version: ProtocolVersion) -> list[ScheduledActivity]:
    return in_force(study, ScheduledActivity, version)


def _remove(act: Act, version: ProtocolVersion, element: Any) -> Record:
    for one in _marks(version.study, version):
        if element.pk in (one.visit_id, one.activity_id):
            _end(act, version, one)
    return _end(act, version, element)


def _end(act: Act, version: ProtocolVersion, element: Any) -> Record:
    """Drop what this draft brought; let end what an earlier version brought."""
    if element.since_id == version.pk:
        return studies.drop(act, version, element)
    return studies.retire(act, version, [element])[0]
