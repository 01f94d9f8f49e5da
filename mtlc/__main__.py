"""`python -m mtlc` is `mtlc`."""

from mtlc.cli import main

main()
