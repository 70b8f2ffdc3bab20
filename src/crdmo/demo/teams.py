"""Who plays which part in each room: the people of the cast, and how each of them signs."""

from __future__ import annotations

import datetime as dt

from crdmo.services.clinical import demo as clinical
from crdmo.services.compliance import demo as compliance
from crdmo.services.discovery import demo as discovery
from crdmo.services.manufacturing import demo as manufacturing
from crdmo.services.preclinical import demo as preclinical
from crdmo.services.process import demo as process
from crdmo.services.quality import demo as quality
from crdmo.services.regulatory import demo as regulatory

from .people import Cast


def chemistry(cast: Cast) -> discovery.Staff:
    """Return who finds the molecule."""
    return discovery.Staff(
        chemist=cast["w.tanaka"],
        biologist=cast["g.rossi"],
        lead=cast["y.amari"],
        sign=lambda person: cast.credentials(person.user_id),
    )


def laboratory(cast: Cast) -> quality.Staff:
    """Return who works in quality control."""
    parts = {
        "samples": "s.okafor",
        "analyst": "a.lindgren",
        "second_analyst": "t.moreau",
        "reviewer": "r.haddad",
        "supervisor": "j.novak",
        "stability": "p.ferrara",
        "qa": "h.brandt",
        "qp": "l.adeyemi",
    }
    staff = {part: cast[user_id] for part, user_id in parts.items()}
    return quality.Staff(**staff, sign=lambda part: cast.credentials(parts[part]))


def development(cast: Cast) -> process.Staff:
    """Return who develops the process."""
    parts = {"engineer": "k.maier", "lead": "p.ito", "qa": "h.brandt"}
    staff = {part: cast[user_id] for part, user_id in parts.items()}
    return process.Staff(**staff, sign=lambda part: cast.credentials(parts[part]))


def plant(cast: Cast) -> manufacturing.Crew:
    """Return who makes the batches."""
    parts = {"operator": "b.silva", "second": "n.kaur", "supervisor": "f.weber", "head": "c.dubois", "qa": "h.brandt"}
    crew = {part: cast[user_id] for part, user_id in parts.items()}
    return manufacturing.Crew(**crew, sign=lambda part: cast.credentials(parts[part]))


def animal_house(cast: Cast) -> preclinical.Staff:
    """Return who conducts the toxicity study, and who inspects it."""
    return preclinical.Staff(
        director=cast["d.petrova"],
        technician=cast["v.osei"],
        qa=cast["q.laurent"],
        management=cast["u.marin"],
        sign=lambda person: cast.credentials(person.user_id),
    )


def trial(cast: Cast, today: dt.date) -> clinical.Crew:
    """Return who runs the trials, at the partner and at its sites."""
    return clinical.Crew(
        manager=cast["x.duarte"],
        monitor=cast["z.aziz"],
        statistician=cast["b.lang"],
        unblinded=cast["u.singh"],
        physician=cast["n.weiss"],
        quality=cast["h.brandt"],
        investigators=[cast["i.mensah"], cast["f.rizzo"]],
        coordinators=[cast["y.cho"], cast["w.tan"]],
        sites=[cast.organizations["RIVERSIDE"], cast.organizations["HARBOUR"]],
        sign=lambda person: cast.credentials(person.user_id),
        today=today,
    )


def quality_system(cast: Cast) -> compliance.Staff:
    """Return who keeps the quality system."""
    return compliance.Staff(
        reporter=cast["s.okafor"],
        owner=cast["j.novak"],
        reviewer=cast["r.haddad"],
        analyst=cast["a.lindgren"],
        qa=cast["h.brandt"],
        qp=cast["l.adeyemi"],
        sign=lambda person: cast.credentials(person.user_id),
    )


def affairs(cast: Cast) -> regulatory.Staff:
    """Return who publishes the dossier."""
    return regulatory.Staff(
        publisher=cast["e.okonkwo"],
        lead=cast["s.lindh"],
        stability=cast["p.ferrara"],
        sign=lambda person: cast.credentials(person.user_id),
    )
