"""The command `headcount`: one file for each group of subcommands."""

from graph.cli.main import main

__all__ = ["main"]
