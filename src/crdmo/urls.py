"""All addresses of the house. Each room lists its own; who may open them stands in the room's `PAGES`."""

from __future__ import annotations

from django.urls import include, path

from crdmo.api import api
from crdmo.api.page import operations

urlpatterns = [
    path("", include("crdmo.web.accounts.urls")),
    path("api/", operations, name="api_operations"),
    path("api/v1/", api.urls),
    path("<slug:program>/clinical/", include("crdmo.services.clinical.urls")),
    path("<slug:program>/compliance/", include("crdmo.services.compliance.urls")),
    path("<slug:program>/discovery/", include("crdmo.services.discovery.urls")),
    path("<slug:program>/manufacturing/", include("crdmo.services.manufacturing.urls")),
    path("<slug:program>/preclinical/", include("crdmo.services.preclinical.urls")),
    path("<slug:program>/process/", include("crdmo.services.process.urls")),
    path("<slug:program>/quality/", include("crdmo.services.quality.urls")),
    path("<slug:program>/regulatory/", include("crdmo.services.regulatory.urls")),
    path("documents/", include("crdmo.web.controlled.urls")),
    path("<slug:program>/documents/", include("crdmo.web.controlled.program_urls")),
    path("", include("crdmo.web.contracts.urls")),
    path("", include("crdmo.web.urls")),
]

handler400 = "crdmo.web.errors.malformed"
handler403 = "crdmo.web.errors.forbidden"
handler404 = "crdmo.web.errors.not_found"
handler500 = "crdmo.web.errors.failed"
