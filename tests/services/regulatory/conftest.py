"""Each test of regulatory affairs has an office of its own: a publisher, a lead, QA, and documents in force."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from crdmo.foundation.accounts.models import Login, Person, Program
from crdmo.foundation.accounts.roles import Role
from crdmo.foundation.datasets import store
from crdmo.foundation.documents import workflow as documents
from crdmo.foundation.documents.models import Document, DocumentVersion
from crdmo.foundation.ledger.models import Record
from crdmo.foundation.signing import Credentials
from crdmo.services.regulatory.models import Application, Leaf, Sequence
from crdmo.services.regulatory.workflow import applications, leaves, sequences
from tests import factories
from tests.services.quality.lab import known_password
from tests.standards.ectd.golden import pdf_of

GAPS = "The sections follow with the first amendment, as agreed at the pre-IND meeting."


class Office:
    """People, documents and short ways to the states that tests begin in."""

    def __init__(self, program: Program) -> None:
        self.program, self.today = program, dt.datetime.now(dt.UTC).date()
        self.publisher = factories.person(Role.REGULATORY_PUBLISHER, program)
        self.lead = factories.person(Role.REGULATORY_LEAD, program)
        self.author = factories.person(Role.ANALYST, program)
        self.qa = factories.person(Role.QA, program)
        self.qp = factories.person(Role.QUALIFIED_PERSON, program)
        self.sponsor = factories.person(Role.SPONSOR_LEAD, program)
        Login.objects.update(password=known_password(), must_change_password=False)

    def day(self, days: int) -> dt.date:
        return self.today + dt.timedelta(days=days)

    def sign(self, person: Person) -> Credentials:
        return Credentials(person.user_id, factories.PASSWORD, f"log-in of {person.user_id}")

    def draft(
        self, code: str, *, program: Program | None = None, author: Person | None = None, text: str = "",
        sources: list[Record] | None = None, data: bytes = b"", name: str = "paper.pdf",
    ) -> DocumentVersion:  # fmt: skip
        by, where = author or self.author, program or self.program
        found = Document.objects.filter(code=code, program=where).first() or documents.create_document(
            by, code=code, title=f"Paper {code}", kind="report", owner=by, program=where
        )
        number = found.versions.count() + 1
        content = {"text": text} if text else {"file": store.put(data or pdf_of(f"{code} {number}")), "filename": name}
        return documents.draft(by, found, change_summary=f"Version {number}", sources=sources or (), **content)

    def effective(self, code: str, **given: Any) -> DocumentVersion:
        version = self.draft(code, **given)
        documents.submit_for_review(version.document.owner, version)
        documents.review(self.qp, version, credentials=self.sign(self.qp))
        documents.approve(self.qa, version, effective_from=self.today, credentials=self.sign(self.qa))
        return documents.make_effective(self.qa, version)

    def application(self, **given: Any) -> Application:
        values = {
            "kind": "IND", "number": "123456", "agency": "US-FDA", "applicant": "Aurelia Therapeutics",
            "applicant_id": "123456789", "product_name": "Velatide", "dosage_form": "tablet", "substance": "Velatide",
            "substance_maker": "Northbridge", "product_maker": "Northbridge", "indication": "Type 2 diabetes",
            "contact_name": "Sara Lindh", "contact_telephone": "+41 61 000", "contact_email": "s@example.org", **given,
        }  # fmt: skip
        return applications.open_application(self.publisher, self.program, **values)

    def sequence(self, application: Application | None = None, **given: Any) -> Sequence:
        values = {"submission_type": "original", "unit_type": "original", "description": "Original IND", **given}
        return sequences.plan_sequence(self.publisher, application or self.application(), **values)

    def amendment(self, application: Application) -> Sequence:
        return self.sequence(application, unit_type="amendment", activity="0000", description="Amendment")

    def place(
        self, sequence: Sequence, version: DocumentVersion | None, section: str = "3.2.S.4.1", **given: Any
    ) -> Leaf:
        title = f"Specification {version.document.code}" if version else "Specification"
        values = {"section": section, "title": title, "version": version, **given}
        return leaves.place_leaf(self.publisher, sequence, **values)

    def assembled(self, sequence: Sequence | None = None) -> Sequence:
        made = sequence or self.sequence()
        for section, code in (("1.1", "FORM-1571"), ("1.2", "LETTER-1"), ("3.2.S.4.1", "SPEC-1")):
            self.place(made, self.effective(code), section)
        return made

    def validated(self, sequence: Sequence | None = None) -> Sequence:
        made = sequence or self.assembled()
        found = sequences.validate_sequence(self.publisher, made)
        assert found.errors == 0, found.findings
        made.refresh_from_db()
        return made

    def signed_off(self, sequence: Sequence | None = None) -> Sequence:
        made = self.validated(sequence)
        return sequences.sign_off(self.lead, made, gaps=GAPS, credentials=self.sign(self.lead))

    def published(self, sequence: Sequence | None = None) -> Sequence:
        return sequences.publish(self.publisher, self.signed_off(sequence))

    def submitted(self, sequence: Sequence | None = None) -> Sequence:
        made = self.published(sequence)
        return sequences.submit(self.publisher, made, submitted_on=self.today, reference="ESG 4711")


@pytest.fixture
def office(db: None, settings: Any, tmp_path: Path) -> Office:
    settings.HOME = tmp_path
    settings.STORAGE_URL = f"file://{tmp_path}/files"
    # The real hash is slow on purpose; signing itself is tested with it in tests/foundation/signing.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return Office(factories.program())
