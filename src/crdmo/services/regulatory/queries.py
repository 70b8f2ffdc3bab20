"""Reads that pages, verbs and the API share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from crdmo.foundation.accounts.models import Person, Program
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.refusals import NotFound
from crdmo.standards import ectd

from .expected import EXPECTED, covers
from .models import Application, HeadingPlan, Leaf, Package, Sequence, Validation


def application(program: Program | None, code: str) -> Application:
    """Return an application of a program.

    Raises:
        NotFound: there is none of that code.
    """
    found = Application.objects.filter(program=program, code=code).select_related("program").first()
    if found is None:
        raise NotFound("there is no such application", given=code)
    return found


def sequence(program: Program | None, code: str, number: str) -> Sequence:
    """Return a sequence of an application.

    Raises:
        NotFound: there is none.
    """
    rows = Sequence.objects.filter(program=program, application__code=code, number=number)
    found = rows.select_related("program", "application", "package").first()
    if found is None:
        raise NotFound("there is no such sequence", given=f"{code} {number}")
    return found


def leaf(program: Program | None, key: UUID) -> Leaf:
    """Return a leaf of a program.

    Raises:
        NotFound: there is none.
    """
    rows = Leaf.objects.filter(program=program, pk=key)
    found = rows.select_related("program", "sequence__application", "document_version__document", "modifies__sequence")
    if (one := found.first()) is None:
        raise NotFound("there is no such leaf", given=str(key))
    return one


def package(program: Program | None, code: str) -> Package:
    """Return a package that was brought in.

    Raises:
        NotFound: there is none.
    """
    found = Package.objects.filter(program=program, code=code).select_related("program", "dataset").first()
    if found is None:
        raise NotFound("there is no such package", given=code)
    return found


def placeable(program: Program) -> QuerySet[DocumentVersion]:
    """Return the versions in force that can be placed: of the program, and the house's own."""
    house = Q(program__isnull=True, organization_id__in=[program.partner_id, program.organization_id])
    rows = DocumentVersion.objects.filter(Q(program=program) | house, state="effective", is_void=False)
    return rows.select_related("document").order_by("document__code")


def version_of(program: Program, code: str) -> DocumentVersion:
    """Return the version in force of a document that can be placed.

    Raises:
        NotFound: there is none; a document of another sponsor is none.
    """
    found = placeable(program).filter(document__code=code).order_by("-number").first()
    if found is None:
        raise NotFound(
            "no version in force of such a document", given=code, next="Have it reviewed, approved and put into force"
        )
    return found


def standing(found: Application, *, before: str = "9999") -> list[Leaf]:
    """Return the leaves of published sequences that still stand, by section."""
    rows = Leaf.objects.filter(sequence__application=found, sequence__package__isnull=False, is_void=False)
    rows = rows.filter(sequence__number__lt=before)
    rows = rows.select_related("sequence__application", "document_version__document", "program").order_by(
        "section", "pk"
    )
    leaves = list(rows)
    gone = {leaf.modifies_id for leaf in leaves if leaf.operation in ("replace", "delete")}
    return [leaf for leaf in leaves if leaf.pk not in gone and leaf.operation != "delete"]


def after(found: Sequence) -> list[Leaf]:
    """Return the leaves that will stand after a sequence that is not published yet."""
    own = list(found.leaves.filter(is_void=False).select_related("sequence__application", "document_version__document"))
    gone = {leaf.modifies_id for leaf in own if leaf.operation in ("replace", "delete")}
    before = [leaf for leaf in standing(found.application, before=found.number) if leaf.pk not in gone]
    return before + [leaf for leaf in own if leaf.operation != "delete"]


@dataclass(frozen=True)
class Coverage:
    """One expected heading: its title, the desk and person that bring it, how many leaves stand, why it stays empty."""

    section: str
    title: str
    desk: str
    plan: HeadingPlan | None
    leaves: int

    @property
    def is_missing(self) -> bool:
        """Say whether a document is still to come."""
        return self.leaves == 0 and not (self.plan and self.plan.not_applicable)


def coverage(found: Application, leaves: Iterable[Leaf]) -> list[Coverage]:
    """Return the expected headings of an application, with what stands at each."""
    placed = [leaf.section for leaf in leaves]
    plans = {plan.section: plan for plan in found.plans.filter(is_void=False).select_related("owner").order_by("entry")}
    region = ectd.Region(found.region)
    titles = {number: one.title for number, one in ectd.sections(region).items()}
    titles |= {number: one.title for number, one in ectd.headings().items()}
    return [
        Coverage(
            one.section,
            titles[one.section],
            one.desk,
            plans.get(one.section),
            sum(covers(one.section, section) for section in placed),
        )
        for one in EXPECTED[found.kind]
    ]


def last_validation(found: Sequence) -> Validation | None:
    """Return the last validation of a sequence."""
    return found.validations.filter(is_void=False).select_related("validated_by").order_by("entry").last()


def staff(program: Program) -> list[Person]:
    """Return who can own something here: the active people of the partner and of the sponsor."""
    people = Person.objects.filter(organization_id__in=[program.partner_id, program.organization_id], is_void=False)
    return [person for person in people.order_by("printed_name") if person.is_active]
