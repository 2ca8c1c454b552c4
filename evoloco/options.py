"""Options of a member: the keyword parameters of its entry, which a run file sets."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any, get_type_hints

from pydantic import ConfigDict, ValidationError, create_model

from evoloco.errors import SpecError, UnknownNameError


def options_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The keyword parameters that a run file may set: those after the first, or all of a `build`."""
    parameters = list(inspect.signature(function).parameters.values())
    given = ("self", "morphology", "episode", "search")
    return {p.name: p for p in parameters if p.name not in given and p.kind is not p.VAR_KEYWORD}


def checked(
    function: Callable[..., Any],
    options: dict[str, Any],
    where: str,
    own: Iterable[str] = (),
    numbers: Iterable[str] = (),
) -> dict[str, Any]:
    """Options checked against a function's signature and converted to its types.

    Args:
        function: A member's entry.
        options: What a run file sets.
        where: The table of the run file.
        own: Keys of that table that are not the member's.
        numbers: Names of numbers that the function takes by `**`.

    Raises:
        SpecError: An option is unknown, missing or of another type; the message lists the known ones.
    """
    known, allowed = options_of(function), {*options_of(function), *numbers}
    for name in options:
        if name not in allowed:
            raise UnknownNameError(f"key in [{where}]", name, {*own, *allowed})
    hints = get_type_hints(
        function.__init__ if inspect.isclass(function) else function, include_extras=True
    )
    fields: dict[str, Any] = {
        name: (hints.get(name, Any), ... if p.default is p.empty else p.default)
        for name, p in known.items()
    } | {name: (float, ...) for name in options if name not in known}
    model = create_model(
        "Options", __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True), **fields
    )
    try:
        filled = model.model_validate(options)
    except ValidationError as error:
        mistakes = [
            f"Key '{where}.{'.'.join(str(part) for part in mistake['loc'])}': {mistake['msg']}, "
            f"not {mistake['input']!r}."
            for mistake in error.errors()
        ]
        raise SpecError(" ".join(mistakes)) from None
    return {name: getattr(filled, name) for name in options}
