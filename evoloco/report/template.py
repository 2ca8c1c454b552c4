"""What all pages share: templates, style sheet, and how a figure is put in."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evoloco.report import words
from evoloco.report.figures import WIDTHS, Drawn


@cache
def environment() -> Environment:
    """Returns the templates and what they may call."""
    made = Environment(
        loader=PackageLoader("evoloco.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for each in (
        words.number,
        words.words,
        words.flat,
        words.moment,
        words.counted,
        words.measured,
    ):
        made.filters[each.__name__] = each
    made.tests["finite"] = words.finite
    return made


def style() -> Markup:
    """Returns the style sheet."""
    made = environment()
    loader = made.loader
    return Markup(loader.get_source(made, "page.css")[0] if loader else "")


def pictured(drawn: Drawn) -> dict[str, str]:
    """Returns a figure, drawn for each of `WIDTHS`, and the address of its CSV."""
    pictures: dict[str, str] = {kind: Markup(drawn.draw(width)) for kind, width in WIDTHS.items()}
    return {**pictures, "csv": drawn.table.address()}
