"""The domains of SDTMIG 3.4 that a trial with vital signs, laboratory, ECG, questionnaires and adverse events needs.

Source: CDISC SDTMIG v3.4: names, labels, types, roles, cores and order of variables. A domain of a general class may carry
every variable of its class; what is not in the model goes to the supplemental qualifiers.
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
RFCSTDTC Date/Time of First Challenge Agent Admin
RFCENDTC Date/Time of Last Challenge Agent Admin
RFICDTC Date/Time of Informed Consent
RFPENDTC Date/Time of End of Participation
DTHDTC Date/Time of Death
DTHFL Subject Death Flag
SITEID Study Site Identifier
INVID Investigator Identifier
INVNAM Investigator Name
BRTHDTC Date/Time of Birth
AGE Age
AGETXT Age Text
AGEU Age Units
SEX Sex
RACE Race
ETHNIC Ethnicity
ARMCD Planned Arm Code
ARM Description of Planned Arm
ACTARMCD Actual Arm Code
ACTARM Description of Actual Arm
ARMNRS Reason Arm and/or Actual Arm is Null
ACTARMUD Description of Unplanned Actual Arm
COUNTRY Country
DMDTC Date/Time of Collection
DMDY Study Day of Collection
"""
_SE = """
STUDYID Study Identifier
DOMAIN Domain Abbreviation
USUBJID Unique Subject Identifier
SESEQ Sequence Number
ETCD Element Code
ELEMENT Description of Element
TAETORD Planned Order of Element within Arm
EPOCH Epoch
SESTDTC Start Date/Time of Element
SEENDTC End Date/Time of Element
SESTDY Study Day of Start of Element
SEENDY Study Day of End of Element
SEUPDES Description of Unplanned Element
"""
_SV = """
STUDYID Study Identifier
DOMAIN Domain Abbreviation
USUBJID Unique Subject Identifier
VISITNUM Visit Number
VISIT Visit Name
SVPRESP Pre-specified
SVOCCUR Occurrence
SVREASOC Reason for Occur Value
SVCNTMOD Contact Mode
VISITDY Planned Study Day of Visit
SVSTDTC Start Date/Time of Visit
SVENDTC End Date/Time of Visit
SVSTDY Study Day of Start of Visit
SVENDY Study Day of End of Visit
SVUPDES Description of Unplanned Visit
"""
_TA = """
STUDYID Study Identifier
DOMAIN Domain Abbreviation
ARMCD Planned Arm Code
ARM Description of Planned Arm
TAETORD Planned Order of Element within Arm
ETCD Element Code
ELEMENT Description of Element
TABRANCH Branch
TATRANS Transition Rule
EPOCH Epoch
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
_TV = """
STUDYID Study Identifier
DOMAIN Domain Abbreviation
VISITNUM Visit Number
VISIT Visit Name
VISITDY Planned Study Day of Visit
ARMCD Planned Arm Code
ARM Description of Planned Arm
TVSTRL Visit Start Rule
TVENRL Visit End Rule
"""
_TI = """
STUDYID Study Identifier
DOMAIN Domain Abbreviation
IETESTCD Incl/Excl Criterion Short Name
IETEST Inclusion/Exclusion Criterion
IECAT Inclusion/Exclusion Category
IESCAT Inclusion/Exclusion Subcategory
TIRL Inclusion/Exclusion Criterion Rule
TIVERS Protocol Criteria Versions
"""
_TS = """
STUDYID Study Identifier
DOMAIN Domain Abbreviation
TSSEQ Sequence Number
TSGRPID Group ID
TSPARMCD Trial Summary Parameter Short Name
TSPARM Trial Summary Parameter
TSVAL Parameter Value
TSVALNF Parameter Null Flavor
TSVALCD Parameter Value Code
TSVCDREF Name of the Reference Terminology
TSVCDVER Version of the Reference Terminology
"""
_OBSERVED = "USUBJID TESTCD TEST"
_MEASURED = "ORRES ORRESU STRESC STRESN STRESU LOBXFL VISITNUM DTC"
_FINDING = (IDENTIFIERS, FINDINGS, TIMING)
_EVENT = (IDENTIFIERS, EVENTS, TIMING)
_INTERVENTION = (IDENTIFIERS, INTERVENTIONS, TIMING)
# Of animals and pools only.
_NOT_CLINICAL = "POOLID EXCLFL REASEX USCHFL DTHREL NOMDY NOMLBL DETECT CSTATE"

DOMAINS: tuple[Domain, ...] = (
    Domain("DM", "Demographics", Kind.SPECIAL, fixed(
        _DM, {"SUBJID": Role.TOPIC, "ARM ACTARM": Role.SYNONYM, "AGEU": Role.VARIABLE},
        required="STUDYID DOMAIN USUBJID SUBJID SITEID SEX COUNTRY",
        expected="RFSTDTC RFENDTC RFXSTDTC RFXENDTC RFICDTC RFPENDTC DTHDTC DTHFL AGE AGEU RACE ARMCD ARM ACTARMCD ACTARM "
                 "ARMNRS ACTARMUD",
    )),
    Domain("SE", "Subject Elements", Kind.SPECIAL, fixed(
        _SE, {"ETCD": Role.TOPIC, "ELEMENT": Role.SYNONYM}, required="STUDYID DOMAIN USUBJID SESEQ ETCD SESTDTC",
        expected="SEENDTC",
    ), ("USUBJID",)),
    Domain("SV", "Subject Visits", Kind.SPECIAL, fixed(
        _SV, {"VISITNUM": Role.TOPIC, "VISIT": Role.SYNONYM}, required="STUDYID DOMAIN USUBJID VISITNUM",
        expected="SVPRESP SVOCCUR SVREASOC SVSTDTC SVENDTC",
    )),
    general("AE", "Adverse Events", Kind.EVENTS, _EVENT, required="USUBJID TERM DECOD",
        expected="LLT LLTCD PTCD HLT HLTCD HLGT HLGTCD BODSYS BDSYCD SOC SOCCD SER ACN REL STDTC ENDTC", without=_NOT_CLINICAL,
        labels="""
            TERM Reported Term for the Adverse Event
            CAT Category for Adverse Event
            SCAT Subcategory for Adverse Event
            PRESP Pre-Specified Adverse Event
            OUT Outcome of Adverse Event
            STDTC Start Date/Time of Adverse Event
            ENDTC End Date/Time of Adverse Event
            STDY Study Day of Start of Adverse Event
            ENDY Study Day of End of Adverse Event
            DUR Duration of Adverse Event
        """),
    general("DS", "Disposition", Kind.EVENTS, _EVENT, required="USUBJID TERM DECOD", expected="CAT EPOCH STDTC STDY",
        without=_NOT_CLINICAL, labels="""
            TERM Reported Term for the Disposition Event
            DECOD Standardized Disposition Term
            CAT Category for Disposition Event
            SCAT Subcategory for Disposition Event
            STDTC Start Date/Time of Disposition Event
            STDY Study Day of Start of Disposition Event
        """),
    general("MH", "Medical History", Kind.EVENTS, _EVENT, required="USUBJID TERM", without=_NOT_CLINICAL, labels="""
            TERM Reported Term for the Medical History
            CAT Category for Medical History
            SCAT Subcategory for Medical History
            PRESP Medical History Event Pre-Specified
            OCCUR Medical History Occurrence
            REASND Reason Medical History Not Collected
            DTC Date/Time of History Collection
            STDTC Start Date/Time of Medical History Event
            ENDTC End Date/Time of Medical History Event
        """),
    general("EX", "Exposure", Kind.INTERVENTIONS, _INTERVENTION, required="USUBJID TRT",
        expected="DOSE DOSU DOSFRM DOSFRQ EPOCH STDTC ENDTC", without=_NOT_CLINICAL, labels="""
            STDTC Start Date/Time of Treatment
            ENDTC End Date/Time of Treatment
            STDY Study Day of Start of Treatment
            ENDY Study Day of End of Treatment
            DUR Duration of Treatment
        """),
    general("CM", "Concomitant/Prior Medications", Kind.INTERVENTIONS, _INTERVENTION, required="USUBJID TRT",
        without=_NOT_CLINICAL, labels="""
            TRT Reported Name of Drug, Med, or Therapy
            DECOD Standardized Medication Name
            CAT Category for Medication
            SCAT Subcategory for Medication
            PRESP CM Pre-specified
            OCCUR CM Occurrence
            REASND Reason Medication Not Collected
            CLAS Medication Class
            CLASCD Medication Class Code
            DOSE Dose per Administration
            STDTC Start Date/Time of Medication
            ENDTC End Date/Time of Medication
            STDY Study Day of Start of Medication
            ENDY Study Day of End of Medication
            DUR Duration
        """),
    general("LB", "Laboratory Test Results", Kind.FINDINGS, _FINDING, required=_OBSERVED,
        expected=f"CAT {_MEASURED} ORNRLO ORNRHI STNRLO STNRHI NRIND", without=_NOT_CLINICAL, labels="""
            REFID Specimen ID
            TESTCD Lab Test or Examination Short Name
            TEST Lab Test or Examination Name
            CAT Category for Lab Test
            SCAT Subcategory for Lab Test
            REASND Reason Test Not Done
            NAM Vendor Name
            SPEC Specimen Type
            DTC Date/Time of Specimen Collection
            ENDTC End Date/Time of Specimen Collection
            DY Study Day of Specimen Collection
        """),
    general("VS", "Vital Signs", Kind.FINDINGS, _FINDING, required=_OBSERVED, expected=_MEASURED, without=_NOT_CLINICAL, labels="""
            TESTCD Vital Signs Test Short Name
            TEST Vital Signs Test Name
            CAT Category for Vital Signs
            SCAT Subcategory for Vital Signs
            POS Vital Signs Position of Subject
            REASND Reason Not Performed
            LOC Location of Vital Signs Measurement
            DTC Date/Time of Measurements
            DY Study Day of Vital Signs
        """),
    general("EG", "ECG Test Results", Kind.FINDINGS, _FINDING, required=_OBSERVED, expected=_MEASURED, without=_NOT_CLINICAL, labels="""
            TESTCD ECG Test or Examination Short Name
            TEST ECG Test or Examination Name
            CAT Category for ECG
            SCAT Subcategory for ECG
            POS ECG Position of Subject
            REASND Reason ECG Not Done
            DTC Date/Time of ECG
            DY Study Day of ECG
        """),
    general("QS", "Questionnaires", Kind.FINDINGS, _FINDING, required=f"{_OBSERVED} CAT",
        expected="ORRES STRESC STRESN LOBXFL VISITNUM DTC", without=_NOT_CLINICAL, labels="""
            TESTCD Question Short Name
            TEST Question Name
            CAT Category of Question
            SCAT Subcategory for Question
            ORRES Finding in Original Units
            STRESN Numeric Finding in Standard Units
            REASND Reason Not Performed
            DTC Date/Time of Finding
            DY Study Day of Finding
        """),
    general("PC", "Pharmacokinetics Concentrations", Kind.FINDINGS, _FINDING, required=f"{_OBSERVED} NAM SPEC",
        expected=f"{_MEASURED} LLOQ TPT ELTM", without=_NOT_CLINICAL, labels="""
            TESTCD Pharmacokinetic Test Short Name
            TEST Pharmacokinetic Test Name
            NAM Vendor Name
            DTC Date/Time of Specimen Collection
            DY Actual Study Day of Specimen Collection
        """),
    general("PP", "Pharmacokinetics Parameters", Kind.FINDINGS, _FINDING, required=_OBSERVED,
        expected="CAT ORRES ORRESU STRESC STRESN STRESU SPEC", without=_NOT_CLINICAL, labels="""
            TESTCD Parameter Short Name
            TEST Parameter Name
            CAT Parameter Category
            SCAT Parameter Subcategory
            DTC Date/Time of Parameter Calculations
            DY Study Day of Parameter Calculations
        """),
    general("IE", "Inclusion/Exclusion Criteria Not Met", Kind.FINDINGS, _FINDING,
        required=f"{_OBSERVED} CAT ORRES STRESC", without=_NOT_CLINICAL, labels="""
            TESTCD Inclusion/Exclusion Criterion Short Name
            TEST Inclusion/Exclusion Criterion
            CAT Inclusion/Exclusion Category
            SCAT Inclusion/Exclusion Subcategory
            ORRES I/E Criterion Original Result
            STRESC I/E Criterion Result in Std Format
            DY Study Day of Collection
        """),
    general("SC", "Subject Characteristics", Kind.FINDINGS, _FINDING, required=_OBSERVED, expected="ORRES STRESC", without=_NOT_CLINICAL,
        labels="""
            TESTCD Subject Characteristic Short Name
            TEST Subject Characteristic
            CAT Category for Subject Characteristic
            SCAT Subcategory for Subject Characteristic
            DY Study Day of Examination
        """),
    Domain("TA", "Trial Arms", Kind.DESIGN, fixed(
        _TA, {"ARMCD": Role.TOPIC, "ARM ELEMENT": Role.SYNONYM}, required="STUDYID DOMAIN ARMCD ARM TAETORD ETCD EPOCH",
        expected="TABRANCH TATRANS",
    )),
    Domain("TE", "Trial Elements", Kind.DESIGN, fixed(
        _TE, {"ETCD": Role.TOPIC, "ELEMENT": Role.SYNONYM}, required="STUDYID DOMAIN ETCD ELEMENT TESTRL",
    )),
    Domain("TV", "Trial Visits", Kind.DESIGN, fixed(
        _TV, {"VISITNUM": Role.TOPIC, "VISIT ARM": Role.SYNONYM}, required="STUDYID DOMAIN VISITNUM TVSTRL", expected="ARMCD",
    )),
    Domain("TI", "Trial Inclusion/Exclusion Criteria", Kind.DESIGN, fixed(
        _TI, {"IETESTCD": Role.TOPIC, "IETEST": Role.SYNONYM, "TIRL": Role.RULE},
        required="STUDYID DOMAIN IETESTCD IETEST IECAT",
    )),
    Domain("TS", "Trial Summary", Kind.DESIGN, fixed(
        _TS, {"TSPARMCD": Role.TOPIC, "TSPARM": Role.SYNONYM, "TSVAL TSVALCD": Role.RESULT},
        required="STUDYID DOMAIN TSSEQ TSPARMCD TSPARM", expected="TSVAL TSVALNF TSVALCD TSVCDREF TSVCDVER",
    ), ("TSPARMCD",)),
    *related.DOMAINS,
)  # fmt: skip

SDTM = Standard("SDTMIG", "3.4", {one.code: one for one in DOMAINS})
