"""Checks of module 1 and of study tagging files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from crdmo.standards.ectd import stf
from crdmo.standards.ectd.links import LinkError, resolve
from crdmo.standards.ectd.look import Look, Raw
from crdmo.standards.ectd.model import INDEX, Backbone
from crdmo.standards.ectd.regional_us import (
    APPLICATION_NUMBER,
    APPLICATION_TYPES,
    CONTACT_TYPES,
    SUB_TYPES,
    SUBMISSION_TYPES,
    TELEPHONE_TYPES,
)
from crdmo.standards.refusals import FormatError

STUDY_SECTIONS = ("4.2.", "5.3.1.", "5.3.2.", "5.3.3.", "5.3.4.", "5.3.5.")
CODES: Mapping[str, Iterable[str]] = {
    "application-number@application-type": APPLICATION_TYPES.values(),
    "submission-id@submission-type": [*SUBMISSION_TYPES.values(), "fdast11"],
    "sequence-number@submission-sub-type": SUB_TYPES.values(),
    "applicant-contact-name@applicant-contact-type": CONTACT_TYPES.values(),
    "telephone@telephone-number-type": TELEPHONE_TYPES.values(),
}


def regional(look: Look) -> Iterator[Raw]:
    """Look at the envelope of module 1."""
    sequence, number = look.sequence, look.sequence.number
    found = sequence.regional
    if found is None:
        if not any(path != INDEX for path, _ in sequence.refused):
            yield "ECTD-R01", number, "there is no backbone of module 1"
        return
    name = f"{number}/{found.path}"
    us = look.is_us
    told = found.told("sequence-number" if us else "sequence")
    if told and number not in told:
        yield "ECTD-R03", name, f"the envelope says {', '.join(told)}, the folder is {number}"
    if not us:
        return
    for key, allowed in CODES.items():
        for value in found.told(key):
            if value not in set(allowed):
                yield "ECTD-R05", name, f"{key.partition('@')[2]} {value!r}"
    for value in found.told("application-number"):
        if not APPLICATION_NUMBER.fullmatch(value):
            yield "ECTD-R04", name, f"application number {value!r}"
    for value in found.told("submission-id"):
        if value > number:
            yield "ECTD-R06", name, f"submission id {value} in sequence {number}"
    first = next((one.regional for _, one in sorted(look.sequences.items()) if one.regional is not None), found)
    ours, theirs = found.told("application-number"), first.told("application-number")
    if ours and theirs and not set(ours) & set(theirs):
        yield "ECTD-R07", name, f"application number {', '.join(ours)}; the first sequence has {', '.join(theirs)}"


def studies(look: Look) -> Iterator[Raw]:
    """Look at study tagging files, and at study reports that are in none."""
    index, files, number = look.sequence.index, look.sequence.files, look.sequence.number
    if index is None:
        return
    tagging = {leaf.href for leaf in index.leaves if leaf.href.rpartition("/")[2].startswith("stf-")}
    identifiers = {leaf.identifier for leaf in index.leaves}
    tagged: set[str] = set()
    for path in sorted(tagging & set(files.sizes)):
        if not look.is_us and look.sequence.regional is not None:
            yield "ECTD-S01", f"{number}/{path}", "a study tagging file"
            continue
        try:
            found = stf.read_stf(files.read(path), path)
        except FormatError as broken:
            yield "ECTD-A11", f"{number}/{path}", str(broken)
            continue
        for link, tags, line in found.documents:
            place = f"{number}/{path} line {line}"
            for tag in tags:
                if tag not in stf.FILE_TAGS:
                    yield "ECTD-S02", place, f"file tag {tag!r}"
            identifier = link.partition("#")[2]
            tagged.add(identifier)
            if identifier not in identifiers and "#" in link and _meant(number, path, link) == f"{number}/{INDEX}":
                yield "ECTD-S03", place, f"there is no leaf {identifier!r}"
    if look.is_us:
        yield from _untagged(index, tagged, tagging, number)


def _meant(number: str, path: str, link: str) -> str:
    """Return the path that a link means, or nothing where it leads out of the application."""
    try:
        return resolve(f"{number}/{path}", link.partition("#")[0])
    except LinkError:
        return ""


def _untagged(index: Backbone, tagged: set[str], tagging: set[str], number: str) -> Iterator[Raw]:
    for leaf in index.leaves:
        section = next((node.section for node in reversed(leaf.place) if node.section), "")
        needed = f"{section}.".startswith(STUDY_SECTIONS) and leaf.operation != "delete" and leaf.href not in tagging
        if needed and leaf.identifier not in tagged:
            place = f"{number}/{INDEX} line {leaf.line}, leaf {leaf.identifier}"
            yield "ECTD-S04", place, f"at {section}, without a tag"
