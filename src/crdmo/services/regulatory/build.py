"""Builds the package of a sequence from its records: the same records and official files give the same bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from crdmo.foundation.datasets import store
from crdmo.foundation.references import Reference
from crdmo.standards import ectd
from crdmo.standards.ectd.model import INDEX
from crdmo.standards.refusals import Finding

from .models import Application, Leaf, Sequence

KEPT = 64


@dataclass(frozen=True)
class Package:
    """A sequence as it would be submitted: the archive, its digest, what it lacks, and the official files in it."""

    archive: bytes
    digest: str
    published: ectd.Published
    official: tuple[Reference, ...]


def envelope_of(sequence: Sequence) -> ectd.UsEnvelope | ectd.EuEnvelope:
    """Return what the sequence is to its agency."""
    application = sequence.application
    if application.region == "us":
        return ectd.UsEnvelope(
            applicant_id=application.applicant_id,
            company=application.applicant,
            description=sequence.description,
            contacts=(
                ectd.Contact(application.contact_name, application.contact_telephone, application.contact_email),
            ),
            application_type=application.kind,
            application_number=application.number,
            submission_type=sequence.submission_type,
            submission_id=sequence.activity,
            sub_type=sequence.unit_type,
        )
    agency = application.agency
    return ectd.EuEnvelope(
        identifier=str(application.pk),
        submission_type=sequence.submission_type,
        unit_type=sequence.unit_type,
        tracking=(application.number,),
        applicant=application.applicant,
        agency=agency,
        procedure="centralised" if agency == "EU-EMA" else "national",
        invented_names=(application.product_name,),
        inns=(application.substance,),
        description=sequence.description,
        related=(sequence.activity,),
        country="ema" if agency == "EU-EMA" else agency[:2].lower(),
    )


def leaves_of(sequence: Sequence) -> list[Leaf]:
    """Return the leaves of a sequence in the order in which they were placed."""
    rows = sequence.leaves.filter(is_void=False)
    return list(rows.select_related("modifies__sequence", "document_version__document").order_by("pk"))


def official_files(application: Application, *, studies: bool) -> dict[str, Reference]:
    """Return the official files of the catalogue by their path in `util`, as far as it holds them."""
    paths = ectd.util_names(ectd.Region(application.region), studies=studies)
    wanted = {path.rpartition("/")[2]: path for path in paths}
    found: dict[str, Reference] = {}
    rows = Reference.objects.filter(name__in=list(wanted), is_void=False).order_by("effective_from", "entry")
    for row in rows:
        found[wanted[row.name]] = row
    return found


def backbone_of(application: Application, section: str) -> str:
    """Return in which backbone the leaves of a section stand."""
    if section != "1" and not section.startswith("1."):
        return INDEX
    return "m1/us/us-regional.xml" if application.region == "us" else "m1/eu/eu-regional.xml"


def target_of(leaf: Leaf) -> ectd.Target:
    """Return how a leaf of a sequence is named by a later one."""
    application = leaf.sequence.application
    return ectd.Target(leaf.sequence.number, backbone_of(application, leaf.section), leaf.identifier)


def package_of(sequence: Sequence) -> Package:
    """Build a sequence.

    Raises:
        FormatError: a leaf or the envelope is not as it must be.
        BlobMissing, BlobAltered: the store does not hold what a leaf pinned.
    """
    leaves = leaves_of(sequence)
    studies = _studies(sequence, leaves)
    official = official_files(sequence.application, studies=bool(studies))
    published = ectd.write_sequence(
        ectd.Draft(
            number=sequence.number,
            region=ectd.Region(sequence.application.region),
            envelope=envelope_of(sequence),
            placed=tuple(_placed(sequence, leaf) for leaf in leaves),
            studies=studies,
            util={path: store.get(row.blob) for path, row in official.items()},
        )
    )
    archive = ectd.to_zip(published.files, f"{sequence.application.code.lower()}/{sequence.number}")
    return Package(archive, store.name_of(archive), published, tuple(official.values()))


def _placed(sequence: Sequence, leaf: Leaf) -> ectd.Placed:
    us = sequence.application.region == "us"
    return ectd.Placed(
        identifier=leaf.identifier,
        section=leaf.section,
        title=leaf.title,
        content=store.get(leaf.blob) if leaf.blob else None,
        name=_name(leaf),
        extension=leaf.extension or "pdf",
        operation=ectd.Operation(leaf.operation),
        modifies=target_of(leaf.modifies) if leaf.modifies else None,
        attributes=leaf.attributes,
        nodes=(leaf.study,) if leaf.study and not us else (),
        study=leaf.study,
    )


def _name(leaf: Leaf) -> str:
    """Return the file's name: that of the document, the same in every sequence, so that a replacement is recognised."""
    return leaf.document_version.document.code if leaf.document_version else ""


def _studies(sequence: Sequence, leaves: list[Leaf]) -> tuple[ectd.StudyTags, ...]:
    if sequence.application.region != "us":
        return ()
    by_study: dict[str, list[Leaf]] = defaultdict(list)
    for leaf in leaves:
        if leaf.study and leaf.operation != "delete":
            by_study[leaf.study].append(leaf)
    return tuple(
        ectd.StudyTags(
            study_id=study,
            title=held[0].study_title or held[0].title,
            section=held[0].section,
            documents=tuple((leaf.identifier, leaf.file_tag) for leaf in held),
            attributes=held[0].attributes,
            modifies=_tagged_before(sequence, study),
        )
        for study, held in sorted(by_study.items())
    )


def _tagged_before(sequence: Sequence, study: str) -> ectd.Target | None:
    """Return the first tagging file of a study in an earlier sequence, to which a later one is appended."""
    first = (
        Leaf.objects.filter(sequence__application=sequence.application, study=study, is_void=False)
        .filter(sequence__number__lt=sequence.number)
        .exclude(sequence__package=None)
        .exclude(operation="delete")
        .order_by("sequence__number")
        .values_list("sequence__number", flat=True)
        .first()
    )
    return ectd.Target(first, INDEX, ectd.leaf_id("stf", first, study)) if first else None


@lru_cache(maxsize=KEPT)
def read_package(blob: str) -> Mapping[str, ectd.Sequence]:
    """Return the sequences of a sealed archive; what is sealed never changes, so it is read once."""
    return ectd.read_application(ectd.from_zip(str(store.path(blob))))


def published_sequences(application: Application, *, before: str = "9999") -> dict[str, ectd.Sequence]:
    """Return the published sequences of an application by number, as their files say."""
    found: dict[str, ectd.Sequence] = {}
    rows = application.sequences.filter(number__lt=before, package__isnull=False, is_void=False)
    for row in rows.select_related("package"):
        assert row.package is not None
        found |= read_package(row.package.blob)
    return dict(sorted(found.items()))


def check(sequence: Sequence, package: Package) -> list[Finding]:
    """Return the findings of a sequence on top of those that were published before it."""
    own = ectd.read_application(
        ectd.from_memory({f"{sequence.number}/{p}": d for p, d in package.published.files.items()})
    )
    util = {row.name: store.get(row.blob) for row in package.official}
    application = {**published_sequences(sequence.application, before=sequence.number), **own}
    return ectd.validate(application, only=sequence.number, util=util)
