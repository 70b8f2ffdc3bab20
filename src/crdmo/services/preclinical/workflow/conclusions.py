"""Effects by dose group, judged by the study director, and the NOAEL that stands on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crdmo.common.studies.models import Arm, Finding, Study
from crdmo.common.studies.queries import in_force
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.computing.models import Result
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.ledger.thread import sources_of, stale_causes
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..models import Analysis, Effect, Noael
from .desks import DIRECTOR, Seen, as_director, said


@verb("preclinical.judge_effect", "judge an effect of treatment", roles=DIRECTOR)
def judge_effect(
    act: Act,
    study: Study,
    *,
    arm: Arm,
    sex: str,
    title: str,
    is_adverse: bool,
    judgement: str,
    evidence: Sequence[Record],
) -> Effect:
    """Judge what was seen in a dose group, adverse or not, by the findings and results that show it.

    Raises:
        Invalid: nothing is named that shows it, or it is of another study.
        Refused: the study is locked, or the NOAEL is signed.
    """
    as_director(act, study)
    _open(study)
    said(title=title, judgement=judgement)
    if arm.study_id != study.id or arm.is_void:
        raise Invalid("the group is one of this study", errors={"arm": "not of this study"}, given=str(arm))
    _evidence(study, evidence)
    return act.create(
        Effect,
        program=study.program,
        study=study,
        arm=arm,
        sex=sex,
        title=title.strip(),
        is_adverse=is_adverse,
        judgement=judgement.strip(),
        sources=sources_of(evidence),
    )


def _open(study: Study) -> None:
    if study.state == Study.State.LOCKED:
        raise Refused(f"{study} is locked", next="What is reported is changed by an amendment of the report only")
    if Noael.objects.filter(study=study, state="signed", is_void=False).exists():
        raise Refused(
            f"the NOAEL of {study} is signed", next="Void the NOAEL with a reason, judge the effect, and conclude anew"
        )


def _evidence(study: Study, evidence: Sequence[Record]) -> None:
    if not evidence:
        raise Invalid("an effect is shown by findings or results", errors={"evidence": "name at least one"})
    results = set(Analysis.objects.filter(study=study, is_void=False).values_list("result_id", flat=True))
    for one in evidence:
        mine = (isinstance(one, Finding) and one.study_id == study.id) or (
            isinstance(one, Result) and one.id in results
        )
        if not mine or one.is_void:
            raise Invalid("the evidence is of this study", errors={"evidence": "not of this study"}, given=str(one))
    if stale := stale_causes(one.id for one in evidence):
        first = next(one for one in evidence if one.id in stale)
        raise Refused(f"{first} stands on data changed since", given="stale", next="Compute it anew first")


@verb("preclinical.void_effect", "withdraw a judgement on an effect", roles=DIRECTOR)
def void_effect(act: Act, effect: Effect) -> Effect:
    """Void a judgement, with a reason."""
    as_director(act, effect.study)
    _open(effect.study)
    return act.void(effect)


def dose_of(arm: Arm) -> Decimal:
    """Return the dose of a group; a control has none."""
    return Decimal(arm.dose or "0")


@verb("preclinical.conclude_noael", "conclude the NOAEL", roles=DIRECTOR, signs=Meaning.CERTIFIED)
def conclude_noael(
    act: Act,
    study: Study,
    *,
    arm: Arm,
    sex: str,
    rationale: str,
    credentials: Credentials,
    justified: Mapping[str, str] | None = None,
    seen: Seen | None = None,
) -> Noael:
    """Conclude and sign the highest dose without an adverse effect. It is a judgement, not a p-value.

    `justified` says, by the key of an effect, why an adverse effect at or below this dose does not count.

    Raises:
        Invalid: the group is no dose group of this study, or nothing is said.
        Refused: a dose group has no judged effect, evidence is stale, or an adverse effect stands at or below the dose.
    """
    as_director(act, study)
    _open(study)
    said(rationale=rationale)
    doses = [one for one in in_force(study, Arm) if not one.is_control]
    if arm.id not in {one.id for one in doses}:
        raise Invalid("a NOAEL is a dose of this study", errors={"arm": "a dose group in force"}, given=str(arm))
    effects = _effects(study, sex)
    covered = {one.arm_id for one in effects}
    if missing := [str(one) for one in doses if one.id not in covered]:
        raise Refused(
            f"the NOAEL of {study} lacks evidence",
            given=f"nothing is judged in {', '.join(missing)}",
            allowed="for each dose group an effect, or that there is none, with its findings or results",
            next="Judge the effects first",
        )
    reasons = {str(key): text.strip() for key, text in (justified or {}).items() if text.strip()}
    against = [one for one in effects if one.is_adverse and dose_of(one.arm) <= dose_of(arm)]
    if open_ones := [one for one in against if str(one.id) not in reasons]:
        raise Refused(
            f"an adverse effect stands at or below {arm.dose} {arm.unit}",
            given="; ".join(str(one) for one in open_ones),
            allowed="a lower dose, or why the effect does not count",
            next="Choose a lower dose, or justify each of these effects",
        )
    if stale := stale_causes(one.id for one in effects):
        first = next(one for one in effects if one.id in stale)
        raise Refused(f"{first} stands on data changed since", given="stale", next="Judge it anew")
    made = act.create(
        Noael,
        program=study.program,
        study=study,
        arm=arm,
        sex=sex,
        dose=arm.dose,
        unit=arm.unit,
        rationale=rationale.strip(),
        justified={key: text for key, text in reasons.items() if key in {str(one.id) for one in against}},
        exposure=exposure_at(study, arm),
        sources=sources_of([*effects, *_kinetics(study)]),
        state="signed",
    )
    sign(act, [made], Meaning.CERTIFIED, credentials, seen=seen)
    return made


def _effects(study: Study, sex: str) -> list[Effect]:
    rows = Effect.objects.filter(study=study, is_void=False).select_related("arm").order_by("arm__position", "entry")
    return [one for one in rows if sex in (one.sex, "B") or one.sex == "B"]


def _kinetics(study: Study) -> list[Result]:
    rows = Analysis.objects.filter(study=study, kind=Analysis.Kind.TOXICOKINETICS, is_void=False)
    return [one.result for one in rows.select_related("result")]


def exposure_at(study: Study, arm: Arm) -> list[dict[str, Any]]:
    """Return the mean exposure of a group by day and sex, for the margin that a first dose in humans is judged by."""
    from ..toxicokinetics import means  # noqa: PLC0415 — reads analyses, which stand beside these

    return [line for line in means(study) if line["arm"] == arm.code]


@verb("preclinical.void_noael", "withdraw a NOAEL", roles=DIRECTOR)
def void_noael(act: Act, noael: Noael) -> Noael:
    """Void a NOAEL before the report, with a reason, to conclude anew."""
    as_director(act, noael.study)
    if noael.study.reports.filter(is_void=False).exists():
        raise Refused(f"{noael} is reported", next="Amend the report")
    return act.void(noael)
