"""The work of the doors that takes longer than a page: writing a proof bundle."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from crdmo.foundation.accounts import authority
from crdmo.foundation.accounts.models import Organization
from crdmo.foundation.computing import Progress, job
from crdmo.foundation.ledger import bundles
from crdmo.foundation.refusals import NotFound

NAME = re.compile(r"[A-Za-z0-9-]+\Z")


def place(program: str, name: str) -> Path:
    """Return where a bundle lies until it is fetched.

    Raises:
        NotFound: the name is none of ours.
    """
    if not NAME.match(program) or not NAME.match(name):
        raise NotFound("there is no such bundle", given=name)
    return Path(settings.HOME) / "exports" / program / f"{name}.zip"


@job("ledger.export")
def export_bundle(progress: Progress, *, receiver: str) -> str:
    """Write the proof bundle of the job's program for an organization; its address is the outcome."""
    who, here = progress.job.person, progress.job.program
    holder = Organization.objects.filter(code=receiver).first()
    if who is None or here is None or holder is None or not authority.programs_of(who).filter(pk=here.pk).exists():
        raise NotFound("there is no such program or organization", given=receiver)
    name = f"{here.code}-for-{receiver}-{progress.job.pk}"
    path = place(here.code, name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    bundles.export(who, here, holder, path, progress.step)
    return f"/{here.code}/proof/{name}.zip"
