"""Packages that only some users need."""

import pytest

from evoloco import extras


@pytest.mark.parametrize(
    ("package", "command"),
    [
        ("torch", "pip install 'evoloco[rl]'"),
        ("onnx", "pip install 'evoloco[onnx]'"),
        ("ribs", "pip install 'evoloco[qd]'"),
        ("nothing-of-ours", "pip install nothing-of-ours"),
    ],
)
def test_the_command_that_installs_a_package_names_the_extra_that_brings_it(package, command):
    assert extras.bringing(package) == command


def test_a_missing_package_is_told_with_that_command():
    with pytest.raises(extras.MissingExtraError, match=r"pip install 'evoloco\[rl\]'"):
        extras.needs("evoloco_has_no_such_package", "rl")
