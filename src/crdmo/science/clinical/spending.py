"""Error spending functions: how much of alpha or beta is used up by a share of the information."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from scipy import special

from crdmo.science.checks import finite_numbers, positive
from crdmo.science.method import MethodError


class Spending(Enum):
    """How error is spent over information."""

    LAN_DEMETS_OBRIEN_FLEMING = "lan_demets_obrien_fleming"
    LAN_DEMETS_POCOCK = "lan_demets_pocock"
    HWANG_SHIH_DECANI = "hwang_shih_decani"
    KIM_DEMETS = "kim_demets"
    USER = "user"


@dataclass(frozen=True)
class Spender:
    """A spending function: its family, its parameter (γ or ρ), or the cumulative shares of a user (last one 1)."""

    family: Spending
    parameter: float = 0.0
    shares: tuple[float, ...] = ()

    def cumulative(self, error: float, times: Sequence[float], *, last: bool) -> list[float]:
        """Return the error spent by each look; the last look spends all of it, whatever its information.

        Raises:
            MethodError: the parameter or the shares are not those of the family.
        """
        if self.family is Spending.USER:
            return self._given(error, times, last=last)
        spent = [self._at(error, min(time, 1.0)) for time in times]
        return [*spent[:-1], error] if last else spent

    def _at(self, error: float, time: float) -> float:
        if self.family is Spending.LAN_DEMETS_OBRIEN_FLEMING:
            return float(2 * special.ndtr(-special.ndtri(1 - error / 2) / math.sqrt(time)))
        if self.family is Spending.LAN_DEMETS_POCOCK:
            return error * math.log(1 + (math.e - 1) * time)
        finite_numbers("parameter of the spending function", [self.parameter])
        if self.family is Spending.KIM_DEMETS:
            return float(error * time ** positive("power of Kim and DeMets", self.parameter))
        if self.parameter == 0:
            return error * time
        return error * math.expm1(-self.parameter * time) / math.expm1(-self.parameter)

    def _given(self, error: float, times: Sequence[float], *, last: bool) -> list[float]:
        shares = list(self.shares)
        ordered = all(0 <= a <= b <= 1 for a, b in zip([0.0, *shares], shares, strict=False))
        if len(shares) != len(times) or not ordered or (last and shares[-1] != 1):
            raise MethodError(
                "this is no spending",
                given=", ".join(f"{value:g}" for value in shares),
                allowed=f"{len(times)} cumulative shares, none falling, the last look 1",
            )
        return [error * value for value in shares]
