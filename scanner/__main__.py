"""`python -m scanner`: the command line, loaded once (run by its own name, cli.py would be loaded a second time)."""

from scanner.cli import main

main()
