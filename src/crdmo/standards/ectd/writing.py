"""The bytes of backbones: the same leaves give the same bytes, in the order of the content model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lxml import etree

from crdmo.standards.ectd import regional_eu, regional_us
from crdmo.standards.ectd.headings import by_element
from crdmo.standards.ectd.model import NODE_EXTENSION, Leaf, Node

ECTD = "http://www.ich.org/ectd"
XLINK = "http://www.w3c.org/1999/xlink"
DTD_VERSION = "3.2"


@dataclass
class Branch:
    """A node of the tree that is written, with its leaves and the nodes below it."""

    leaves: list[Leaf] = field(default_factory=list)
    below: dict[Node, Branch] = field(default_factory=dict)


def tree_of(leaves: Iterable[Leaf]) -> Branch:
    """Return the tree of leaves by their places, each place once."""
    top = Branch()
    for leaf in leaves:
        here = top
        for node in leaf.place:
            here = here.below.setdefault(node, Branch())
        here.leaves.append(leaf)
    return top


def index_bytes(leaves: Iterable[Leaf]) -> bytes:
    """Return the index of a sequence: modules 1 to 5."""
    root = etree.Element(f"{{{ECTD}}}ectd", nsmap={"ectd": ECTD, "xlink": XLINK})
    root.set("dtd-version", DTD_VERSION)

    def order(node: Node) -> int:
        known = by_element().get(node.element)
        return known.order if known else len(by_element())

    _fill(root, tree_of(leaves), order)
    return serialise(root, "ectd:ectd", "util/dtd/ich-ectd-3-2.dtd", "util/style/ectd-2-0.xsl")


def us_bytes(envelope: regional_us.UsEnvelope, sequence: str, leaves: Iterable[Leaf], form: Leaf | None) -> bytes:
    """Return the backbone of module 1 of the United States. `form` is the leaf of form 1571 or 356h."""
    fda = regional_us.NAMESPACE
    root = etree.Element(f"{{{fda}}}fda-regional", nsmap={"fda-regional": fda, "xlink": XLINK})
    root.set("dtd-version", regional_us.DTD_VERSION)
    admin = _sub(root, "admin")
    _us_applicant(_sub(admin, "applicant-info"), envelope)
    application = _sub(_sub(admin, "application-set"), "application")
    held = list(leaves)
    application.set("application-containing-files", "true" if held or form else "false")
    number = _sub(_sub(application, "application-information"), "application-number", envelope.application_number)
    number.set("application-type", regional_us.APPLICATION_TYPES[envelope.application_type])
    submission = _sub(application, "submission-information")
    identifier = _sub(submission, "submission-id", envelope.submission_id)
    identifier.set("submission-type", regional_us.SUBMISSION_TYPES[envelope.submission_type])
    own = _sub(submission, "sequence-number", sequence)
    own.set("submission-sub-type", regional_us.SUB_TYPES[envelope.sub_type])
    if form is not None:
        kind = "1571" if envelope.application_type == "IND" else "356h"
        wrapper = _sub(submission, "form")
        wrapper.set("form-type", regional_us.FORM_TYPES[kind])
        wrapper.append(leaf_element(form))
    if held:
        orders = {one.element: one.order for one in regional_us.sections().values()}
        _fill(_sub(root, "m1-regional"), tree_of(held), lambda node: orders.get(node.element, len(orders)))
    return serialise(root, "fda-regional:fda-regional", f"../../util/dtd/{regional_us.DTD}",
                     "../../util/style/us-regional.xsl")  # fmt: skip


def _us_applicant(info: etree._Element, envelope: regional_us.UsEnvelope) -> None:
    _sub(info, "id", envelope.applicant_id)
    _sub(info, "company-name", envelope.company)
    _sub(info, "submission-description", envelope.description)
    contacts = _sub(info, "applicant-contacts")
    for one in envelope.contacts:
        contact = _sub(contacts, "applicant-contact")
        name = _sub(contact, "applicant-contact-name", one.name)
        name.set("applicant-contact-type", regional_us.CONTACT_TYPES[one.kind])
        telephone = _sub(_sub(contact, "telephones"), "telephone", one.telephone)
        telephone.set("telephone-number-type", regional_us.TELEPHONE_TYPES[one.telephone_kind])
        _sub(_sub(contact, "emails"), "email", one.email)


def eu_bytes(envelope: regional_eu.EuEnvelope, sequence: str, leaves: Iterable[Leaf]) -> bytes:
    """Return the backbone of module 1 of the European Union."""
    eu = regional_eu.NAMESPACE
    root = etree.Element(f"{{{eu}}}eu-backbone", nsmap={"eu": eu, "xlink": XLINK})
    root.set("dtd-version", regional_eu.DTD_VERSION)
    one = _sub(_sub(root, "eu-envelope"), "envelope")
    one.set("country", envelope.country)
    _sub(one, "identifier", envelope.identifier)
    submission = _sub(one, "submission")
    submission.set("type", envelope.submission_type)
    submission.set("mode", envelope.mode)
    if envelope.number:
        _sub(submission, "number", envelope.number)
    tracking = _sub(submission, "procedure-tracking")
    for number in envelope.tracking:
        _sub(tracking, "number", number)
    _sub(one, "submission-unit").set("type", envelope.unit_type)
    _sub(one, "applicant", envelope.applicant)
    _sub(one, "agency").set("code", envelope.agency)
    _sub(one, "procedure").set("type", envelope.procedure)
    for name in envelope.invented_names:
        _sub(one, "invented-name", name)
    for name in envelope.inns:
        _sub(one, "inn", name)
    _sub(one, "sequence", sequence)
    for related in envelope.related or (sequence,):
        _sub(one, "related-sequence", related)
    _sub(one, "submission-description", envelope.description)
    orders = {section.element: section.order for section in regional_eu.sections().values()}
    _fill(_sub(root, "m1-eu"), tree_of(leaves), lambda node: orders.get(node.element, len(orders)))
    return serialise(root, "eu:eu-backbone", f"../../util/dtd/{regional_eu.DTD}", "../../util/style/eu-regional.xsl")


def _fill(parent: etree._Element, branch: Branch, order: Callable[[Node], int]) -> None:
    for leaf in branch.leaves:
        parent.append(leaf_element(leaf))
    nodes = sorted(branch.below, key=lambda node: (order(node), node.attributes, node.title))
    for node in nodes:
        element = _sub(parent, node.element)
        for name, value in node.attributes:
            element.set(name, value)
        if node.element == NODE_EXTENSION:
            _sub(element, "title", node.title)
        _fill(element, branch.below[node], order)


def leaf_element(leaf: Leaf) -> etree._Element:
    """Return a leaf as it is written. A leaf that deletes has no file, and an empty checksum."""
    element = etree.Element("leaf", nsmap={"xlink": XLINK})
    element.set("ID", leaf.identifier)
    element.set("operation", leaf.operation)
    if leaf.version:
        element.set("version", leaf.version)
    if leaf.modified_file:
        element.set("modified-file", leaf.modified_file)
    element.set("checksum", leaf.checksum)
    element.set("checksum-type", leaf.checksum_type)
    element.set(f"{{{XLINK}}}type", "simple")
    if leaf.href:
        element.set(f"{{{XLINK}}}href", leaf.href)
    _sub(element, "title", leaf.title)
    return element


def _sub(parent: etree._Element, name: str, text: str = "") -> etree._Element:
    made = etree.SubElement(parent, name)
    if text:
        made.text = text
    return made


def serialise(root: etree._Element, name: str, dtd: str, style: str) -> bytes:
    """Return a document with its document type and stylesheet by name, in UTF-8 with line feeds."""
    etree.cleanup_namespaces(root, keep_ns_prefixes=["xlink"])
    etree.indent(root, space="  ")
    body = etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<!DOCTYPE {name} SYSTEM "{dtd}">\n'
        f'<?xml-stylesheet type="text/xsl" href="{style}"?>\n'
    )
    return head.encode() + body + b"\n"
