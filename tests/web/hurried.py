"""The house with a time-out of four seconds, for the browser test of it."""

from __future__ import annotations

from crdmo.settings import *  # noqa: F403 — a settings file takes over all of another

IDLE_MINUTES = 4 / 60
