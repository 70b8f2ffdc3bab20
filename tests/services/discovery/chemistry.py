"""A small discovery laboratory that tests play with: people, a program, and plates computed from known potencies."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from crdmo.foundation.accounts.models import Login, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.signing import Credentials
from crdmo.services.discovery.models import Assay, Compound, CompoundLot, Curve, Form, Nomination, Run, Upload
from crdmo.services.discovery.workflow import assays, candidates, registration
from tests import factories
from tests.services.quality.lab import known_password

HEAD = "well,role,lot,dose,unit,signal"
DOSES = (1, 3, 10, 30, 100, 300, 1000, 3000)


@dataclass
class Lab:
    """The people and the program."""

    program: Program
    chemist: Person
    biologist: Person
    lead: Person
    sponsor: Person
    today: dt.date

    def sign(self, person: Person) -> Credentials:
        """Return what a person gives to sign."""
        return Credentials(person.user_id, factories.PASSWORD, f"log-in of {person.user_id}")

    def bring(self, text: str, kind: str = "smiles", program: Program | None = None, **given: Any) -> Upload:
        """Bring structures."""
        return registration.bring_structures(
            self.chemist, program or self.program, data=text.encode(), kind=kind, **given
        )

    def register(self, text: str, kind: str = "smiles", program: Program | None = None) -> list[Compound]:
        """Register structures and return the compounds of the program."""
        upload = self.bring(text, kind, program)
        registration.register_upload(self.chemist, upload)
        return list(Compound.objects.filter(program=program or self.program).order_by("code"))

    def assay(self, **changed: Any) -> Assay:
        """Define an assay in 96 wells."""
        given = {
            "code": "ENZ", "title": "Enzyme", "target": "DPP-4", "readout": "Fluorescence", "negative": "DMSO",
            "positive": "No enzyme", "wells": 96, "z_prime": "0.5", **changed,
        }  # fmt: skip
        return assays.define_assay(self.biologist, self.program, **given)

    def run(self, assay: Assay) -> Run:
        """Open a run."""
        return assays.open_run(self.biologist, assay, performed_on=self.today)

    def plate(self, lots: dict[str, float], *, unit: str = "nM", noise: float = 1.0) -> bytes:
        """Return a plate in long form: lots with their IC50 in nM, one a row, without randomness but a small wobble."""
        lines = [HEAD]
        for row in "ABCDEFGH":
            wobble = noise * (ord(row) % 3 - 1)
            lines += [f"{row}1,negative,,,,{1000 + 20 * wobble}", f"{row}12,positive,,,,{100 + 4 * wobble}"]
        for row, (lot, half) in zip("ABCDEFGH", lots.items(), strict=False):
            for column, dose in enumerate(DOSES, 2):
                signal = 1000 - 900 / (1 + half / dose) + 6 * noise * (column % 3 - 1)
                lines.append(f"{row}{column},sample,{lot},{dose},{unit},{signal:.3f}")
        return "\n".join(lines).encode()

    def measured(self, run: Run, lots: dict[str, float], code: str = "P1") -> Run:
        """Add a plate and approve its curves."""
        assays.add_plate(self.biologist, run, code=code, data=self.plate(lots), file_name=f"{code}.csv")
        for curve in Curve.objects.filter(plate__run=run).select_related("plate__run", "computed"):
            assays.review_curve(self.biologist, curve, approve=True)
        return run

    def accepted(self, run: Run) -> Run:
        """Accept a run."""
        return assays.accept_run(self.lead, run, conclusion="Good", credentials=self.sign(self.lead))

    def propose(self, form: Form, **changed: Any) -> Nomination:
        """Propose a form."""
        given = {"code": "API-1", "name": "Drug substance", "statement": "The most potent.", **changed}
        fresh = Form.objects.select_related("compound__computed", "program").get(pk=form.pk)
        return candidates.propose_candidate(self.chemist, fresh, **given)

    def nominate(self, nomination: Nomination) -> Nomination:
        """Approve a proposal."""
        return candidates.nominate(self.lead, nomination, credentials=self.sign(self.lead))

    def lots(self) -> list[str]:
        """Return the numbers of all lots."""
        return list(CompoundLot.objects.filter(program=self.program).order_by("code").values_list("code", flat=True))


def make() -> Lab:
    """Set the laboratory up."""
    program = factories.program()
    roles = (Role.MEDICINAL_CHEMIST, Role.SCREENING_BIOLOGIST, Role.DISCOVERY_LEAD, Role.SPONSOR_LEAD)
    people = [factories.person(role, program if role == Role.SPONSOR_LEAD else None) for role in roles]
    Login.objects.filter(person__in=people).update(password=known_password(), must_change_password=False)
    return Lab(program, *people, today=dt.datetime.now(dt.UTC).date())
