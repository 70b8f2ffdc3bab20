"""Applications and their plan: opened once, numbered by the agency; each expected heading has somebody who brings it."""

from __future__ import annotations

import datetime as dt

from crdmo.common.codes import next_code
from crdmo.common.verbs import said
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid
from crdmo.standards import ectd
from crdmo.standards.ectd.paths import slug
from crdmo.standards.ectd.regional_us import APPLICATION_NUMBER

from ..models import Application, HeadingPlan
from ..refusing import as_invalid
from .desks import DESK

NEEDED = ("number", "agency", "applicant", "product_name", "substance", "substance_maker", "contact_name",
          "contact_telephone", "contact_email")  # fmt: skip


@verb("regulatory.open_application", "open an application", roles=DESK)
def open_application(
    act: Act, program: Program, *, kind: str, number: str, agency: str, applicant: str, product_name: str,
    substance: str, substance_maker: str, contact_name: str, contact_telephone: str, contact_email: str,
    applicant_id: str = "", dosage_form: str = "", product_maker: str = "", indication: str = "",
) -> Application:  # fmt: skip
    """Open an application. What tells headings apart is written here once, so that it has one spelling.

    Raises:
        Invalid: something is missing, the number is none of the agency's, or another application has it.
    """
    if kind not in Application.Kind.values:
        raise Invalid("choose from the list", errors={"kind": "one of the list"}, given=kind)
    given = {
        "number": number, "agency": agency, "applicant": applicant, "product_name": product_name,
        "substance": substance, "substance_maker": substance_maker, "contact_name": contact_name,
        "contact_telephone": contact_telephone, "contact_email": contact_email, "applicant_id": applicant_id,
        "dosage_form": dosage_form, "product_maker": product_maker, "indication": indication,
    }  # fmt: skip
    given = {name: " ".join(text.split()) for name, text in given.items()}
    said(**{name: given[name] for name in NEEDED})
    if kind in ("IND", "NDA"):
        said(applicant_id=given["applicant_id"])
        if not APPLICATION_NUMBER.fullmatch(given["number"]):
            raise Invalid(
                "this is no application number of the FDA", errors={"number": "six digits"}, given=number,
                next="The agency gives it before the first sequence",
            )  # fmt: skip
    _agency(kind, given["agency"])
    for name in ("product_name", "substance", "substance_maker", "dosage_form", "product_maker", "indication"):
        if given[name]:
            with as_invalid(name):
                slug(given[name])
    same = Application.objects.filter(program=program, number=given["number"], agency=given["agency"], is_void=False)
    if same.exists():
        raise Invalid("this application is open already", errors={"number": "taken"}, given=given["number"])
    code = next_code(act, Application, "APP", program)
    return act.create(Application, program=program, code=code, kind=kind, **given)


def _agency(kind: str, agency: str) -> None:
    us = kind in ("IND", "NDA")
    good = agency == "US-FDA" if us else agency[:3] != "US-" and len(agency) > 3 and agency[2:3] == "-"
    if not good:
        allowed = "US-FDA" if us else "a code of the EU list, such as EU-EMA or SE-MPA"
        raise Invalid(
            "this agency takes no such application", errors={"agency": allowed}, given=agency, allowed=allowed
        )


@verb("regulatory.plan_heading", "plan a heading of an application", roles=DESK)
def plan_heading(
    act: Act,
    application: Application,
    *,
    section: str,
    owner: Person | None = None,
    due_on: dt.date | None = None,
    not_applicable: str = "",
) -> HeadingPlan:
    """Say who brings the documents of a heading and until when, or why it stays empty.

    Raises:
        Invalid: there is no such heading, or neither or both are said.
    """
    with as_invalid("section"):
        found = ectd.place_of(ectd.Region(application.region), section)
    if bool(owner) == bool(not_applicable.strip()):
        raise Invalid(
            "a heading has an owner, or a reason to stay empty", given="both" if owner else "neither",
            errors={"owner": "an owner, or a reason"},
        )  # fmt: skip
    for before in HeadingPlan.objects.filter(application=application, section=found.section, is_void=False):
        act.reason = act.reason or "planned anew"
        act.void(before)
    return act.create(
        HeadingPlan, program=application.program, application=application, section=found.section, owner=owner,
        due_on=due_on, not_applicable=not_applicable.strip(),
    )  # fmt: skip
