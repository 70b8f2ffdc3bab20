"""Sensorgrams as tab-separated text, as SPR instruments export them: a pair of columns a cycle, time and response.

    found = read_sensorgrams(data)       # bytes
    found.sensorgrams[0].label           # "Cycle: 15  AE.A244  1.562"
    found.findings                       # units that the export cut off, encodings that had to be guessed

A concentration in a label is what somebody typed, and its unit is often cut off or broken: it is shown, never used. The fit
takes molar concentrations that a person has given.
"""

from __future__ import annotations

from .reader import Sensorgram, Sensorgrams, read_sensorgrams

__all__ = ["Sensorgram", "Sensorgrams", "read_sensorgrams"]
