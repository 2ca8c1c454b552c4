"""Pages as a browser shows them: wide, narrow and on paper; axe-core looks for barriers."""

import base64
import importlib.util
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import comparisons
import numpy as np
import pytest
from conftest import HOP
from pages import find, small_biped, walk

from evoloco.check.make import make
from evoloco.check.result import Champion, digest
from evoloco.check.subject import Subject
from evoloco.compare.figures import figures
from evoloco.compare.page import render as compared
from evoloco.experiment import Experiment
from evoloco.gait.analysis import analyse
from evoloco.gait.following import following
from evoloco.report.findings import Attempt, Gap, Trials
from evoloco.report.page import render
from evoloco.spec import read

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")


def axe() -> Path | None:
    """The script of axe-core: of `npm install axe-core` here, or else of axe-core-python."""
    newest = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if newest.is_file():
        return newest
    found = importlib.util.find_spec("axe_core_python")
    return Path(str(found.origin)).with_name("axe.min.js") if found else None


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    if not (CHROMIUM and DRIVER and importlib.util.find_spec("selenium")):
        pytest.skip("needs chromium, chromium-driver (Debian's packages) and selenium")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    few = Trials(0.5, np.array([0.5, 0.6]))
    happened = ((3, 0.0, "A worker died"),)
    walked = walk(small_biped())
    walked["command"][200:] = [0.4, 0.0, 0.0]
    attempts = (Attempt(analyse(walked), 0.9, tuple(following(walked))),)
    findings = find(
        walked,
        attempts=attempts,
        video=b"frames",
        gap=Gap(few, few, 8.0),
        happened=happened,
    )
    path.write_text(render(findings), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def check_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("check")
    (folder / "hop.toml").write_text(HOP, encoding="utf-8")
    spec = read(folder / "hop.toml")
    genome = Experiment(spec).space.start
    champion = Champion(generation=0, individual=0, sha256=digest(spec, genome))
    _, path = make(Subject(spec, genome, champion, folder), worlds=1, hidden=1, threads=1)
    return path


@pytest.fixture(scope="module")
def comparison_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("comparison") / "comparison.html"
    found = comparisons.whole(seeds=2)
    drawn = figures(found)
    path.write_text(compared(found, comparisons.films(found), drawn), encoding="utf-8")
    return path


@pytest.fixture(params=["page", "check_page", "comparison_page"])
def any_page(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


def opened(browser: object, page: Path, width: int, dark: bool = False) -> None:
    """Shows the page in a window of some width [px]."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(page.as_uri())


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_axe_finds_nothing_serious(browser, any_page, width, dark):
    script = axe()
    if script is None:
        pytest.skip("needs axe-core: pip install axe-core-python, or npm install axe-core")
    opened(browser, any_page, width, dark)
    browser.execute_script(script.read_text(encoding="utf-8"))
    found = browser.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run().then(done, error => done({error: `${error}`}))"
    )
    assert "error" not in found, found
    assert len(found["passes"]) > 10
    serious = [
        (each["id"], node["html"][:120], node["failureSummary"])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
    assert serious == []


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_wider_than_the_window(browser, any_page, width):
    opened(browser, any_page, width)
    whole = browser.execute_script("return document.documentElement.scrollWidth")
    assert whole <= width
    assert browser.get_log("browser") == [] or all(
        "video" in entry["message"] for entry in browser.get_log("browser")
    )


@pytest.mark.parametrize(("width", "kind"), [(1280, "wide"), (400, "narrow")])
def test_every_figure_is_seen_once(browser, any_page, width, kind):
    opened(browser, any_page, width)
    shown = browser.execute_script(
        "return [...document.querySelectorAll('.picture > div')]"
        ".filter(e => e.getClientRects().length).map(e => e.className)"
    )
    assert set(shown) == {kind}
    assert len(shown) == any_page.read_text(encoding="utf-8").count('class="picture"')


def test_a_saved_file_is_the_table_of_its_figure(browser, page):
    opened(browser, page, 1280)
    address = browser.execute_script(
        "return document.querySelector('a[download=\"joints.csv\"]').href"
    )
    content = base64.b64decode(urllib.parse.unquote(address).partition("base64,")[2]).decode()
    assert content.startswith('time [s],"hip pitch, left: angle [°]"')


def test_film_waits_to_be_started(browser, page):
    opened(browser, page, 1280)
    assert browser.execute_script("return document.querySelector('video').autoplay") is False


def test_paper_is_white_holds_all_and_stays_within_its_margins(browser, page, tmp_path):
    opened(browser, page, 1280, dark=True)
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    path = tmp_path / "report.pdf"
    path.write_bytes(base64.b64decode(printed["data"]))
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext (Debian's poppler-utils)")
    text = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True
    ).stdout
    for words in ("small <walker>", "Zero and sign of the angles", "Provenance"):
        assert words in text
    assert "A worker died" in text, "folded parts are printed too"
    assert "its far end goes" in text
