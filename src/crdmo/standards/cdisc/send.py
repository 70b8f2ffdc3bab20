"""The domains of SENDIG 3.1.1 that a general toxicology or safety pharmacology study needs.

Source: CDISC SENDIG v3.1.1: names, labels, types, roles, cores and order of variables; checked against the public packages
PDS2014 (SENDIG 3.0) and CJ16050 (SENDIG 3.1).
"""

from __future__ import annotations

from crdmo.standards.cdisc import related
from crdmo.standards.cdisc.classes import EVENTS, FINDINGS, IDENTIFIERS, INTERVENTIONS, TIMING
from crdmo.standards.cdisc.model import Domain, Kind, Role, Standard, fixed, general

_DM = """
STUDYID Study Identifier
DOMAIN Domain Abbreviation
USUBJID Unique Subject Identifier
SUBJID Subject Identifier for the Study
RFSTDTC Subject Reference Start Date/Time
RFENDTC Subject Reference End Date/Time
RFXSTDTC Date/Time of First Study Treatment
RFXENDTC Date/Time of Last Study Treatment
SITEID Study Site Identifier
BRTHDTC Date/Time of Birth
AGE Age
AGETXT Age Range
AGEU Age Unit
SEX Sex
SPECIES Species
STRAIN Strain/Substrain
SBSTRAIN Strain/Substrain Details
ARMCD Planned Arm Code
ARM Description of Planned Arm
SETCD Set Code
"""
_SE = """
STUDYID Study Identifier
DOMAIN Domain Abbreviation
USUBJID Unique Subject Identifier
SESEQ Sequence Number
ETCD Element Code
ELEMENT Description of Element
SESTDTC Start Date/Time of Element
SEENDTC End Date/Time of Element
SEUPDES Description of Unplanned Element
"""
_TA = """
STUDYID Study Identifier
DOMAIN Domain Abbreviation
ARMCD Planned Arm Code
ARM Description of Planned Arm
TAETORD Order of Element within Arm
ETCD Element Code
ELEMENT Description of Element
TABRANCH Branch
TATRANS Transition Rule
EPOCH Trial Epoch
"""
_TE = """
STUDYID Study Identifier
DOMAIN Domain Abbreviation
ETCD Element Code
ELEMENT Description of Element
TESTRL Rule for Start of Element
TEENRL Rule for End of Element
TEDUR Planned Duration of Element
"""
_TX = """
STUDYID Study Identifier
DOMAIN Domain Abbreviation
SETCD Set Code
SET Set Description
TXSEQ Sequence Number
TXPARMCD Trial Set Parameter Short Name
TXPARM Trial Set Parameter
TXVAL Trial Set Parameter Value
"""
_TS = """
STUDYID Study Identifier
DOMAIN Domain Abbreviation
TSSEQ Sequence Number
TSGRPID Group Identifier
TSPARMCD Trial Summary Parameter Short Name
TSPARM Trial Summary Parameter
TSVAL Parameter Value
TSVALNF Parameter Null Flavor
"""
# What SEND calls otherwise than the model's table.
_RENAMED = dict(
    line.split(maxsplit=1)
    for line in """
--GRPID Group Identifier
--REFID Sample Identifier
--SPID Sponsor Identifier
--ORRES Result or Findings as Collected
--ORRESU Unit of the Original Result
--ORNRLO Reference Range Lower Limit-Orig Unit
--ORNRHI Reference Range Upper Limit-Orig Unit
--STRESC Standardized Result in Character Format
--STRESN Standardized Result in Numeric Format
--STRESU Unit of the Standardized Result
--STNRLO Reference Range Lower Limit-Std Unit
--STNRHI Reference Range Upper Limit-Std Unit
--STNRC Reference Range for Char Rslt-Std Unit
--NAM Laboratory Name
--LAT Specimen Laterality within Subject
--DIR Specimen Directionality within Subject
VISITDY Planned Study Day of Collection
""".strip().splitlines()
)
_CLINICAL = {"VISITNUM", "VISIT", "EPOCH", "TAETORD", "--LOBXFL", "--CLSIG", "--REPNUM", "--LNKID", "--LNKGRP"}


def _own(lines: tuple[tuple[str, Role, str], ...]) -> tuple[tuple[str, Role, str], ...]:
    return tuple((name, role, _RENAMED.get(name, label)) for name, role, label in lines if name not in _CLINICAL)


_IDENTIFIERS, _FINDINGS, _TIMING = _own(IDENTIFIERS), _own(FINDINGS), _own(TIMING)
_FINDING = (_IDENTIFIERS, _FINDINGS, _TIMING)
_OBSERVED = "USUBJID TESTCD TEST"
_POOLED = "TESTCD TEST"
_MEASURED = "ORRES ORRESU STRESC STRESN STRESU DTC"
_PATHOLOGY = """
    REFID Specimen Reference Identifier
    SPID Mass Identifier
    DTC Date/Time of Specimen Collection
    DY Study Day of Specimen Collection
"""

DOMAINS: tuple[Domain, ...] = (
    Domain("DM", "Demographics", Kind.SPECIAL, fixed(
        _DM, {"SUBJID": Role.TOPIC, "ARM": Role.SYNONYM, "AGEU": Role.VARIABLE},
        required="STUDYID DOMAIN USUBJID SUBJID SEX ARMCD SETCD", expected="RFSTDTC RFENDTC SPECIES STRAIN ARM",
    )),
    Domain("SE", "Subject Elements", Kind.SPECIAL, fixed(
        _SE, {"ETCD": Role.TOPIC, "ELEMENT": Role.SYNONYM}, required="STUDYID DOMAIN USUBJID SESEQ ETCD SESTDTC",
        expected="SEENDTC",
    ), ("USUBJID",)),
    general("EX", "Exposure", Kind.INTERVENTIONS, (_IDENTIFIERS, _own(INTERVENTIONS), _TIMING), required="TRT",
        expected="USUBJID DOSE DOSU DOSFRM DOSFRQ ROUTE STDTC", labels="""
            TRT Name of Actual Treatment
            DOSE Dose per Administration
            DOSFRQ Dosing Frequency Per Interval
            VAMT Amount Administered
            VAMTU Amount Administered Units
            STDTC Start Date/Time of Treatment
            ENDTC End Date/Time of Treatment
            STDY Study Day of Start of Treatment
            ENDY Study Day of End of Treatment
            DUR Duration of Treatment
        """),
    general("DS", "Disposition", Kind.EVENTS, (_IDENTIFIERS, _own(EVENTS), _TIMING), required="USUBJID TERM DECOD",
        expected="STDTC", labels="""
            TERM Reported Term for the Disposition Event
            DECOD Standardized Disposition Term
            VISITDY Planned Study Day of Disposition
            STDTC Date/Time of Disposition
            STDY Study Day of Disposition
        """),
    general("BW", "Body Weight", Kind.FINDINGS, _FINDING, required=_OBSERVED, expected=_MEASURED, labels="""
            STAT Examination Status
            DTC Date/Time Animal Weighed
            DY Study Day Animal Weighed
        """),
    general("BG", "Body Weight Gain", Kind.FINDINGS, _FINDING, required=_OBSERVED, expected=f"{_MEASURED} ENDTC", labels="""
            STAT Examination Status
            DTC Date/Time Animal Weighed
            ENDTC End Date/Time Animal Weighed
            DY Study Day Animal Weighed
            ENDY Study Day of End of Weight Interval
        """),
    general("CL", "Clinical Observations", Kind.FINDINGS, _FINDING, required=_POOLED, expected="USUBJID ORRES STRESC DTC", labels="""
            REFID Reference ID
            SPID Mass Identifier
            CAT Category for Clinical Observations
            SCAT Subcategory for Clinical Observations
            STAT Examination Status
            DTC Date/Time of Observation
            DY Study Day of Observation
        """),
    general("FW", "Food and Water Consumption", Kind.FINDINGS, _FINDING, required=_POOLED, expected=f"USUBJID {_MEASURED} ENDTC",
        labels="""
            TESTCD Food/Water Consumption Short Name
            TEST Food/Water Consumption Name
            DTC Date/Time of Observation
            ENDTC End Date/Time of Observation
            DY Study Day of Observation
            ENDY Study Day of End of Observation
        """),
    general("LB", "Laboratory Test Results", Kind.FINDINGS, _FINDING, required=_POOLED, expected=f"USUBJID CAT {_MEASURED} SPEC",
        labels="""
            REFID Specimen Identifier
            SPID Sponsor-Defined Identifier
            TESTCD Lab Test or Examination Short Name
            TEST Lab Test or Examination Name
            CAT Category for Lab Test
            SCAT Subcategory for Lab Test
            NAM Vendor Name
            SPEC Specimen Type
            LOC Specimen Collection Location
            DTC Date/Time of Specimen Collection
            ENDTC End Date/Time of Specimen Collection
            DY Study Day of Specimen Collection
            ENDY Study Day of End of Specimen Collection
        """),
    general("MA", "Macroscopic Findings", Kind.FINDINGS, _FINDING, required=f"{_OBSERVED} SPEC", expected="ORRES STRESC DTC",
        labels=f"""
            {_PATHOLOGY}
            TESTCD Macroscopic Examination Short Name
            TEST Macroscopic Examination Name
            STAT Examination Status
            DTC Date/Time of Collection
        """),
    general("MI", "Microscopic Findings", Kind.FINDINGS, _FINDING, required=f"{_OBSERVED} SPEC",
        expected="ORRES STRESC RESCAT SEV DTC", labels=f"""
            {_PATHOLOGY}
            TESTCD Microscopic Examination Short Name
            TEST Microscopic Examination Name
        """),
    general("OM", "Organ Measurements", Kind.FINDINGS, _FINDING, required=f"{_OBSERVED} SPEC", expected=_MEASURED, labels="""
            STAT Finding Status
            DTC Date/Time Organ Weighed
            DY Study Day of Weighing
        """),
    general("PC", "Pharmacokinetics Concentrations", Kind.FINDINGS, _FINDING, required=f"{_POOLED} SPEC",
        expected=f"USUBJID {_MEASURED} LLOQ ELTM TPTREF RFTDTC", labels="""
            CAT Test Category
            SCAT Test Subcategory
            NAM Vendor Name
            VISITDY Visit Day
            RFTDTC Date/Time of Reference Point
            DTC Date/Time of Specimen Collection
            ENDTC End Date/Time of Specimen Collection
            DY Study Day of Specimen Collection
            ENDY Study Day of End of Specimen Collection
        """),
    general("PP", "Pharmacokinetics Parameters", Kind.FINDINGS, _FINDING, required=_POOLED,
        expected="USUBJID CAT ORRES ORRESU STRESC STRESN STRESU SPEC TPTREF RFTDTC", labels="""
            TESTCD Parameter Short Name
            TEST Parameter Name
            CAT Parameter Category
            SCAT Parameter Subcategory
            RFTDTC Date/Time of Reference Point
            STINT Start of Evaluation Interval
            ENINT End of Evaluation Interval
        """),
    general("VS", "Vital Signs", Kind.FINDINGS, _FINDING, required=_OBSERVED, expected=_MEASURED, labels="""
            TESTCD Vital Signs Test Short Name
            TEST Vital Signs Test Name
            DTC Date/Time of Measurements
            DY Study Day of Vital Signs
        """),
    general("EG", "ECG Test Results", Kind.FINDINGS, _FINDING, required=_OBSERVED, expected=_MEASURED, labels="""
            TESTCD ECG Test Short Name
            TEST ECG Test Name
            DTC Date/Time of ECG Collection
            DY Study Day of ECG Collection
        """),
    general("CV", "Cardiovascular Test Results", Kind.FINDINGS, _FINDING, required=_OBSERVED, expected=_MEASURED, labels="""
            METHOD Method of Test
            DTC Date/Time of Cardiovascular Test
            ENDTC End Date/Time of Cardiovascular Test
            DY Study Day of Cardiovascular Test
            ENDY Study Day of End of Cardiovascular Test
        """),
    general("RE", "Respiratory Test Results", Kind.FINDINGS, _FINDING, required=_OBSERVED, expected=_MEASURED, labels="""
            METHOD Method of Test
            DTC Date/Time of Respiratory Measurement
            ENDTC End Date/Time of Respiratory Measurement
            DY Study Day of Respiratory Measurement
            ENDY Study Day of End of Resp Measurement
        """),
    general("SC", "Subject Characteristics", Kind.FINDINGS, _FINDING, required=_OBSERVED, expected="ORRES STRESC", labels="""
            TESTCD Subject Characteristic Short Name
            TEST Subject Characteristic
            DY Study Day of Collection
        """),
    Domain("TA", "Trial Arms", Kind.DESIGN, fixed(
        _TA, {"ARMCD": Role.TOPIC, "ARM ELEMENT": Role.SYNONYM}, required="STUDYID DOMAIN ARMCD ARM TAETORD ETCD EPOCH",
        expected="TABRANCH",
    )),
    Domain("TE", "Trial Elements", Kind.DESIGN, fixed(
        _TE, {"ETCD": Role.TOPIC, "ELEMENT": Role.SYNONYM}, required="STUDYID DOMAIN ETCD ELEMENT TESTRL",
    )),
    Domain("TX", "Trial Sets", Kind.DESIGN, fixed(
        _TX, {"SETCD": Role.TOPIC, "SET TXPARM": Role.SYNONYM, "TXVAL": Role.RESULT},
        required="STUDYID DOMAIN SETCD SET TXSEQ TXPARMCD TXPARM TXVAL",
    ), ("SETCD",)),
    Domain("TS", "Trial Summary", Kind.DESIGN, fixed(
        _TS, {"TSPARMCD": Role.TOPIC, "TSPARM": Role.SYNONYM, "TSVAL": Role.RESULT},
        required="STUDYID DOMAIN TSSEQ TSPARMCD TSPARM", expected="TSVAL TSVALNF",
    ), ("TSPARMCD",)),
    *related.DOMAINS,
)  # fmt: skip

SEND = Standard("SENDIG", "3.1.1", {one.code: one for one in DOMAINS})
