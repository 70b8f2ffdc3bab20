"""SDTM and SEND: domains and their variables, data sets from plain frames, packages as folders of transport files.

    dm = build(SDTM, "DM", frame, study="CRD-101")                   # order, labels, lengths; or a refusal
    vs = build(SDTM, "VS", frame, study="CRD-101", reference=days)   # with --SEQ and --DY
    write_folder(path, [dm, vs])                                     # whole or not at all
    package = read_folder(path)                                      # whole or refused
    check(SDTM, package.datasets)                                    # findings

The names, labels, types and orders are facts of CDISC's implementation guides SDTMIG 3.4 and SENDIG 3.1.1.
"""

from crdmo.standards.cdisc.archive import packed_folder, transport_files
from crdmo.standards.cdisc.build import Dataset, build, supplemental
from crdmo.standards.cdisc.checking import check
from crdmo.standards.cdisc.folder import Package, encode, read_files, read_folder, write_folder
from crdmo.standards.cdisc.model import Core, Definition, Domain, Kind, Role, Standard
from crdmo.standards.cdisc.sdtm import SDTM
from crdmo.standards.cdisc.send import SEND
from crdmo.standards.cdisc.timing import study_day

__all__ = [
    "SDTM",
    "SEND",
    "Core",
    "Dataset",
    "Definition",
    "Domain",
    "Kind",
    "Package",
    "Role",
    "Standard",
    "build",
    "check",
    "encode",
    "packed_folder",
    "read_files",
    "read_folder",
    "study_day",
    "supplemental",
    "transport_files",
    "write_folder",
]
