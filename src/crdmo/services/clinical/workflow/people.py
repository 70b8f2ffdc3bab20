"""Subjects: consent, eligibility, treatment from a numbered kit, and the end of their part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from crdmo.common.studies import workflow as studies
from crdmo.common.studies.models import Intervention, Place, Study, Subject
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.roles import SITE, Role
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid, NotFound, Refused

from ..models import Casebook, Consent, Eligibility, Kit, Randomisation
from .desks import consented, not_later, of_site, site_of, taking_data, worker

ADULT = 18


@verb("clinical.consent_subject", "record a subject's consent", roles=SITE)
def consent_subject(act: Act, place: Place, *, form_version: str, signed_on: dt.date, sex: str, age: str) -> Subject:
    """Record consent, and with it register the subject under the next number of the site.

    Raises:
        Invalid: the day lies in the future, the version is missing, or the subject is no adult.
        NotFound: the site is another's.
    """
    study = taking_data(place.study)
    mine = site_of(worker(act))
    if mine is not None and place.holder_id != mine.pk:
        raise NotFound("there is no such site", given=place.code)
    if place.state != "open":
        raise Refused(f"{place} takes no subjects", given=place.get_state_display(), allowed="Open")
    errors = {}
    if not form_version.strip():
        errors["form_version"] = "which version of the form was signed"
    if not age.isdigit() or not ADULT <= int(age) <= 120:
        errors["age"] = f"whole years, {ADULT} to 120"
    if errors:
        raise Invalid("this consent cannot be recorded; nothing was saved", errors=errors)
    not_later(act, "signed_on", signed_on)
    # Void or not: a number is never given twice.
    number = Subject.objects.filter(study=study, place=place).count() + 1
    row = {"code": f"{place.code}-{number:03d}", "sex": sex, "place": place, "age": age, "age_unit": "a"}
    subject = studies.register_subjects(act, study, [{**row, "screened_on": signed_on}])[0]
    common = {"program": study.program, "study": study, "subject": subject}
    act.create(Consent, **common, form_version=form_version.strip(), signed_on=signed_on, obtained_by=worker(act))
    act.create(Casebook, **common)
    return subject


@verb("clinical.consent_again", "record consent to a later version of the form", roles=SITE)
def consent_again(act: Act, subject: Subject, *, form_version: str, signed_on: dt.date) -> Consent:
    """Record consent to a later version; the first one stays.

    Raises:
        Refused: the subject consented to this version, or never consented.
    """
    taking_data(of_site(act, subject).study)
    consented(subject, not_later(act, "signed_on", signed_on))
    if Consent.objects.filter(subject=subject, form_version=form_version, is_void=False).exists():
        raise Refused(f"{subject} consented to version {form_version}", next="Give the later version")
    return act.create(
        Consent,
        program=subject.program,
        study=subject.study,
        subject=subject,
        form_version=form_version,
        signed_on=signed_on,
        obtained_by=worker(act),
    )


@verb("clinical.assess_eligibility", "decide whether a subject is eligible", roles=(Role.INVESTIGATOR,))
def assess_eligibility(act: Act, subject: Subject, *, answers: Mapping[str, str], decided_on: dt.date) -> Eligibility:
    """Answer every criterion; a subject who meets all of inclusion and none of exclusion is eligible, others leave.

    Raises:
        Invalid: a criterion is not answered with yes or no.
        Refused: it was decided before.
    """
    study = taking_data(of_site(act, subject).study)
    consented(subject, not_later(act, "decided_on", decided_on))
    if subject.state != Subject.State.SCREENED or Eligibility.objects.filter(subject=subject, is_void=False).exists():
        raise Refused(f"the eligibility of {subject} is decided", given=subject.get_state_display(), allowed="Screened")
    criteria = study.details["criteria"]
    known = {one["code"] for one in criteria}
    errors = {code: "yes or no" for code in known if answers.get(code) not in ("yes", "no")}
    errors |= {code: "no such criterion" for code in set(answers) - known}
    if errors:
        raise Invalid("every criterion is answered", errors=errors)
    missed = [one["code"] for one in criteria if (answers[one["code"]] == "yes") != (one["kind"] == "in")]
    made = act.create(
        Eligibility,
        program=study.program,
        study=study,
        subject=subject,
        answers=dict(answers),
        is_eligible=not missed,
        decided_on=decided_on,
        decided_by=worker(act),
    )
    if missed:
        ending = f"not eligible by {', '.join(sorted(missed))}"
        studies.end_subject(act, subject, state=Subject.State.FAILED, on=decided_on, ending=ending)
    return made


@verb("clinical.dispense", "dispense the assigned kit", roles=SITE)
def dispense(act: Act, subject: Subject, *, number: str, on: dt.date) -> Intervention:
    """Give the subject the kit that was assigned, by its number; with the first one day 1 begins.

    Raises:
        Invalid: this is not the number of the assigned kit.
        Refused: the subject is not randomised, or has the kit.
    """
    study = taking_data(of_site(act, subject).study)
    found = Randomisation.objects.filter(subject=subject).select_related("kit").first()
    if found is None:
        raise Refused(f"{subject} is not randomised", next="Randomise first")
    kit = found.kit
    kit.refresh_from_db(fields=["state", "version", "entry", "is_void"])
    if number.strip() != kit.number:
        raise Invalid(
            "this is not the assigned kit", errors={"number": f"the assigned kit is {kit.number}"}, given=number
        )
    if kit.state != Kit.State.ASSIGNED:
        raise Refused(f"{kit} was dispensed", given=kit.get_state_display(), allowed="Assigned")
    not_later(act, "on", on)
    if on < found.on:
        raise Invalid("a kit is given after randomisation", errors={"on": f"{found.on} or later"}, given=str(on))
    act.change(kit, state=Kit.State.DISPENSED)
    studies.start_exposure(act, [subject], on=on)
    row = {"subject": subject, "domain": "EX", "treatment": str(kit), "dose": "1", "unit": "{tablet}"}
    more = {"route": "ORAL", "form": "TABLET", "frequency": "QD", "starts": on.isoformat()}
    return studies.record_interventions(act, study, [{**row, **more}])[0]


@verb("clinical.end_subject", "end a subject's part in the trial", roles=SITE)
def end_subject(
    act: Act, subject: Subject, *, state: str, on: dt.date, ending: str = "", takes_consent_back: bool = False
) -> Subject:
    """End a subject's part: completed, withdrawn or dead; treatment ends with it.

    Raises:
        Invalid: it is not said how, or the day is before consent or in the future.
    """
    taking_data(of_site(act, subject).study)
    consent = consented(subject, on)
    if takes_consent_back:
        act.change(consent, withdrawn_on=on)
    return studies.end_subject(act, subject, state=state, on=on, ending=ending)


def site_for(study: Study, code: str) -> Place:
    """Return a site of a trial.

    Raises:
        NotFound: there is none.
    """
    found = Place.objects.filter(study=study, kind=Place.Kind.SITE, code=code, is_void=False).first()
    if found is None:
        raise NotFound("there is no such site", given=code)
    return found
