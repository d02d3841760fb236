"""`python -m slimcam` is the `slimcam` command."""

from .cli import main

main(prog_name="slimcam")
