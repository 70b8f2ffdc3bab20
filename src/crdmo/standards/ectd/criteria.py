"""The criteria of the validator, in editions: what each asks, how much it weighs, and where it comes from.

The numbers are this package's own. Where an agency has a criterion of the same content, the source names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crdmo.standards.refusals import FormatError, Severity

ICH = "ICH eCTD 3.2.2"
LIFE = f"{ICH}, appendix 6"
NAMES = f"{ICH}, appendix 2"
FDA_PDF = "FDA Portable Document Format Specifications 4.0"
STF = "ICH STF specification 2.6.1"
ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


@dataclass(frozen=True)
class Criterion:
    """One rule: its number, how much it weighs, what it asks, and the text that it comes from."""

    number: str
    severity: Severity
    asks: str
    source: str


_ROWS: tuple[tuple[str, Severity, str, str], ...] = (
    ("A01", ERROR, "A sequence has an index.xml that can be read", ICH),
    ("A02", ERROR, "A sequence has an index-md5.txt", ICH),
    ("A03", ERROR, "index-md5.txt is the MD5 of index.xml", ICH),
    ("A04", ERROR, "Every file is named by a leaf", ICH),
    ("A05", ERROR, "The file that a leaf names is there", ICH),
    ("A06", ERROR, "The checksum of a leaf is that of its file", ICH),
    ("A07", WARNING, "No folder is empty", ICH),
    ("A08", WARNING, "The document types and stylesheets that the backbones name are in util", ICH),
    ("A09", ERROR, "The files in util are the official ones, byte for byte", ICH),
    ("A10", ERROR, "No file is empty", ICH),
    ("A11", ERROR, "A backbone can be read", ICH),
    ("N01", ERROR, "A path has at most 230 characters from the folder of the sequence", f"{NAMES}; FDA 1085"),
    ("N02", ERROR, "Names are of a to z, 0 to 9 and hyphen", NAMES),
    ("N03", ERROR, "A name has at most 64 characters", NAMES),
    ("N04", WARNING, "Files are of a kind that agencies accept", NAMES),
    ("B01", ERROR, "Headings stand where the content model has them", f"{ICH}, DTD 3.2"),
    ("B02", ERROR, "A repeated heading has its required attributes", f"{ICH}, DTD 3.2"),
    ("B03", ERROR, "An ID is used once in a backbone", f"{ICH}, DTD 3.2"),
    ("B04", ERROR, "An ID is one that XML allows", f"{ICH}, DTD 3.2"),
    ("B05", ERROR, "The operation is new, append, replace or delete", LIFE),
    ("B06", ERROR, "The checksum is an MD5 and says so", ICH),
    ("B07", ERROR, "A leaf has a title", ICH),
    ("B08", WARNING, "The backbone is of a known version of its document type", ICH),
    ("B09", ERROR, "A leaf names its file by a relative path inside the application", ICH),
    ("B10", ERROR, "The backbone is valid by its document type", ICH),
    ("B11", WARNING, "Node extensions are not used for the FDA", "FDA eCTD Technical Conformance Guide"),
    ("B12", WARNING, "One substance, manufacturer, product or indication has one spelling", ICH),
    ("B14", WARNING, "No heading is empty", ICH),
    ("L01", ERROR, "The first sequence has only new leaves", LIFE),
    ("L02", ERROR, "A leaf that changes another names it", LIFE),
    ("L03", ERROR, "A new leaf names no other", LIFE),
    ("L04", ERROR, "A modified file is named by backbone and ID", LIFE),
    ("L05", ERROR, "What is changed is in the same application", LIFE),
    ("L06", WARNING, "The sequence that is changed is at hand", LIFE),
    ("L07", ERROR, "The leaf that is changed exists", LIFE),
    ("L08", ERROR, "The leaf that is changed still stands", LIFE),
    ("L09", ERROR, "A deletion names no file; every other leaf does", LIFE),
    ("L10", ERROR, "What is changed is earlier", LIFE),
    ("L11", WARNING, "A leaf replaces one at its own heading", LIFE),
    ("R01", ERROR, "A sequence has the backbone of its region's module 1", "regional module 1 specification"),
    ("R02", ERROR, "The backbone of module 1 is a leaf of the index", ICH),
    ("R03", ERROR, "The envelope has the number of the folder", "regional module 1 specification"),
    ("R04", ERROR, "The application number has six digits", "FDA module 1 specification 2.6"),
    ("R05", ERROR, "The codes of the envelope are among the agency's", "FDA module 1 specification 2.6"),
    ("R06", ERROR, "The submission id is the first sequence of the activity, not a later one", "FDA module 1 2.6"),
    ("R07", ERROR, "All sequences are of one application number", "regional module 1 specification"),
    ("S01", WARNING, "Study tagging files are not used in the EU", "EU eCTD validation criteria 8.2"),
    ("S02", ERROR, "File tags are among the valid values", STF),
    ("S03", ERROR, "A study tagging file names leaves that exist", STF),
    ("S04", WARNING, "Study reports and data are in a study tagging file", "FDA 1789"),
    ("P01", ERROR, "A PDF can be opened", FDA_PDF),
    ("P02", ERROR, "A PDF has no security", FDA_PDF),
    ("P03", WARNING, "A PDF is of version 1.4 to 1.7", FDA_PDF),
    ("P04", ERROR, "A PDF has no JavaScript", FDA_PDF),
    ("P05", ERROR, "A PDF has no attachments", FDA_PDF),
    ("P06", WARNING, "A PDF of more than five pages has bookmarks", FDA_PDF),
    ("P07", WARNING, "Fonts are embedded", FDA_PDF),
    ("P08", ERROR, "A PDF has at most 400 MB", FDA_PDF),
    ("P09", WARNING, "A PDF has no annotations but links", FDA_PDF),
    ("P10", WARNING, "Links are relative and lead to something", FDA_PDF),
    ("P11", WARNING, "The text can be searched", FDA_PDF),
    ("P12", WARNING, "A PDF has no 3D content or media", FDA_PDF),
)
# An edition never changes. A later one is added beside it, so that what was validated can be validated again.
EDITIONS: Mapping[str, Mapping[str, Criterion]] = MappingProxyType(
    {"2026-11": MappingProxyType({f"ECTD-{row[0]}": Criterion(f"ECTD-{row[0]}", *row[1:]) for row in _ROWS})}
)
LATEST = max(EDITIONS)


def edition(name: str = LATEST) -> Mapping[str, Criterion]:
    """Return the criteria of an edition.

    Raises:
        FormatError: there is none of that name.
    """
    if name not in EDITIONS:
        raise FormatError("there is no such edition of the criteria", given=name, allowed=", ".join(EDITIONS))
    return EDITIONS[name]
