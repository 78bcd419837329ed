"""Addresses: what is read, what is refused, and which name an engine gets."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import glm_lsp.engine.address as address_module
from glm_lsp.engine.address import (
    MAX_SOCKET_PATH,
    TcpAddress,
    UnixAddress,
    UrlAddress,
    check_socket_owner,
    companion_file,
    default_address,
    parse_address,
)
from glm_lsp.errors import AddressError, GlmError
from tests.fakes.fake_server import short_folder


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with short_folder() as path:
        monkeypatch.setenv("GLM_LSP_HOME", str(path))
        yield path


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("unix:/run/engine.sock", UnixAddress(Path("/run/engine.sock"))),
        ("unix:///run/engine.sock", UnixAddress(Path("/run/engine.sock"))),
        ("unix:engine.sock", UnixAddress(Path.cwd() / "engine.sock")),
        ("unix:~/engine.sock", UnixAddress(Path.home() / "engine.sock")),
        ("127.0.0.1:8080", TcpAddress("127.0.0.1", 8080)),
        ("localhost:0#starter-1", TcpAddress("localhost", 0, "starter-1")),
        ("[::1]:8080", TcpAddress("::1", 8080)),
        ("https://models.example/team/", UrlAddress("https://models.example/team")),
        ("http://127.0.0.1:8000", UrlAddress("http://127.0.0.1:8000")),
    ],
)
def test_addresses_are_read(text: str, address: object) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "unix:", "unix://", "unix:/a\0b", "8080", ":8080", "localhost", "localhost:", "localhost:http",
        "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[::1]80", "[127.0.0.1:80", "a b:80", "ftp://localhost",
        "https://", "https://user:secret@host", "http://[::1", "http://localhost:99999", "127.0.0.1:1\n",
    ],
)  # fmt: skip
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_address(text)


@pytest.mark.parametrize(
    "text",
    ["0.0.0.0:80", "192.168.1.2:80", "[::]:80", "build-host:80", "127.0.0.1.evil.example:80", "http://host"],
)
def test_other_machines_need_an_explicit_permission(text: str) -> None:
    with pytest.raises(AddressError):
        parse_address(text)
    parse_address(text, allow_remote=True)


@given(st.text() | st.from_regex(r"(unix:|http://|\[?)[\w.:/@#\[\]]*", fullmatch=True))
def test_any_text_is_an_address_or_an_address_error(text: str) -> None:
    try:
        address = parse_address(text)
    except AddressError:
        return
    assert parse_address(str(address)) == address


def test_a_socket_path_too_long_for_the_kernel_is_refused() -> None:
    longest = "/" + "x" * (MAX_SOCKET_PATH - 1)
    assert parse_address("unix:" + longest) == UnixAddress(Path(longest))
    with pytest.raises(AddressError, match="101 bytes"):
        parse_address("unix:" + longest + "x")
    with pytest.raises(AddressError):
        parse_address("unix:/" + "ü" * 60)


def test_another_model_hash_option_or_version_is_another_address(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def addresses() -> set[str]:
        return {
            str(default_address("starter")),
            str(default_address("starter", "abc")),
            str(default_address("starter", "", ["--threads", "2"])),
            str(default_address("/models/starter")),
        }

    first = addresses()
    assert len(first) == 4
    assert first == addresses()
    monkeypatch.setattr(address_module, "__version__", "99.0")
    assert not first & addresses()
    assert all("99.0" in address for address in addresses())


def test_the_default_address_lies_in_the_private_runtime_folder(folder: Path) -> None:
    address = default_address("Some Model/v2 (ß)")
    assert isinstance(address, UnixAddress)
    assert address.path.parent == folder / "run"
    assert address.path.name.startswith("Some-Model-v2")
    assert (folder / "run").stat().st_mode & 0o777 == 0o700


def test_a_long_runtime_folder_gives_way_to_a_short_private_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLM_LSP_HOME", str(folder / ("deep" * 20)))
    monkeypatch.setattr(address_module.tempfile, "gettempdir", lambda: str(folder))
    address = default_address("starter")
    assert isinstance(address, UnixAddress)
    assert len(os.fsencode(address.path)) <= MAX_SOCKET_PATH
    assert address.path.parent.parent == folder
    assert address.path.parent.stat().st_mode & 0o777 == 0o700
    assert default_address("starter") == address != default_address("other")


@pytest.mark.parametrize("trap", ["open to others", "a link", "a file"])
def test_a_short_folder_prepared_by_somebody_else_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, trap: str
) -> None:
    monkeypatch.setattr(address_module.tempfile, "gettempdir", lambda: str(folder))
    short = folder / f"glm-lsp-{os.getuid()}"
    if trap == "open to others":
        short.mkdir()
        short.chmod(0o755)
    elif trap == "a link":
        (folder / "theirs").mkdir(mode=0o700)
        short.symlink_to(folder / "theirs")
    else:
        short.touch()
    monkeypatch.setenv("GLM_LSP_HOME", str(folder / ("deep" * 20)))
    with pytest.raises(GlmError, match="glm-lsp-"):
        default_address("starter")


def test_companion_files_of_different_addresses_differ(folder: Path) -> None:
    same_name = [UnixAddress(Path("/a/x.sock")), UnixAddress(Path("/b/x.sock"))]
    ports = [TcpAddress("127.0.0.1", 80), TcpAddress("127.0.0.1", 0, "a"), TcpAddress("127.0.0.1", 0, "../b")]
    files = {companion_file(address, ".lock") for address in (*same_name, *ports)}
    assert len(files) == 5
    assert {file.parent for file in files} == {folder / "run"}


def test_a_file_that_is_no_socket_is_not_connected_to(folder: Path) -> None:
    check_socket_owner(folder / "missing.sock")
    (folder / "file.sock").touch()
    with pytest.raises(AddressError, match="not a socket"):
        check_socket_owner(folder / "file.sock")


def test_a_socket_of_another_user_is_not_connected_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(str(folder / "x.sock"))
        check_socket_owner(folder / "x.sock")
        uid = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: uid + 1)
        with pytest.raises(AddressError, match="another user"):
            check_socket_owner(folder / "x.sock")
