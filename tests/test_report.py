import html
import math
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import traces
from pages import SECTIONS, Reader, find, saved, section, small_biped, text_of, walk

from evoloco.ending import Outcome
from evoloco.gait.analysis import rows
from evoloco.loop import evolve
from evoloco.report.assemble import write_report
from evoloco.report.findings import Gap, Generations, Term, Trials
from evoloco.report.genes import told_apart
from evoloco.report.headline import basis, headline
from evoloco.report.page import render
from evoloco.report.quantities import NAMES
from evoloco.report.words import measured, number
from evoloco.run import Run
from evoloco.spec import read

pytestmark = pytest.mark.slow  # every test draws the pictures of a report

DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def morphology():
    return small_biped()


@pytest.fixture(scope="module")
def findings(morphology):
    return find(walk(morphology))


@pytest.fixture(scope="module")
def page(findings):
    return render(findings)


# The page as a whole


def test_page_loads_nothing_from_elsewhere(page):
    loaded = Reader(page).loaded
    assert loaded
    assert all(address.startswith(("data:", "#")) for address in loaded)
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page


def test_page_has_every_section_in_order_and_closes_every_element(page):
    reader = Reader(page)
    assert tuple(reader.ids) == SECTIONS
    assert not reader.open


def test_contents_lead_to_every_section(page):
    contents = page[page.index('<nav class="contents"') : page.index("</nav>")]
    assert tuple(re.findall(r'href="#([\w-]+)"', contents)) == SECTIONS


def test_every_figure_has_a_label_of_its_own_and_a_file_of_its_numbers(page):
    reader = Reader(page)
    assert len(reader.labels) == len(set(reader.labels)) == len(reader.files) == 12
    assert all(reader.labels)
    for name in reader.files:
        lines = saved(page, name.removesuffix(".csv"))
        assert lines, f"{name} is empty"


@pytest.mark.slow
def test_same_findings_give_the_same_bytes_in_another_process(page, tmp_path):
    script = "import sys; sys.path.insert(0, sys.argv[1]); import pages as p\n" + (
        "from evoloco.report.page import render\n"
        "page = render(p.find(p.walk(p.small_biped())))\n"
        "open(sys.argv[2], 'w', encoding='utf-8').write(page)"
    )
    written = tmp_path / "page.html"
    subprocess.run(
        [sys.executable, "-c", script, os.path.dirname(__file__), str(written)], check=True
    )
    assert written.read_text(encoding="utf-8") == page


def test_user_text_is_escaped(page):
    assert "small &lt;walker&gt;" in page
    assert "<walker>" not in page


def test_the_run_file_stands_in_the_page(page):
    assert "name = &#34;small&#34;" in section(page, "spec")


def test_page_without_video_names_the_packages(page):
    assert "<video" not in page
    assert "libegl1 libgl1-mesa-dri" in page


def test_film_is_labelled_and_does_not_start_by_itself(morphology):
    page = render(find(walk(morphology, steps=60), video=b"frames"))
    film = re.search(r"<video[^>]*>", page)[0]
    assert 'src="data:video/mp4;base64,ZnJhbWVz"' in film
    assert "autoplay" not in film
    for word in ("scenario 1 of 1", "seed 7", "all 1.2 s in real time"):
        assert word in film
        assert word in section(page, "video").replace(film, "")
    assert "libegl1" not in page


def test_a_long_film_tells_that_it_is_a_part(morphology):
    episode = walk(morphology)
    long = replace(episode, trace=np.repeat(episode.trace, 2, axis=0))
    assert "the first 12 s of 20 s" in render(find(long, video=b"frames"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.41234, "0.412"),
        (-1.5, f"{MINUS}1.5"),
        (12345.6, "12346"),
        (math.nan, DASH),
        (None, DASH),
        (-math.inf, f"{MINUS}∞"),
        (0.0, "0"),
    ],
)
def test_numbers_have_three_digits_and_a_dash_stands_for_none(value, text):
    assert number(value) == text


# What it says of the champion


@pytest.mark.parametrize(
    ("changes", "word", "tone"),
    [
        ({}, "walks", "good"),
        ({"steps": 260, "outcome": Outcome.FELL}, "falls", "bad"),
        ({"steps": 40, "outcome": Outcome.UNSTABLE}, "diverges", "bad"),
        ({"stepping": False}, "shuffles", "fair"),
        ({"steps": 1, "outcome": Outcome.FELL}, "falls", "bad"),
        ({"steps": 2, "outcome": Outcome.UNSTABLE, "stepping": False}, "diverges", "bad"),
    ],
)
def test_every_end_of_a_champion_renders_and_is_told(morphology, changes, word, tone):
    page = render(find(walk(morphology, **changes)))
    assert tuple(Reader(page).ids) == SECTIONS
    assert f'<span class="badge {tone}">{word}</span>' in page
    assert "nan" not in re.findall(r"[a-z]+", text_of(page))
    assert not re.search(r'="[^"]*\bnan\b', page)


@pytest.mark.parametrize("worst", [0.0, math.nan])
def test_a_run_in_which_everything_diverged_has_a_report(morphology, worst):
    diverged = Trials(-math.inf, np.full(2, -math.inf))
    findings = find(
        walk(morphology, steps=40, outcome=Outcome.UNSTABLE),
        generations=Generations(*np.full((4, 3), worst)),
        fitness=-math.inf,
        held_out=diverged,
        elite_fitness=-math.inf,
        gap=Gap(diverged, diverged, 8.0),
        terms=(Term("speed", 1.0, math.nan, math.nan),),
    )
    page = render(findings)
    assert tuple(Reader(page).ids) == SECTIONS
    assert "nan" not in re.findall(r"[a-z]+", text_of(page))
    assert f"{MINUS}∞" in text_of(page)


def test_headline_counts_scenarios_and_tells_of_the_shown_one_apart(morphology):
    fall = walk(morphology, steps=260, outcome=Outcome.FELL)
    found = headline(find(walk(morphology), (walk(morphology), fall)))
    assert found.badge == "walks"
    assert found.tally == "It walks in 2 of 3 held-out scenarios of 10 s; it falls in 1."
    assert found.shown.startswith("In scenario 1 of 3, which the page shows, it walks at 0.4 m/s")
    assert basis(find(walk(morphology), (fall,))).startswith(
        "Mean ± standard deviation over 1 of 2 held-out scenarios, those that lasted 10 s"
    )
    assert "fitness" not in found.tally + found.shown
    alone = find(fall)
    assert headline(alone).tally == "It falls in the one held-out scenario of 10 s."
    assert headline(alone).shown.endswith("it falls after 5.2 s: torso touched the ground.")


def test_tiles_are_means_over_scenarios_and_wanted_speed_stands_beside_the_reached_one(morphology):
    slow = walk(morphology)
    for name in ("position", "velocity"):
        slow.sensor(f"torso.{name}")[:, 0] *= 0.5
    traces.completed(slow)
    page = render(find(walk(morphology), (slow,)))
    tiles = page[page.index('<dl class="tiles">') : page.index("</dl>")]
    assert Reader(tiles + "</dl>").numbers[0] == pytest.approx(0.3)
    assert f"0.30 m/s ± {0.1 * math.sqrt(2):.2f}" in text_of(tiles + "</dl>")
    assert "wanted: 0.5 m/s" in tiles


def test_numbers_of_the_gait_table_are_those_of_the_gait(findings, page):
    table = section(page, "gait")
    shown = Reader(table + "</section>").numbers
    expected = [value for _, value, _, _ in rows(findings.gait) if math.isfinite(value)]
    assert set(expected) <= set(shown)
    assert len(shown) == len(expected) + 2, "and length and width of the steps"
    for name, _, _, meaning in rows(findings.gait):
        assert NAMES.get(name, name).replace("_", " ") in table
        assert html.escape(meaning, quote=False) in table


def test_three_costs_of_transport_have_three_names(page):
    for kind in ("mechanical", "electrical", "metabolic"):
        assert f"<td>{kind} cost of transport</td>" in section(page, "gait")


def test_gap_is_the_difference_of_what_stands_beside_it_and_sum_is_a_sum(page):
    held_out = section(page, "held-out")
    shown = Reader(held_out + "</section>").numbers
    assert shown[:3] == [0.9, 0.65, pytest.approx(0.25)]
    assert "over episodes of 8 s" in held_out
    fitness = section(page, "fitness")
    assert Reader(fitness + "</section>").numbers[-1] == pytest.approx(2.0 * 0.4 - 1.0 * 0.05)


def test_what_differs_between_search_and_held_out_is_told(findings):
    some = Trials(0.5, np.array([0.5]))
    gap = Gap(some, some, 7.0, "worst", ("In the search a virtual support of 40 % acted.",))
    told = section(render(replace(findings, gap=gap)), "held-out")
    assert "virtual support of 40 %" in told
    assert '"worst" over 1 scenario of the search and 1 held-out one' in told


def test_a_term_below_its_threshold_adds_nothing_and_is_marked(findings, page):
    below = replace(findings.terms[1], threshold=0.1, counts=False, counted=0.0)
    told = render(replace(findings, terms=(findings.terms[0], below)))
    assert "below its threshold of 0.1" in told
    assert "a measure below its threshold counts 0" in told
    assert below.contribution == 0.0
    assert "threshold" not in page


def test_a_champion_without_oscillators_or_gap_renders(findings):
    page = render(replace(findings, outputs={}, gap=None))
    assert tuple(Reader(page).ids) == SECTIONS
    assert "no oscillators" in page
    assert "trials.csv" not in page


def test_what_befell_a_run_is_told_with_generation_and_moment(findings, page):
    assert 'id="happened"' not in page
    lost = ((3, 0.0, "A worker on node <a> died"), (12, 1e300, "Salvaged"))
    told = render(replace(findings, happened=lost))
    table = told[told.index('id="happened"') :]
    table = table[: table.index("</details>")]
    assert "What happened: 2 events" in table
    cells = [html.unescape(cell) for cell in re.findall(r"<td[^>]*>([^<]*)</td>", table)]
    moment = "1970-01-01 00:00:00 UTC"
    assert cells == ["3", moment, "A worker on node <a> died", "12", DASH, "Salvaged"]


@pytest.mark.parametrize(
    ("mean", "deviation", "texts"),
    [
        (0.3312, 0.00278, ("0.3312", "0.0028")),
        (-45.678, 3.21, (f"{MINUS}45.7", "3.2")),
        (7.0, math.nan, ("7", "")),
        (7.0, 0.0, ("7", "0")),
        (7.0, 1e-15, ("7", "0")),
        (1234.5, 345.6, ("1234", "346")),
        (math.nan, 1.0, (DASH, "")),
    ],
)
def test_a_mean_is_as_precise_as_its_deviation(mean, deviation, texts):
    assert measured(mean, deviation) == texts


# Genes


def test_genes_on_a_bound_are_marked_and_the_others_not(page):
    table = section(page, "genome")
    body = re.findall(r"<tr.*?</tr>", table.split("<tbody>")[1], re.DOTALL)
    assert ["on its high bound" in row for row in body] == [False, True, False]
    assert ['class="bound"' in row for row in body] == [False, True, False]
    assert [float(left) for left in re.findall(r"left:([\d.]+)%", table)] == [62.5, 100, 50]


def test_genes_that_share_a_meaning_are_told_apart(page):
    table = section(page, "genome")
    assert ">hip pitch: swing<" in table
    assert ">knee: swing<" in table
    assert ">strides per second<" in table


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.gain"], ["m"]),
        (["knee_left.gain", "knee_right.gain"], ["knee left: m", "knee right: m"]),
        (["w.hip.knee", "w.knee.hip"], ["hip, knee: m", "knee, hip: m"]),
        (["w", "w.hip"], ["w: m", "w hip: m"]),
    ],
)
def test_shared_meanings_are_completed_by_what_differs_in_the_names(names, expected):
    assert list(told_apart(dict.fromkeys(names, "m")).values()) == expected


# Reports of runs


def report_of(run_file, *changes):
    run = Run.create(read(run_file, list(changes)), run_file.parent / "run")
    evolve(run)
    run.choose_champion()
    path, _ = write_report(run)
    return run, path.read_text(encoding="utf-8")


def test_gap_of_a_run_compares_episodes_of_one_duration(hop):
    run, page = report_of(
        hop, "optimizer.generations=1", "evaluation.heldout_duration=2.0", "scenario.duration=1.0"
    )
    held_out = section(page, "held-out")
    assert "over episodes of 1 s" in held_out
    assert "The held-out scenarios, 2 s each" in held_out
    searched = run.journal[0].fitness[run.read_champion()["individual"]]
    assert Reader(held_out + "</section>").numbers[0] == searched


def test_a_run_of_several_objectives_has_a_report_with_its_front(hop):
    text = hop.read_text(encoding="utf-8")
    text += 'name = "nsga2"\n[fitness.cost]\nmeasure = "cost_of_transport"\nweight = -0.1\n'
    text += 'objective = "economy"\n'
    hop.write_text(text, encoding="utf-8")
    _, page = report_of(hop, "optimizer.generations=2", "optimizer.population_size=8")
    assert "front" in Reader(page).ids
    assert {row["layer"] for row in saved(page, "front")} >= {"front"}
