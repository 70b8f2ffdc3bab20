"""Writes a sequence: payloads, module 1, index, checksum. The same input gives the same bytes, on every machine.

published = write_sequence(Draft(number="0000", region=Region.US, envelope=envelope, placed=(…)))
published.files                 # path -> bytes
to_zip(published.files, "ind-123456/0000")
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

from crdmo.standards.ectd import links, writing
from crdmo.standards.ectd.headings import attributes_of, line_of
from crdmo.standards.ectd.model import INDEX, INDEX_MD5, NODE_EXTENSION, Leaf, Node, Operation, Target, require_number
from crdmo.standards.ectd.module1 import Section
from crdmo.standards.ectd.paths import allocate, folder_of, slug
from crdmo.standards.ectd.regional_eu import COUNTRIES, LANGUAGES, PI_TYPES, EuEnvelope
from crdmo.standards.ectd.regional_us import UsEnvelope
from crdmo.standards.ectd.regions import OFFICIAL, Region, module_of, place_of, util_names
from crdmo.standards.ectd.stf import VERSION, StudyTags, require_id, write_stf
from crdmo.standards.refusals import FormatError

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
LINE_BREAKS = re.compile(r"[\r\n\t]")


@dataclass(frozen=True)
class Placed:
    """A document at a heading: what it is called, what it does, and its bytes. A deletion has no bytes.

    `attributes` tell copies of repeated headings apart. `extension` are titles of node extensions below the heading;
    `study` is the study whose folder it stands in.
    """

    identifier: str
    section: str
    title: str
    content: bytes | None = None
    name: str = ""
    extension: str = "pdf"
    operation: Operation = Operation.NEW
    modifies: Target | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    nodes: tuple[str, ...] = ()
    study: str = ""


@dataclass(frozen=True)
class Draft:
    """A sequence to be written. `util` are the official files by their path below `util`, as far as there are any."""

    number: str
    region: Region
    envelope: UsEnvelope | EuEnvelope
    placed: tuple[Placed, ...]
    studies: tuple[StudyTags, ...] = ()
    util: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """A written sequence: its files by path, the path of each placed leaf, and the official files that it lacks."""

    number: str
    files: Mapping[str, bytes]
    paths: Mapping[str, str]
    backbones: Mapping[str, str]
    missing: tuple[str, ...]


def leaf_id(*parts: str) -> str:
    """Return an ID for a leaf that the same parts always give."""
    return "n" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def write_sequence(draft: Draft) -> Published:
    """Return the files of a sequence.

    Raises:
        FormatError: a placement, the envelope or an official file is not as it must be; nothing is made then.
    """
    require_number(draft.number)
    if (draft.region is Region.US) != isinstance(draft.envelope, UsEnvelope):
        raise FormatError("the envelope is another region's", given=type(draft.envelope).__name__, allowed=draft.region)
    draft.envelope.require(draft.number)
    files: dict[str, bytes] = {}
    regional_path = module_of(draft.region).PATH
    made = [(one, *_leaf(draft, one, files, regional_path)) for one in draft.placed]
    backbones = {one.identifier: backbone for one, _, backbone in made}
    _unique(made)
    index = [leaf for _, leaf, backbone in made if backbone == INDEX]
    index += [_study(draft, study, files, backbones) for study in draft.studies]
    files[regional_path] = _regional(draft, [(one, leaf) for one, leaf, backbone in made if backbone != INDEX])
    index.insert(0, _module1(draft, regional_path, files[regional_path]))
    _util(draft, files)
    files[INDEX] = writing.index_bytes(index)
    files[INDEX_MD5] = hashlib.md5(files[INDEX], usedforsecurity=False).hexdigest().encode()
    wanted = util_names(draft.region, studies=bool(draft.studies))
    missing = tuple(name for name in wanted if f"util/{name}" not in files)
    base = {backbone: "" for backbone in (INDEX, regional_path)}
    base[regional_path] = regional_path.rpartition("/")[0] + "/"
    paths = {leaf.identifier: base[backbone] + leaf.href for _, leaf, backbone in made if leaf.href}
    return Published(draft.number, dict(sorted(files.items())), paths, backbones, missing)


def _unique(made: list[tuple[Placed, Leaf, str]]) -> None:
    seen: set[tuple[str, str]] = set()
    for one, _, backbone in made:
        if (backbone, one.identifier) in seen:
            raise FormatError("two leaves have one ID", given=one.identifier, allowed="each ID once in a backbone")
        seen.add((backbone, one.identifier))


def _leaf(draft: Draft, one: Placed, files: dict[str, bytes], regional: str) -> tuple[Leaf, str]:
    require_id(one.identifier)
    title = " ".join(LINE_BREAKS.sub(" ", one.title).split())
    if not title:
        raise FormatError("a leaf has a title", given=one.identifier)
    _operation(draft, one)
    found = place_of(draft.region, one.section)
    if isinstance(found, Section):
        place, folder, backbone = _regional_place(draft, one, found), _regional_folder(one, found), regional
    else:
        place, backbone = _place(draft, one), INDEX
        folder = folder_of(one.section, one.attributes, one.study)
    href = ""
    checksum = ""
    if one.content is not None:
        path = allocate(folder, one.name or title, one.extension, files)
        files[path] = one.content
        href = links.href(backbone, path)
        checksum = hashlib.md5(one.content, usedforsecurity=False).hexdigest()
    modified = links.modified_file(draft.number, backbone, one.modifies) if one.modifies else ""
    return Leaf(one.identifier, one.operation, title, href, checksum, "md5", modified, place), backbone


def _operation(draft: Draft, one: Placed) -> None:
    what = f"{one.operation} of {one.title}"
    if one.operation is Operation.NEW and one.modifies is not None:
        raise FormatError("a new leaf changes no other", given=what)
    if one.operation is not Operation.NEW and one.modifies is None:
        raise FormatError(f"{what} names no leaf of an earlier sequence", allowed="the leaf that it changes")
    if one.modifies is not None and one.modifies.sequence > draft.number:
        raise FormatError(f"{what} names a later sequence", given=str(one.modifies))
    if (one.operation is Operation.DELETE) != (one.content is None):
        raise FormatError(f"{what}: a deletion has no file, everything else has one", given=one.identifier)
    if one.content == b"":
        raise FormatError(f"the file of {one.title} is empty", given=one.identifier)


def _place(draft: Draft, one: Placed) -> tuple[Node, ...]:
    required, optional = attributes_of(one.section)
    given = {name: value.strip() for name, value in one.attributes.items() if value.strip()}
    if missing := [name for name in required if name not in given]:
        raise FormatError(f"a leaf at {one.section} needs {', '.join(missing)}", given=one.title)
    if odd := sorted(set(given) - set(required) - set(optional)):
        allowed = ", ".join((*required, *optional)) or "none"
        raise FormatError(f"{one.section} has no such attribute", given=", ".join(odd), allowed=allowed)
    line = line_of(one.section)
    if one.nodes and (draft.region is Region.US or line[-1].children):
        why = "the FDA takes study tagging files instead" if draft.region is Region.US else "headings follow there"
        raise FormatError(f"no node extension stands at {one.section}: {why}", given=" / ".join(one.nodes))
    nodes = [
        Node(h.element, tuple((name, given[name]) for name in sorted(h.attributes) if name in given)) for h in line
    ]
    nodes += [Node(NODE_EXTENSION, (), title) for title in one.nodes]
    return tuple(nodes)


def _regional_place(draft: Draft, one: Placed, found: Section) -> tuple[Node, ...]:
    nodes = [Node(element) for element in found.line]
    given = dict(one.attributes)
    if found.wrapper:
        country = given.pop("country", "common")
        told = [("country", country)]
        if country not in COUNTRIES:
            raise FormatError("this is no country", given=country, allowed=", ".join(sorted(COUNTRIES)))
        if found.wrapper == "pi-doc":
            language, kind = given.pop("lang", "en"), given.pop("type", "")
            if language not in LANGUAGES or kind not in PI_TYPES:
                raise FormatError(
                    "product information has a language and a type", given=f"{language}, {kind or 'no type'}",
                    allowed=", ".join(sorted(PI_TYPES)),
                )  # fmt: skip
            told += [("type", kind), (XML_LANG, language)]
        nodes.append(Node(found.wrapper, tuple(sorted(told))))
    if given:
        raise FormatError(f"{one.section} has no such attribute", given=", ".join(sorted(given)))
    if one.nodes and draft.region is Region.US:
        raise FormatError("the FDA takes no node extensions", given=" / ".join(one.nodes))
    return tuple(nodes) + tuple(Node(NODE_EXTENSION, (), title) for title in one.nodes)


def _regional_folder(one: Placed, found: Section) -> str:
    return f"{found.folder}/{slug(one.attributes.get('country', 'common'))}" if found.wrapper else found.folder


def _study(draft: Draft, study: StudyTags, files: dict[str, bytes], backbones: Mapping[str, str]) -> Leaf:
    if draft.region is not Region.US:
        raise FormatError("study tagging files are not used here", given=draft.region, allowed="node extensions")
    if unknown := [identifier for identifier, _ in study.documents if backbones.get(identifier) != INDEX]:
        raise FormatError("a study tags a leaf that is not in the index of this sequence", given=", ".join(unknown))
    path = f"{folder_of(study.section, study.attributes, study.study_id)}/{study.file_name}"
    if path in files:
        raise FormatError("a study has one tagging file in a sequence", given=study.study_id)
    files[path] = write_stf(study, path)
    identifier = leaf_id("stf", draft.number, study.study_id)
    operation = Operation.APPEND if study.modifies else Operation.NEW
    placed = Placed(identifier, study.section, f"Study tagging file of {study.study_id}", attributes=study.attributes)
    modified = links.modified_file(draft.number, INDEX, study.modifies) if study.modifies else ""
    checksum = hashlib.md5(files[path], usedforsecurity=False).hexdigest()
    return Leaf(identifier, operation, placed.title, path, checksum, "md5", modified, _place(draft, placed), 0, VERSION)


def _regional(draft: Draft, made: list[tuple[Placed, Leaf]]) -> bytes:
    if isinstance(draft.envelope, EuEnvelope):
        if not any(one.section == "1.0" for one, _ in made):
            raise FormatError("a sequence of the EU has a cover letter", allowed="a leaf at 1.0")
        return writing.eu_bytes(draft.envelope, draft.number, [leaf for _, leaf in made])
    forms = [leaf for one, leaf in made if one.section == "1.1"]
    if len(forms) > 1:
        raise FormatError("a sequence has one form 1571 or 356h", given=str(len(forms)))
    rest = [leaf for one, leaf in made if one.section != "1.1"]
    return writing.us_bytes(draft.envelope, draft.number, rest, forms[0] if forms else None)


def _module1(draft: Draft, path: str, data: bytes) -> Leaf:
    place = (Node(line_of("1")[0].element),)
    checksum = hashlib.md5(data, usedforsecurity=False).hexdigest()
    title = "US regional information" if draft.region is Region.US else "EU module 1"
    return Leaf(leaf_id("m1", draft.number), Operation.NEW, title, path, checksum, "md5", "", place)


def _util(draft: Draft, files: dict[str, bytes]) -> None:
    wanted = set(util_names(draft.region, studies=True))
    for name, data in draft.util.items():
        if name not in wanted:
            raise FormatError("this file has no place in util", given=name, allowed=", ".join(sorted(wanted)))
        known = OFFICIAL.get(name.rpartition("/")[2])
        if known is not None and hashlib.sha256(data).hexdigest() != known:
            raise FormatError(
                f"{name} is not the official file", given=f"SHA-256 {hashlib.sha256(data).hexdigest()}",
                allowed=f"SHA-256 {known}", next_step="Often its line ends were changed; take the published file",
            )  # fmt: skip
        files[f"util/{name}"] = data


def to_zip(files: Mapping[str, bytes], folder: str) -> bytes:
    """Return an archive of files below a folder: sorted, stored, without a clock."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(f"{folder}/{path}" if folder else path, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[path])
    return out.getvalue()
