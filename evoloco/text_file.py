"""Reads foreign files: of any encoding that Windows writes, but no devices and no endless ones."""

import codecs
import errno
from pathlib import Path

LARGEST = 2**28
"""Size of the largest file that is read [bytes]."""

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Byte order mark at the start of a file -> encoding of what follows."""


def read(path: Path) -> str:
    """Returns the text of a file, without a byte order mark, its lines as Python has them.

    A file without a byte order mark is UTF-8.

    Raises:
        OSError: It is missing, cannot be read, is a device or a pipe, or is too large.
        UnicodeDecodeError: It is not text. This is a `ValueError`.
    """
    content = read_bytes(path)
    mark = next((mark for mark in MARKS if content.startswith(mark)), b"")
    text = content[len(mark) :].decode(MARKS.get(mark, "utf-8"))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: Path) -> bytes:
    """Returns the content of a file.

    Raises:
        OSError: It is missing, cannot be read, is a device or a pipe, or is too large.
    """
    found = path.stat()
    if not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "it is a device or a pipe, not a file", str(path))
    if found.st_size > LARGEST:
        raise OSError(errno.EFBIG, f"it has more than {LARGEST // 2**20} MiB", str(path))
    return path.read_bytes()
