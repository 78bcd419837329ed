"""What people install: the package, and the manifest against the sources."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.editors.setup.cache import SetupError
from tests.editors.setup.extension import extension, node_with_modules

_EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"
_MANIFEST: dict[str, Any] = json.loads((_EXTENSION / "package.json").read_text(encoding="utf-8"))
_CONTRIBUTED = [each["command"] for each in _MANIFEST["contributes"]["commands"]]
_SOURCES = "\n".join(file.read_text(encoding="utf-8") for file in sorted((_EXTENSION / "src").glob("*.ts")))


@pytest.fixture(scope="module")
def package() -> Path:
    """The package, built if it is not there."""
    try:
        node_with_modules()
    except SetupError as error:
        pytest.skip(str(error))
    return extension()


@pytest.mark.timeout(300)
def test_the_package_holds_what_it_must_and_nothing_else(package: Path) -> None:
    assert package.stat().st_size < 500_000
    with zipfile.ZipFile(package) as archive:
        names = {
            name.removeprefix("extension/") for name in archive.namelist() if name.startswith("extension/")
        }
        texts = {name: archive.read(name).decode(errors="replace") for name in archive.namelist()}
    media = {f"media/{file.name}" for file in (_EXTENSION / "media").iterdir()}
    wanted = {"package.json", "readme.md", "license.txt", "dist/extension.js", "dist/third-party-notices.txt"}
    assert {name.lower() for name in names} == wanted | media
    for name, text in texts.items():
        assert "sourceMappingURL=data:" not in text, name
        assert str(_EXTENSION.parents[1]) not in text, name
        assert str(Path.home() / ".cache") not in text, name
    assert "vscode-languageclient 11." in texts["extension/dist/THIRD-PARTY-NOTICES.txt"]


def test_every_command_that_is_offered_is_there_and_every_one_that_is_there_is_offered() -> None:
    assert len(_CONTRIBUTED) == len(set(_CONTRIBUTED))
    named = set(re.findall(r"'(glm-lsp\.[a-zA-Z]+)'", _SOURCES))
    made = {f"glm-lsp.{name}" for name in re.findall(r"register\('([a-zA-Z]+)'", _SOURCES)}
    assert set(_CONTRIBUTED) - (named | made) == set()
    registered = set(re.findall(r"register(?:TextEditor)?Command\(\s*['\"](glm-lsp\.[a-zA-Z]+)", _SOURCES))
    assert (registered | made) - set(_CONTRIBUTED) == set()
    assert {each["category"] for each in _MANIFEST["contributes"]["commands"]} == {"GLM"}


def test_menus_and_the_walkthrough_name_commands_and_files_that_are_there() -> None:
    contributes = _MANIFEST["contributes"]
    in_menus = {entry["command"] for menu in contributes["menus"].values() for entry in menu}
    assert in_menus - set(_CONTRIBUTED) == set()
    (walkthrough,) = contributes["walkthroughs"]
    for step in walkthrough["steps"]:
        assert (_EXTENSION / step["media"]["markdown"]).read_text(encoding="utf-8").startswith("# ")
        texts = [step["description"], *step.get("completionEvents", [])]
        linked = re.findall(r"(?:command|onCommand):(glm-lsp\.\w+)", " ".join(texts))
        assert set(linked) - set(_CONTRIBUTED) == set(), step["id"]
    ticked = {
        event.removeprefix("onContext:glm-lsp.")
        for step in walkthrough["steps"]
        for event in step.get("completionEvents", [])
        if event.startswith("onContext:")
    }
    assert ticked == set(re.findall(r"noteDone\('(\w+)'\)", _SOURCES))


@pytest.mark.timeout(300)
def test_two_packages_of_the_same_sources_are_the_same(package: Path) -> None:
    first, program = package.read_bytes(), package.parent / "extension.js"
    kept = program.with_suffix(".before")
    program.replace(kept)
    package.unlink()
    assert extension() == package
    assert package.read_bytes() == first
    assert program.read_bytes() == kept.read_bytes()
    kept.unlink()


def test_what_names_programs_models_and_addresses_needs_trust() -> None:
    properties = _MANIFEST["contributes"]["configuration"]["properties"]
    restricted = set(_MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"])
    assert restricted <= set(properties)
    for name, schema in properties.items():
        if schema.get("scope") == "machine-overridable":
            assert name in restricted
    assert {"glm.serverPath", "glm.model", "glm.engineUrl"} <= restricted
