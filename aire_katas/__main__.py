"""`python -m aire_katas`: the command line where the entry point is not on the PATH."""

from aire_katas.cli import main

main(prog_name="aire-katas")
