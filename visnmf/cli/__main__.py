"""Run the command line as ``python -m visnmf.cli``."""

from visnmf.cli.app import main

main()
