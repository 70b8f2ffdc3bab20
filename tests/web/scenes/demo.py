"""The demo as a scene for browser tests."""

from __future__ import annotations

from crdmo.demo.play import play as play_demo


def play() -> None:
    play_demo(lambda text: None)
