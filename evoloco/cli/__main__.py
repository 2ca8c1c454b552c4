"""Runs the command line: python -m evoloco.cli."""

from evoloco.cli import main

if __name__ == "__main__":
    main()
