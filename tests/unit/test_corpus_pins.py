"""Pins, splits and reserved names."""

from __future__ import annotations

import re

import pytest

from glm_lsp.completion.prompt import LANGUAGE_NAMES
from glm_lsp.errors import TrainingError
from glm_lsp.train.corpus.languages import GROUPS
from glm_lsp.train.corpus.pins import Pin, Pins, Registry, checked, packaged_pins, parsed
from glm_lsp.train.corpus.reserved import is_reserved, looks_vendored, normalised, reserved_groups


def pin(name: str) -> Pin:
    return Pin(name, "1.0", f"{name}-1.0-py3-none-any.whl", "0" * 64)


def test_reserved_names_are_never_trained_on() -> None:
    pins = packaged_pins()
    held_out, untouched = reserved_groups()
    names = {package.name for package in pins.packages if package.registry == "pypi"}
    assert names.isdisjoint(untouched)
    training = {name for name in names if pins.split(name) == "train"}
    assert training.isdisjoint(held_out | untouched)
    assert training | {key for key in pins.held_out if ":" not in key} == names


def test_both_groups_are_read() -> None:
    held_out, untouched = reserved_groups()
    assert (len(held_out), len(untouched)) == (24, 19)
    assert "networkx" in held_out
    assert "python-lsp-server" in untouched
    assert held_out.isdisjoint(untouched)


def test_splits_are_disjoint_and_complete() -> None:
    pins = packaged_pins()
    assert {key for key in pins.held_out if ":" not in key} == reserved_groups()[0]
    assert set(pins.held_out.values()) == {"valid", "test"}
    assert set(pins.held_out) <= {package.key for package in pins.packages}
    assert pins.split("httpx") == pins.split("httpcore")  # one family
    assert pins.split("django") == "train"


def test_the_frozen_python_splits() -> None:
    """Published figures rest on these: they never change."""
    pins = packaged_pins()
    valid = {key for key, split in pins.held_out.items() if split == "valid" and ":" not in key}
    assert valid == {"bottle", "patsy", "pyparsing", "trio"}


@pytest.mark.parametrize("group", sorted(set(GROUPS.values())))
def test_every_group_of_languages_is_held_out(group: str) -> None:
    pins = packaged_pins()
    splits = {
        pins.split(package.key)
        for package in pins.packages
        if group in {GROUPS[language] for language in package.languages}
    }
    assert splits == {"train", "valid", "test"}


def test_families_stay_together() -> None:
    pins = packaged_pins()
    for family in ("npm:@react-aria/", "debian:golang-github-pion-", "debian:librust-regex", "npm:ra-"):
        assert len({pins.split(pin.key) for pin in pins.packages if pin.key.startswith(family)}) == 1


def test_pins_are_complete() -> None:
    packages = packaged_pins().packages
    for package in packages:
        assert re.fullmatch(r"[0-9a-f]{64}", package.sha256)
        assert package.languages
        assert set(package.languages) <= set(GROUPS)
    for package in packages:
        if package.registry == "pypi":
            assert package.name == normalised(package.name)
            stem = normalised(package.archive.split("-")[0])
            assert (stem, package.archive.split("-")[1]) == (package.name, package.version)
    assert len({package.archive for package in packages}) == len(packages)


def test_archives_are_named_as_their_clients_name_them() -> None:
    for package in packaged_pins().packages:
        if package.registry == "npm":
            flat = package.name.removeprefix("@").replace("/", "-")
            assert package.archive == f"{flat}-{package.version}.tgz"
        elif package.registry == "debian":
            version = package.version.replace(":", "%3a")
            assert re.fullmatch(
                rf"{re.escape(package.name)}_{re.escape(version)}_(all|amd64)\.deb", package.archive
            )


def test_language_ids_are_those_of_the_prompt() -> None:
    assert set(GROUPS) <= set(LANGUAGE_NAMES)


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
    other = row.replace('"b"', '"@b/c"') + 'languages = ["java"]\n'
    texts: dict[Registry, str] = {"pypi": row + row.replace('"b"', '"a"'), "npm": other, "debian": ""}
    pins = parsed(texts, 'valid = ["a"]\ntest = ["npm:@b/c"]\n')
    assert [package.key for package in pins.packages] == ["a", "b", "npm:@b/c"]
    assert [package.languages for package in pins.packages] == [("python",), ("python",), ("java",)]
    assert (pins.split("a"), pins.split("b"), pins.library) == ("valid", "train", None)
    assert pins.split("npm:@b/c") == "test"


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
