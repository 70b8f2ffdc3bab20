"""Units of SEND's terminology and the UCUM codes of the records.

What has no UCUM code is kept as an annotation and comes out again as it was.
"""

from __future__ import annotations

# SEND terminology → UCUM; what is the same in both is not listed.
UCUM = {
    "C": "Cel",
    "beats/min": "{beats}/min",
    "breaths/min": "{breaths}/min",
    "10^9/L": "10*9/L",
    "10^12/L": "10*12/L",
    "10^3/uL": "10*3/uL",
    "10^6/uL": "10*6/uL",
    "h*ng/mL": "h.ng/mL",
    "h*ug/mL": "h.ug/mL",
    "hr*ng/mL": "h.ng/mL",
    "ng*h/mL": "ng.h/mL",
    "mmHg": "mm[Hg]",
    "IU/L": "[iU]/L",
    "WEEKS": "wk",
    "DAYS": "d",
    "sec": "s",
    "msec": "ms",
}
SEND = {ucum: word for word, ucum in reversed(UCUM.items())}
