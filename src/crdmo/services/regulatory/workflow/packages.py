"""Packages of others: looked at as they are, sealed with what was found; a hostile one is refused whole."""

from __future__ import annotations

from crdmo.common.codes import next_code
from crdmo.common.verbs import said
from crdmo.foundation.accounts.authority import verb
from crdmo.foundation.accounts.models import Program
from crdmo.foundation.datasets import seal
from crdmo.foundation.ledger.acts import Act
from crdmo.foundation.refusals import Invalid
from crdmo.standards import ectd
from crdmo.standards.refusals import Severity

from ..models import Package
from ..refusing import as_invalid
from .desks import DESK
from .sequences import HELD, WEIGHT, told

LARGEST = 200 * 1000 * 1000


@verb("regulatory.import_package", "bring in an eCTD", roles=DESK)
def import_package(act: Act, program: Program, *, title: str, file_name: str, data: bytes) -> Package:
    """Read an archive with one or several sequences, look at all of it, and seal it as it came.

    Raises:
        Invalid: it is no eCTD, torn, hostile or too large; nothing is kept of it then.
    """
    said(title=title)
    if len(data) > LARGEST:
        raise Invalid(
            "the package is too large", errors={"file": f"at most {LARGEST} bytes"}, given=f"{len(data)} bytes"
        )
    with as_invalid("file"):
        application = ectd.read_application(ectd.from_zip(data))
        findings = sorted(ectd.validate(application), key=lambda one: WEIGHT[one.severity])
    sealed = seal(
        act, name=title.strip(), kind="ectd_package", data=data, program=program, file_name=file_name[:255],
        media_type="application/zip",
    )  # fmt: skip
    return act.create(
        Package,
        program=program,
        code=next_code(act, Package, "PKG", program),
        title=title.strip(),
        dataset=sealed,
        sequences=sorted(application),
        leaves=sum(len(backbone.leaves) for one in application.values() for backbone in one.backbones),
        errors=sum(one.severity is Severity.ERROR for one in findings),
        warnings=sum(one.severity is Severity.WARNING for one in findings),
        findings=[told(one) for one in findings[:HELD]],
        criteria=ectd.LATEST,
    )
