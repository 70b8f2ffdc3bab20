"""`python -m crdmo.cli`."""

from . import main

main()
