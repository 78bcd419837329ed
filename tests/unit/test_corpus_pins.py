"""Pins, splits and reserved names."""

from __future__ import annotations

import re

import pytest

from glm_lsp.errors import TrainingError
from glm_lsp.train.corpus.pins import Pin, Pins, checked, packaged_pins, parsed
from glm_lsp.train.corpus.reserved import is_reserved, looks_vendored, normalised, reserved_groups


def pin(name: str) -> Pin:
    return Pin(name, "1.0", f"{name}-1.0-py3-none-any.whl", "0" * 64)


def test_reserved_names_are_never_trained_on() -> None:
    pins = packaged_pins()
    held_out, untouched = reserved_groups()
    names = {package.name for package in pins.packages}
    assert names.isdisjoint(untouched)
    training = {name for name in names if pins.split(name) == "train"}
    assert training.isdisjoint(held_out | untouched)
    assert training | set(pins.held_out) == names


def test_both_groups_are_read() -> None:
    held_out, untouched = reserved_groups()
    assert (len(held_out), len(untouched)) == (24, 19)
    assert "networkx" in held_out
    assert "python-lsp-server" in untouched
    assert held_out.isdisjoint(untouched)


def test_splits_are_disjoint_and_complete() -> None:
    pins = packaged_pins()
    assert set(pins.held_out) == reserved_groups()[0]
    assert set(pins.held_out.values()) == {"valid", "test"}
    assert pins.split("httpx") == pins.split("httpcore")  # one family
    assert pins.split("django") == "train"


def test_pins_are_complete() -> None:
    for package in packaged_pins().packages:
        assert re.fullmatch(r"[0-9a-f]{64}", package.sha256)
        assert package.name == normalised(package.name)
        stem = normalised(package.archive.split("-")[0])
        assert (stem, package.archive.split("-")[1]) == (package.name, package.version)


@pytest.mark.parametrize("name", ["Flask", "jedi", "python_lsp_server", "more.itertools", "evalplus"])
def test_names_are_compared_normalised(name: str) -> None:
    assert is_reserved(name)


def test_reserved_training_pins_are_refused() -> None:
    for name in ("networkx", "jedi"):
        with pytest.raises(TrainingError, match=name):
            checked(Pins((pin(name),), None, {}))


def test_only_the_first_group_may_be_held_out() -> None:
    for name in ("jedi", "django"):
        with pytest.raises(TrainingError, match=name):
            checked(Pins((pin(name),), None, {name: "test"}))


def test_double_pins_are_refused() -> None:
    with pytest.raises(TrainingError, match="pinned twice: django"):
        checked(Pins((pin("django"), pin("django")), None, {}))


def test_parsed() -> None:
    row = '[[package]]\nname = "b"\nversion = "2"\narchive = "b-2.whl"\nsha256 = "00"\n'
    pins = parsed(row + row.replace('"b"', '"a"'), 'valid = ["a"]\ntest = []\n')
    assert [package.name for package in pins.packages] == ["a", "b"]
    assert (pins.split("a"), pins.split("b"), pins.library) == ("valid", "train", None)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("libcst/_parser/parso/utils.py", True),
        ("package/bottle.py", True),
        ("package/more_itertools/more.py", True),
        ("sentry_sdk/integrations/falcon.py", True),  # blunt, and cheap
        ("celery/schedules.py", False),
        ("anyio/_backends/_trio.py", False),
    ],
)
def test_copies_of_reserved_packages(path: str, expected: bool) -> None:
    assert looks_vendored(path) is expected
