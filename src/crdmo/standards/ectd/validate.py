"""The structural validator: every finding has a criterion, its weight, a place, what was seen, and where it comes from.

    findings = validate(read_application(from_folder(path)))            # structure, life cycle, checksums, PDF
    findings = validate(application, hashing=False, pdfs=False)         # structure and life cycle only

One root cause gives one finding: a leaf whose target is broken is not reported again as something else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from crdmo.standards.ectd import checks_backbone, checks_files, checks_regional
from crdmo.standards.ectd.criteria import LATEST, Criterion, edition
from crdmo.standards.ectd.lifecycle import current_view
from crdmo.standards.ectd.look import Look, Raw
from crdmo.standards.ectd.model import INDEX, Sequence
from crdmo.standards.refusals import Finding, FormatError


def validate(
    sequences: Mapping[str, Sequence], *, only: str = "", hashing: bool = True, pdfs: bool = True,
    util: Mapping[str, bytes] | None = None, criteria: str = LATEST,
) -> list[Finding]:  # fmt: skip
    """Return the findings of an application, sequence by sequence; of one sequence only where it is named.

    `util` are the official files by name, such as `ich-ectd-3-2.dtd`: backbones are then checked against them. A
    document type inside the package is never used, since it is the sender's.

    Raises:
        FormatError: there is no such sequence or edition of the criteria.
    """
    table = edition(criteria)
    if only and only not in sequences:
        raise FormatError("there is no such sequence", given=only, allowed=", ".join(sorted(sequences)))
    findings: list[Finding] = []
    life: dict[str, list[Raw]] = defaultdict(list)
    for one in current_view(sequences).broken:
        place = f"{one.sequence}/{one.backbone} line {one.leaf.line}, leaf {one.leaf.identifier or 'without ID'}"
        life[one.sequence].append((one.criterion, place, one.what))
    for number in [only] if only else sorted(sequences):
        look = Look(sequences[number], sequences, hashing, pdfs, util or {})
        for raw in (*_sequence(look), *life[number]):
            findings.append(_finding(table, raw))
    return findings


def _finding(table: Mapping[str, Criterion], raw: Raw) -> Finding:
    criterion, place, what = raw
    known = table[criterion]
    return Finding(criterion, known.severity, place, what, f"{known.asks} ({known.source})")


def _sequence(look: Look) -> Iterator[Raw]:
    sequence, number = look.sequence, look.sequence.number
    refused = dict(sequence.refused)
    if INDEX in refused:
        yield "ECTD-A01", f"{number}/{INDEX}", refused[INDEX]
    elif sequence.index is None:
        yield "ECTD-A01", f"{number}/{INDEX}", "it is not there"
    for path, why in refused.items():
        if path != INDEX:
            yield "ECTD-A11", f"{number}/{path}", why
    yield from checks_files.package(look)
    for backbone in sequence.backbones:
        yield from checks_backbone.backbone_of(look, backbone)
    yield from checks_regional.regional(look)
    # Which files are named is only known where every backbone could be read.
    if not refused and sequence.index is not None:
        yield from checks_files.references(look)
    yield from checks_regional.studies(look)
