"""The table of contents of an eCTD: the headings of modules 1 to 5 with their folders and attributes.

Source: ICH eCTD specification 3.2.2 (2008), appendices 3 and 4, and its backbone DTD 3.2 of 2003-11-21. Section 2.3.I is
the introduction of the quality overall summary, which the specification gives no number of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from crdmo.standards.refusals import FormatError

# Section, the words of its element, and its folder inside the folder of the section above; "." is that folder itself.
_TABLE = """
1 administrative-information-and-prescribing-information m1
2 common-technical-document-summaries m2
2.2 introduction 22-intro
2.3 quality-overall-summary 23-qos
2.3.I m2-3-introduction .
2.3.S drug-substance .
2.3.P drug-product .
2.3.A appendices .
2.3.R regional-information .
2.4 nonclinical-overview 24-nonclin-over
2.5 clinical-overview 25-clin-over
2.6 nonclinical-written-and-tabulated-summaries 26-nonclin-sum
2.6.1 introduction .
2.6.2 pharmacology-written-summary .
2.6.3 pharmacology-tabulated-summary .
2.6.4 pharmacokinetics-written-summary .
2.6.5 pharmacokinetics-tabulated-summary .
2.6.6 toxicology-written-summary .
2.6.7 toxicology-tabulated-summary .
2.7 clinical-summary 27-clin-sum
2.7.1 summary-of-biopharmaceutic-studies-and-associated-analytical-methods .
2.7.2 summary-of-clinical-pharmacology-studies .
2.7.3 summary-of-clinical-efficacy .
2.7.4 summary-of-clinical-safety .
2.7.5 literature-references .
2.7.6 synopses-of-individual-studies .
3 quality m3
3.2 body-of-data 32-body-data
3.2.S drug-substance 32s-drug-sub/{substance-manufacturer}
3.2.S.1 general-information 32s1-gen-info
3.2.S.1.1 nomenclature .
3.2.S.1.2 structure .
3.2.S.1.3 general-properties .
3.2.S.2 manufacture 32s2-manuf
3.2.S.2.1 manufacturer .
3.2.S.2.2 description-of-manufacturing-process-and-process-controls .
3.2.S.2.3 control-of-materials .
3.2.S.2.4 controls-of-critical-steps-and-intermediates .
3.2.S.2.5 process-validation-and-or-evaluation .
3.2.S.2.6 manufacturing-process-development .
3.2.S.3 characterisation 32s3-charac
3.2.S.3.1 elucidation-of-structure-and-other-characteristics .
3.2.S.3.2 impurities .
3.2.S.4 control-of-drug-substance 32s4-contr-drug-sub
3.2.S.4.1 specification 32s41-spec
3.2.S.4.2 analytical-procedures 32s42-analyt-proc
3.2.S.4.3 validation-of-analytical-procedures 32s43-val-analyt-proc
3.2.S.4.4 batch-analyses 32s44-batch-analys
3.2.S.4.5 justification-of-specification 32s45-justif-spec
3.2.S.5 reference-standards-or-materials 32s5-ref-stand
3.2.S.6 container-closure-system 32s6-cont-closure-sys
3.2.S.7 stability 32s7-stab
3.2.S.7.1 stability-summary-and-conclusions .
3.2.S.7.2 post-approval-stability-protocol-and-stability-commitment .
3.2.S.7.3 stability-data .
3.2.P drug-product 32p-drug-prod/{product}
3.2.P.1 description-and-composition-of-the-drug-product 32p1-desc-comp
3.2.P.2 pharmaceutical-development 32p2-pharm-dev
3.2.P.3 manufacture 32p3-manuf
3.2.P.3.1 manufacturers .
3.2.P.3.2 batch-formula .
3.2.P.3.3 description-of-manufacturing-process-and-process-controls .
3.2.P.3.4 controls-of-critical-steps-and-intermediates .
3.2.P.3.5 process-validation-and-or-evaluation .
3.2.P.4 control-of-excipients 32p4-contr-excip/{excipient}
3.2.P.4.1 specifications .
3.2.P.4.2 analytical-procedures .
3.2.P.4.3 validation-of-analytical-procedures .
3.2.P.4.4 justification-of-specifications .
3.2.P.4.5 excipients-of-human-or-animal-origin .
3.2.P.4.6 novel-excipients .
3.2.P.5 control-of-drug-product 32p5-contr-drug-prod
3.2.P.5.1 specifications 32p51-spec
3.2.P.5.2 analytical-procedures 32p52-analyt-proc
3.2.P.5.3 validation-of-analytical-procedures 32p53-val-analyt-proc
3.2.P.5.4 batch-analyses 32p54-batch-analys
3.2.P.5.5 characterisation-of-impurities 32p55-charac-imp
3.2.P.5.6 justification-of-specifications 32p56-justif-spec
3.2.P.6 reference-standards-or-materials 32p6-ref-stand
3.2.P.7 container-closure-system 32p7-cont-closure-sys
3.2.P.8 stability 32p8-stab
3.2.P.8.1 stability-summary-and-conclusion .
3.2.P.8.2 post-approval-stability-protocol-and-stability-commitment .
3.2.P.8.3 stability-data .
3.2.A appendices 32a-app
3.2.A.1 facilities-and-equipment 32a1-fac-equip
3.2.A.2 adventitious-agents-safety-evaluation 32a2-advent-agent
3.2.A.3 excipients 32a3-excip
3.2.R regional-information 32r-reg-info
3.3 literature-references 33-lit-ref
4 nonclinical-study-reports m4
4.2 study-reports 42-stud-rep
4.2.1 pharmacology 421-pharmacol
4.2.1.1 primary-pharmacodynamics 4211-prim-pd
4.2.1.2 secondary-pharmacodynamics 4212-sec-pd
4.2.1.3 safety-pharmacology 4213-safety-pharmacol
4.2.1.4 pharmacodynamic-drug-interactions 4214-pd-drug-interact
4.2.2 pharmacokinetics 422-pk
4.2.2.1 analytical-methods-and-validation-reports 4221-analyt-met-val
4.2.2.2 absorption 4222-absorp
4.2.2.3 distribution 4223-distrib
4.2.2.4 metabolism 4224-metab
4.2.2.5 excretion 4225-excr
4.2.2.6 pharmacokinetic-drug-interactions 4226-pk-drug-interact
4.2.2.7 other-pharmacokinetic-studies 4227-other-pk-stud
4.2.3 toxicology 423-tox
4.2.3.1 single-dose-toxicity 4231-single-dose-tox
4.2.3.2 repeat-dose-toxicity 4232-repeat-dose-tox
4.2.3.3 genotoxicity 4233-genotox
4.2.3.3.1 in-vitro 42331-in-vitro
4.2.3.3.2 in-vivo 42332-in-vivo
4.2.3.4 carcinogenicity 4234-carcigen
4.2.3.4.1 long-term-studies 42341-lt-stud
4.2.3.4.2 short-or-medium-term-studies 42342-smt-stud
4.2.3.4.3 other-studies 42343-other-stud
4.2.3.5 reproductive-and-developmental-toxicity 4235-repro-dev-tox
4.2.3.5.1 fertility-and-early-embryonic-development 42351-fert-embryo-dev
4.2.3.5.2 embryo-fetal-development 42352-embryo-fetal-dev
4.2.3.5.3 prenatal-and-postnatal-development-including-maternal-function 42353-pre-postnatal-dev
4.2.3.5.4 studies-in-which-the-offspring-juvenile-animals-are-dosed-and-or-further-evaluated 42354-juv
4.2.3.6 local-tolerance 4236-loc-tol
4.2.3.7 other-toxicity-studies 4237-other-tox-stud
4.2.3.7.1 antigenicity 42371-antigen
4.2.3.7.2 immunotoxicity 42372-immunotox
4.2.3.7.3 mechanistic-studies 42373-mechan-stud
4.2.3.7.4 dependence 42374-dep
4.2.3.7.5 metabolites 42375-metab
4.2.3.7.6 impurities 42376-imp
4.2.3.7.7 other 42377-other
4.3 literature-references 43-lit-ref
5 clinical-study-reports m5
5.2 tabular-listing-of-all-clinical-studies 52-tab-list
5.3 clinical-study-reports 53-clin-stud-rep
5.3.1 reports-of-biopharmaceutic-studies 531-rep-biopharm-stud
5.3.1.1 bioavailability-study-reports 5311-ba-stud-rep
5.3.1.2 comparative-ba-and-bioequivalence-study-reports 5312-compar-ba-be-stud-rep
5.3.1.3 in-vitro-in-vivo-correlation-study-reports 5313-in-vitro-in-vivo-corr-stud-rep
5.3.1.4 reports-of-bioanalytical-and-analytical-methods-for-human-studies 5314-bioanalyt-analyt-met
5.3.2 reports-of-studies-pertinent-to-pharmacokinetics-using-human-biomaterials 532-rep-stud-pk-human-biomat
5.3.2.1 plasma-protein-binding-study-reports 5321-plasma-prot-bind-stud-rep
5.3.2.2 reports-of-hepatic-metabolism-and-drug-interaction-studies 5322-rep-hep-metab-interact-stud
5.3.2.3 reports-of-studies-using-other-human-biomaterials 5323-stud-other-human-biomat
5.3.3 reports-of-human-pharmacokinetics-pk-studies 533-rep-human-pk-stud
5.3.3.1 healthy-subject-pk-and-initial-tolerability-study-reports 5331-healthy-subj-pk-init-tol-stud-rep
5.3.3.2 patient-pk-and-initial-tolerability-study-reports 5332-patient-pk-init-tol-stud-rep
5.3.3.3 intrinsic-factor-pk-study-reports 5333-intrin-factor-pk-stud-rep
5.3.3.4 extrinsic-factor-pk-study-reports 5334-extrin-factor-pk-stud-rep
5.3.3.5 population-pk-study-reports 5335-popul-pk-stud-rep
5.3.4 reports-of-human-pharmacodynamics-pd-studies 534-rep-human-pd-stud
5.3.4.1 healthy-subject-pd-and-pk-pd-study-reports 5341-healthy-subj-pd-stud-rep
5.3.4.2 patient-pd-and-pk-pd-study-reports 5342-patient-pd-stud-rep
5.3.5 reports-of-efficacy-and-safety-studies 535-rep-effic-safety-stud/{indication}
5.3.5.1 study-reports-of-controlled-clinical-studies-pertinent-to-the-claimed-indication 5351-stud-rep-contr
5.3.5.2 study-reports-of-uncontrolled-clinical-studies 5352-stud-rep-uncontr
5.3.5.3 reports-of-analyses-of-data-from-more-than-one-study 5353-rep-analys-data-more-one-stud
5.3.5.4 other-study-reports 5354-other-stud-rep
5.3.6 reports-of-postmarketing-experience 536-postmark-exp
5.3.7 case-report-forms-and-individual-patient-listings 537-crf-ipl
5.4 literature-references 54-lit-ref
"""

# A heading that stands once for each substance, product, excipient or indication, and what tells its copies apart.
_REPEATED = {
    "2.3.S": ("substance*", "manufacturer*"),
    "2.3.P": ("product-name", "dosageform", "manufacturer"),
    "2.7.3": ("indication*",),
    "3.2.S": ("substance*", "manufacturer*"),
    "3.2.P": ("product-name", "dosageform", "manufacturer"),
    "3.2.P.4": ("excipient",),
    "3.2.A.1": ("manufacturer", "substance", "dosageform", "product-name"),
    "3.2.A.2": ("manufacturer", "substance", "dosageform", "product-name"),
    "5.3.5": ("indication*",),
}
_TITLES = {
    "1": "Administrative information and prescribing information",
    "2": "Common technical document summaries",
    "2.3.I": "Introduction to the quality overall summary",
}
_WORDS = {"ba": "BA", "pk": "PK", "pd": "PD"}


@dataclass(frozen=True)
class Heading:
    """One heading: its section number, element, title, folder and place.

    `required` and `optional` are the attributes that tell copies of a repeated heading apart. `order` is its place in
    the backbone. A heading with children takes leaves of its own and its children; one without takes leaves and node
    extensions.
    """

    section: str
    element: str
    title: str
    folder: str
    parent: str
    children: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    order: int

    @property
    def module(self) -> int:
        """Return the module, 1 to 5."""
        return int(self.section[0])

    @property
    def repeats(self) -> bool:
        """Say whether the heading may stand several times, told apart by its attributes."""
        return bool(self.required or self.optional)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Return all attributes that tell copies apart."""
        return self.required + self.optional


def _element(section: str, words: str) -> str:
    return words if section == "2.3.I" else f"m{section.lower().replace('.', '-')}-{words}"


def _title(section: str, words: str) -> str:
    if section in _TITLES:
        return _TITLES[section]
    said = " ".join(_WORDS.get(word, word) for word in words.split("-"))
    return said[:1].upper() + said[1:]


@cache
def headings() -> Mapping[str, Heading]:
    """Return all headings by section number, in the order of the backbone."""
    rows = [line.split(" ") for line in _TABLE.strip().splitlines()]
    parents = {section: section.rpartition(".")[0] for section, _, _ in rows}
    folders: dict[str, str] = {}
    made: dict[str, Heading] = {}
    for order, (section, words, own) in enumerate(rows):
        above = folders.get(parents[section], "")
        folders[section] = above if own == "." else f"{above}/{own}".lstrip("/")
        names = _REPEATED.get(section, ())
        made[section] = Heading(
            section=section,
            element=_element(section, words),
            title=_title(section, words),
            folder=folders[section],
            parent=parents[section],
            children=tuple(child for child, above in parents.items() if above == section),
            required=tuple(name.rstrip("*") for name in names if name.endswith("*")),
            optional=tuple(name for name in names if not name.endswith("*")),
            order=order,
        )
    return MappingProxyType(made)


@cache
def by_element() -> Mapping[str, Heading]:
    """Return all headings by the name of their element."""
    return MappingProxyType({heading.element: heading for heading in headings().values()})


def heading(section: str) -> Heading:
    """Return a heading by its section number, such as `3.2.S.4.1`.

    Raises:
        FormatError: there is no such section in modules 1 to 5.
    """
    wanted = re.sub(r"^[mM](?=[1-5])", "", section.strip())
    found = headings().get(wanted)
    if found is None:
        near = [one for one in headings() if one.startswith(wanted[:3])] or list(headings())[:6]
        raise FormatError(
            "there is no such section of the common technical document",
            given=section or "nothing",
            allowed=", ".join(near[:12]),
            next_step="Give the number of a heading, such as 3.2.S.4.1",
        )
    return found


def line_of(section: str) -> tuple[Heading, ...]:
    """Return the heading of a section with those above it, the module first."""
    found = [heading(section)]
    while found[0].parent:
        found.insert(0, headings()[found[0].parent])
    return tuple(found)


def attributes_of(section: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which attributes a placement at a section must have and may have, from it and from those above it."""
    line = line_of(section)
    required = tuple(dict.fromkeys(name for one in line for name in one.required))
    optional = tuple(dict.fromkeys(name for one in line for name in one.optional))
    return required, optional
