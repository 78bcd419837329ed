"""The licences that go along with the extension: one for each package in the bundle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.editors.setup.cache import SetupError
from tests.editors.setup.notices import notices


@pytest.fixture
def metafile(tmp_path: Path) -> Path:
    """An account of a bundle of one file of its own and three of two packages."""
    for name, text in (("one", "One may."), ("@group/two", "Two may.")):
        package = tmp_path / "node_modules" / name
        package.mkdir(parents=True)
        (package / "package.json").write_text(json.dumps({"name": name, "version": "1.2.3"}))
        (package / "LICENSE.md").write_text(text)
    inputs = [
        "src/own.ts",
        "node_modules/one/a.js",
        "node_modules/one/b.js",
        "node_modules/@group/two/lib/c.js",
    ]
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps({"inputs": {path: {} for path in inputs}}))
    return file


def test_every_package_of_the_bundle_is_named_once_with_its_licence(tmp_path: Path, metafile: Path) -> None:
    text = notices(tmp_path, metafile)
    assert text.count("@group/two 1.2.3\n\nTwo may.\n") == 1
    assert text.count("one 1.2.3\n\nOne may.\n") == 1


def test_a_package_without_a_licence_stops_it(tmp_path: Path, metafile: Path) -> None:
    (tmp_path / "node_modules" / "one" / "LICENSE.md").unlink()
    with pytest.raises(SetupError, match=r"one 1\.2\.3"):
        notices(tmp_path, metafile)
