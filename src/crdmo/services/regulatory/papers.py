"""The bytes that a version of a controlled document is submitted as."""

from __future__ import annotations

from dataclasses import dataclass

from crdmo.foundation.datasets import store
from crdmo.foundation.documents.models import DocumentVersion
from crdmo.foundation.documents.printing import document_pdf
from crdmo.foundation.refusals import Refused
from crdmo.standards.ectd.paths import EXTENSIONS

PDF = b"%PDF-"


@dataclass(frozen=True)
class Paper:
    """Bytes with the extension that their file gets."""

    data: bytes
    extension: str


def paper_of(version: DocumentVersion) -> Paper:
    """Return what is submitted of a version: its own file where it is one, else the issued document as PDF.

    Raises:
        Refused: its file is of a kind that agencies do not take.
    """
    if not version.file:
        return Paper(document_pdf(version), "pdf")
    data = store.get(version.file)
    extension = "pdf" if data.startswith(PDF) else version.filename.rpartition(".")[2].lower()
    if extension not in EXTENSIONS or (extension == "pdf") != data.startswith(PDF):
        raise Refused(
            f"the file of {version} cannot be submitted", given=version.filename or "no name",
            allowed="PDF, XPT, XML, text", next="Bring the document as a PDF",
        )  # fmt: skip
    return Paper(data, extension)
