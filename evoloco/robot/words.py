"""Lists of names in sentences."""

from collections.abc import Iterable


def listed(names: Iterable[object], most: int = 8) -> str:
    """Names in quotes, with commas; of many, the first ones and how many more there are.

    Args:
        names: What to list.
        most: Names that are shown.
    """
    every = [f"'{name}'" for name in names]
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more or "none"


def counted(number: int, thing: str, several: str = "") -> str:
    """A number and what it counts, such as "3 meshes".

    Args:
        number: How many.
        thing: One of them.
        several: The plural, where it is not `thing` with an s.
    """
    return f"{number} {thing if number == 1 else several or thing + 's'}"
