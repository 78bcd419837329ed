"""Settings: what an editor, a file, the environment or the command line may choose, and what came of it.

`InitializationOptions` is the wire: camelCase, everything optional. `Settings` is what the program reads:
frozen, every value present. Between them, a value of the wrong type or range gives way to the layer below it
with a warning, so that a typing error never costs somebody their completions. Later layers win:

    defaults < config file < environment (GLM_LSP_*) < editor < command line

An editor's options come from the opened folder, too. While nobody has said that the folder is to be trusted, it may
not choose the model or where code goes; the other layers are the person's own.
"""

from __future__ import annotations

import difflib
import os
import re
import reprlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from glm_lsp import paths
from glm_lsp.engine.address import parse_address
from glm_lsp.errors import AddressError

ENVIRONMENT_PREFIX = "GLM_LSP_"
Device = Literal["auto", "cpu", "cuda"]
LogLevel = Literal["error", "warning", "info", "debug"]
Suggest = Literal["eager", "balanced", "subtle"]
DocstringStyle = Literal[
    "auto", "google", "numpy", "sphinx", "plain", "jsdoc", "tsdoc", "go", "rustdoc", "javadoc", "doxygen"
]

_RENAMED = {"disabledLanguages": "disabledIn"}


class InitializationOptions(Struct, frozen=True, kw_only=True, rename="camel"):
    """The keys an editor may send in `initializationOptions`, and the keys of config.toml."""

    enable: bool | UnsetType = UNSET
    suggest: Suggest | UnsetType = UNSET
    model: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET
    device: Device | UnsetType = UNSET
    threads: Annotated[int, Meta(ge=0, le=256)] | UnsetType = UNSET
    engine_url: str | UnsetType = UNSET
    linger_s: Annotated[float, Meta(ge=0, le=86_400)] | UnsetType = UNSET
    debounce_ms: Annotated[int, Meta(ge=0, le=2_000)] | UnsetType = UNSET
    docstring_style: DocstringStyle | UnsetType = UNSET
    disabled_in: list[str] | UnsetType = UNSET
    memory_mib: Annotated[int, Meta(ge=16, le=1_048_576)] | UnsetType = UNSET
    log_level: LogLevel | UnsetType = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting with a usable value. A change makes a new `Settings`.

    Attributes:
        enable: whether to suggest anything
        suggest: how sure a suggestion must be: eager shows all that is new there and parses, balanced what is likely
            enough to be right, subtle only what is nearly sure
        model: name of an installed model, or the full path of a model folder
        device: where the model runs: cuda is an NVIDIA GPU or an error, auto the GPU if model and machine are made for
            it and else the CPU
        threads: CPU threads of the engine; 0 chooses by the machine
        engine_url: use the engine at this address instead of starting one: https, or on this machine
        linger_s: seconds an engine stays after its last window was closed
        debounce_ms: at most so many milliseconds are waited for the next key before the model is asked, never
            longer than the model takes, the editor's own wait counted in
        docstring_style: how documentation is written: auto does as the file and the project do; else google, numpy,
            sphinx, plain, jsdoc, tsdoc, go, rustdoc, javadoc or doxygen, in languages that have it
        disabled_in: where to suggest nothing: LSP language identifiers, and `comment` and `string`
        memory_mib: limit of the engine's KV cache, which holds what was read of the latest files
        log_level: error, warning, info or debug; source text is logged at debug only
    """

    enable: bool = True
    suggest: Suggest = "balanced"
    model: str = "starter"
    device: Device = "auto"
    threads: int = 0
    engine_url: str | None = None
    linger_s: float = 30.0
    debounce_ms: int = 0
    docstring_style: DocstringStyle = "auto"
    disabled_in: tuple[str, ...] = ()
    memory_mib: int = 256
    log_level: LogLevel = "warning"

    def engine_arguments(self) -> tuple[str, ...]:
        """What an engine process is told besides its model: engines that differ in this are not shared."""
        numbers = ("--threads", str(self.threads), "--memory-mib", str(self.memory_mib))
        return ("--device", self.device, *numbers)

    @classmethod
    def from_options(cls, options: object) -> tuple[Settings, list[str]]:
        """What an editor sent, over the defaults, and a warning for each thing in it that could not be used.

        Never raises. An `engineUrl` that cannot be used is no address at all: a lower layer's does not take
        its place, or code might go where this layer did not want it.
        """
        configuration = Configuration.of([("editor", options)])
        return configuration.settings, configuration.warnings


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings, the layer each came from (keys as in `Settings`), and what could not be used."""

    settings: Settings
    origins: dict[str, str]
    warnings: list[str]

    @classmethod
    def of(cls, layers: list[tuple[str, object]]) -> Configuration:
        """Lays (origin, options) over each other, the first lowest."""
        values: dict[str, Any] = {}
        origins = {field.name: "default" for field in fields(Settings)}
        warnings: list[str] = []
        for origin, options in layers:
            usable, complaints = _usable_values(options)
            values |= usable
            origins |= dict.fromkeys(usable, origin)
            warnings += [f"{origin}: {complaint}" for complaint in complaints]
        return cls(Settings(**values), origins, warnings)

    def rows(self) -> list[tuple[str, Any, str]]:
        """(name as in the settings table, value, origin) of every setting."""
        return [
            (wire_name, getattr(self.settings, field.name), self.origins[field.name])
            for wire_name, field in _FIELDS.items()
        ]


def load(
    options: object = None,
    command_line: Mapping[str, object] | None = None,
    *,
    is_trusted: bool = True,
) -> Configuration:
    """All layers together.

    Args:
        options: from the editor.
        command_line: the same camelCase keys.
        is_trusted: whether the folder that the editor has open may choose the model and the engine.
    """
    from_file, complaints = _file_options()
    if not is_trusted:
        options, refused = _without_what_needs_trust(options)
        complaints += refused
    configuration = Configuration.of(
        [
            ("config file", from_file),
            ("environment", environment_options(os.environ)),
            ("editor", options),
            ("command line", dict(command_line or {})),
        ]
    )
    configuration.warnings[:0] = complaints
    return configuration


def environment_options(environ: Mapping[str, str]) -> dict[str, object]:
    """`GLM_LSP_THREADS=2` as `{"threads": 2}`; lists are separated by commas.

    Text that does not read as the setting's type is handed on as it is and complained about later. Unknown
    variables are handed on only when they look like a misspelt setting: others may use the prefix too.
    """
    known = {ENVIRONMENT_PREFIX + field.name.upper(): (key, field) for key, field in _FIELDS.items()}
    known |= {_variable(old): (old, _FIELDS[new]) for old, new in _RENAMED.items()}
    options: dict[str, object] = {}
    for variable, text in environ.items():
        if named := known.get(variable):
            key, field = named
            options[key] = _read_text(text, field)
        elif variable.startswith(ENVIRONMENT_PREFIX) and _resembles(variable, known):
            options[variable] = text
    return options


_FIELDS = {field.encode_name: field for field in msgspec.structs.fields(InitializationOptions)}


def _usable_values(options: object) -> tuple[dict[str, Any], list[str]]:
    if options is None or options == []:  # Lua's empty table is sent as a list
        return {}, []
    if not isinstance(options, Mapping):
        return {}, [f"settings must be an object, not {type(options).__name__}"]
    values: dict[str, Any] = {}
    complaints: list[str] = []
    for key, value in options.items():
        new_key: Any = _RENAMED.get(key, key)
        field = _FIELDS.get(new_key)
        if new_key != key:
            complaints.append(f"{key!r} is called {new_key!r} now")
            if new_key in options:
                continue
        if field is None:
            complaints.append(_unknown(str(key)))
        elif value is not None:  # editors send null for what nobody set
            try:
                values[field.name] = _checked(field, value)
            except ValueError as error:
                shown = "***" if "@" in str(value) else reprlib.repr(value)  # may hold a password
                complaints.append(f"{key} = {shown}: {error}")
                if key == "engineUrl":
                    values[field.name] = None
    return values, complaints


_SCOPES = {"comments": "comment", "strings": "string"}


def _checked(field: msgspec.structs.FieldInfo, value: object) -> Any:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # some editors know one kind of number only
    checked = msgspec.convert(value, field.type)  # a ValidationError is a ValueError
    if field.name == "engine_url":
        return _engine_url(checked)
    if field.name == "disabled_in":
        return tuple(_SCOPES.get(name.lower(), name.lower()) for name in checked)
    return tuple(checked) if isinstance(checked, list) else checked


def _engine_url(text: str) -> str:
    if "@" in text:
        raise ValueError("an address may not hold a user name or a password")
    try:
        return str(parse_address(text))
    except AddressError as error:
        raise ValueError(error.cause) from error


def _without_what_needs_trust(options: object) -> tuple[object, list[str]]:
    """The options without a model of their own and an address, and what to say of that."""
    if not isinstance(options, Mapping):
        return options, []
    held_back = {"model": Settings().model, "engineUrl": None}
    refused = [key for key, default in held_back.items() if options.get(key) not in (None, default)]
    complaints = [f"editor: {key} is left out: this workspace is not trusted" for key in refused]
    return {key: value for key, value in options.items() if key not in refused}, complaints


def _variable(key: str) -> str:
    """`lingerS` as `GLM_LSP_LINGER_S`."""
    return ENVIRONMENT_PREFIX + re.sub(r"(?=[A-Z])", "_", key).upper()


def _resembles(name: str, known: Iterable[str]) -> bool:
    return bool(difflib.get_close_matches(name, known, n=1, cutoff=0.85))


def _unknown(key: str) -> str:
    names = [*_FIELDS, *(ENVIRONMENT_PREFIX + field.name.upper() for field in _FIELDS.values())]
    by_shape = {name.lower().replace("_", ""): name for name in names}
    close = difflib.get_close_matches(key.lower().replace("_", "").replace("-", ""), by_shape, n=1)
    return f"unknown setting {key!r}" + (f"; did you mean {by_shape[close[0]]!r}?" if close else "")


def _read_text(text: str, field: msgspec.structs.FieldInfo) -> object:
    parts: object = [part.strip() for part in text.split(",") if part.strip()]
    for candidate in (text, parts):
        try:
            return msgspec.convert(candidate, field.type, strict=False)
        except msgspec.ValidationError:
            continue
    return text


def _file_options() -> tuple[object, list[str]]:
    path = paths.config_file()
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig")), []
    except (FileNotFoundError, NotADirectoryError):
        return None, []
    except (OSError, ValueError) as error:  # tomllib's errors and bad UTF-8 are ValueErrors
        return None, [f"config file: {path} is left out: {error}"]
