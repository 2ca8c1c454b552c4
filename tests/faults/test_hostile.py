"""Malicious run folders and run files: an error, but no executed code, no traceback and no hang."""

import copy
import json
import re
import sqlite3
import tomllib
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journals import sign

from evoloco import champion, provenance
from evoloco.errors import EvolocoError, JournalError, ModelError, SpecError
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.record import schema
from evoloco.record.journal import Journal
from evoloco.replay import replay
from evoloco.run import Run
from evoloco.spec import read

from .injection import SHORT, copied

ROOT = Path(__file__).parents[2]
PLAIN = tomllib.loads(SHORT)

hostile_number = st.sampled_from(
    [0, -1, 10**18, -(2**63), 1e308, 1e-308, -1e308, float("nan"), float("inf"), 5e-324]
)
hostile_text = st.sampled_from(
    [
        "",
        "../../etc/passwd",
        "/dev/zero",
        "x\x00y",
        "'; DROP TABLE notes; --",
        '"',
        "a" * 5000,
        "\u202e",
        "hopper.py",
        "{{7*7}}",
        "<script>",
        "__class__",
        "NaN",
        "-0",
        "speed",
    ]
)
hostile = st.recursive(
    hostile_number | hostile_text | st.booleans() | st.integers() | st.floats() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile_text, inner, max_size=3),
    max_leaves=6,
)
bounded = settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def told(error: EvolocoError, words: str = "") -> None:
    """An error has a message with some words in it."""
    assert str(error)
    assert words in str(error)


def places(content: Any, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Where every value of a nested table stands."""
    if not isinstance(content, dict):
        return [at]
    return (
        [at, *(place for key, value in content.items() for place in places(value, (*at, key)))]
        if at
        else [place for key, value in content.items() for place in places(value, (key,))]
    )


def replaced(content: Any, place: tuple[str, ...], value: Any) -> Any:
    changed = copy.deepcopy(content)
    table = changed
    for key in place[:-1]:
        table = table[key]
    table[place[-1]] = value
    return changed


DEFAULTS = {
    **PLAIN,
    "seed": 0,
    "name": "short",
    "scenario": {
        **PLAIN["scenario"],
        "control_dt": 0.02,
        "ramp": 0.5,
        "friction": [1.0, 1.0],
        "push": {"count": 0},
    },
    "evaluation": {
        **PLAIN["evaluation"],
        "episodes": 1,
        "time_limit": 60.0,
        "support": {"stiffness": 0.0},
    },
    "controller": {
        "name": "sine",
        "symmetry": "mirror",
        "bounds": {"period": [0.2, 1.0]},
        "fixed": {"period": 0.5},
    },
}


@bounded
@given(place=st.sampled_from(places(DEFAULTS)), value=hostile)
def test_a_hostile_value_anywhere_in_a_run_file_is_an_error_or_a_run(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[str, ...], value: Any
) -> None:
    path = tmp_path_factory.mktemp("hostile") / "run.toml"
    path.write_text(tomli_w.dumps(replaced(DEFAULTS, place, value)), encoding="utf-8")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            experiment = Experiment(read(path))
            schema.check([term.name for term in experiment.terms])
            assert len(experiment.space) > 0
            experiment.optimizer()
            Local(experiment)
    except EvolocoError as error:
        told(error)


@bounded
@given(noise=st.binary(max_size=40), cut=st.integers(0, len(SHORT)))
def test_noise_in_a_run_file_is_an_error_or_a_run(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, cut: int
) -> None:
    path = tmp_path_factory.mktemp("noise") / "run.toml"
    path.write_bytes(SHORT.encode()[:cut] + noise + SHORT.encode()[cut:])
    try:
        read(path)
    except SpecError as error:
        told(error, str(path))


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "seed = " + "9" * 100_000,
        "a." * 100_000 + "b = 1",
        "[" + "a." * 5000 + "b]\n",
        'name = "../../elsewhere"\n' + SHORT,
        'name = "a\\u0000b"\n' + SHORT,
    ],
)
def test_a_run_file_that_is_a_bomb_or_leads_elsewhere_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError):
        read(path)


@pytest.mark.parametrize(
    "name", ['"; DROP TABLE notes; --', "a\x00b", "' OR 1=1", "speed, x", "\x1b[2J"]
)
def test_a_terms_name_is_never_sql(tmp_path: Path, name: str) -> None:
    try:
        journal = Journal.create(tmp_path / "journal.sqlite", ["gene"], [name])
    except JournalError as error:
        told(error, "printable")
        return
    assert journal.terms == (name,)
    assert journal.note("schema") == schema.VERSION
    journal.close()


# JSON


@bounded
@given(data=st.data())
def test_hostile_json_is_an_error_or_has_the_right_shape(
    whole: Path, tmp_path: Path, data: st.DataObject
) -> None:
    name, reader = data.draw(
        st.sampled_from([("champion.json", champion.read), ("provenance.json", provenance.read)])
    )
    content = json.loads((whole / name).read_text(encoding="utf-8"))
    place = data.draw(st.sampled_from(places(content)))
    text = json.dumps(replaced(content, place, data.draw(hostile)), default=str)
    cut = data.draw(st.integers(0, len(text)) | st.just(len(text)))
    path = tmp_path / name
    path.write_text(text[:cut], encoding="utf-8")
    try:
        found = reader(path)
    except JournalError as error:
        told(error, str(path))
        return
    if name == "champion.json":
        assert all(isinstance(gene, float) for gene in found["genome"])
        assert 0 <= found["generation"] < 2**63
    else:
        same = {**content, **found}
        assert (provenance.differences(found, content) == []) == (
            provenance.differences(same, content) == []
        )


@pytest.mark.parametrize("name", ["champion.json", "provenance.json"])
@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "9" * 100_000, '"\\ud800"', "\x00", "null"]
)
def test_a_json_bomb_is_refused(whole: Path, tmp_path: Path, name: str, text: str) -> None:
    folder = copied(whole, tmp_path / "run")
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(JournalError, match=re.escape(name)):
        replay(Run(folder))


@pytest.mark.parametrize(
    "values",
    [
        {"genome": [0.5]},
        {"genome": [2.0] * 7},
        {"genome": [0.5] * 100_000},
        {"generation": 2**62},
        {"individual": 999},
    ],
)
def test_a_champion_that_does_not_belong_to_the_run_is_refused_by_the_report(
    whole: Path, tmp_path: Path, values: dict[str, Any]
) -> None:
    from evoloco.report.assemble import write_report

    folder = copied(whole, tmp_path / "run")
    content = json.loads((folder / "champion.json").read_text(encoding="utf-8"))
    (folder / "champion.json").write_text(json.dumps({**content, **values}), encoding="utf-8")
    with pytest.raises(EvolocoError):
        write_report(Run(folder))


# Journals that SQLite takes for whole


HARMS: dict[str, Callable[[sqlite3.Connection], Any]] = {
    "a view that never ends": lambda database: database.executescript(
        "DROP TABLE episodes; CREATE VIEW episodes AS "
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
    ),
    "a trigger": lambda database: database.executescript(
        "CREATE TRIGGER t AFTER INSERT ON generations BEGIN DELETE FROM individuals; END"
    ),
    "another table": lambda database: database.executescript("CREATE TABLE more (x)"),
    "other columns": lambda database: database.executescript(
        "ALTER TABLE episodes ADD COLUMN evil TEXT"
    ),
    "deep notes": lambda database: database.execute(
        "UPDATE notes SET value = ? WHERE key = 'genes'", ("[" * 200_000,)
    ),
    "deep schema": lambda database: database.execute(
        "UPDATE notes SET value = ? WHERE key = 'schema'", ("[" * 9999,)
    ),
    "a number for the genes": lambda database: database.execute(
        "UPDATE notes SET value = '7' WHERE key = 'genes'"
    ),
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_hostile_database_is_refused(
    whole: Path, tmp_path: Path, harm: Callable[[sqlite3.Connection], Any]
) -> None:
    folder = copied(whole, tmp_path / "run")
    with closing(sqlite3.connect(folder / "journal.sqlite")) as database, database:
        harm(database)
    with pytest.raises(JournalError, match="is damaged or not a journal"):
        Run(folder)


VALUES = [
    "NULL",
    "'text'",
    "x'00'",
    "1e999",
    "-1",
    "9223372036854775807",
    "zeroblob(100000)",
    "'flew'",
]


@pytest.mark.slow
@bounded
@given(
    table=st.sampled_from(["individuals", "episodes", "generations"]),
    column=st.sampled_from(
        [
            "genome",
            "fitness",
            "outcome",
            "ending",
            "duration",
            "distance",
            "speed",
            "individual",
            "support",
        ]
    ),
    value=st.sampled_from(VALUES),
    row=st.integers(0, 3),
)
def test_rows_of_the_wrong_kind_are_an_error_even_where_their_checksum_was_made_to_match(
    whole: Path, tmp_path: Path, table: str, column: str, value: str, row: int
) -> None:
    folder = copied(whole, tmp_path / "run")
    with closing(sqlite3.connect(folder / "journal.sqlite")) as database, database:
        try:
            one = "" if table == "generations" else f"AND individual = {row}"
            database.execute(f"UPDATE {table} SET {column} = {value} WHERE generation = 2 {one}")
        except sqlite3.Error:
            return  # SQLite itself refuses it
    run = Run(folder)
    sign(run.journal, 2)
    try:
        run.upcoming()
    except EvolocoError as error:
        told(error)
    run.journal.close()


# Code


def test_nothing_is_unpickled_evaluated_or_loaded_as_an_object() -> None:
    forbidden = re.compile(
        r"\b(import pickle|pickle\.|marshal\.load|shelve|joblib|cloudpickle"
        r"|allow_pickle=(?!False)|eval\(|exec\(|np\.load(?!\(file, allow_pickle=False\)))"
    )
    rooms = ("evoloco", "controllers", "morphologies", "fitness")
    asked = {"evoloco/rl/convert.py", "evoloco/cli/training.py"}  # `evoloco convert --trust`
    found = {
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if str(path.relative_to(ROOT)) not in asked
        for line in path.read_text(encoding="utf-8").splitlines()
        if forbidden.search(line)
    }
    assert not found


def test_a_python_file_inside_a_run_folder_is_not_executed(whole: Path, tmp_path: Path) -> None:
    folder = copied(whole, tmp_path / "run")
    (folder / "evil.py").write_text(
        f"open({str(tmp_path / 'executed')!r}, 'w')\n", encoding="utf-8"
    )
    text = (folder / "run.toml").read_text(encoding="utf-8").replace('"sine"', '"evil.py"')
    (folder / "run.toml").write_text(text, encoding="utf-8")
    facts = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    facts["spec_sha256"] = provenance.digest(folder / "run.toml")
    (folder / "provenance.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(JournalError, match="which is in the run folder: nothing there is executed"):
        Run(folder)
    assert not (tmp_path / "executed").exists()


# Models


LEG = (
    '<body name="torso" pos="0 0 0.3"><geom size=".1"/><body name="leg" pos="0 0 -.1">'
    '<joint name="hip"/>'
    '<geom size=".05"/></body></body>'
)
ENTITIES = "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)
BOMBS = {
    "copies": f'<replicate count="1000000000"><geom size=".1"/></replicate>{LEG}',
    "copies of copies": '<replicate count="100">' * 5
    + "<geom size='.1'/>"
    + "</replicate>" * 5
    + LEG,
    "depth": "<body>" * 100_000,
    "itself": '<include file="bomb.xml"/>',
    "not a number": LEG.replace("0.3", "nan"),
    "far away": LEG.replace("0.3", "1e308"),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_model_that_is_a_bomb_is_refused(tmp_path: Path, bomb: str) -> None:
    from evoloco.morphologies.mjcf import build

    path = tmp_path / "bomb.xml"
    path.write_text(f"<mujoco><worldbody>{bomb}</worldbody></mujoco>", encoding="utf-8")
    with pytest.raises(ModelError, match=r"bomb\.xml"):
        build(str(path), "torso", ["leg"], ["hip"])


def test_entities_of_a_model_are_not_expanded(tmp_path: Path) -> None:
    from evoloco.morphologies.mjcf import build

    path = tmp_path / "laughs.xml"
    head = f'<!DOCTYPE m [<!ENTITY a "ha">{ENTITIES}]>'
    path.write_text(
        f'{head}<mujoco model="&j;"><worldbody>{LEG}</worldbody></mujoco>', encoding="utf-8"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert build(str(path), "torso", ["leg"], ["hip"]).mass > 0
