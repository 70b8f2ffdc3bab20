"""A trial is set up: study, protocol with its schedule and forms, sites, edit checks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from crdmo.common.studies import workflow as studies
from crdmo.common.studies.models import Activity, Place, ProtocolVersion, Study
from crdmo.common.studies.queries import in_force, latest_protocol
from crdmo.common.studies.workflow.states import open_study
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Organization, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning

from ..checks import OPERATORS, check_items
from ..expressions import Rule, tried
from ..models import EditCheck
from .desks import PLANNERS, Seen, taking_data

APPROVERS = (Role.MEDICAL_MONITOR,)


@verb("clinical.plan_trial", "plan a trial", roles=PLANNERS)
def plan_trial(
    act: Act,
    program: Program,
    *,
    code: str,
    title: str,
    phase: str,
    indication: str,
    criteria: Sequence[Mapping[str, Any]],
    strata: Sequence[str],
    target: int,
    endpoints: Mapping[str, Any],
    substance: Any = None,
) -> Study:
    """Enter a double-blind trial with its criteria, strata, number of subjects and endpoints.

    `endpoints` names the form and item that are compared, their baseline visit and the visit of the analysis, and the
    category of adverse events whose first one is the event of the analysis of time.

    Raises:
        Invalid: there is no criterion or stratum, one stands twice, or the number is not positive.
    """
    errors = {}
    codes = [str(one.get("code", "")) for one in criteria]
    if not codes or len(set(codes)) != len(codes) or any(one.get("kind") not in ("in", "out") for one in criteria):
        errors["criteria"] = "at least one, each with a code of its own and kind in or out"
    if not strata or len(set(strata)) != len(strata):
        errors["strata"] = "at least one, each once"
    if target < 1:
        errors["target"] = "1 or more"
    if missing := {"form", "item", "baseline", "visit", "event"} - set(endpoints):
        errors["endpoints"] = f"missing: {', '.join(sorted(missing))}"
    if errors:
        raise Invalid("this trial cannot be planned so; nothing was saved", errors=errors)
    details: dict[str, Any] = {"criteria": [dict(one) for one in criteria], "strata": list(strata), "target": target}
    details["endpoints"] = dict(endpoints)
    more: dict[str, Any] = {
        "phase": phase,
        "indication": indication,
        "blinding": Study.Blinding.DOUBLE,
        "details": details,
    }
    return studies.create_study(
        act, program, code=code, title=title, kind=Study.Kind.CLINICAL, substance=substance, design="parallel", **more
    )


@verb("clinical.design_trial", "write the protocol of a trial with its schedule and forms", roles=PLANNERS)
def design_trial(
    act: Act,
    study: Study,
    *,
    text: str,
    arms: Sequence[Mapping[str, Any]],
    epochs: Sequence[Mapping[str, Any]],
    visits: Sequence[Mapping[str, Any]],
    forms: Sequence[Mapping[str, Any]],
    schedule: Mapping[str, Sequence[str]],
) -> ProtocolVersion:
    """Write the first protocol: arms, epochs, visits with windows, forms with items, and which form is due when.

    Raises:
        Invalid: an item has no kind or a unit that is not known, or the schedule names what is not there.
    """
    errors = {f"{form.get('code')}/{k}": v for form in forms for k, v in check_items(form.get("items", [])).items()}
    places = {str(one["code"]) for one in visits}
    if odd := set(schedule) - places:
        errors["schedule"] = f"no such visit: {', '.join(sorted(odd))}"
    known = {str(one["code"]) for one in forms}
    if odd := {one for due in schedule.values() for one in due} - known:
        errors["schedule"] = f"no such form: {', '.join(sorted(odd))}"
    if errors:
        raise Invalid("this design cannot be used; nothing was saved", errors=errors)
    version = studies.draft_protocol(act, study, text=text)
    studies.add_arms(act, version, arms)
    made = {one.code: one for one in studies.add_epochs(act, version, epochs)}
    rows = [{**one, "epoch": made.get(str(one.get("epoch", "")))} for one in visits]
    stops = {one.code: one for one in studies.add_visits(act, version, rows)}
    papers = {one.code: one for one in studies.add_activities(act, version, forms)}
    studies.schedule(act, version, {stops[v]: [papers[f] for f in due] for v, due in schedule.items()})
    return studies.finalise_protocol(act, version)


@verb("clinical.approve_protocol", "approve the protocol of a trial", roles=APPROVERS, signs=Meaning.APPROVED)
def approve_protocol(
    act: Act, version: ProtocolVersion, *, credentials: Credentials, seen: Seen | None = None
) -> ProtocolVersion:
    """Approve the protocol as the sponsor's physician; with it the trial begins."""
    studies.sign_protocol(act, version, Meaning.APPROVED, credentials, seen=seen)
    return studies.put_in_force(act, version, [Meaning.APPROVED])


@verb("clinical.open_site", "open a site of a trial", roles=(*PLANNERS, Role.MONITOR))
def open_site(
    act: Act, study: Study, *, code: str, organization: Organization, lead: Person | None = None, country: str = ""
) -> Place:
    """Open a site: an organization of kind site, whose people see its subjects and no others.

    Raises:
        Invalid: the organization is no site, or the investigator is not of it.
    """
    taking_data(study)
    if organization.kind != Organization.Kind.SITE:
        raise Invalid("subjects are seen at a site", errors={"organization": "of kind site"}, given=str(organization))
    if lead is not None and lead.organization_id != organization.pk:
        raise Invalid("the investigator works at the site", errors={"lead": "a person of the site"}, given=str(lead))
    row = {"kind": Place.Kind.SITE, "code": code, "name": organization.name, "holder": organization, "lead": lead}
    return studies.add_places(act, study, [{**row, "country": country}])[0]


@verb("clinical.add_checks", "add edit checks to the forms of a trial", roles=(Role.DATA_MANAGER,))
def add_checks(act: Act, study: Study, rows: Sequence[Mapping[str, Any]]) -> list[EditCheck]:
    """Add rules between items, or between an item and a constant: form, code, item, operator, other or constant, message.

    Whether one `is_hard`, and the values with which it was tried (`examples`: holds, fires), may stand with it.

    Raises:
        Invalid: a form, item or operator is not there, the two items are of different kinds, a code is taken, or it does
            with its examples something else.
    """
    open_study(study)
    forms = {one.code: one for one in in_force(study, Activity, latest_protocol(study))}
    taken = set(EditCheck.objects.filter(study=study, is_void=False).values_list("code", flat=True))
    errors: dict[str, str] = {}
    values = []
    for number, row in enumerate(rows, 1):
        form = forms.get(row.get("form", ""))
        kinds = {item["code"]: item["kind"] for item in (form.items if form else [])}
        wrong = _rule_errors(row, kinds, taken) or _tried(row, form)
        errors |= {f"{number}/{k}": v for k, v in wrong.items()}
        taken.add(row.get("code", ""))
        values.append({**row, "program": study.program, "study": study, "form": form})
    if errors:
        raise Invalid("these checks cannot be used; nothing was saved", errors=errors)
    return act.create_many(EditCheck, values)


def _tried(row: Mapping[str, Any], form: Activity | None) -> dict[str, str]:
    """Return where a check does something else with its examples than was said of it."""
    rule = Rule(*(str(row.get(name, "")) for name in ("item", "operator", "other", "constant")))
    found = {}
    for wanted, values in row.get("examples", {}).items():
        said = tried(form.items if form else [], rule, values)
        if said != wanted:
            found[wanted] = f"with these values {rule} {said}"
    return found


def _rule_errors(row: Mapping[str, Any], kinds: Mapping[str, str], taken: set[str]) -> dict[str, str]:
    found = {}
    item, other = row.get("item", ""), row.get("other", "")
    if not kinds:
        found["form"] = "a form of the protocol"
    elif item not in kinds:
        found["item"] = f"one of: {', '.join(kinds)}"
    elif other and kinds.get(other) != kinds[item]:
        found["other"] = "an item of the same form and kind"
    if bool(other) == bool(row.get("constant", "")):
        found["other"] = "another item or a constant, one of them"
    if row.get("operator") not in OPERATORS:
        found["operator"] = ", ".join(OPERATORS)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}", row.get("code", "")) or row["code"] in taken:
        found["code"] = "a code of its own, up to 20 letters, digits, point, hyphen"
    if not row.get("message", "").strip():
        found["message"] = "what is asked"
    return found


@verb("clinical.retire_check", "retire an edit check", roles=(Role.DATA_MANAGER,))
def retire_check(act: Act, check: EditCheck) -> EditCheck:
    """Retire an edit check, with a reason; the queries that it opened stay."""
    if check.is_void:
        raise Refused(f"{check} is retired")
    return act.void(check)
