"""How a p-value is written: to four decimals, and below them as smaller than the least that is shown."""

from __future__ import annotations

LEAST = 0.0001


def p_words(value: float) -> str:
    """Return a p-value as reports print it.

    >>> p_words(0.04321), p_words(0.00000002)
    ('p = 0.0432', 'p < 0.0001')
    """
    return f"p < {LEAST:.4f}" if value < LEAST else f"p = {value:.4f}"
