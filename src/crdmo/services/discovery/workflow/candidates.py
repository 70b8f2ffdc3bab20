"""The target profile, and the nomination of a candidate: its form becomes the drug substance of the thread."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from crdmo.common.codes import next_code
from crdmo.common.materials import workflow as stock
from crdmo.common.materials.models import Substance
from crdmo.common.verbs import must_be, person_of, said
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of, stale_causes
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..models import Assay, Candidate, Compound, Form, Nomination, Potency, ProfileLine
from ..potency import shown
from .desks import CHEMISTS, LEADS, Seen

Kind = ProfileLine.Kind


@dataclass(frozen=True)
class Judged:
    """A line of the profile against a compound: what was found, whether it is met, and in words where nothing is known."""

    line: ProfileLine
    found: str
    met: bool


@verb("discovery.set_profile_line", "set a line of the target profile", roles=LEADS)
def set_profile_line(act: Act, program: Program, *, kind: str, limit: str, assay: Assay | None = None) -> ProfileLine:
    """Set a line of the target profile: a potency in an assay at least, or a property at most."""
    if kind not in Kind.values:
        raise Invalid("there is no such line", errors={"kind": ", ".join(Kind.values)}, given=kind)
    if (kind == Kind.POTENCY) != (assay is not None):
        raise Invalid("a potency, and only a potency, names its assay", errors={"assay": "needed for a potency"})
    if assay is not None and assay.program_id != program.id:
        raise Refused("this assay is not of the program", given=str(assay))
    try:
        good = Decimal(limit).is_finite()
    except InvalidOperation:
        good = False
    if not good:
        raise Invalid("a limit is a number", errors={"limit": "such as 7.5"}, given=limit)
    if ProfileLine.objects.filter(program=program, kind=kind, assay=assay, is_void=False).exists():
        raise Refused("this line is set already", given=f"{Kind(kind).label}", next="Take it out with a reason first")
    return act.create(ProfileLine, program=program, kind=kind, assay=assay, limit=limit)


@verb("discovery.drop_profile_line", "take a line out of the target profile", roles=LEADS)
def drop_profile_line(act: Act, line: ProfileLine) -> ProfileLine:
    """Take a line out, with a reason."""
    return act.void(line)


def judge(compound: Compound) -> list[Judged]:
    """Return the target profile of a program, line by line, against a compound."""
    lines = ProfileLine.objects.filter(program=compound.program_id, is_void=False).select_related("assay")
    made = compound.computed.output
    properties = {
        Kind.WEIGHT: float(compound.weight),
        Kind.LOG_P: float(made["properties"]["log_p"]),
        Kind.TPSA: float(made["properties"]["tpsa"]),
    }
    answers = []
    for line in lines.order_by("kind", "entry"):
        if line.kind != Kind.POTENCY:
            value = properties[Kind(line.kind)]
            answers.append(Judged(line, f"{value:.2f}", value <= float(line.limit)))
            continue
        known = Potency.objects.filter(compound=compound, assay=line.assay, is_void=False).first()
        told = shown(known.computed.output) if known is not None else None
        met = told is not None and told.qualifier != "<" and told.value >= float(line.limit)
        answers.append(Judged(line, told.text if told is not None else "not measured", met))
    return answers


@verb("discovery.propose_candidate", "propose a candidate", roles=CHEMISTS)
def propose_candidate(
    act: Act, form: Form, *, code: str, name: str, statement: str, deviations: str = ""
) -> Nomination:
    """Propose a form as the candidate: the results that carry it are named by version, the profile is judged line by line.

    A line of the profile that is not met asks for its reason.
    """
    said(code=code, name=name, statement=statement)
    compound = form.compound
    if Nomination.objects.filter(program=form.program, form__compound=compound, is_void=False).exists():
        raise Refused(f"{compound} is nominated already")
    potencies = list(Potency.objects.filter(compound=compound, is_void=False).select_related("computed"))
    if not potencies:
        raise Refused(f"{compound} has no reported potency", next="Accept a run in which its curve is approved")
    profile = judge(compound)
    if not profile:
        raise Refused("the program has no target profile", next="Set its lines first")
    missed = [one for one in profile if not one.met]
    if missed and not deviations.strip():
        raise Invalid(
            "lines of the profile are not met; each asks for its reason",
            errors={"deviations": "; ".join(f"{one.line}: {one.found}" for one in missed)[:300]},
        )
    assert form.program is not None
    if Substance.objects.filter(program=form.program, code=code.strip(), is_void=False).exists():
        raise Invalid("this code is taken in the program", errors={"code": "taken"}, given=code)
    results = [compound.computed, *(one.computed for one in potencies)]
    return act.create(
        Nomination,
        program=form.program,
        code=next_code(act, Nomination, "CAN", form.program),
        form=form,
        substance_code=code.strip(),
        substance_name=name.strip(),
        statement=statement.strip(),
        profile=[{"line": str(one.line), "found": one.found, "met": one.met} for one in profile],
        deviations=deviations.strip(),
        proposed_by=person_of(act),
        sources=sources_of([compound, *potencies, *results, *(one.line for one in profile)]),
    )


@verb("discovery.nominate", "nominate a candidate", roles=LEADS, signs=Meaning.APPROVED)
def nominate(act: Act, nomination: Nomination, *, credentials: Credentials, seen: Seen | None = None) -> Nomination:
    """Approve a proposed candidate by signature; it becomes the drug substance that lots are lots of.

    Nobody approves their own proposal, and none that stands on data changed since.
    """
    must_be(nomination, Nomination.State.PROPOSED)
    if stale_causes([nomination.id]):
        raise Refused(f"{nomination} stands on data changed since", next="Take it back and propose it anew")
    assert nomination.program is not None
    substance = stock.register_substance.within(
        act,
        nomination.program,
        code=nomination.substance_code,
        name=nomination.substance_name,
        kind="drug_substance",
        smiles=nomination.form.compound.smiles,
    )
    act.change(nomination, state=Nomination.State.APPROVED)
    act.create(Candidate, program=nomination.program, nomination=nomination, substance_key=substance.pk)
    sign(act, [nomination], Meaning.APPROVED, credentials, seen=seen)
    return nomination


@verb("discovery.withdraw_proposal", "take back the proposal of a candidate", roles=CHEMISTS)
def withdraw_proposal(act: Act, nomination: Nomination) -> Nomination:
    """Take back a proposal that is not approved, with a reason."""
    must_be(nomination, Nomination.State.PROPOSED)
    return act.void(nomination)


__all__ = [
    "Judged", "drop_profile_line", "judge", "nominate", "propose_candidate", "set_profile_line", "withdraw_proposal",
]  # fmt: skip
