"""The demo as a scene for browser tests."""

from __future__ import annotations

from crdmo.demo.play import play as play_demo
from crdmo.foundation.accounts.models import Program


def play() -> None:
    """Play it, unless the home is a copy in which it was played."""
    if not Program.objects.exists():
        play_demo(lambda text: None)
