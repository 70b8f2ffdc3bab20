"""The variables of the SEND domains that a study of the house is written in, with their labels, in the order of SENDIG 3.1.1.

Lengths follow from the data when a package is written. The units of SEND's terminology stand beside the UCUM codes of the
records; what has no UCUM code is kept as an annotation and comes out again as it was.
"""

from __future__ import annotations

IDENTIFIERS = (
    ("STUDYID", "Study Identifier", False),
    ("DOMAIN", "Domain Abbreviation", False),
    ("USUBJID", "Unique Subject Identifier", False),
)
NAMES = {
    "BW": "Body Weights",
    "CL": "Clinical Observations",
    "DM": "Demographics",
    "DS": "Disposition",
    "EX": "Exposure",
    "LB": "Laboratory Test Results",
    "MA": "Macroscopic Findings",
    "MI": "Microscopic Findings",
    "OM": "Organ Measurements",
    "PC": "Pharmacokinetics Concentrations",
    "PP": "Pharmacokinetics Parameters",
    "TA": "Trial Arms",
    "TE": "Trial Elements",
    "TS": "Trial Summary",
    "TX": "Trial Sets",
}
# What a finding says in any domain: suffix, label, whether it is a number.
FINDING = (
    ("SEQ", "Sequence Number", True),
    ("TESTCD", "Short Name of Test", False),
    ("TEST", "Name of Test", False),
    ("CAT", "Category", False),
    ("ORRES", "Result or Findings as Collected", False),
    ("ORRESU", "Unit of the Original Result", False),
    ("STRESC", "Standardized Result in Character Format", False),
    ("STRESN", "Standardized Result in Numeric Format", True),
    ("STRESU", "Unit of the Standardized Result", False),
    ("STAT", "Completion Status", False),
    ("REASND", "Reason Not Done", False),
    ("SPEC", "Specimen Material Type", False),
    ("METHOD", "Method", False),
    ("SEV", "Severity", False),
    ("LLOQ", "Lower Limit of Quantitation", True),
    ("DTC", "Date/Time of Collection", False),
    ("DY", "Study Day of Collection", True),
    ("TPT", "Planned Time Point Name", False),
    ("ELTM", "Planned Elapsed Time from Reference", False),
)
# Suffixes that a domain does not have.
LACKS = {
    "BW": {"CAT", "SPEC", "METHOD", "SEV", "LLOQ", "TPT", "ELTM"},
    "CL": {"ORRESU", "STRESN", "STRESU", "SPEC", "METHOD", "LLOQ"},
    "LB": {"SEV", "LLOQ"},
    "MA": {"CAT", "ORRESU", "STRESN", "STRESU", "METHOD", "LLOQ", "TPT", "ELTM"},
    "MI": {"CAT", "ORRESU", "STRESN", "STRESU", "LLOQ", "TPT", "ELTM"},
    "OM": {"CAT", "METHOD", "SEV", "LLOQ", "TPT", "ELTM"},
    "PC": {"SEV"},
    "PP": {"METHOD", "SEV", "LLOQ", "DTC", "DY", "TPT", "ELTM"},
}
VISIT_DAY = ("VISITDY", "Planned Study Day of Visit", True)
DM = (
    *IDENTIFIERS,
    ("SUBJID", "Subject Identifier for the Study", False),
    ("RFSTDTC", "Subject Reference Start Date/Time", False),
    ("RFENDTC", "Subject Reference End Date/Time", False),
    ("SITEID", "Study Site Identifier", False),
    ("BRTHDTC", "Date/Time of Birth", False),
    ("AGE", "Age", True),
    ("AGEU", "Age Unit", False),
    ("SEX", "Sex", False),
    ("SPECIES", "Species", False),
    ("STRAIN", "Strain/Substrain", False),
    ("ARMCD", "Planned Arm Code", False),
    ("ARM", "Description of Planned Arm", False),
    ("SETCD", "Set Code", False),
)
EX = (
    *IDENTIFIERS,
    ("EXSEQ", "Sequence Number", True),
    ("EXTRT", "Name of Actual Treatment", False),
    ("EXDOSE", "Dose per Administration", True),
    ("EXDOSU", "Dose Units", False),
    ("EXDOSFRM", "Dose Form", False),
    ("EXDOSFRQ", "Dosing Frequency per Interval", False),
    ("EXROUTE", "Route of Administration", False),
    ("EXLOT", "Lot Number", False),
    ("EXSTDTC", "Start Date/Time of Treatment", False),
    ("EXENDTC", "End Date/Time of Treatment", False),
    ("EXSTDY", "Study Day of Start of Treatment", True),
)
DS = (
    *IDENTIFIERS,
    ("DSSEQ", "Sequence Number", True),
    ("DSTERM", "Reported Term for the Disposition Event", False),
    ("DSDECOD", "Standardized Disposition Term", False),
    ("DSSTDTC", "Date/Time of Disposition", False),
    ("DSSTDY", "Study Day of Disposition", True),
)
TS = (
    *IDENTIFIERS[:2],
    ("TSSEQ", "Sequence Number", True),
    ("TSGRPID", "Group Identifier", False),
    ("TSPARMCD", "Trial Summary Parameter Short Name", False),
    ("TSPARM", "Trial Summary Parameter", False),
    ("TSVAL", "Parameter Value", False),
)
TA = (
    *IDENTIFIERS[:2],
    ("ARMCD", "Planned Arm Code", False),
    ("ARM", "Description of Planned Arm", False),
    ("TAETORD", "Planned Order of Elements within Arm", True),
    ("ETCD", "Element Code", False),
    ("ELEMENT", "Description of Element", False),
    ("TABRANCH", "Branch", False),
    ("EPOCH", "Trial Epoch", False),
)
TE = (
    *IDENTIFIERS[:2],
    ("ETCD", "Element Code", False),
    ("ELEMENT", "Description of Element", False),
    ("TESTRL", "Rule for Start of Element", False),
    ("TEENRL", "Rule for End of Element", False),
)
TX = (
    *IDENTIFIERS[:2],
    ("SETCD", "Set Code", False),
    ("SET", "Set Description", False),
    ("TXSEQ", "Sequence Number", True),
    ("TXPARMCD", "Trial Set Parameter Short Name", False),
    ("TXPARM", "Trial Set Parameter", False),
    ("TXVAL", "Trial Set Parameter Value", False),
)
FIXED = {"DM": DM, "EX": EX, "DS": DS, "TS": TS, "TA": TA, "TE": TE, "TX": TX}


def variables_of(domain: str) -> tuple[tuple[str, str, bool], ...]:
    """Return the variables of a domain: name, label, whether it is a number."""
    if domain in FIXED:
        return FIXED[domain]
    own = [(domain + suffix, label, number) for suffix, label, number in FINDING if suffix not in LACKS.get(domain, ())]
    at = next((i for i, one in enumerate(own) if one[0] == f"{domain}DTC"), len(own))
    return (*IDENTIFIERS, *own[:at], VISIT_DAY, *own[at:])


# SEND terminology → UCUM; what is the same in both is not listed.
UCUM = {
    "C": "Cel",
    "beats/min": "{beats}/min",
    "breaths/min": "{breaths}/min",
    "10^9/L": "10*9/L",
    "10^12/L": "10*12/L",
    "10^3/uL": "10*3/uL",
    "10^6/uL": "10*6/uL",
    "h*ng/mL": "h.ng/mL",
    "h*ug/mL": "h.ug/mL",
    "hr*ng/mL": "h.ng/mL",
    "ng*h/mL": "ng.h/mL",
    "mmHg": "mm[Hg]",
    "IU/L": "[iU]/L",
    "WEEKS": "wk",
    "DAYS": "d",
    "sec": "s",
    "msec": "ms",
}
SEND = {ucum: word for word, ucum in reversed(UCUM.items())}
