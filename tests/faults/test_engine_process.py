"""Engine processes that meet each other, their own leftovers, strangers, and their end."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest

from glm_lsp.engine.address import TcpAddress, parse_address
from glm_lsp.engine.client.client import HttpEngineClient
from glm_lsp.engine.process.run import ALREADY_RUNNING
from glm_lsp.engine.wire import CompletionRequest
from glm_lsp.errors import AccessError, GlmError
from tests.fakes.fake_server import connect, talk, wait_until
from tests.faults.engine_home import EngineHome, engine_home


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineHome]:
    with engine_home(monkeypatch) as folder:
        yield folder


def ending(process: subprocess.Popen[str], timeout_s: float = 30) -> tuple[int, str]:
    """Exit status and stderr."""
    _, errors = process.communicate(timeout=timeout_s)
    return process.returncode, errors


def test_of_four_started_at_once_one_stays(home: EngineHome) -> None:
    processes = [home.start() for _ in range(4)]
    wait_until(lambda: sum(process.poll() is not None for process in processes) == 3, timeout_s=30)
    (winner,) = [process for process in processes if process.poll() is None]
    wait_until(lambda: home.is_ready(winner.pid))
    assert {process.returncode for process in processes} == {None, ALREADY_RUNNING}
    assert [event["pid"] for event in home.events("started")] == [winner.pid]
    winner.terminate()
    for process in processes:
        ending(process)


def test_files_are_private(home: EngineHome) -> None:
    process = home.start_ready("--log-file", str(home.folder / "logs" / "engine.log"))
    modes = {path.name: path.lstat().st_mode & 0o777 for path in home.folder.rglob("*")}
    assert modes.pop("run") == modes.pop("logs") == 0o700
    assert modes.pop("record")
    assert {"engine.sock", "engine.log"} < modes.keys()
    assert set(modes.values()) == {0o600}
    process.terminate()
    ending(process)


def test_a_termination_cleans_up(home: EngineHome) -> None:
    process = home.start_ready()
    process.send_signal(signal.SIGTERM)
    assert ending(process)[0] == 0
    assert not home.address.path.exists()
    assert home.state() is None


def test_a_termination_while_the_model_loads_cleans_up(home: EngineHome) -> None:
    process = home.start("--load-s", "60")
    wait_until(lambda: home.events("started"), timeout_s=30)
    process.send_signal(signal.SIGTERM)
    assert ending(process)[0] == 0
    assert not home.address.path.exists()
    assert home.state() is None


def test_nobody_listens_before_the_model_is_there(home: EngineHome) -> None:
    process = home.start("--load-s", "0.5")
    wait_until(home.address.path.exists, timeout_s=30)
    assert not home.answers()
    state = home.state()
    assert state is not None
    assert state.status == "starting"
    wait_until(lambda: home.is_ready(process.pid))
    assert home.answers()
    process.terminate()
    ending(process)


def test_the_leftovers_of_a_killed_engine_do_not_matter(home: EngineHome) -> None:
    first = home.start_ready()
    first.kill()
    ending(first)
    assert home.address.path.exists()
    assert home.is_ready(first.pid)
    second = home.start_ready()
    assert home.answers()
    second.terminate()
    assert ending(second)[0] == 0


def test_a_file_at_the_address_is_not_touched(home: EngineHome) -> None:
    home.address.path.parent.mkdir(parents=True)
    home.address.path.write_text("precious")
    status, errors = ending(home.start())
    assert status == 1
    assert "GLM-402" in errors
    assert home.address.path.read_text() == "precious"


def test_a_stranger_at_the_address_is_not_touched(home: EngineHome) -> None:
    home.address.path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(home.address.path))
        stranger.listen()
        status, errors = ending(home.start())
        assert status == 1
        assert "GLM-402" in errors
        connect(home.address).close()


def test_a_taken_port_is_an_address_error(home: EngineHome) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        status, errors = ending(home.start(address=f"127.0.0.1:{port}"))
    assert status == 1
    assert f"GLM-402: port {port} is taken" in errors
    assert not home.events("started"), "the model was loaded for nothing"


def test_a_port_is_free_again_at_once(home: EngineHome) -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        address = TcpAddress("127.0.0.1", used.getsockname()[1])
    for _ in range(2):
        process = home.start(address=address)
        wait_until(lambda: home.state(address) and home.state(address).status == "ready", timeout_s=30)
        assert talk(address, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        process.terminate()
        assert ending(process)[0] == 0


def test_other_machines_need_a_flag_and_a_token(home: EngineHome, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "GLM-402" in ending(home.start(address="0.0.0.0:0#x"))[1]
    status, errors = ending(home.start("--allow-remote", address="0.0.0.0:0#x"))
    assert status == 1
    assert "needs a token" in errors
    monkeypatch.setenv("GLM_LSP_ENGINE_TOKEN", "s3cret")
    process = home.start("--allow-remote", address="0.0.0.0:0#x")
    remote = TcpAddress("0.0.0.0", 0, "x")  # noqa: S104 - guarded by the token that is being tested
    wait_until(lambda: home.state(remote) and home.state(remote).status == "ready", timeout_s=30)
    port = parse_address(home.state(remote).address, allow_remote=True).port
    assert b" 401 " in talk(
        TcpAddress("127.0.0.1", port),
        b"GET /v1/models HTTP/1.1\r\nHost: build-host\r\nConnection: close\r\n\r\n",
    )
    process.terminate()
    ending(process)


def test_a_free_port_comes_with_a_token(home: EngineHome) -> None:
    address = TcpAddress("127.0.0.1", 0, "some-engine")
    process = home.start(address=address)
    wait_until(lambda: home.state(address) and home.state(address).status == "ready", timeout_s=30)
    state = home.state(address)

    async def use() -> str:
        with_token = HttpEngineClient(parse_address(state.address), state.token)
        without = HttpEngineClient(parse_address(state.address))
        with pytest.raises(AccessError):
            await without.describe()
        description = await with_token.describe()
        await with_token.close()
        await without.close()
        return description.model

    assert asyncio.run(use()) == "fake"
    process.terminate()
    ending(process)


def test_a_runtime_folder_that_is_a_file_is_a_storage_error(home: EngineHome) -> None:
    (home.folder / "run").touch()
    status, errors = ending(home.start(address=f"unix:{home.folder}/x"))
    assert status == 1
    assert "GLM-500" in errors
    assert "Traceback" not in errors


def test_a_broken_model_is_told_on_stderr_and_in_the_state(home: EngineHome) -> None:
    status, errors = ending(home.start("--broken", "model"))
    state = home.state()
    assert status == 1
    assert "GLM-203: weights.bin differs" in errors
    assert state is not None
    assert state.error is not None
    assert state.error["code"] == "GLM-203"
    assert not home.address.path.exists()


def test_an_engine_whose_socket_was_swept_away_leaves(home: EngineHome) -> None:
    process = home.start_ready()
    home.address.path.unlink()
    assert ending(process, timeout_s=10)[0] == 0
    assert home.state() is None


def test_the_log_holds_nothing_of_a_prompt(home: EngineHome) -> None:
    process = home.start_ready("--log-file", str(home.folder / "logs" / "engine.log"))
    prompts = ["CANARY", "CANARY #fail", "CANARY #late", "CANARY " + "x" * 5_000_000]

    async def use() -> None:
        client = HttpEngineClient(home.address)
        for prompt in prompts:
            with suppress(GlmError):
                async for _ in client.complete(CompletionRequest(prompt=prompt)):
                    pass
        stream = client.complete(CompletionRequest(prompt="CANARY #slow"))
        await anext(stream)
        await stream.aclose()
        await client.close()

    asyncio.run(use())
    for body in (b'{"prompt": "CANARY', json.dumps({"prompt": "CANARY", "n": "CANARY"}).encode()):
        head = (
            b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
            % len(body)
        )
        assert b" 400 " in talk(home.address, head + body)
    assert b" 400 " in talk(home.address, b"CANARY\r\n\r\n")
    wait_until(lambda: home.events("cancelled"))
    process.terminate()
    assert "CANARY" not in ending(process)[1]
    texts = list(home.texts())
    assert any("completion refused: GLM-405" in text for text in texts)
    assert not any("CANARY" in text for text in texts)
