"""The settings' JSON schema against the loader: it takes what gives no warning, and nothing else."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glm_lsp.config import InitializationOptions, Settings
from glm_lsp.config_schema import settings_schema
from tests.unit.test_config import SAFE_URLS, UNSAFE_URLS

SCHEMA = settings_schema()
KEYS = [field.encode_name for field in msgspec.structs.fields(InitializationOptions)]
KINDS: dict[str, Any] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "object": dict,
    "string": str,
}


def is_valid(value: Any, schema: dict[str, Any]) -> bool:
    """The few keywords that our schema has; any other is an error of this test."""
    return all(CHECKS[keyword](value, argument, schema) for keyword, argument in schema.items())


def is_kind(value: Any, names: str | list[str]) -> bool:
    value = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, KINDS[name]) for name in ([names] if isinstance(names, str) else names))


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


CHECKS: dict[str, Any] = {
    "type": lambda value, names, _: is_kind(value, names),
    "enum": lambda value, choices, _: any(
        value == choice and type(value) is type(choice) for choice in choices
    ),
    "minimum": lambda value, least, _: not is_number(value) or value >= least,
    "maximum": lambda value, most, _: not is_number(value) or value <= most,
    "minLength": lambda value, least, _: not isinstance(value, str) or len(value) >= least,
    "pattern": lambda value, pattern, _: not isinstance(value, str) or re.search(pattern, value) is not None,
    "items": lambda value, each, _: (
        not isinstance(value, list) or all(is_valid(item, each) for item in value)
    ),
    "properties": lambda value, parts, _: all(
        is_valid(value[key], part) for key, part in parts.items() if key in value
    ),
    "additionalProperties": lambda value, allowed, schema: allowed or set(value) <= set(schema["properties"]),
    **dict.fromkeys(["$schema", "$id", "title", "description", "default"], lambda *_: True),
}

values = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2_000_000)
    | st.floats(-1, 1e6, allow_nan=False)
    | st.sampled_from(["auto", "cpu", "debug", "warning", "eager", "subtle", ""])
    | st.text(max_size=4)
    | st.lists(st.text(max_size=3) | st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=2), st.none(), max_size=1)
)


@given(st.dictionaries(st.sampled_from([key for key in KEYS if key != "engineUrl"]), values, max_size=3))
@example({"threads": 2.0})
@example({"threads": 257})
@example({"lingerS": 86_400.5})
@example({"memoryMib": 16})
def test_accepts_what_gives_no_warning_and_refuses_what_does(options: dict[str, Any]) -> None:
    _, warnings = Settings.from_options(options)
    assert is_valid(options, SCHEMA) == (not warnings), warnings


@pytest.mark.parametrize("key", [*KEYS])
@pytest.mark.parametrize(
    "value", [None, True, 0, 1, 20, 300, 2.5, -1, "", "auto", "eager", [], ["c"], [1], {}]
)
def test_agrees_on_every_key(key: str, value: Any) -> None:
    _, warnings = Settings.from_options({key: value})
    assert is_valid({key: value}, SCHEMA) == (not warnings), warnings


@pytest.mark.parametrize("key", ["disabledLanguages", "threadz", "workspaceTrusted"])
def test_refuses_other_keys(key: str) -> None:
    assert not is_valid({key: []}, SCHEMA)
    assert Settings.from_options({key: []})[1]


@pytest.mark.parametrize(
    "url", [*SAFE_URLS, "127.0.0.1:80", "https://a.example/path?query", "http://localhost"]
)
def test_takes_usable_addresses(url: str) -> None:
    assert Settings.from_options({"engineUrl": url})[1] == []
    assert is_valid({"engineUrl": url}, SCHEMA)


@pytest.mark.parametrize("url", [url for url in UNSAFE_URLS if url != "http://127.0.0.1:99999"])
def test_refuses_addresses_where_code_may_not_go(url: str) -> None:
    assert not is_valid({"engineUrl": url}, SCHEMA)


def test_says_what_each_setting_means_and_is_without_it() -> None:
    properties = SCHEMA["properties"]
    assert list(properties) == KEYS
    assert all(property["description"] for property in properties.values())
    defaults = json.loads(json.dumps({key: property["default"] for key, property in properties.items()}))
    assert Settings.from_options(defaults) == (Settings(), [])
    assert len(defaults) == len(dataclasses.fields(Settings))


def test_names_no_host() -> None:
    assert SCHEMA["$id"].startswith("urn:")
