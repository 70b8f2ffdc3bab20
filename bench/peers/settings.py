"""The house's settings with the peers added."""

from crdmo.settings import *  # noqa: F403
from crdmo.settings import DATABASES, INSTALLED_APPS

POSTGRESQL = "postgresql" in DATABASES["default"]["ENGINE"]
INSTALLED_APPS = [*INSTALLED_APPS, "simple_history", "auditlog", *(["pgtrigger", "pghistory"] if POSTGRESQL else []), "bench.peers"]
