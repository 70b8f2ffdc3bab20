"""Suppliers: known, looked at, approved for a material on what was seen, requalified in time, blocked with a reason.

Sources: EU GMP Part I, chapter 5.27 to 5.29; 21 CFR 211.84; ICH Q7, 7.1.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, Refused
from crdmo.foundation.signing import Credentials, Meaning, sign

from ..models import Supplier, SupplierEvent, SupplierMaterial
from .desks import QA, STAFF, Seen, said

ANSWERS = {"yes": True, "no": False, "": False}
Kind, Status = SupplierEvent.Kind, SupplierMaterial.Status


@verb("compliance.register_supplier", "register a supplier", roles=STAFF)
def register_supplier(act: Act, house: Organization, *, code: str, name: str, country: str = "") -> Supplier:
    """Enter a supplier of the house; nothing may come from it yet."""
    said(code=code, name=name)
    if Supplier.objects.filter(organization=house, code=code.strip(), is_void=False).exists():
        raise Invalid("this code is taken", errors={"code": "choose another code"}, given=code)
    return act.create(Supplier, organization=house, code=code.strip(), name=name.strip(), country=country.strip())


@verb("compliance.propose_material", "propose a material from a supplier", roles=STAFF)
def propose_material(act: Act, supplier: Supplier, *, material: str, critical: bool = False) -> SupplierMaterial:
    """Say which material is to come from a supplier, and whether it is critical."""
    said(material=material)
    if supplier.materials.filter(material__iexact=material.strip(), is_void=False).exists():
        raise Invalid("this material is listed", errors={"material": "listed already"}, given=material)
    return act.create(
        SupplierMaterial,
        organization=supplier.organization,
        supplier=supplier,
        material=material.strip(),
        critical=critical,
    )


@verb("compliance.bring_suppliers", "bring a list of suppliers", roles=STAFF)
def bring_suppliers(act: Act, house: Organization, *, rows: Sequence[Mapping[str, str]]) -> list[SupplierMaterial]:
    """Register the suppliers and materials of a list that are not there yet, all of them or none.

    Raises:
        Invalid: a row cannot be taken; it is counted with the heading as the first.
    """
    known = {one.code: one for one in Supplier.objects.filter(organization=house, is_void=False)}
    made = []
    for number, row in enumerate(rows, 2):
        try:
            made.append(_bring(act, house, known, row))
        except Invalid as refused:
            raise Invalid(
                f"row {number} cannot be taken: {refused.what}", errors=refused.errors, given=refused.given
            ) from refused
    return made


def _bring(act: Act, house: Organization, known: dict[str, Supplier], row: Mapping[str, str]) -> SupplierMaterial:
    critical, code = row["critical"].casefold(), row["code"]
    if critical not in ANSWERS:
        raise Invalid("critical is yes or no", errors={"critical": "yes or no"}, given=row["critical"])
    found = known.get(code)
    if found is None:
        found = known[code] = register_supplier.within(act, house, code=code, name=row["name"], country=row["country"])
    elif found.name != row["name"]:
        raise Invalid("this code is another supplier's", errors={"name": f"{code} is {found.name}"}, given=row["name"])
    return propose_material.within(act, found, material=row["material"], critical=ANSWERS[critical])


@verb("compliance.log_supplier", "record an audit, questionnaire or agreement of a supplier", roles=QA)
def log_supplier(
    act: Act, supplier: Supplier, *, kind: str, on: dt.date, due_on: dt.date, passed: bool, note: str = ""
) -> SupplierEvent:
    """Record what was looked at, how it went, and when it is due again. One that failed says what was found."""
    if kind not in Kind.values:
        raise Invalid("choose from the list", errors={"kind": "one of the list"}, given=kind)
    if on > act.now.date():
        raise Invalid("it has taken place", errors={"on": "today or earlier"}, given=str(on))
    if due_on <= on:
        raise Invalid("the next one is later", errors={"due_on": f"after {on}"}, given=str(due_on))
    if not passed:
        said(note=note)
    return act.create(
        SupplierEvent,
        organization=supplier.organization,
        supplier=supplier,
        kind=kind,
        on=on,
        due_on=due_on,
        passed=passed,
        note=note.strip(),
    )


def latest(supplier: Supplier) -> dict[str, SupplierEvent]:
    """Return the latest event of each kind."""
    return {one.kind: one for one in supplier.events.filter(is_void=False).order_by("on", "entry")}


def grounds(material: SupplierMaterial, today: dt.date) -> list[SupplierEvent]:
    """Return what an approval stands on: the audit of a critical material, an audit or questionnaire of another.

    Raises:
        Refused: there is none, it failed, or it is overdue.
    """
    found = latest(material.supplier)
    wanted = (Kind.AUDIT,) if material.critical else (Kind.AUDIT, Kind.QUESTIONNAIRE)
    failed = [str(one) for one in found.values() if not one.passed]
    if failed:
        raise Refused(f"{material.supplier} did not pass", given=", ".join(failed), next="Record that it passes now")
    good = [found[kind] for kind in wanted if kind in found and found[kind].due_on >= today]
    if not good:
        raise Refused(
            f"nothing qualifies {material}",
            given=", ".join(f"{one}, due since {one.due_on}" for kind, one in found.items() if kind in wanted)
            or "nothing on record",
            allowed="a passed audit in date" if material.critical else "a passed audit or questionnaire in date",
        )
    return good


@verb("compliance.qualify_supplier", "qualify a supplier for a material", roles=QA, signs=Meaning.APPROVED)
def qualify_supplier(
    act: Act,
    material: SupplierMaterial,
    *,
    requalify_on: dt.date,
    credentials: Credentials,
    condition: str = "",
    seen: Seen | None = None,
) -> SupplierMaterial:
    """Approve a supplier for a material by signature, with a condition where there is one, not beyond its grounds."""
    today = act.now.date()
    last = max(one.due_on for one in grounds(material, today))
    if not today < requalify_on <= last:
        raise Invalid(
            "requalification is due while its grounds hold",
            errors={"requalify_on": f"after today, not after {last}"},
            given=str(requalify_on),
        )
    act.change(
        material,
        status=Status.CONDITIONAL if condition.strip() else Status.APPROVED,
        condition=condition.strip(),
        decided_on=today,
        requalify_on=requalify_on,
    )
    sign(act, [material], Meaning.APPROVED, credentials, seen=seen)
    return material


@verb("compliance.block_supplier", "block a supplier for a material", roles=QA)
def block_supplier(act: Act, material: SupplierMaterial) -> SupplierMaterial:
    """Block a supplier for a material, with the reason."""
    if not act.reason:
        raise Invalid("a block has a reason", errors={"reason": "say why"})
    if material.status == Status.BLOCKED:
        raise Refused(f"{material} is blocked")
    return act.change(material, status=Status.BLOCKED, condition=act.reason, decided_on=act.now.date())
