"""The settings as a JSON schema, for editors and for whoever checks a file before using it."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import msgspec

from glm_lsp.config import InitializationOptions, Settings

_THIS_MACHINE = r"([Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]|127(\.[0-9]{1,3}){3}|\[[0-9a-fA-F:.]+\])"
_ADDRESS = (
    r"^(unix:[^@]+|https://[^@/?#]+([/?#][^@]*)?"
    rf"|http://{_THIS_MACHINE}(:[0-9]{{0,5}})?([/?#][^@]*)?|{_THIS_MACHINE}:[0-9]{{1,5}}(#[\w.-]+)?)$"
)
"""What every usable `engineUrl` looks like; a few that look so cannot be used, such as ports above 65535."""


def settings_schema() -> dict[str, Any]:
    """A schema (draft 2020-12) of what can be set without a warning; null stands for what is not set."""
    _, definitions = msgspec.json.schema_components([InitializationOptions])
    properties = definitions[InitializationOptions.__name__]["properties"]
    properties["engineUrl"]["pattern"] = _ADDRESS
    meanings = attribute_meanings(Settings)
    names = {field.name: field.encode_name for field in msgspec.structs.fields(InitializationOptions)}
    for field in fields(Settings):
        about = _nullable(properties[names[field.name]])
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        properties[names[field.name]] = {
            "description": meanings.get(field.name, ""),
            **about,
            "default": default,
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:glm-lsp:settings",
        "title": "Settings of glm-lsp",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def attribute_meanings(kind: type) -> dict[str, str]:
    """The "Attributes:" of a docstring, continued lines joined; empty when Python runs without docstrings."""
    listed = re.split(r"^ {8}(\w+): ", (kind.__doc__ or "").partition("Attributes:")[2], flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in zip(listed[1::2], listed[2::2], strict=True)}


def _nullable(about: dict[str, Any]) -> dict[str, Any]:
    if "enum" in about:
        return {**about, "enum": [*about["enum"], None]}
    return {**about, "type": [about["type"], "null"]}
