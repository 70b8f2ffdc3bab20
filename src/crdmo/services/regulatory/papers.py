"""The bytes that a version of a controlled document is submitted as."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pikepdf

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
    # Attachments that are no part of what is submitted: the house's own PDF carry their data along, agencies take none.
    left_out: tuple[str, ...] = ()


def paper_of(version: DocumentVersion) -> Paper:
    """Return what is submitted of a version: its own file where it is one, else the issued document as PDF.

    Raises:
        Refused: its file is of a kind that agencies do not take.
    """
    if not version.file:
        return _bare(document_pdf(version))
    data = store.get(version.file)
    extension = "pdf" if data.startswith(PDF) else version.filename.rpartition(".")[2].lower()
    if extension not in EXTENSIONS or (extension == "pdf") != data.startswith(PDF):
        raise Refused(
            f"the file of {version} cannot be submitted", given=version.filename or "no name",
            allowed="PDF, XPT, XML, text", next="Bring the document as a PDF",
        )  # fmt: skip
    return _bare(data) if extension == "pdf" else Paper(data, extension)


def _bare(data: bytes) -> Paper:
    """Return a PDF without its attachments, the same bytes for the same file; one that is torn stays as it is."""
    try:
        with pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True) as opened:
            names = tuple(sorted(opened.attachments))
            if not names or opened.is_encrypted:
                return Paper(data, "pdf")
            del opened.Root.Names.EmbeddedFiles
            if "/AF" in opened.Root:
                del opened.Root.AF
            out = io.BytesIO()
            opened.save(out, deterministic_id=True, fix_metadata_version=False)
    except (pikepdf.PdfError, RecursionError, ValueError):
        return Paper(data, "pdf")
    return Paper(out.getvalue(), "pdf", names)
