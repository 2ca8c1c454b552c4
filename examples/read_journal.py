"""Reads the journal of a run with pandas: fitness over generations, and the fittest genome.

Run it: python examples/read_journal.py runs/out/biped-seed0
"""

import json
import sqlite3
import sys
from pathlib import Path

import numpy as np
import pandas as pd


def main(folder: Path) -> None:
    """Prints both."""
    database = sqlite3.connect(folder / "journal.sqlite")
    individuals = pd.read_sql("SELECT * FROM individuals", database)
    print(individuals.groupby("generation").fitness.describe()[["mean", "50%", "max"]])
    print(individuals.outcome.value_counts().to_string())

    fittest = individuals.loc[individuals.fitness.idxmax()]
    notes = dict(database.execute("SELECT key, value FROM notes"))
    genes = json.loads(notes["genes"])
    positions = np.frombuffer(fittest.genome, "<f8")  # in [0, 1]; champion.json has values
    print(f"The fittest is {fittest.generation}:{fittest.individual}.")
    print(pd.Series(positions, genes).to_string())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
