"""Facts about a whole run, as JSON by key, with a checksum."""

import hashlib
import json
import sqlite3
from typing import Any


def read(database: sqlite3.Connection, key: str) -> Any:
    """Returns a note, or None if there is none."""
    row = database.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
    try:
        return json.loads(row[0]) if row else None
    except RecursionError:
        raise ValueError(f"the note '{key}' is nested too deep") from None


def digest(database: sqlite3.Connection) -> str:
    """Returns the checksum of all notes but the checksum itself."""
    rows = database.execute(
        "SELECT key, value FROM notes WHERE key != 'sha256' ORDER BY key"
    ).fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def sign(database: sqlite3.Connection) -> None:
    """Writes the checksum of the notes."""
    checksum = json.dumps(digest(database))
    database.execute("INSERT OR REPLACE INTO notes VALUES ('sha256', ?)", (checksum,))
