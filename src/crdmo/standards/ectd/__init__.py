"""eCTD 3.2.2: content model, writer, reader, life cycle and structural validator; module 1 of the US and the EU.

Source: ICH, Electronic Common Technical Document Specification, version 3.2.2 (2008), and the regions' specifications.

    published = write_sequence(Draft(number="0000", region=Region.US, envelope=…, placed=(…)))
    application = read_application(from_zip(data))       # or from_folder(path)
    current_view(application).payload                    # what stands
    validate(application)                                # findings, each with criterion, weight, place and source
"""

from crdmo.standards.ectd.criteria import EDITIONS, LATEST, Criterion, edition
from crdmo.standards.ectd.files import Files, from_folder, from_memory, from_zip
from crdmo.standards.ectd.headings import Heading, attributes_of, heading, headings
from crdmo.standards.ectd.lifecycle import Broken, Effective, View, changes, current_view
from crdmo.standards.ectd.model import Backbone, Leaf, Node, Operation, Sequence, Target
from crdmo.standards.ectd.reader import read_application, read_sequence
from crdmo.standards.ectd.regional_eu import EuEnvelope
from crdmo.standards.ectd.regional_us import Contact, UsEnvelope
from crdmo.standards.ectd.regions import Region, place_of, sections, util_names
from crdmo.standards.ectd.stf import StudyTags
from crdmo.standards.ectd.validate import validate
from crdmo.standards.ectd.writer import Draft, Placed, Published, leaf_id, to_zip, write_sequence

__all__ = [
    "EDITIONS",
    "LATEST",
    "Backbone",
    "Broken",
    "Contact",
    "Criterion",
    "Draft",
    "Effective",
    "EuEnvelope",
    "Files",
    "Heading",
    "Leaf",
    "Node",
    "Operation",
    "Placed",
    "Published",
    "Region",
    "Sequence",
    "StudyTags",
    "Target",
    "UsEnvelope",
    "View",
    "attributes_of",
    "changes",
    "current_view",
    "edition",
    "from_folder",
    "from_memory",
    "from_zip",
    "heading",
    "headings",
    "leaf_id",
    "place_of",
    "read_application",
    "read_sequence",
    "sections",
    "to_zip",
    "util_names",
    "validate",
    "write_sequence",
]
