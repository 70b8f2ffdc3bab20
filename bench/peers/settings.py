"""The house's settings with the peers added."""

from crdmo.settings import *  # noqa: F403
from crdmo.settings import DATABASES, INSTALLED_APPS

POSTGRESQL = "postgresql" in DATABASES["default"]["ENGINE"]
INSTALLED_APPS = [
    *INSTALLED_APPS,
    "simple_history",
    "auditlog",
    *(["pgtrigger", "pghistory"] if POSTGRESQL else []),
    "bench.peers",
]


class _None(dict[str, None]):
    """No migrations: all tables at once, as in the tests."""

    def __contains__(self, app: object) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


MIGRATION_MODULES = _None()
