from pathlib import Path

import pytest

from .injection import record, short, undisturbed


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short run that nobody disturbed; copy it before use."""
    place = tmp_path_factory.mktemp("whole")
    run = undisturbed(short(place), place / "whole")
    run.journal.close()
    return run.folder


@pytest.fixture(scope="session")
def expected(whole: Path) -> list[bytes]:
    """What its journal says."""
    return record(whole)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The run file of that run."""
    return short(tmp_path)
