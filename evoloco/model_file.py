"""A model's file before MuJoCo reads it: the files that it refers to, and a guard against bombs."""

import math
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from evoloco.errors import ModelError
from evoloco.packages import located

COPIES = 10_000
"""Most copies that `replicate`, `composite` and `flexcomp` may make of one element."""

CELLS = 10_000_000
"""Most cells of a height field."""

FOLDERS = ("meshdir", "texturedir", "assetdir")
"""Attributes of a model that name a folder of files."""

XML = ("", ".xml", ".urdf", ".mjcf")
"""Ends of the names of files that may refer to others."""


def check_sizes(path: Path, seen: frozenset[Path] = frozenset(), copies: float = 1.0) -> None:
    """Refuses a model that would fill the memory when it is compiled; included files count.

    A file that is no XML is left to MuJoCo, which says what is wrong with it.

    Args:
        path: Of the file.
        seen: Files that include it.
        copies: How often these copy what they include.

    Raises:
        ModelError: An element would be copied too often, or a height field is too large.
    """
    made = [copies]
    try:
        for event, element in ElementTree.iterparse(path, events=("start", "end")):
            if event == "end":
                made.pop()
                element.clear()
                continue

            made.append(made[-1] * _product(element.get("count", "")))
            cells = _product(element.get("nrow", "")) * _product(element.get("ncol", ""))
            if made[-1] > COPIES or cells > CELLS:
                raise ModelError(
                    f"{path}: <{element.tag}> asks for {max(made[-1], cells):.3g} copies or cells; "
                    f"allowed are {COPIES} copies and {CELLS} cells of a height field."
                )

            included = path.parent / element.get("file", "")
            if element.tag == "include" and included.is_file() and included not in seen:
                check_sizes(included, seen | {path}, made[-1])
    except (ElementTree.ParseError, OSError, ValueError):
        return


def files_of(path: Path, packages: Mapping[str, str] | None = None) -> list[Path]:
    """Returns the files of a model: itself, what it includes, meshes, height fields, textures.

    MuJoCo looks for a file in several folders. Every file of the right name in one of them counts.

    Args:
        path: Of the model.
        packages: Name of a ROS package -> its folder; others are looked for near the file.
    """
    found = _mentioned(path, packages)
    return sorted({path, *(one for one in found if os.path.isfile(one))})


def check_files(path: Path) -> None:
    """Refuses a model that refers to a device or a pipe, which MuJoCo would read without end.

    Args:
        path: Of the model.

    Raises:
        ModelError: It does.
    """
    for file in _mentioned(path):
        if os.path.exists(file) and not os.path.isfile(file) and not os.path.isdir(file):
            raise ModelError(f"{path} refers to {file}, which is a device or a pipe.")


def _mentioned(path: Path, packages: Mapping[str, str] | None = None) -> set[Path]:
    """Returns everything that a file name in a model may mean, whether it exists or not."""
    documents: dict[Path, list[_Attributes]] = {}
    _read(path, path.parent, documents)

    folders = {document.parent for document in documents}
    names = set()
    for document, elements in documents.items():
        for attributes in elements:
            names |= {*_file_names(attributes)}
            for given in filter(None, map(attributes.get, FOLDERS)):
                folders |= {path.parent / given, document.parent / given}
    in_packages = {located(name, path.parent, packages) for name in names}
    in_folders = {folder / name for folder in folders for name in names}
    return in_folders | {file for file in in_packages if file}


_Attributes = dict[str, str]


def _read(path: Path, folder: Path, documents: dict[Path, list[_Attributes]]) -> None:
    """Adds the attributes of all elements in an XML file, and in the XML files that it names.

    Args:
        path: Of the file.
        folder: Of the model's main file; names may be relative to either.
        documents: Attributes by file; files in it are not read again.
    """
    if path in documents or not os.path.isfile(path):
        return

    documents[path] = []
    with suppress(ElementTree.ParseError, OSError, ValueError):
        for event, element in ElementTree.iterparse(path, events=("start", "end")):
            if event == "start":
                documents[path].append({**element.attrib})
            else:
                element.clear()

    for name in [name for each in documents[path] for name in _file_names(each)]:
        if Path(name).suffix in XML:
            _read(path.parent / name, folder, documents)
            _read(folder / name, folder, documents)


def _file_names(attributes: _Attributes) -> list[str]:
    """Returns the file names in an element's attributes; of a URDF's address, its last part too."""
    names = [text for key, text in attributes.items() if key.startswith("file") and text]
    return names + [name.rpartition("/")[2] for name in names if "/" in name]


def _product(text: str) -> float:
    """Product of the numbers in an attribute; 1 where there are none."""
    try:
        return math.prod(max(abs(float(word)), 1.0) for word in text.split())
    except ValueError:
        return 1.0
