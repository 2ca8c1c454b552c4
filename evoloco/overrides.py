"""Other values for keys of a run file, as `key=value`, and what they leave of a replaced member."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from evoloco.errors import EvolocoError, SpecError
from evoloco.members import entry_of, member, members
from evoloco.options import fits, free_numbers, options_of
from evoloco.references import MEMBERS

if TYPE_CHECKING:
    from evoloco.spec import RunSpec

Content = dict[str, Any]
"""Content of a run file, before it is checked."""


IN_THE_UNIT_OF_THE_MEASURE = ("floor", "threshold")
"""Keys of a fitness term that mean nothing for another measure."""


class Named(NamedTuple):
    """A member that a table of a run file names.

    Attributes:
        table: Dotted key of the table, such as "controller".
        key: Key that names the member, such as "name".
        room: Package of the member.
        name: Name of the member, or the path of a user's file.
    """

    table: str
    key: str
    room: str
    name: str

    @property
    def short(self) -> str:
        """The name without the folders of a user's file."""
        return Path(self.name).name if self.name.endswith(".py") else self.name


def apply(content: Content, override: str) -> None:
    """Sets `key=value`, with a dotted key and a TOML value, in the content of a run file.

    Raises:
        SpecError: It has another form, or a part of the key is a value instead of a table.
    """
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise SpecError(f"'{override}' is not key=value, such as optimizer.population_size=64")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        value = text

    *tables, last = key.strip().split(".")
    table = content
    for name in tables:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            raise SpecError(f"'{override}': '{name}' is a value, not a table.")
    table[last] = value


def flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Returns the values of a table and its inner tables, by dotted key."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def named_members(content: Content, defaults: Mapping[str, str]) -> dict[str, Named]:
    """Returns the members that a run file names, by the dotted keys of their tables.

    Args:
        content: Of the run file.
        defaults: Members of tables that need not name one, by the tables' dotted keys.
    """
    known = {}
    for one in _places(content):
        table = _table(content, one.table)
        name = table.get(one.key) or defaults.get(one.table) or one.name
        if isinstance(name, str) and name:
            known[one.table] = one._replace(name=name)
    return known


def _places(content: Content) -> Iterator[Named]:
    """Yields where a run file can name members; a sensor is called as its table is."""
    for place, room in MEMBERS.items():
        table, _, key = place.rpartition(".")
        group, star, _ = table.partition(".*")
        for name in _tables(content, group) if star else [""]:
            own = name if room == "sensors" else ""
            yield Named(f"{group}.{name}" if star else table, key, room, own)


def _tables(content: Content, key: str) -> list[str]:
    """Returns the names of the tables in a table."""
    return [name for name, table in _table(content, key).items() if isinstance(table, dict)]


def _table(content: Content, key: str) -> Content:
    """Returns the table at a dotted key; an empty one if there is none."""
    first, _, rest = key.partition(".")  # names of terms and sensors may have dots
    table = content.get(first)
    if rest and isinstance(table, dict):
        table = table.get(rest)
    return table if isinstance(table, dict) else {}


class Replacements:
    """The members that overrides replace, and what the new ones take over from a run file.

    Options of the old member that the new one does not know are left out, and
    so are values that it does not take. What an override gives always stays:
    a mistake in it is an error.

    Args:
        before: Members that the run file names.
        after: Members after all overrides.
        overrides: As `key=value`.
    """

    def __init__(
        self, before: Mapping[str, Named], after: Mapping[str, Named], overrides: Sequence[str]
    ) -> None:
        self._pairs = {
            table: (old, after[table])
            for table, old in before.items()
            if table in after and after[table].name != old.name
        }
        self._given = [override.partition("=")[0].strip() for override in overrides]

    def leave_out(self, content: Content) -> list[str]:
        """Removes options of replaced members from the content of a run file.

        Returns:
            One sentence for each member that left options behind.
        """
        notes = []
        for old, new in self._pairs.values():
            table = _table(content, new.table)
            names = [name for name in _strange(old, new, table) if not self._is_given(old, name)]
            for name in names:
                del table[name]
            notes += _note(new, names, f" of {old.short}")

        notes += self._leave_out_body_genes(content)
        return notes

    def _leave_out_body_genes(self, content: Content) -> list[str]:
        """Removes genes that a new body does not know from [morphology.genes]."""
        if "morphology" not in self._pairs:
            return []

        _, new = self._pairs["morphology"]
        table = _table(content, "morphology")
        genes = table.get("genes")
        module = _module(new)
        if not isinstance(genes, dict) or module is None:
            return []

        names = [name for name in genes if not _knows_gene(module, name, table)]
        names = [name for name in names if not self._is_given(new, f"genes.{name}")]
        for name in names:
            del genes[name]
        return _note(new, names, " of [morphology.genes]")

    def without_strange_genes(self, spec: "RunSpec") -> tuple["RunSpec", list[str]]:
        """Returns a run file without bounds, values and starts of genes that it no longer has.

        Does nothing if neither body nor controller were replaced, or the new ones cannot be built:
        whoever builds them next says why.

        Returns:
            The run file, and one sentence for each table that something was left out of.
        """
        new = [
            pair[1] for table, pair in self._pairs.items() if table in ("morphology", "controller")
        ]
        controller, start = spec.controller, spec.start
        if not new or not (controller.bounds or controller.fixed or start.genes):
            return spec, []
        try:
            known = _gene_names(spec)
        except EvolocoError:
            return spec, []

        notes = []
        kept: dict[str, dict[str, Any]] = {}
        tables: dict[str, Mapping[str, Any]] = {
            "controller.bounds": controller.bounds,
            "controller.fixed": controller.fixed,
            "start.genes": start.genes,
        }
        for place, genes in tables.items():
            names = [n for n in genes if n not in known and not self._covers(f"{place}.{n}")]
            kept[place] = {name: value for name, value in genes.items() if name not in names}
            notes += _note(new[-1], names, f" of [{place}]")

        bounds, fixed = kept["controller.bounds"], kept["controller.fixed"]
        changed = {
            "controller": controller.model_copy(update={"bounds": bounds, "fixed": fixed}),
            "start": start.model_copy(update={"genes": kept["start.genes"]}),
        }
        return spec.model_copy(update=changed), notes

    def _is_given(self, one: Named, option: str) -> bool:
        """Returns whether an override gives an option."""
        return self._covers(f"{one.table}.{option}")

    def _covers(self, key: str) -> bool:
        """Returns whether an override sets a key, a table around it, or a part of it."""
        return any(
            f"{key}.".startswith(f"{given}.") or given.startswith(f"{key}.")
            for given in self._given
        )


def _note(new: Named, names: Sequence[str], whose: str) -> list[str]:
    """Returns the sentence about what was left out; none if nothing was."""
    if not names:
        return []
    return [f"{new.table}.{new.key} = {new.short}: left out {', '.join(names)}{whose}"]


def _strange(old: Named, new: Named, table: Content) -> Iterator[str]:
    """Yields options of the old member in a table that the new member does not take."""
    before, after = _module(old), _module(new)
    if after is None and new.room != "sensors":
        return  # whoever builds it says what is wrong with its name

    known, old_options = _known(after, new.room), _known(before, old.room)
    entry = getattr(after, entry_of(new.room)) if after else None
    if new.room == "fitness":
        yield from (name for name in IN_THE_UNIT_OF_THE_MEASURE if name in table)
    for name in table:
        stays = name in known and (entry is None or fits(entry, name, table[name]))
        if name in old_options and not stays:
            yield name


def _known(module: ModuleType | None, room: str) -> set[str]:
    """Returns the names of a member's options; none if there is no module."""
    if module is None:
        return set()
    entry = getattr(module, entry_of(room))
    return {*options_of(entry), *free_numbers(module, entry)}


def _module(one: Named) -> ModuleType | None:
    """Returns the module of a member; None if it has none or cannot be imported."""
    own_file = one.name.endswith(".py")
    if one.room == "sensors" and not own_file and one.name not in members("sensors"):
        return None  # a sensor of the body, which has no options
    try:
        return member(one.room, one.name, one.table)
    except EvolocoError:
        return None


def _knows_gene(module: ModuleType, name: str, table: Content) -> bool:
    """Returns whether a body has a gene, whose description may depend on the body's options."""
    if not hasattr(module, "gene"):
        return name in {gene.name for gene in getattr(module, "GENES", ())}
    try:
        module.gene(name, **table)
    except Exception:
        return False
    return True


def _gene_names(spec: "RunSpec") -> set[str]:
    """Returns the names of all genes of a run's controller and body.

    Raises:
        EvolocoError: They cannot be built.
    """
    from evoloco.embodiment import Embodiment  # which is built from run files

    embodiment = Embodiment(spec, None)
    _, controller = embodiment.middle()
    return {gene.name for gene in (*controller.space.genes, *embodiment.genes)}
