"""The command `crdmo`: the same workflow functions as the pages, for scripts and for the people who run the house.

Results go to standard output, progress and messages to standard error. `--json` gives one object. Exit codes:
0 done, 1 refused by a rule, 2 wrong usage, 3 findings, 4 verification failed, 5 conflict, 6 not permitted,
7 unavailable, 130 interrupted.
"""

from __future__ import annotations

import sys

import typer

from . import bundles, data, house, keepers, standards

app = typer.Typer(
    name="crdmo",
    help="OpenCRDMO: the house, its ledger and its proofs.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Exit codes: 0 done, 1 refused, 2 usage, 3 findings, 4 verification failed, 5 conflict, 6 not permitted, 7 unavailable.",
)
for room in (house, bundles, data, keepers, standards):
    room.add_to(app)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except KeyboardInterrupt:
        print("Interrupted. Nothing was half-written.", file=sys.stderr)
        sys.exit(130)
