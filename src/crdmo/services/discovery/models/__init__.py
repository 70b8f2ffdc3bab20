"""The records of discovery, one file a subject."""

from .assays import Assay, Curve, Plate, Potency, Run
from .candidates import Candidate, Nomination, ProfileLine
from .compounds import Compound, CompoundLot, Form, Registration, Upload

__all__ = [
    "Assay",
    "Candidate",
    "Compound",
    "CompoundLot",
    "Curve",
    "Form",
    "Nomination",
    "Plate",
    "Potency",
    "ProfileLine",
    "Registration",
    "Run",
    "Upload",
]
