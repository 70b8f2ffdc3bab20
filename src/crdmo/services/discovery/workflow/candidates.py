"""The target profile, and the nomination of a candidate: its form becomes the drug substance of the thread."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from crdmo.common.codes import next_code
from crdmo.common.materials import workflow as stock
from crdmo.common.verbs import person_of, said
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of, stale_causes
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..models import Assay, Compound, Form, Nomination, Potency, ProfileLine
from ..potency import shown
from .desks import LEADS, Seen

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


@verb("discovery.nominate", "nominate a candidate", roles=LEADS, signs=Meaning.APPROVED)
def nominate(
    act: Act,
    form: Form,
    *,
    code: str,
    name: str,
    statement: str,
    credentials: Credentials,
    deviations: str = "",
    seen: Seen | None = None,
) -> Nomination:
    """Nominate a form as the candidate, by signature; it becomes the drug substance that lots are lots of.

    The results that carry it are named by version. A line of the profile that is not met asks for its reason.
    """
    said(code=code, name=name, statement=statement)
    compound = form.compound
    if Nomination.objects.filter(program=form.program, form__compound=compound, is_void=False).exists():
        raise Refused(f"{compound} is nominated already")
    potencies = list(Potency.objects.filter(compound=compound, is_void=False).select_related("computed"))
    if not potencies:
        raise Refused(f"{compound} has no reported potency", next="Accept a run in which its curve is approved")
    results = [compound.computed, *(one.computed for one in potencies)]
    if stale_causes([one.id for one in results]):
        raise Refused(f"results of {compound} stand on data changed since", next="Compute them anew")
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
    substance = stock.register_substance.within(
        act, form.program, code=code.strip(), name=name.strip(), kind="drug_substance", smiles=compound.smiles
    )
    made = act.create(
        Nomination,
        program=form.program,
        code=next_code(act, Nomination, "CAN", form.program),
        form=form,
        substance_key=substance.pk,
        statement=statement.strip(),
        profile=[{"line": str(one.line), "found": one.found, "met": one.met} for one in profile],
        deviations=deviations.strip(),
        nominated_by=person_of(act),
        sources=sources_of([compound, *potencies, *results, *(one.line for one in profile)]),
    )
    sign(act, [made], Meaning.APPROVED, credentials, seen=seen, independent_of=[compound])
    return made


__all__ = ["Judged", "drop_profile_line", "judge", "nominate", "set_profile_line"]
