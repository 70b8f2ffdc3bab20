"""The variables of the three general observation classes and the timing variables, in the order of the SDTM model.

Source: CDISC, Study Data Tabulation Model v1.5 and v2.0: names, roles and order. `--` stands for the domain's two letters.
Each guide calls some of them otherwise; see `sdtm` and `send`.
"""

from __future__ import annotations

from crdmo.standards.cdisc.model import table

IDENTIFIERS = table("""
STUDYID I Study Identifier
DOMAIN I Domain Abbreviation
USUBJID I Unique Subject Identifier
POOLID I Pool Identifier
SPDEVID I Sponsor Device Identifier
FOCID I Focus of Study-Specific Interest
--SEQ I Sequence Number
--GRPID I Group ID
--REFID I Reference ID
--SPID I Sponsor-Defined Identifier
--LNKID I Link ID
--LNKGRP I Link Group ID
""")
FINDINGS = table("""
--TESTCD T Test Short Name
--TEST S Test Name
--CAT G Category
--SCAT G Subcategory
--POS Q Position of Subject During Test
--BODSYS Q Body System or Organ Class
--ORRES R Result or Finding in Original Units
--ORRESU V Original Units
--ORNRLO V Reference Range Lower Limit in Orig Unit
--ORNRHI V Reference Range Upper Limit in Orig Unit
--STRESC R Character Result/Finding in Std Format
--STRESN R Numeric Result/Finding in Standard Units
--STRESU V Standard Units
--STNRLO V Reference Range Lower Limit-Std Units
--STNRHI V Reference Range Upper Limit-Std Units
--STNRC V Reference Range for Char Rslt-Std Units
--NRIND V Reference Range Indicator
--RESCAT V Result Category
--CHRON V Chronicity of Finding
--DISTR V Distribution Pattern of Finding
--STAT Q Completion Status
--REASND Q Reason Not Done
--NAM Q Laboratory/Vendor Name
--LOINC S LOINC Code
--SPEC Q Specimen Material Type
--ANTREG V Anatomical Region of Specimen
--SPCCND Q Specimen Condition
--SPCUFL Q Specimen Usability for the Test
--LOC Q Location of a Finding
--LAT V Laterality
--DIR V Directionality
--PORTOT V Portion or Totality
--METHOD Q Method of Test or Examination
--ANMETH Q Analysis Method
--CSTATE Q Consciousness State
--LOBXFL Q Last Observation Before Exposure Flag
--BLFL Q Baseline Flag
--FAST Q Fasting Status
--DRVFL Q Derived Flag
--EVAL Q Evaluator
--EVALID V Evaluator Identifier
--ACPTFL Q Accepted Record Flag
--TOX V Toxicity
--TOXGR Q Standard Toxicity Grade
--SEV Q Severity
--DTHREL Q Relationship to Death
--LLOQ V Lower Limit of Quantitation
--ULOQ V Upper Limit of Quantitation
--EXCLFL Q Exclusion Flag
--REASEX Q Reason for Exclusion
--USCHFL Q Unscheduled Flag
--CLSIG Q Clinically Significant, Collected
--REPNUM Q Repetition Number
""")
EVENTS = table("""
--TERM T Reported Term
--MODIFY S Modified Reported Term
--LLT V Lowest Level Term
--LLTCD V Lowest Level Term Code
--DECOD S Dictionary-Derived Term
--PTCD V Preferred Term Code
--HLT V High Level Term
--HLTCD V High Level Term Code
--HLGT V High Level Group Term
--HLGTCD V High Level Group Term Code
--CAT G Category
--SCAT G Subcategory
--PRESP V Pre-Specified
--OCCUR Q Occurrence
--STAT Q Completion Status
--REASND Q Reason Not Collected
--BODSYS Q Body System or Organ Class
--BDSYCD V Body System or Organ Class Code
--SOC V Primary System Organ Class
--SOCCD V Primary System Organ Class Code
--LOC Q Location of Event
--LAT V Laterality
--DIR V Directionality
--PORTOT V Portion or Totality
--SEV Q Severity/Intensity
--SER Q Serious Event
--ACN Q Action Taken with Study Treatment
--ACNOTH Q Other Action Taken
--REL Q Causality
--RELNST Q Relationship to Non-Study Treatment
--PATT Q Pattern of Event
--OUT Q Outcome of Event
--SCAN Q Involves Cancer
--SCONG Q Congenital Anomaly or Birth Defect
--SDISAB Q Persist or Signif Disability/Incapacity
--SDTH Q Results in Death
--SHOSP Q Requires or Prolongs Hospitalization
--SLIFE Q Is Life Threatening
--SOD Q Occurred with Overdose
--SMIE Q Other Medically Important Serious Event
--CONTRT Q Concomitant or Additional Trtmnt Given
--TOX V Toxicity
--TOXGR Q Standard Toxicity Grade
--USCHFL Q Unscheduled Flag
""")
INTERVENTIONS = table("""
--TRT T Name of Treatment
--MODIFY S Modified Treatment Name
--DECOD S Standardized Treatment Name
--CAT G Category of Treatment
--SCAT G Subcategory of Treatment
--PRESP V Pre-Specified
--OCCUR Q Occurrence
--STAT Q Completion Status
--REASND Q Reason Not Collected
--INDC Q Indication
--CLAS V Class
--CLASCD V Class Code
--DOSE Q Dose
--DOSTXT Q Dose Description
--DOSU V Dose Units
--DOSFRM V Dose Form
--DOSFRQ V Dosing Frequency per Interval
--DOSTOT Q Total Daily Dose
--DOSRGM V Intended Dose Regimen
--ROUTE V Route of Administration
--LOT Q Lot Number
--LOC Q Location of Dose Administration
--LAT V Laterality
--DIR V Directionality
--PORTOT V Portion or Totality
--METHOD Q Method of Administration
--FAST Q Fasting Status
--TRTV Q Treatment Vehicle
--VAMT Q Treatment Vehicle Amount
--VAMTU V Treatment Vehicle Amount Units
--ADJ Q Reason for Dose Adjustment
--USCHFL Q Unscheduled Flag
""")
TIMING = table("""
VISITNUM W Visit Number
VISIT W Visit Name
VISITDY W Planned Study Day of Visit
TAETORD W Planned Order of Element within Arm
EPOCH W Epoch
--DTC W Date/Time of Collection
--STDTC W Start Date/Time of Observation
--ENDTC W End Date/Time of Observation
--DY W Study Day of Visit/Collection/Exam
--STDY W Study Day of Start of Observation
--ENDY W Study Day of End of Observation
--NOMDY W Nominal Study Day for Tabulations
--NOMLBL W Label for Nominal Study Day
--DUR W Duration
--TPT W Planned Time Point Name
--TPTNUM W Planned Time Point Number
--ELTM W Planned Elapsed Time from Time Point Ref
--TPTREF W Time Point Reference
--RFTDTC W Date/Time of Reference Time Point
--STRF W Start Relative to Reference Period
--ENRF W End Relative to Reference Period
--EVLINT W Evaluation Interval
--STRTPT W Start Relative to Reference Time Point
--STTPT W Start Reference Time Point
--ENRTPT W End Relative to Reference Time Point
--ENTPT W End Reference Time Point
--STINT W Planned Start of Assessment Interval
--ENINT W Planned End of Assessment Interval
--DETECT W Time in Days to Detection
""")
