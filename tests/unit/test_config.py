"""Settings: layers, origins, and what becomes of values that cannot be used."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glm_lsp import config
from glm_lsp.config import Configuration, InitializationOptions, Settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path))
    return tmp_path


def test_wire_and_settings_have_the_same_names() -> None:
    wire = [field.name for field in msgspec.structs.fields(InitializationOptions)]
    assert wire == [field.name for field in dataclasses.fields(Settings)]


def test_there_are_twelve_settings() -> None:
    assert len(dataclasses.fields(Settings)) == 12


@pytest.mark.parametrize("options", [None, {}, [], {"model": None, "threads": None}])
def test_nothing_set_gives_the_defaults(options: object) -> None:
    assert Settings.from_options(options) == (Settings(), [])


def test_every_setting_can_be_set() -> None:
    options: dict[str, Any] = {
        "enable": False,
        "suggest": "subtle",
        "model": "codegeex4",
        "device": "cpu",
        "threads": 3,
        "engineUrl": "https://models.example:8443/",
        "lingerS": 5,
        "debounceMs": 40,
        "docstringStyle": "numpy",
        "disabledIn": ["markdown", "comment"],
        "memoryMib": 64,
        "logLevel": "debug",
    }
    settings, warnings = Settings.from_options(options)
    assert warnings == []
    assert settings == Settings(
        enable=False,
        suggest="subtle",
        model="codegeex4",
        device="cpu",
        threads=3,
        engine_url="https://models.example:8443",
        linger_s=5.0,
        debounce_ms=40,
        docstring_style="numpy",
        disabled_in=("markdown", "comment"),
        memory_mib=64,
        log_level="debug",
    )
    assert all(field.default != getattr(settings, field.name) for field in dataclasses.fields(Settings))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("enable", "yes"),
        ("enable", 1),
        ("model", ""),
        ("model", 5),
        ("device", "gpu"),
        ("threads", -1),
        ("threads", 2.5),
        ("threads", True),
        ("threads", "2"),
        ("threads", 10**30),
        ("lingerS", float("nan")),
        ("lingerS", -1),
        ("docstringStyle", "epytext"),
        ("disabledIn", "python"),
        ("suggest", "always"),
        ("disabledIn", [1]),
        ("memoryMib", 1),
        ("logLevel", "loud"),
    ],
)
def test_bad_value_falls_back_to_its_default_with_a_warning(key: str, value: object) -> None:
    settings, warnings = Settings.from_options({key: value, "debounceMs": 7})
    assert settings == Settings(debounce_ms=7)
    assert len(warnings) == 1
    assert f"editor: {key} = " in warnings[0]


@pytest.mark.parametrize(
    ("key", "meant"),
    [("thread", "threads"), ("linger_s", "lingerS"), ("LINGERS", "lingerS"), ("memory-mib", "memoryMib")],
)
def test_unknown_key_is_told_with_the_likely_one(key: str, meant: str) -> None:
    settings, warnings = Settings.from_options({key: 1})
    assert settings == Settings()
    assert warnings == [f"editor: unknown setting {key!r}; did you mean {meant!r}?"]


def test_key_like_no_other_gets_no_guess() -> None:
    assert Settings.from_options({"colourScheme": 1})[1] == ["editor: unknown setting 'colourScheme'"]


def test_old_name_still_counts_and_is_told_with_the_new_one() -> None:
    settings, warnings = Settings.from_options({"disabledLanguages": ["tex"]})
    assert settings.disabled_in == ("tex",)
    assert warnings == ["editor: 'disabledLanguages' is called 'disabledIn' now"]


@pytest.mark.parametrize("order", [1, -1])
def test_new_name_wins_over_the_old_one(order: int) -> None:
    both = [("disabledLanguages", ["tex"]), ("disabledIn", ["comment"])]
    settings, warnings = Settings.from_options(dict(both[::order]))
    assert settings.disabled_in == ("comment",)
    assert len(warnings) == 1


def test_old_name_in_the_environment() -> None:
    options = config.environment_options({"GLM_LSP_DISABLED_LANGUAGES": "markdown, tex"})
    configuration = Configuration.of([("environment", options)])
    assert configuration.settings.disabled_in == ("markdown", "tex")
    assert configuration.warnings == ["environment: 'disabledLanguages' is called 'disabledIn' now"]


def test_whole_numbers_may_be_written_with_a_point() -> None:
    settings, warnings = Settings.from_options({"threads": 2.0, "lingerS": 3.0})
    assert (settings.threads, settings.linger_s, warnings) == (2, 3.0, [])


@pytest.mark.parametrize(("key", "value"), [("model", "theirs"), ("engineUrl", "https://elsewhere.example")])
def test_untrusted_workspace_chooses_neither_model_nor_engine(home: Path, key: str, value: str) -> None:
    (home / "config.toml").write_text("model = 'mine'\nengineUrl = 'https://mine.example'\n")
    options = {key: value, "debounceMs": 9}
    untrusted, trusted = config.load(options, is_trusted=False), config.load(options)
    assert (untrusted.settings.model, untrusted.settings.engine_url) == ("mine", "https://mine.example")
    assert untrusted.settings.debounce_ms == 9
    assert untrusted.warnings == [f"editor: {key} is left out: this workspace is not trusted"]
    assert value in (trusted.settings.model, trusted.settings.engine_url)
    assert trusted.warnings == []


def test_untrusted_workspace_leaves_the_command_line_alone() -> None:
    options, command_line = {"model": "theirs", "engineUrl": None}, {"model": "mine"}
    configuration = config.load(options, command_line, is_trusted=False)
    assert (configuration.settings.model, configuration.origins["model"]) == ("mine", "command line")
    assert len(configuration.warnings) == 1


@pytest.mark.parametrize("options", [None, [], "x", {}, {"model": "starter"}, {"model": None}])
def test_untrusted_workspace_that_chooses_nothing_is_not_complained_about(options: object) -> None:
    found, as_usual = config.load(options, is_trusted=False), config.load(options)
    assert (found.settings, found.warnings) == (as_usual.settings, as_usual.warnings)


@pytest.mark.parametrize("options", [[1], "x", 5, True])
def test_options_that_are_no_object_are_told(options: object) -> None:
    settings, warnings = Settings.from_options(options)
    assert settings == Settings()
    assert warnings == [f"editor: settings must be an object, not {type(options).__name__}"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
keys = (
    st.sampled_from([field.encode_name for field in msgspec.structs.fields(InitializationOptions)])
    | st.text()
)


@given(st.dictionaries(keys, json_values))
def test_whatever_an_editor_sends_gives_settings_of_the_right_types(options: dict[str, object]) -> None:
    settings, _ = Settings.from_options(options)
    names = {field.name: field.encode_name for field in msgspec.structs.fields(InitializationOptions)}
    values = {names[name]: value for name, value in dataclasses.asdict(settings).items() if value is not None}
    msgspec.convert(values, InitializationOptions)


SAFE_URLS = [
    "https://a.example",
    "http://localhost:8000",
    "http://127.0.0.1:1",
    "http://[::1]:1",
    "unix:/run/x.sock",
]
UNSAFE_URLS = [
    "http://a.example",
    "http://10.0.0.1:8000",
    "http://0.0.0.0:8000",
    "http://127.0.0.1.example",
    "http://localhost.example",
    "http://127.0.0.1@a.example",
    "https://user:secret@a.example",
    "ftp://a.example",
    "a.example:80",
    "https://",
    "http://[::",
    "http://127.0.0.1:99999",
    "unix:",
    "",
]


@pytest.mark.parametrize("url", SAFE_URLS)
def test_code_may_go_to_https_and_to_this_machine(url: str) -> None:
    settings, warnings = Settings.from_options({"engineUrl": url})
    assert (settings.engine_url, warnings) == (url, [])


@pytest.mark.parametrize("url", [*UNSAFE_URLS, 5, ["https://a.example"]])
def test_any_other_address_is_refused_not_replaced_by_a_lower_layers(url: object) -> None:
    configuration = Configuration.of(
        [("config file", {"engineUrl": "https://team.example"}), ("editor", {"engineUrl": url})]
    )
    assert configuration.settings.engine_url is None
    assert len(configuration.warnings) == 1


def test_password_in_an_address_is_not_repeated() -> None:
    _, warnings = Settings.from_options({"engineUrl": "https://user:secret@a.example"})
    assert "secret" not in warnings[0]


def test_each_layer_wins_over_those_before(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "config.toml").write_text("threads = 1\ndebounceMs = 1\nlingerS = 1\nmemoryMib = 32\n")
    monkeypatch.setenv("GLM_LSP_DEBOUNCE_MS", "2")
    monkeypatch.setenv("GLM_LSP_LINGER_S", "2")
    monkeypatch.setenv("GLM_LSP_MEMORY_MIB", "64")
    configuration = config.load({"lingerS": 3, "memoryMib": 96}, {"memoryMib": 128})
    settings, origins = configuration.settings, configuration.origins
    assert (settings.threads, origins["threads"]) == (1, "config file")
    assert (settings.debounce_ms, origins["debounce_ms"]) == (2, "environment")
    assert (settings.linger_s, origins["linger_s"]) == (3, "editor")
    assert (settings.memory_mib, origins["memory_mib"]) == (128, "command line")
    assert (settings.device, origins["device"]) == ("auto", "default")
    assert configuration.warnings == []


def test_bad_value_leaves_the_lower_layers_in_place(home: Path) -> None:
    (home / "config.toml").write_text("threads = 2\n")
    configuration = config.load({"threads": "many"})
    assert configuration.settings.threads == 2
    assert configuration.origins["threads"] == "config file"


def test_environment_reads_text_as_the_settings_type() -> None:
    environ = {
        "GLM_LSP_ENABLE": "false",
        "GLM_LSP_DISABLED_IN": "markdown, tex",
        "GLM_LSP_MODEL": "a,b",
        "GLM_LSP_THREADS": "x",
        "GLM_LSP_HOME": "/elsewhere",
        "HOME": "/root",
    }
    assert config.environment_options(environ) == {
        "enable": False,
        "disabledIn": ["markdown", "tex"],
        "model": "a,b",
        "threads": "x",
    }


def test_misspelt_variable_is_told() -> None:
    options = config.environment_options({"GLM_LSP_THREAD": "2"})
    assert Configuration.of([("environment", options)]).warnings == [
        "environment: unknown setting 'GLM_LSP_THREAD'; did you mean 'GLM_LSP_THREADS'?"
    ]


@pytest.mark.parametrize("content", [b"threads = ", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_broken_config_file_is_left_out_and_told(home: Path, content: bytes) -> None:
    (home / "config.toml").write_bytes(content)
    configuration = config.load({"threads": 2})
    assert configuration.settings == Settings(threads=2)
    assert len(configuration.warnings) == 1
    assert "config.toml is left out" in configuration.warnings[0]


def test_config_file_that_is_a_folder_is_told(home: Path) -> None:
    (home / "config.toml").mkdir()
    assert "config.toml is left out" in config.load().warnings[0]


def test_rows_name_every_setting_as_the_table_does() -> None:
    rows = {name: (value, origin) for name, value, origin in config.load({"lingerS": 2}).rows()}
    assert rows["lingerS"] == (2.0, "editor")
    assert rows["enable"] == (True, "default")
    assert len(rows) == len(dataclasses.fields(Settings))


def test_where_nothing_is_wanted_is_read_as_people_write_it() -> None:
    settings, warnings = Settings.from_options({"disabledIn": ["Python", "COMMENTS", "strings", "string"]})
    assert settings.disabled_in == ("python", "comment", "string", "string")
    assert warnings == []
