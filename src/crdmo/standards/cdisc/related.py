"""Data sets that both guides share: comments, relationships, supplemental qualifiers, pools."""

from __future__ import annotations

from crdmo.standards.cdisc.model import Domain, Kind, Role, fixed

SUPPLEMENTAL = """
STUDYID Study Identifier
RDOMAIN Related Domain Abbreviation
USUBJID Unique Subject Identifier
POOLID Pool Identifier
IDVAR Identifying Variable
IDVARVAL Identifying Variable Value
QNAM Qualifier Variable Name
QLABEL Qualifier Variable Label
QVAL Data Value
QORIG Origin
QEVAL Evaluator
"""
RELATED = """
STUDYID Study Identifier
RDOMAIN Related Domain Abbreviation
USUBJID Unique Subject Identifier
POOLID Pool Identifier
IDVAR Identifying Variable
IDVARVAL Identifying Variable Value
RELTYPE Relationship Type
RELID Relationship Identifier
"""
COMMENTS = """
STUDYID Study Identifier
DOMAIN Domain Abbreviation
RDOMAIN Related Domain Abbreviation
USUBJID Unique Subject Identifier
POOLID Pool Identifier
COSEQ Sequence Number
IDVAR Identifying Variable
IDVARVAL Identifying Variable Value
COREF Comment Reference
COVAL Comment
COEVAL Evaluator
CODTC Date/Time of Comment
CODY Study Day of Comment
"""
POOLS = """
STUDYID Study Identifier
POOLID Pool Identifier
USUBJID Unique Subject Identifier
"""
_TOPICS = {"QNAM COVAL": Role.TOPIC, "QVAL": Role.RESULT, "QLABEL": Role.SYNONYM}

DOMAINS = (
    Domain(
        "SUPP", "Supplemental Qualifiers", Kind.RELATIONSHIP,
        fixed(SUPPLEMENTAL, _TOPICS, required="STUDYID RDOMAIN QNAM QLABEL QVAL QORIG", expected="USUBJID IDVAR IDVARVAL QEVAL"),
    ),
    Domain(
        "RELREC", "Related Records", Kind.RELATIONSHIP,
        fixed(RELATED, {}, required="STUDYID RDOMAIN IDVAR RELID", expected="USUBJID IDVARVAL RELTYPE"),
    ),
    Domain(
        "CO", "Comments", Kind.SPECIAL,
        fixed(COMMENTS, _TOPICS, required="STUDYID DOMAIN COSEQ COVAL", expected="RDOMAIN USUBJID IDVAR IDVARVAL"),
        ("USUBJID", "POOLID"),
    ),
    Domain("POOLDEF", "Pool Definition", Kind.RELATIONSHIP, fixed(POOLS, {}, required="STUDYID POOLID USUBJID")),
)  # fmt: skip
