"""Names of files and folders: what may stand in them, how long they are, and where a document goes.

Sources: ICH eCTD specification 3.2.2, appendix 2 (names, 64 characters; path, 230 characters from the folder of the
sequence) and appendix 4 (folders).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping

from crdmo.standards.ectd.headings import heading
from crdmo.standards.refusals import FormatError

NAME = 64
PATH = 230
FILE_NAME = re.compile(r"[a-z0-9][a-z0-9-]*\.[a-z0-9]{1,5}")
FOLDER_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
# What is placed as a leaf. Study data and programs stand in their own folders of modules 4 and 5.
EXTENSIONS = frozenset({"pdf", "xml", "xpt", "txt", "sas", "r", "jpg", "jpeg", "png", "gif", "svg", "htm", "html", "doc",
                        "docx", "rtf", "xls", "xlsx", "xsl", "dtd", "mod", "css", "ent", "pgm"})  # fmt: skip


def slug(text: str, limit: int = NAME) -> str:
    """Return a text as a name: small letters, digits and hyphens.

    >>> slug("Velatide 20 mg Tablets (film-coated)")
    'velatide-20-mg-tablets-film-coated'

    Raises:
        FormatError: nothing of it can stand in a name.
    """
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("µ", "u")).encode("ascii", "ignore").decode()
    made = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:limit].strip("-")
    if not made:
        raise FormatError("no name can be made of this", given=text or "nothing", allowed="letters and digits")
    return made


def folder_of(section: str, attributes: Mapping[str, str], study: str = "") -> str:
    """Return the folder of a heading of modules 2 to 5, one for each substance, product, excipient or indication."""
    found = heading(section)
    folder = found.folder
    named = {
        "{substance-manufacturer}": ("substance", "manufacturer"),
        "{product}": ("product-name", "dosageform", "manufacturer"),
        "{excipient}": ("excipient",),
        "{indication}": ("indication",),
    }
    for place, names in named.items():
        if place in folder:
            told = [attributes[name] for name in names if attributes.get(name, "").strip()]
            words = {"{product}": "product", "{excipient}": "excipients"}.get(place, "")
            folder = folder.replace(place, slug("-".join(told)) if told else words or slug(""))
    return f"{folder}/{slug(study)}" if study else folder


def allocate(folder: str, stem: str, extension: str, taken: Collection[str]) -> str:
    """Return a path in a folder that is not taken and keeps the limits; a number is added where the name is.

    Raises:
        FormatError: the folder leaves no room for a name, or the kind of file is none that is submitted.
    """
    ending = extension.lower().lstrip(".")
    if ending not in EXTENSIONS:
        raise FormatError("this kind of file is not submitted", given=extension or "none", allowed="pdf, xpt, xml, txt")
    room = min(NAME, PATH - len("0000/") - len(folder) - 1) - len(ending) - 1
    if room < 4:
        raise FormatError("the folder leaves no room for a file name", given=f"{len(folder)} characters: {folder}")
    base = slug(stem, room)
    for number in range(1, 10_000):
        tail = "" if number == 1 else f"-{number}"
        path = f"{folder}/{base[: room - len(tail)].strip('-')}{tail}.{ending}"
        if path not in taken:
            return path
    raise FormatError("too many files of one name", given=stem)


def faults(path: str) -> list[tuple[str, str]]:
    """Return what is wrong with a path below the folder of a sequence: (criterion, text)."""
    found = []
    full = len("0000/") + len(path)
    if full > PATH:
        found.append(("ECTD-N01", f"{full} characters, more than {PATH}"))
    *folders, name = path.split("/")
    for one in folders:
        if not FOLDER_NAME.fullmatch(one):
            found.append(("ECTD-N02", f"folder {one!r} has other characters than a-z, 0-9 and hyphen"))
    if not FILE_NAME.fullmatch(name):
        found.append(("ECTD-N02", f"file name {name!r} is not a-z, 0-9 and hyphen with one extension"))
    for one in (*folders, name):
        if len(one) > NAME:
            found.append(("ECTD-N03", f"{one!r} has {len(one)} characters, more than {NAME}"))
    ending = name.rpartition(".")[2].lower()
    if "." in name and ending not in EXTENSIONS:
        found.append(("ECTD-N04", f"files of kind {ending!r} are not accepted"))
    return found
