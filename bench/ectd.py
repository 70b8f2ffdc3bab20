"""What an eCTD of 20,000 leaves costs: reading, life cycle, every structural check; and a package of real files.

    python -m bench.ectd

The goal is 2 s without hashing. Beside it stands what lxml alone needs to parse the backbone and to validate it by the
official document type, where `CRDMO_ICH_DTD` names that file: the floor under any reader. No open validator of 3.2.2 that
runs on this platform is known to compare with.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree

from crdmo.standards import ectd

LEAVES = 20_000
GOAL = 2.0
ROUNDS = 5
HEADING = "m5-3-7-case-report-forms-and-individual-patient-listings"
XLINK = "http://www.w3c.org/1999/xlink"


def application(count: int) -> dict[str, bytes]:
    """Return an application of two sequences: the second replaces a tenth of the leaves of the first."""
    payload = b"%PDF-1.7 " + b"x" * 1000
    checksum = hashlib.md5(payload, usedforsecurity=False).hexdigest()

    def leaf(name: str, number: int, change: str) -> str:
        return (
            f'<leaf ID="{name}" {change} checksum="{checksum}" checksum-type="md5" '
            f'xlink:href="m5/53-clin-stud-rep/537-crf-ipl/crf-{number}.pdf"><title>CRF {number}</title></leaf>'
        )

    def index(leaves: str) -> bytes:
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE ectd:ectd SYSTEM "util/dtd/ich-ectd-3-2.dtd">\n'
            f'<ectd:ectd xmlns:ectd="http://www.ich.org/ectd" xmlns:xlink="{XLINK}" dtd-version="3.2">'
            f"<m5-clinical-study-reports><m5-3-clinical-study-reports><{HEADING}>{leaves}</{HEADING}>"
            "</m5-3-clinical-study-reports></m5-clinical-study-reports></ectd:ectd>"
        ).encode()

    files = {}
    for number, numbers in (("0000", range(count)), ("0001", range(0, count, 10))):
        rows = []
        for one in numbers:
            change = (
                'operation="new"'
                if number == "0000"
                else f'operation="replace" modified-file="../0000/index.xml#n{one}"'
            )
            rows.append(leaf(f"n{one}" if number == "0000" else f"r{one}", one, change))
            files[f"{number}/m5/53-clin-stud-rep/537-crf-ipl/crf-{one}.pdf"] = payload
        files[f"{number}/index.xml"] = index("".join(rows))
        files[f"{number}/index-md5.txt"] = (
            hashlib.md5(files[f"{number}/index.xml"], usedforsecurity=False).hexdigest().encode()
        )
    return files


def timed(work: Callable[[], object]) -> float:
    """Return the CPU seconds of a piece of work, median of the rounds."""
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return statistics.median(found)


def main() -> int:
    """Print the table; returns 1 if the goal was missed."""
    files = application(LEAVES)
    package = ectd.from_memory(files)
    size = len(files["0000/index.xml"]) / 1e6
    sequences = ectd.read_application(package)
    rows = [
        ("lxml: parse the backbone", timed(lambda: etree.fromstring(files["0000/index.xml"]))),
        ("read both sequences", timed(lambda: ectd.read_application(package))),
        ("current view", timed(lambda: ectd.current_view(sequences))),
        ("read and check everything, without hashing", timed(lambda: _check(package, False))),
        ("read and check everything, with MD5", timed(lambda: _check(package, True))),
    ]
    if dtd := os.environ.get("CRDMO_ICH_DTD"):
        rules = etree.DTD(str(Path(dtd)))
        root = etree.fromstring(files["0000/index.xml"])
        rows.insert(1, ("lxml: validate it by the official document type", timed(lambda: rules.validate(root))))
    print(f"{LEAVES} leaves and {LEAVES // 10} replacements, backbone {size:.1f} MB, CPU seconds")
    floor = rows[0][1]
    for name, seconds in rows:
        print(f"  {name:<50} {seconds:6.3f}   {seconds / floor:5.1f} × parsing")
    return int(dict(rows)["read and check everything, without hashing"] > GOAL)


def _check(package: ectd.Files, hashing: bool) -> int:
    return len(ectd.validate(ectd.read_application(package), hashing=hashing, pdfs=False))


if __name__ == "__main__":
    sys.exit(main())
