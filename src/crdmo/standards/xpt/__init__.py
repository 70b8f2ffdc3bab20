"""SAS XPORT (transport) files of version 5, read and written byte for byte.

Source of the layout: SAS Institute, technical paper TS-140, "Record Layout of a SAS Version 5 or 6 Data Set in SAS
Transport (XPORT) Format", October 2021.

    library = read_xpt(path)            # everything in memory
    xpt = XptFile(path)                 # the headers; then block by block
    write_xpt(path, library)            # the same input gives the same bytes
    check(XptFile(path))                # findings
"""

from crdmo.standards.xpt.layout import Block, Library, Member, MemberHeader, Variable, sas_instant
from crdmo.standards.xpt.reader import XptFile, read_xpt
from crdmo.standards.xpt.validate import check
from crdmo.standards.xpt.writer import encode_library, stream_library, write_xpt

__all__ = [
    "Block",
    "Library",
    "Member",
    "MemberHeader",
    "Variable",
    "XptFile",
    "check",
    "encode_library",
    "read_xpt",
    "sas_instant",
    "stream_library",
    "write_xpt",
]
