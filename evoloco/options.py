"""Options of a member: keyword parameters of its class or function, which a run file sets."""

import inspect
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import ConfigDict, ValidationError, create_model

from evoloco.errors import SpecError, UnknownNameError

_CONFIG = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


def options_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Returns the parameters that a run file may set, by name.

    These are all but `self` and the argument that evoloco passes.
    """
    parameters = inspect.signature(function).parameters.values()
    passed = ("self", "morphology", "episode", "search")
    collected = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {p.name: p for p in parameters if p.name not in passed and p.kind not in collected}


def free_numbers(module: ModuleType, function: Callable[..., Any]) -> list[str]:
    """Returns the names of the numbers that a body's function takes by `**`: its genes' names.

    A module that describes genes by a function takes none.
    """
    parameters = inspect.signature(function).parameters.values()
    takes_more = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    by_name = takes_more and not hasattr(module, "gene")
    return [gene.name for gene in getattr(module, "GENES", ())] if by_name else []


def fits(function: Callable[..., Any], name: str, value: Any) -> bool:
    """Returns whether an option of a function takes a value."""
    annotated = function.__init__ if inspect.isclass(function) else function
    hints = get_type_hints(annotated, include_extras=True)
    fields: dict[str, Any] = {name: (hints.get(name, Any), ...)}
    try:
        create_model("Option", __config__=_CONFIG, **fields).model_validate({name: value})
    except ValidationError:
        return False
    return True


def checked(
    function: Callable[..., Any],
    options: dict[str, Any],
    where: str,
    own: Iterable[str] = (),
    numbers: Iterable[str] = (),
) -> dict[str, Any]:
    """Checks options against a function's signature and converts them to its types.

    Args:
        function: A member's class or function.
        options: What a run file sets.
        where: Table of the run file.
        own: Keys of that table that do not belong to the member.
        numbers: Names of numbers that the function takes by `**`.

    Returns:
        The converted options.

    Raises:
        SpecError: An option is unknown, missing or of the wrong type. The message lists the known
            ones.
    """
    known = options_of(function)
    allowed = {*known, *numbers}
    for name in options:
        if name not in allowed:
            raise UnknownNameError(f"key in [{where}]", name, {*own, *allowed})

    annotated = function.__init__ if inspect.isclass(function) else function
    hints = get_type_hints(annotated, include_extras=True)
    fields: dict[str, Any] = {
        name: (hints.get(name, Any), ... if option.default is option.empty else option.default)
        for name, option in known.items()
    }
    fields |= {name: (float, ...) for name in options if name not in known}
    model = create_model("Options", __config__=_CONFIG, **fields)

    try:
        filled = model.model_validate(options)
    except ValidationError as error:
        raise SpecError(" ".join(_mistakes(error, where))) from None
    return {name: getattr(filled, name) for name in options}


def _mistakes(error: ValidationError, where: str) -> list[str]:
    """Returns one sentence per mistake."""
    mistakes = []
    for mistake in error.errors():
        # Parts in angle brackets name the form of a value, not a key.
        parts = [str(part) for part in mistake["loc"] if not str(part).startswith("<")]
        key = ".".join([where, *parts])
        mistakes.append(f"Key '{key}': {mistake['msg']}, not {mistake['input']!r}.")
    return mistakes
