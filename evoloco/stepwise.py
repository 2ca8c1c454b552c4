"""Fitness terms step by step, compiled: the value of each term at a control step, and their sum.

Let K terms have the weights w_k, the floors f_k and, at the lived steps t, the values r_k(t), none
worse than their floor. By `evoloco.term`, their part of the fitness of an episode of P planned
steps is

    sum_k w_k f_k + sum_t sum_k w_k (r_k(t) - f_k) / P        (1)

So a reward of sum_k w_k (r_k(t) - f_k) / P at every step, which is never negative, adds up to that
part but for a constant.
"""

import inspect
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any

import numba
import numpy as np
from numba.core.errors import NumbaError

from evoloco import fields
from evoloco.episode import Columns, Episode
from evoloco.errors import EvolocoError, SpecError, UnknownNameError, user_code
from evoloco.fields import Fields, Layout, Record, Shapes
from evoloco.genome import Array
from evoloco.measure import Row, RowForm
from evoloco.morphology import Morphology
from evoloco.sim import cache
from evoloco.sim.compile import jit, reason
from evoloco.term import Term

_MODULE = '''"""Compiled fitness terms; made by evoloco, may be deleted."""

import numba

from evoloco import stepwise

{names}


@numba.njit(error_model="numpy", nogil=True, cache=True)
def weighted_sum(constants, memory, now, dt, weights, floors, values):
    {calls}
    total = 0.0
    for k in range({count}):
        total += max(weights[k] * (values[k] - floors[k]), 0.0)
    return total


@numba.njit(error_model="numpy", nogil=True, cache=True)
def follow(constants, memory, rows, dt, weights, floors, values, sums):
    for i in range(rows.shape[0]):
        for t in range(rows.shape[1]):
            sums[i, t] = weighted_sum(
                constants[i], memory[i], rows[i, t], dt, weights, floors, values[i, t]
            )
'''
"""`weighted_sum` sets the value of each term at one control step and returns the reward by (1), but
for 1 / P."""

_REWARD = '''"""A compiled reward; made by evoloco, may be deleted."""

import numba
from numba import carray, types

from evoloco import stepwise

weighted_sum, *layouts = stepwise.given
constants_row, memory_row, trace_row = (types.CPointer(numba.from_dtype(kind)) for kind in layouts)
array, real = types.CPointer(types.float64), types.float64


def native_reward(constants, memory, now, dt, weights, floors, values, reward):
    carray(reward, (1,))[0] = weighted_sum(
        carray(constants, (1,))[0],
        carray(memory, (1,))[0],
        carray(now, (1,))[0],
        dt,
        carray(weights, ({count},)),
        carray(floors, ({count},)),
        carray(values, ({count},)),
    )
    return 0


native_reward = numba.cfunc(
    types.int64(
        constants_row, memory_row, trace_row, real, array, array, array, array
    ),
    error_model="numpy",
    cache=True,
)(native_reward)
'''

given: tuple[Any, ...] = ()
"""What a generated module compiles: the terms' row forms, or their sum and its layouts."""


class Stepwise:
    """Terms that have a row form, compiled for the bodies of one layout.

    It follows many episodes at once. Each has a row of constants and a row of memory, which are
    plain arrays that the caller keeps.

    Args:
        terms: The K terms.
        morphology: A body of the layout.
        columns: Layout of the trace.

    Attributes:
        terms: The K terms.
        weights: Their weights (K,).
        floors: Their floors [their units] (K,).
        native: Compiled `weighted_sum` and `follow`, which other compiled functions can call.

    Raises:
        EvolocoError: A term needs the whole episode, or its measure is not one of this body.
        SpecError: Numba cannot compile a row form.
    """

    def __init__(self, terms: Sequence[Term], morphology: Morphology, columns: Columns) -> None:
        self.terms = tuple(terms)
        self.weights = np.array([term.weight for term in terms], dtype=np.float64)
        self.floors = np.array([term.floor for term in terms], dtype=np.float64)
        self._forms = [_form(term) for term in terms]
        self._constants = self._layout_of(self._values(morphology))
        self._memory = _joined(form.memory(morphology) for form in self._forms)
        self._row = columns.record
        layouts = (self._constants, self._memory, self._row)
        self.native = _compiled(tuple(form.row for form in self._forms), layouts)
        self._warm_up()

    def constants(self, morphology: Morphology) -> Array:
        """What the terms need to know of a body (C,).

        Raises:
            EvolocoError: The body has another layout, or a measure is not one of this body.
        """
        values = self._values(morphology)
        if self._layout_of(values) != self._constants:
            raise EvolocoError("The bodies of a run must have the same joints and feet.")
        return np.concatenate([np.zeros(0), *map(fields.flatten, values)])

    def memory(self, count: int) -> Array:
        """What the terms remember of `count` episodes before the first step (count, M)."""
        return np.zeros((count, fields.size(self._memory)))

    def follow(
        self, constants: Array, memory: Array, rows: Array, dt: float
    ) -> tuple[Array, Array]:
        """Follows N episodes through their next T control steps.

        Args:
            constants: Of the body of each episode (N, C).
            memory: Of each episode (N, M); changed in place.
            rows: The next rows of each episode's trace (N, T, columns.size).
            dt: Time between rows [s].

        Returns:
            Values of the terms [their units] (N, T, K), and the rewards by (1), but for 1 / P
            (N, T).
        """
        values = np.empty((*rows.shape[:2], len(self.terms)))
        sums = np.empty(rows.shape[:2])
        self.native.follow(
            _seen(np.ascontiguousarray(constants), self._constants),
            _seen(memory, self._memory),
            _seen(np.ascontiguousarray(rows), self._row),
            dt,
            self.weights,
            self.floors,
            values,
            sums,
        )
        return values, sums

    @property
    def reward(self) -> int:
        """Address of a C function that the kernel calls at a control step.

        It takes addresses of constants, memory and the present row of the trace, the time between
        rows [s], and addresses of weights, floors, values and the reward, which it writes.
        """
        global given
        layouts = (self._constants, self._memory, self._row)
        given = (self.native.weighted_sum, *layouts)
        text = _REWARD.format(count=len(self.terms))
        module: Any = cache.compiled(text, tuple(form.row for form in self._forms), layouts)
        return int(module.native_reward.address)

    def _values(self, morphology: Morphology) -> list[Fields]:
        """Constants of every term."""
        values = []
        for form, term in zip(self._forms, self.terms, strict=True):
            with user_code(_who(term)):
                values.append(form.constants(morphology, **term.options))
        return values

    def _layout_of(self, values: Sequence[Fields]) -> Layout:
        return _joined(fields.shapes_of(part) for part in values)

    def _warm_up(self) -> None:
        """Compiles, or loads what was compiled before, by following no episode."""
        constants = np.zeros((0, fields.size(self._constants)))
        rows = np.zeros((0, 0, fields.size(self._row)))
        try:
            cache.kept(lambda: self.follow(constants, self.memory(0), rows, 1.0))
        except (NumbaError, KeyError) as error:  # a KeyError if a record lacks a field
            raise SpecError(self._explain(error)) from error

    def _explain(self, error: Exception) -> str:
        """Which row form Numba cannot compile, and why."""
        for index, (form, term) in enumerate(zip(self._forms, self.terms, strict=True)):
            kinds = (self._constants[_name(index)], self._memory[_name(index)], self._row)
            try:
                jit(form.row).compile((*map(numba.from_dtype, kinds), numba.float64))
            except (NumbaError, KeyError) as own:
                return f"{_who(term)}: {_told(form.row, own, kinds)}"
        return str(error)


def rows(term: Term, episode: Episode) -> Array:
    """Values of a term by its row form at each lived step of an episode [unit] (T,)."""
    one = Stepwise([term], episode.morphology, episode.columns)
    constants = one.constants(episode.morphology)
    values, _ = one.follow(constants[None], one.memory(1), episode.trace[None], episode.control_dt)
    return np.asarray(values[0, :, 0])


@lru_cache
def _compiled(rows: tuple[Row, ...], layouts: tuple[Layout, Layout, Layout]) -> ModuleType:
    """The module of `follow` and `weighted_sum` for these terms, and for these layouts alone.

    Numba would try whether code for one layout serves another one, and warn that it does.
    """
    global given
    names = [f"row{k} = stepwise.given[{k}]" for k in range(len(rows))]
    calls = [
        f"values[{k}] = row{k}(constants.{_name(k)}, memory.{_name(k)}, now, dt)"
        for k in range(len(rows))
    ]
    text = _MODULE.format(names="\n".join(names), calls="\n    ".join(calls), count=len(rows))
    given = tuple(jit(row) for row in rows)
    return cache.compiled(text, rows, layouts)


def _form(term: Term) -> RowForm:
    if term.form is None:
        raise EvolocoError(
            f"Fitness term '{term.name}' has no value per step: measure '{term.source}' needs the "
            "whole episode. `evoloco list measures` tells which measures have one."
        )
    return term.form


def _name(index: int) -> str:
    return f"term{index}"


def _who(term: Term) -> str:
    return f"Measure '{term.source}' (fitness term '{term.name}')"


def _joined(parts: Iterable[Shapes]) -> Layout:
    """The layout of one record that holds a record of each term.

    Numba has no record without a field, so each gets one of no size.
    """
    empty = {"nothing": (0,)}
    return fields.layout({_name(k): {**part, **empty} for k, part in enumerate(parts)} | empty)


def _seen(rows: Array, kind: Layout) -> Record:
    """Flat rows (..., n) seen as records (...); writing to one changes the other."""
    return rows.view(kind)[..., 0] if kind.itemsize else np.zeros(rows.shape[:-1], kind)


def _told(row: Any, error: Exception, kinds: Sequence[Layout]) -> str:
    """Numba's error as one message: where, why, and what is allowed."""
    row = getattr(row, "py_func", row)
    code, place = row.__code__, getattr(error, "loc", None)
    line = place.line if place else code.co_firstlineno
    where = f"Numba cannot compile `{code.co_name}` in {code.co_filename}, line {line}"

    if isinstance(error, KeyError):
        return f"{where}. {_no_field(str(error.args[0]), row, kinds)}"
    return (
        f"{where}: {reason(error)}. Allowed are arithmetic on the given fields, loops, branches, "
        "math and NumPy functions that Numba knows, and functions decorated with numba.njit. See "
        "docs/write-a-measure.md."
    )


def _no_field(name: str, row: Any, kinds: Sequence[Layout]) -> UnknownNameError:
    """Says which of constants, memory and now lacks a field, and which it has."""
    known = {
        title: [field for field in fields.names(kind) if field != "nothing"]
        for title, kind in zip(("constants", "memory", "now"), kinds, strict=True)
    }
    source = inspect.getsource(row)
    for title, names in known.items():
        if re.search(rf"\b{title}\.{name}\b", source):
            return UnknownNameError(f"field of {title}", name, names)
    every = [f"{title}.{field}" for title, names in known.items() for field in names]
    return UnknownNameError("field", name, every)
