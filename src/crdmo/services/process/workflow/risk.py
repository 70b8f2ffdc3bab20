"""Risk assessment in versions: drafted whole, approved by signature, compared with the one before."""

from __future__ import annotations

from collections.abc import Sequence

from crdmo.common.codes import next_code
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.computing.models import Result
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.thread import sources_of
from crdmo.foundation.refusals import Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..models import Attribute, Parameter, RiskAssessment, RiskLine
from .desks import ENGINEERS, Line, Seen, refuse, required

SCALES = ("severity", "occurrence", "detectability")


@verb("process.draft_risk", "draft a risk assessment", roles=ENGINEERS)
def draft_risk(
    act: Act, program: Program, *, title: str, lines: Sequence[Line], supersedes: RiskAssessment | None = None
) -> RiskAssessment:
    """Draft a version whole: a line is `parameter`, `attribute`, `failure`, the three scores, `justification`.

    A line may name its `evidence`, a result. A version after the first must cover what the one before covered.
    """
    errors = {} if lines else {"lines": "at least one"}
    seen = set()
    for i, line in enumerate(lines, 1):
        errors |= {f"line {i}, {place}": text for place, text in _wrong(program, line).items()}
        key = (getattr(line.get("parameter"), "pk", None), getattr(line.get("attribute"), "pk", None))
        if key in seen:
            errors[f"line {i}"] = "the same parameter and attribute stand in two lines"
        seen.add(key)
    if supersedes is not None:
        if supersedes.state != RiskAssessment.State.APPROVED or supersedes.program_id != program.id:
            raise Refused(
                f"{supersedes} is not the approved version",
                given=supersedes.get_state_display(),
                allowed="the approved version of this program",
            )
        before = set(supersedes.lines.filter(is_void=False).values_list("parameter_id", "attribute_id"))
        if before - seen:
            errors["lines"] = f"{len(before - seen)} of the risks of {supersedes} are missing; score them again"
    waiting = RiskAssessment.objects.filter(program=program, state="draft", is_void=False).first()
    if waiting is not None:
        raise Refused(f"{waiting} is on its way", next="Approve it first")
    if supersedes is None and RiskAssessment.objects.filter(program=program, is_void=False).exists():
        raise Refused("this program has a risk assessment", next="Draft its next version")
    refuse("this assessment is not complete; nothing was saved", {**errors, **required(title=title)})
    evidence = [line["evidence"] for line in lines if line.get("evidence") is not None]
    made = act.create(
        RiskAssessment,
        program=program,
        code=supersedes.code if supersedes else next_code(act, RiskAssessment, "RA", program),
        number=supersedes.number + 1 if supersedes else 1,
        title=title.strip(),
        supersedes=supersedes,
        sources=sources_of(list({one.pk: one for one in evidence}.values())),
    )
    names = ("parameter", "attribute", *SCALES)
    act.create_many(
        RiskLine,
        [
            {
                "program": program,
                "assessment": made,
                **{name: line[name] for name in names},
                "failure": line["failure"].strip(),
                "justification": line["justification"].strip(),
                "evidence": line.get("evidence"),
            }
            for line in lines
        ],
    )
    return made


def _wrong(program: Program, line: Line) -> dict[str, str]:
    found = required(failure=line.get("failure", ""), justification=line.get("justification", ""))
    for name, model in (("parameter", Parameter), ("attribute", Attribute)):
        one = line.get(name)
        if not isinstance(one, model) or one.program_id != program.id or one.is_void:
            found[name] = f"a {name} of this program"
    for name in SCALES:
        score = line.get(name)
        if not isinstance(score, int) or isinstance(score, bool) or not 1 <= score <= 10:
            found[name] = f"given {score!r}; allowed: 1 to 10"
    evidence = line.get("evidence")
    if evidence is not None and (not isinstance(evidence, Result) or evidence.program_id != program.id):
        found["evidence"] = "a result of this program"
    return found


@verb("process.approve_risk", "approve a risk assessment", roles=(Role.PROCESS_LEAD,), signs=Meaning.APPROVED)
def approve_risk(
    act: Act, assessment: RiskAssessment, *, credentials: Credentials, seen: Seen | None = None
) -> RiskAssessment:
    """Approve a draft by signature; by nobody who wrote it. The version before is superseded."""
    if assessment.state != RiskAssessment.State.DRAFT or assessment.is_void:
        raise Refused(f"{assessment} is no draft", given=assessment.get_state_display(), allowed="Draft")
    act.change(assessment, state=RiskAssessment.State.APPROVED)
    if assessment.supersedes is not None:
        act.change(assessment.supersedes, state=RiskAssessment.State.SUPERSEDED)
    lines = list(assessment.lines.all())
    sign(act, [assessment], Meaning.APPROVED, credentials, seen=seen, independent_of=lines)
    return assessment
