"""MuJoCo's C side: the library, its batch functions, and where arrays stand inside an mjData."""

import ctypes
import pathlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import mujoco
from mujoco.introspect import ast_nodes, structs

from evoloco.errors import EvolocoError

_FOLDER = pathlib.Path(mujoco.__file__).parent
_PATTERNS = ("libmujoco.so*", "libmujoco*.dylib", "mujoco.dll")

_SCALARS: dict[str, Any] = {
    "mjtNum": ctypes.c_double,
    "double": ctypes.c_double,
    "float": ctypes.c_float,
    "int": ctypes.c_int,
    "mjtSize": ctypes.c_int64,
    "size_t": ctypes.c_size_t,
    "uintptr_t": ctypes.c_size_t,
    "uint64_t": ctypes.c_uint64,
    "mjtByte": ctypes.c_uint8,
    "mjtBool": ctypes.c_uint8,
    "char": ctypes.c_char,
    "unsigned char": ctypes.c_uint8,
}


@cache
def library_path() -> str:
    """Path of the MuJoCo library that the bindings use.

    Raises:
        EvolocoError: The installed package has none.
    """
    for pattern in _PATTERNS:
        for path in sorted(_FOLDER.glob(pattern)):
            return str(path)
    raise EvolocoError(
        f"No MuJoCo library in {_FOLDER}. Reinstall with: pip install --force-reinstall mujoco"
    )


class _BatchConfig(ctypes.Structure):
    _fields_ = (("nthread", ctypes.c_int), ("persistent", ctypes.c_bool))


class _LogConfig(ctypes.Structure):
    _fields_ = (
        ("logto_console", ctypes.c_bool),
        ("logto_file", ctypes.c_bool),
        ("logfile", ctypes.c_char * 1024),
        ("topics", ctypes.c_int),
    )


def batch_config(threads: int) -> ctypes.Structure:
    """An mjBatchConfig: that many threads, one mjData per thread."""
    return _BatchConfig(threads, False)


@cache
def library() -> ctypes.CDLL:
    """The library, with the signatures of the functions of mjbatch.h set."""
    lib = ctypes.CDLL(library_path())
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "mjb_makeBatch": (pointer, [pointer, integer, pointer, ctypes.c_char_p, integer]),
        "mjb_deleteBatch": (None, [pointer]),
        "mjb_reset": (integer, [pointer, pointer, integer, pointer, integer]),
        "mjb_apply": (integer, [pointer, pointer, integer, pointer, pointer, integer]),
        "mjb_status": (ctypes.POINTER(integer), [pointer]),
        "mjb_error": (ctypes.c_char_p, [pointer, integer]),
        "mjb_nstate": (integer, [pointer]),
        "mjb_stateComponent": (pointer, [pointer, integer, ctypes.POINTER(integer)]),
        "mju_getLogConfig": (_LogConfig, []),
        "mju_setLogConfig": (None, [_LogConfig]),
        "mjb_setModels": (None, [pointer, pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps MuJoCo's warnings off the terminal and out of MUJOCO_LOG.TXT.

    They are about diverging simulations, which are results.
    """
    lib = library()
    before = lib.mju_getLogConfig()
    lib.mju_setLogConfig(_LogConfig())
    try:
        yield
    finally:
        lib.mju_setLogConfig(before)


@contextmanager
def colliding(functions: Mapping[tuple[int, int], int]) -> Iterator[None]:
    """Has C functions find the contacts between geoms of certain types.

    Args:
        functions: Two types of geoms, the lesser first -> address of an mjfCollision.
    """
    kinds = int(mujoco.mjtGeom.mjNGEOMTYPES)
    table = (ctypes.c_void_p * kinds**2).in_dll(library(), "mjCOLLISIONFUNC")
    before = list(table)
    for (first, second), function in functions.items():
        table[kinds * first + second] = function
    try:
        yield
    finally:
        table[:] = before


def _ctype(kind: Any) -> Any:
    """The ctypes type of an introspected C type."""
    if isinstance(kind, ast_nodes.PointerType):
        return ctypes.c_void_p
    if isinstance(kind, ast_nodes.ArrayType):
        inner = _ctype(kind.inner_type)
        for extent in reversed(kind.extents):
            inner = inner * extent
        return inner
    if isinstance(kind, ast_nodes.ValueType):
        if kind.name in _SCALARS:
            return _SCALARS[kind.name]
        if kind.name in structs.STRUCTS:
            return _struct(kind.name)
        return ctypes.c_int  # an enum

    union = isinstance(kind, ast_nodes.AnonymousUnionDecl)
    fields = [
        (getattr(field, "name", "") or f"_{i}", _ctype(field.type))
        for i, field in enumerate(kind.fields)
    ]
    return type("Anonymous", (ctypes.Union if union else ctypes.Structure,), {"_fields_": fields})


@cache
def _struct(name: str) -> Any:
    """The ctypes structure of a MuJoCo struct, read from `mujoco.introspect`."""
    fields = [
        (getattr(field, "name", "") or f"_{i}", _ctype(field.type))
        for i, field in enumerate(structs.STRUCTS[name].fields)
    ]
    return type(name, (ctypes.Structure,), {"_fields_": fields})


def size(struct: str) -> int:
    """Size of a MuJoCo struct [bytes]."""
    return ctypes.sizeof(_struct(struct))


def offset(struct: str, field: str) -> int:
    """Offset of a field in a MuJoCo struct [bytes]."""
    return int(getattr(_struct(struct), field).offset)


def pointer_offset(thing: mujoco.MjModel | mujoco.MjData, field: str) -> int:
    """Offset [bytes] of the pointer to an array in mjModel or mjData, checked against the bindings.

    Raises:
        EvolocoError: The struct is not laid out as `mujoco.introspect` says.
    """
    struct = "mjModel" if isinstance(thing, mujoco.MjModel) else "mjData"
    where = offset(struct, field)
    found = ctypes.cast(thing._address + where, ctypes.POINTER(ctypes.c_uint64))[0]
    expected = getattr(thing, field)
    if expected.size and found != expected.ctypes.data:
        raise EvolocoError(
            f"{struct}.{field} of MuJoCo {mujoco.__version__} is not where its introspection says: "
            "install the mujoco version that constraints.txt names."
        )
    return where
