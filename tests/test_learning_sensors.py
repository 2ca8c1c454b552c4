"""A sensor is learned to the same bytes however often it is killed, and judged beside baselines."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from safetensors.numpy import load_file

from evoloco.errors import JournalError, SpecError, UnknownNameError
from evoloco.loop import Interrupted
from evoloco.perception import data, learning
from evoloco.perception.evaluation import Compared
from evoloco.perception.figure import Figure
from evoloco.perception.learn import CHECKPOINT, REPORT, WEIGHTS, learn
from evoloco.perception.learning import Learning
from evoloco.perception.page import curve
from evoloco.perception.progress import Lines, Live
from evoloco.perception.recipe import prepare
from evoloco.perception.several import learn_seeds, spreads
from evoloco.rl.losses import LossError

SIDE = str(Path(__file__).parent / "lessons" / "bright_side.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a learning that nobody disturbed."""
    place = tmp_path_factory.mktemp("learned") / "side"
    learn(SIDE, place)
    return place


@pytest.fixture(scope="module")
def learned(folder: Path) -> Learning:
    found = learning.read(folder)
    assert found is not None
    return found


def weights(folder: Path) -> bytes:
    return (folder / WEIGHTS).read_bytes()


def value(learned: Learning, split: str, group: str = "all") -> Compared:
    (one,) = (x for x in learned.compared if (x.split, x.figure.group) == (split, group))
    return one


def test_it_learns_what_a_baseline_cannot_guess_and_less_of_the_harder_split(learned: Learning):
    test, faint = value(learned, "test"), value(learned, "faint")
    assert test.figure.value > 0.95
    assert test.best_baseline == "more frequent side"
    assert test.baselines["more frequent side"] < 0.7
    assert faint.figure.value < test.figure.value


def test_the_examples_of_no_two_chunks_or_splits_are_equal(folder: Path):
    chunks = [np.load(path)["picture"] for path in sorted((folder / "data").iterdir())]
    pictures = np.concatenate(chunks)
    assert len(pictures) == 300 + 2 * 80
    assert len(np.unique(pictures.reshape(len(pictures), -1), axis=0)) == len(pictures)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(folder: Path, tmp_path: Path):
    learn(SIDE, tmp_path / "same")
    learn(SIDE, tmp_path / "other", seed=1)
    assert weights(tmp_path / "same") == weights(folder) != weights(tmp_path / "other")


def test_an_interrupted_learning_goes_on_to_the_same_weights(folder: Path, tmp_path: Path):
    moments = [("data", 250), ("training", 130), ("training", 249)]

    def interrupt(part: str, done: int, total: int, more: str) -> None:
        if moments and (part, done) == moments[0]:
            moments.pop(0)
            signal.raise_signal(signal.SIGINT)

    place = tmp_path / "side"
    while moments:
        with pytest.raises(Interrupted, match="The same command continues"):
            learn(SIDE, place, tell=interrupt)
    found = learn(SIDE, place)
    assert weights(place) == weights(folder)
    assert len(found.losses) == 250


def test_a_second_interruption_stops_at_once_and_loses_nothing(folder: Path, tmp_path: Path):
    def interrupt(part: str, done: int, total: int, more: str) -> None:
        if (part, done) == ("training", 170):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted, match=r"Stopped at once.*The same command continues"):
        learn(SIDE, tmp_path, tell=interrupt)
    learn(SIDE, tmp_path)
    assert weights(tmp_path) == weights(folder)


@pytest.mark.slow
def test_a_learning_that_is_killed_at_any_moment_goes_on_to_the_same_weights(
    folder: Path, tmp_path: Path
):
    place, rng = tmp_path / "side", np.random.default_rng(0)
    command = ["learn", SIDE, "slow=0.004", "--out", str(place), "--quiet"]
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-m", "evoloco.cli", *command])
        while not (place / "learning.json").exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 1.5))
        process.kill()
        process.wait()

    learn(SIDE, place, changes=["slow=0.004"])
    calm = tmp_path / "calm"
    learn(SIDE, calm, changes=["slow=0.004"])
    for name in sorted(os.listdir(calm / "data")):
        assert (place / "data" / name).read_bytes() == (calm / "data" / name).read_bytes()
    assert weights(place) == weights(calm)


def test_a_finished_learning_is_not_learned_again(folder: Path):
    before = (folder / REPORT).stat().st_mtime_ns
    told: list[str] = []
    learn(SIDE, folder, tell=lambda *words: told.append(words[0]))
    assert not told
    assert (folder / REPORT).stat().st_mtime_ns == before


def test_a_loss_that_is_no_number_stops_and_names_the_last_good_checkpoint(tmp_path: Path):
    with pytest.raises(LossError, match=r"loss of step 180 is nan.*after 100 steps"):
        learn(SIDE, tmp_path, changes=["spoil=180"])
    assert (tmp_path / CHECKPOINT).exists()
    assert not (tmp_path / WEIGHTS).exists()


def test_a_folder_of_another_learning_is_left_alone(folder: Path):
    before = weights(folder)
    with pytest.raises(SpecError, match="another learning: steps 250 there, 300 now"):
        learn(SIDE, folder, changes=["steps=300"])
    with pytest.raises(SpecError, match="another learning: seed 0 there, 5 now"):
        learn(SIDE, folder, seed=5)
    assert weights(folder) == before


def test_the_recipe_changes_with_seed_settings_options_and_source(tmp_path: Path):
    own = tmp_path / "bright_side.py"
    own.write_text(Path(SIDE).read_text(encoding="utf-8") + "\n", encoding="utf-8")
    recipes = [
        prepare(SIDE, 0)[1],
        prepare(SIDE, 1)[1],
        prepare(SIDE, 0, ["batch=8"])[1],
        prepare(SIDE, 0, ["slow=0.1"])[1],
        prepare(str(own), 0)[1],
    ]
    assert len({one.digest for one in recipes}) == len(recipes)
    assert prepare(SIDE, 0)[1] == recipes[0]


@pytest.mark.parametrize(
    ("sensor", "changes", "words"),
    [
        ("clock", [], "'clock' is not learned: it has no function 'lesson'. Learned ones: "),
        (SIDE, ["steps=0"], "settings.steps.*greater than or equal to 1"),
        (SIDE, ["slow=fast"], "lesson.slow.*'fast'"),
    ],
)
def test_what_cannot_be_learned_is_told_before_anything_is_written(
    sensor: str, changes: list[str], words: str, tmp_path: Path
):
    with pytest.raises(SpecError, match=words):
        learn(sensor, tmp_path / "new", changes=changes)
    assert not (tmp_path / "new").exists()


def test_an_unknown_key_is_told_with_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"'step'.*batch.*Did you mean 'steps'"):
        prepare(SIDE, 0, ["step=5"])


def test_damaged_files_are_told(tmp_path: Path):
    lesson, _ = prepare(SIDE, 0)
    drawn = data.gather(lesson, "test", 10, 0, tmp_path, lambda done: None)
    assert len(drawn["picture"]) == 10
    (tmp_path / "test-0000.npz").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(JournalError, match=r"test-0000.npz is damaged.*Delete it"):
        data.gather(lesson, "test", 10, 0, tmp_path, lambda done: None)

    (tmp_path / learning.FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(JournalError, match=r"learning.json is damaged"):
        learning.read(tmp_path)


def test_an_error_beats_a_larger_one_and_a_share_a_smaller_one():
    error = Figure("error", "all", 2.0, "cm", 10, smaller_is_better=True)
    share = Figure("share", "all", 0.5, "1", 10)
    baselines = {"mean": 3.0, "blob": 4.0, "none": float("nan")}
    assert Compared("test", error, baselines).best_baseline == "mean"
    assert Compared("test", error, baselines).wins
    assert Compared("test", share, {"mean": 0.2, "blob": 0.6}).best_baseline == "blob"
    assert not Compared("test", share, {"mean": 0.2, "blob": 0.6}).wins
    assert Compared.of(json.loads(json.dumps(Compared("test", share, {}).plain()))).figure == share


def test_over_seeds_a_figure_has_its_median_and_the_median_of_the_best_baseline(tmp_path: Path):
    changes = ["steps=60"]
    found = learn_seeds(SIDE, (0, 1, 2), tmp_path, changes)
    each = [value(one, "faint") for one in found]
    (spread,) = (x for x in spreads(found) if (x.split, x.figure.group) == ("faint", "all"))
    assert spread.values.tolist() == [one.figure.value for one in each]
    assert spread.median == sorted(spread.values)[1]
    assert spread.best_baseline == "more frequent side"
    assert learn_seeds(SIDE, (1,), tmp_path, changes)[0].facts() == found[1].facts()

    nowhere = next(x for x in spreads(found) if (x.split, x.figure.group) == ("faint", "by much"))
    assert np.isnan(nowhere.median)
    assert nowhere.best_baseline == ""


def test_the_learning_curve_is_made_of_means_over_equal_stretches():
    ends, means = curve(np.arange(1000.0))
    assert len(ends) == 200
    assert ends[-1] == 1000
    np.testing.assert_allclose(np.diff(ends), 5)
    np.testing.assert_allclose(means, ends - 3)  # steps k-5 ... k-1 have the mean k-3


def test_the_report_shows_figures_beside_baselines_and_pictures(folder: Path, learned: Learning):
    page = (folder / REPORT).read_text(encoding="utf-8")
    assert page.count("<img ") > 8
    assert "more frequent side" in page
    assert learned.recipe["digest"] in page
    assert "Split faint, by little" in page


def test_the_command_prints_what_came_out_and_the_last_line_of_json_holds_it_all(
    folder: Path, evoloco, tmp_path: Path
):
    ended = evoloco("learn", SIDE, "--out", tmp_path / "a", "--steps", "120", "batch=8", "--json")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert lines[0]["event"] == "learning"
    assert lines[-1]["event"] == "learned"
    assert lines[-1]["settings"]["steps"] == 120
    assert lines[-1]["settings"]["batch"] == 8

    ended = evoloco("learn", SIDE, "--out", folder)
    assert "Learned from 300 examples in 250 steps" in ended.out
    assert str(folder / REPORT) in ended.out


def test_a_terminal_shows_part_bar_and_time_left_and_a_file_has_plain_lines():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, height=24)
    with Live(console) as live:
        live.show("training", 100, 400, "loss 0.5")
        live.show("training", 200, 400, "loss 0.25")
    assert "training 200/400" in screen.getvalue()
    assert "loss 0.25" in screen.getvalue()
    assert "left 0:00" in screen.getvalue()

    plain = io.StringIO()
    with Lines(Console(file=plain)) as lines:
        for done in range(1, 401):
            lines.show("training", done, 400, f"loss {done}")
    assert plain.getvalue().splitlines() == ["training 1/400  loss 1", "training 400/400  loss 400"]


def test_what_is_not_installed_and_a_machine_that_cannot_draw_are_told(
    evoloco, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ended = evoloco("learn", "object_position", "--out", tmp_path / "a")
    assert ended.code == 2
    assert "MUJOCO_GL" in ended.err  # which the tests turn off

    monkeypatch.setitem(sys.modules, "torch", None)
    ended = evoloco("learn", SIDE, "--out", tmp_path / "b")
    assert ended.code == 2
    assert "pip install 'evoloco[sensors]'" in ended.err
    assert not (tmp_path / "b").exists()


def test_the_command_tells_what_is_wrong_with_its_arguments(evoloco, tmp_path: Path):
    ended = evoloco("learn", "no_such_sensor", "--out", tmp_path / "a")
    assert ended.code == 2
    assert "Unknown sensor 'no_such_sensor'" in ended.err


def test_what_a_lesson_settles_after_the_last_step_is_in_its_weights(tmp_path: Path):
    lesson = tmp_path / "settled.py"
    told = Path(SIDE).read_text(encoding="utf-8").replace("torch.nn.Flatten()", "Marked()")
    lesson.write_text(
        told
        + "\n\nclass Marked(torch.nn.Flatten):\n"
        + "    def __init__(self):\n"
        + "        super().__init__()\n"
        + "        self.register_buffer('mark', torch.tensor(0.0))\n"
        + "\n\ndef settle(self, network, examples):\n"
        + "    network[0].mark.fill_(len(examples['faint']['right']))\n"
        + "\n\nBrightSide.settle = settle\n",
        encoding="utf-8",
    )
    learn(str(lesson), tmp_path / "run", changes=["steps=2", "test_examples=7"])
    assert load_file(tmp_path / "run" / WEIGHTS)["0.mark"] == 7
