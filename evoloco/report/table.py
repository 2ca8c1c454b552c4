"""The numbers that a figure draws, as text that a spreadsheet or a script reads."""

import base64
import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

Cell = str | int | float


@dataclass(frozen=True)
class Table:
    """Rows of numbers and words under named columns.

    Attributes:
        columns: Names with units, such as "angle [°]".
        rows: One cell per column; NaN is an empty cell of the CSV.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def csv(self) -> str:
        """Returns comma-separated values, with six digits and a line of column names."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_written(cell) for cell in row] for row in self.rows)
        return text.getvalue()

    def address(self) -> str:
        """Returns the CSV as a `data:` address, which a page can carry."""
        content = base64.b64encode(self.csv().encode()).decode()
        return f"data:text/csv;charset=utf-8;base64,{content}"


def _written(cell: Cell) -> Cell:
    """Returns a cell as the CSV has it."""
    if not isinstance(cell, float):
        return cell
    return "" if math.isnan(cell) else f"{cell:.6g}"
