"""What is wrong with a file, in a few words."""

from pydantic import ValidationError


def mistake(error: Exception) -> str:
    """The first mistake that an exception tells, in a few words and one line."""
    if isinstance(error, ValidationError):
        found = error.errors()[0]
        where = ".".join(str(part) for part in found["loc"])
        return f"{where}: {found['msg']}" if where else found["msg"]
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)
