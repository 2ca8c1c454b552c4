"""Files as Windows writes them: byte order marks, two bytes a letter, other ends of lines."""

import codecs
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evoloco import champion, provenance, text_file
from evoloco.errors import EvolocoError, SpecError
from evoloco.search import scone_par, start
from evoloco.spec import read

from .injection import SHORT, Ended, copied

ENCODED = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with a mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "UTF-16, little end first": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "UTF-16, big end first": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
}
encodings = pytest.mark.parametrize("encoded", ENCODED.values(), ids=ENCODED)


@encodings
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_text_does_not_depend_on_how_it_is_encoded(
    tmp_path: Path, encoded: Callable[[str], bytes], end: str
) -> None:
    (tmp_path / "text").write_bytes(encoded(f"knee = 'π'{end}hip = 2{end}"))
    assert text_file.read(tmp_path / "text") == "knee = 'π'\nhip = 2\n"


@encodings
def test_a_run_file_is_the_same_run_however_it_is_encoded(
    file: Path, tmp_path: Path, encoded: Callable[[str], bytes]
) -> None:
    other = tmp_path / "other" / file.name
    other.parent.mkdir()
    other.write_bytes(encoded(SHORT.replace("\n", "\r\n")))
    assert read(other) == read(file)


@encodings
def test_a_parameter_file_has_the_same_genes_however_it_is_encoded(
    tmp_path: Path, encoded: Callable[[str], bytes]
) -> None:
    (tmp_path / "walk.par").write_bytes(encoded("hip 1 2 3\r\nknee\t4\t5\t6\r\n"))
    lines = scone_par.read(tmp_path / "walk.par")
    assert lines == [scone_par.Line("hip", 1, 2, 3), scone_par.Line("knee", 4, 5, 6)]


@encodings
def test_json_in_a_run_folder_is_the_same_however_it_is_encoded(
    whole: Path, tmp_path: Path, encoded: Callable[[str], bytes]
) -> None:
    folder = copied(whole, tmp_path / "run")
    for name in ("champion.json", "provenance.json"):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_bytes(encoded(text))
    assert champion.read(folder / "champion.json") == champion.read(whole / "champion.json")
    assert provenance.read(folder / "provenance.json") == json.loads(
        (whole / "provenance.json").read_text(encoding="utf-8")
    )
    assert start.load(folder) == start.load(whole)


READERS: dict[str, Callable[[Path], object]] = {
    "run.toml": read,
    "walk.par": scone_par.read,
    "champion.json": champion.read,
    "provenance.json": provenance.read,
    "start/champion.json": start.load,
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\xef\xbb\xbf\xff", b"\x80 = 1"])
def test_what_is_no_text_is_refused_by_name(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(EvolocoError, match=path.name):
        READERS[name](path)


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_file, "LARGEST", 2**20)
    (tmp_path / "run.toml").write_bytes(b"#" * 2**20 + b"\n")
    with pytest.raises(SpecError, match="it has more than 1 MiB"):
        read(tmp_path / "run.toml")


# Names of runs


def test_a_run_toml_is_named_after_its_folder_wherever_it_is_read_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "strider"
    folder.mkdir()
    (folder / "run.toml").write_text(SHORT, encoding="utf-8")
    monkeypatch.chdir(folder)
    for way in ("run.toml", "./run.toml", "../strider/run.toml", folder / "run.toml"):
        assert read(Path(way)).name == "strider"


@pytest.mark.parametrize("name", [".hidden/run.toml", ".toml", "a/../run.toml"])
def test_a_run_file_without_a_usable_name_is_a_run(tmp_path: Path, name: str) -> None:
    path = tmp_path / "place" / name
    for folder in ("a", ".hidden"):
        (tmp_path / "place" / folder).mkdir(parents=True)
    path.write_text(SHORT, encoding="utf-8")
    assert read(path).name in ("run", "place")


@pytest.mark.slow
def test_a_run_toml_evolves_in_its_own_folder(
    evoloco: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run.toml").write_text(SHORT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ended = evoloco("evolve", "run.toml", "optimizer.generations=1")
    assert ended.code == 0, ended.err
    assert (tmp_path / "runs" / "out" / f"{tmp_path.name}-seed0" / "report.html").is_file()
