"""XML is read without entities, without a document type of its own and without network, or not at all."""

from __future__ import annotations

import re

from lxml import etree

from crdmo.standards.refusals import FormatError

MAX_XML = 256 << 20
DECLARATIONS = re.compile(rb"<!(ENTITY|ELEMENT|ATTLIST|NOTATION)\b|<!DOCTYPE[^>\[]*\[", re.IGNORECASE)
# A reference to anything but the five characters that XML itself names.
REFERENCE = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z_][A-Za-z0-9._:-]*;")
ENCODING = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
ENCODINGS = {"utf-8", "us-ascii", "ascii", "iso-8859-1", "windows-1252"}


def parse(data: bytes, path: str) -> etree._Element:
    """Return the root of a document.

    Raises:
        FormatError: it is torn, declares entities or a document type of its own, or is in another encoding.
    """
    if len(data) > MAX_XML:
        raise FormatError(f"{path} is too large", given=f"{len(data)} bytes", allowed=f"{MAX_XML} bytes")
    found = ENCODING.match(data.removeprefix(b"\xef\xbb\xbf"))
    encoding = found.group(1).decode().lower() if found else "utf-8"
    # Another encoding could hide a declaration from the look below.
    if encoding not in ENCODINGS or data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data[:64]:
        raise FormatError(f"{path} is in an encoding that is not read", given=encoding, allowed="UTF-8, ISO-8859-1")
    if (declared := DECLARATIONS.search(data) or REFERENCE.search(data)) is not None:
        line = data.count(b"\n", 0, declared.start()) + 1
        raise FormatError(
            f"{path} declares or uses entities, or a document type of its own", given=f"line {line}",
            allowed="a document type by name only", next_step="The file is refused; ask its sender for a plain one",
        )  # fmt: skip
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, dtd_validation=False, huge_tree=False,
        attribute_defaults=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as torn:
        raise FormatError(f"{path} is no well-formed XML", given=str(torn)[:200]) from torn
