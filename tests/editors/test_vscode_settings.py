"""What the extension offers to set is what the server knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from glm_lsp.config_schema import settings_schema

MANIFEST = json.loads(
    (Path(__file__).parents[2] / "editors" / "vscode" / "package.json").read_text(encoding="utf-8")
)
OFFERED: dict[str, Any] = {
    name.removeprefix("glm."): schema
    for name, schema in MANIFEST["contributes"]["configuration"]["properties"].items()
}
KNOWN: dict[str, Any] = settings_schema()["properties"]
OF_THE_EXTENSION = {"serverPath"}


def test_every_setting_is_offered_and_no_other() -> None:
    assert set(OFFERED) - OF_THE_EXTENSION == set(KNOWN)


def test_defaults_and_bounds_are_the_server_s() -> None:
    for name, known in KNOWN.items():
        for key in ("default", "minimum", "maximum"):
            assert OFFERED[name].get(key) == known.get(key), (name, key)


def test_choices_are_the_server_s() -> None:
    for name, known in KNOWN.items():
        choices = set(known.get("enum", [])) - {None}
        assert set(OFFERED[name].get("enum", [])) == choices, name


def test_a_folder_without_trust_chooses_matters_of_taste_only() -> None:
    trust = MANIFEST["capabilities"]["untrustedWorkspaces"]
    assert trust["supported"] == "limited"
    restricted = {name.removeprefix("glm.") for name in trust["restrictedConfigurations"]}
    assert set(OFFERED) - restricted == {"enable", "suggest", "debounceMs", "docstringStyle", "disabledIn"}
    for name in ("serverPath", "model", "engineUrl"):
        assert OFFERED[name]["scope"] == "machine-overridable"
