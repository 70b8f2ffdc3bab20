"""How long the server takes for each page of the demo: median of five warm requests, without network and browser.

    python -m bench.pages [--large]

The goal is 150 ms a page. The demo is played into a folder of its own, which is removed afterwards; with --large it is ten
times the demo's data, with the pages of what is large in it.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time

PASSES = 5
GOAL = 150.0
PATHS = (
    "/",
    "/CRD-101/",
    "/CRD-101/ledger/",
    "/CRD-101/proof/",
    "/CRD-101/thread/",
    "/CRD-101/stale/",
    "/CRD-101/contracts/scoreboard/",
    "/CRD-101/contracts/duties/",
    "/CRD-101/discovery/",
    "/CRD-101/discovery/compounds/",
    "/CRD-101/discovery/sar/",
    "/CRD-101/preclinical/",
    "/CRD-101/preclinical/studies/TOX-101-28D/",
    "/CRD-101/preclinical/studies/TOX-101-28D/toxicokinetics/",
    "/CRD-101/preclinical/studies/TOX-101-28D/statistics/",
    "/CRD-101/clinical/",
    "/CRD-101/clinical/trials/VT-201/",
    "/CRD-101/clinical/trials/VT-201/subjects/",
    "/CRD-101/clinical/trials/VT-201/analysis/",
    "/CRD-101/process/",
    "/CRD-101/process/studies/DOE-26-0001/",
    "/CRD-101/process/strategies/CS-26-0001/1/",
    "/CRD-101/manufacturing/",
    "/CRD-101/manufacturing/batches/VT-2604/",
    "/CRD-101/compliance/",
    "/CRD-101/contracts/",
    "/CRD-101/materials/",
    "/search/?q=VT-26",
    "/CRD-101/quality/",
    "/CRD-101/quality/lots/",
    "/CRD-101/quality/lots/VT-2602/",
    "/CRD-101/quality/lots/VT-2602/?tab=review",
    "/CRD-101/quality/samples/",
    "/CRD-101/quality/worksheets/",
    "/CRD-101/quality/verify/",
    "/CRD-101/quality/investigations/",
    "/CRD-101/quality/investigations/OOS-26-0001/",
    "/CRD-101/quality/certificates/",
    "/CRD-101/quality/certificates/COA-26-0002/1/",
    "/CRD-101/quality/specifications/",
    "/CRD-101/quality/stability/",
    "/CRD-101/quality/analyses/",
    "/CRD-101/regulatory/",
    "/CRD-101/regulatory/applications/APP-26-0001/",
    "/CRD-101/regulatory/applications/APP-26-0001/0000/",
    "/CRD-101/regulatory/applications/APP-26-0001/dossier/view/",
    "/people/matrix/",
    "/inbox/",
)
# What is large when everything is.
LARGE = (
    "/CRD-101/clinical/trials/VT-301/",
    "/CRD-101/clinical/trials/VT-301/subjects/",
    "/CRD-101/clinical/trials/VT-301/subjects/01-001/",
    "/CRD-101/clinical/trials/VT-301/queries/",
    "/CRD-101/clinical/trials/VT-301/safety/",
    "/CRD-101/clinical/trials/VT-301/lock/",
    "/CRD-101/preclinical/master/",
    "/CRD-101/manufacturing/batches/",
    "/CRD-101/manufacturing/equipment/BLD-01/",
    "/CRD-101/compliance/deviations/",
    "/CRD-101/compliance/capas/",
    "/CRD-101/process/studies/",
    "/CRD-101/discovery/compounds/AUR-000002/",
    "/CRD-101/discovery/assays/",
    "/CRD-101/quality/lots/VT-2710/",
    "/CRD-101/quality/lots/?q=VT-27",
)


def main() -> int:
    """Play the demo, time every page as QA, print the table. Returns 1 if a page misses the goal."""
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(CRDMO_HOME=home, DJANGO_SETTINGS_MODULE="crdmo.settings")
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command
        from django.test import Client

        call_command("migrate", run_syncdb=True, verbosity=0)
        from bench import large
        from crdmo.demo.play import play
        from crdmo.foundation.accounts.models import Login
        from crdmo.foundation.ledger import guards
        from crdmo.foundation.ledger.models import Entry

        guards.install()
        is_large = "--large" in sys.argv[1:]
        (large.play if is_large else play)(lambda text: None)
        entries = Entry.objects.count()
        print(f"{entries:,} entries of the ledger")
        client = Client()
        client.force_login(Login.objects.get(user_id="h.brandt"), backend=settings.AUTHENTICATION_BACKENDS[-1])
        worst = 0.0
        print(f"{'page':<60}{'status':>7}{'median ms':>11}{'goal':>7}")
        for path in (*PATHS, *(LARGE if is_large else ())):
            times = []
            for _turn in range(PASSES + 1):
                began = time.perf_counter()
                answer = client.get(path)
                times.append((time.perf_counter() - began) * 1000)
            median = statistics.median(times[1:])
            worst = max(worst, median if answer.status_code == 200 else GOAL + 1)
            print(f"{path:<60}{answer.status_code:>7}{median:>11.1f}{'ok' if median <= GOAL else 'MISSED':>7}")
    return int(worst > GOAL)


if __name__ == "__main__":
    sys.exit(main())
