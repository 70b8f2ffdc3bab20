"""CAPA: planned with its proof, done by owners, judged by somebody else, closed on effect."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine  # noqa: F401
