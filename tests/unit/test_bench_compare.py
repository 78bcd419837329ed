"""The comparison from requests to figures, with workers of the tests in place of real peers."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from glm_lsp.bench import contestant as contestant_module
from glm_lsp.bench.compare import compare
from glm_lsp.bench.compare_table import compare_table
from glm_lsp.bench.contestant import Answer, WorkerContestant
from glm_lsp.bench.environment import look_around
from glm_lsp.bench.peer import PEERS, STAMP, Peer, Variant, chosen, find_peers
from glm_lsp.bench.result import new_result
from glm_lsp.bench.rounds import Job, take_turns
from glm_lsp.completion.mode import Mode
from glm_lsp.engine.engine import Engine
from glm_lsp.engine.wire import CompletionRequest, GlmOptions
from glm_lsp.errors import InputError
from glm_lsp.models.store import ModelFolder
from tests.page_rows import left_out
from tests.tiny_model import SAMPLE, tiny_model

ROOT = Path(__file__).parents[2]

# Answers as the model does, by the tests' own plain loop; the variant "wrong" always writes token 9.
WORKER = """
    import json, sys
    from pathlib import Path
    sys.path.insert(0, {root!r})
    import numpy as np
    from glm_lsp.engine.onnx_session import OnnxSession
    from glm_lsp.models.store import ModelFolder

    session = OnnxSession.open(ModelFolder.load(Path({model!r})), threads=1)
    wrong = "wrong" in sys.argv
    print(json.dumps({{"precision": "fp32", "arguments": sys.argv[1:]}}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        kv, ids, written = session.new_kv(), request["prompt"], []
        while len(written) < request["num_tokens"]:
            scores = session.run(kv, 0, ids + written, 1)
            written.append(9 if wrong else int(scores.next_ids[0]))
        print(json.dumps({{"tokens": written}}), flush=True)
"""

PEER = """
    title = "a peer of the tests"
    requirements = []
    takes = "no time"

    [[variants]]
    name = "right"

    [[variants]]
    name = "wrong"

    [[variants]]
    name = "rare"
    default = false
"""


@pytest.fixture
def model(tmp_path: Path) -> ModelFolder:
    return tiny_model(tmp_path, capacity=256)


@pytest.fixture
def peers(tmp_path: Path, model: ModelFolder) -> list[Peer]:
    """One peer that is installed and one that is not."""
    for name in ("tests", "absent"):
        folder = tmp_path / "peers" / name
        folder.mkdir(parents=True)
        text = textwrap.dedent(PEER)
        (folder / "peer.toml").write_text(
            text if name == "tests" else text.replace('name = "', 'name = "absent-')
        )
        (folder / "worker.py").write_text(
            textwrap.dedent(WORKER.format(root=str(ROOT), model=str(model.path)))
        )
    programs = tmp_path / ".venv-peer-tests" / ("Scripts" if os.name == "nt" else "bin")
    programs.mkdir(parents=True)
    python = programs / "python"
    # A link would find the packages of the environment it is in, which has none.
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    programs.with_name(STAMP).touch()
    return find_peers(tmp_path / "peers", tmp_path)


def requests() -> list[CompletionRequest]:
    lines = SAMPLE.split("\n")
    found = []
    for number in (3, 4, 9):
        for column in (4, 8, 12):
            prefix = "\n".join([*lines[:number], lines[number][:column]])
            found.append(
                CompletionRequest(prompt=prefix, max_tokens=1 + column % 5, glm=GlmOptions(mode=Mode.LINE))
            )
    return [*found, CompletionRequest(prompt=SAMPLE, glm=GlmOptions(warm_up=True))]


def test_peers_that_answer_alike_get_ratios_and_others_do_not(model: ModelFolder, peers: list[Peer]) -> None:
    found = compare(model, requests(), chosen(peers, []), threads=1, lengths=())
    engines = found.figures["engines"]
    assert set(engines) == {"glm-lsp", "glm-lsp-pipe", "right", "wrong"}
    assert found.figures["work"]["requests"] == 9
    assert engines["glm-lsp"]["agreement"].answers == 1
    assert engines["glm-lsp-pipe"]["agreement"].answers == 1
    assert engines["right"]["agreement"].answers == 1
    assert engines["right"]["ratio"].p50.value > 0
    assert engines["wrong"]["agreement"].answers < 0.9
    assert engines["wrong"]["ratio"] is None
    assert all(engine["request_ms"].count == 9 for engine in engines.values())
    assert set(found.series["requests"].columns) == {
        "glm-lsp", "glm-lsp-pipe", "right", "wrong (other answers)",
    }  # fmt: skip
    with Engine.load(model, threads=1) as engine:
        environment = look_around(engine.describe())
    result = new_result("compare", environment, parameters={}, figures=found.figures, series=found.series)
    assert left_out(result) == []
    table = compare_table(result)
    assert "no ratio: wrong" in table
    assert "whole requests" in table


def test_a_peer_that_does_not_start_is_left_out(
    model: ModelFolder, peers: list[Peer], capsys: pytest.CaptureFixture[str]
) -> None:
    program = peers[1].folder / "worker.py"
    broken = 'import sys\nif "wrong" in sys.argv:\n    raise SystemExit("out of order")\n'
    program.write_text(broken + program.read_text())
    found = compare(model, requests(), chosen(peers, []), threads=1, lengths=())
    assert set(found.figures["engines"]) == {"glm-lsp", "glm-lsp-pipe", "right"}
    said = capsys.readouterr().err
    assert "left out: wrong" in said
    assert "out of order" in said


def test_keys_on_long_prompts_are_measured_in_a_copy_with_room(model: ModelFolder) -> None:
    found = compare(model, requests(), [], threads=1, lengths=(300, 600))
    long = found.figures["keystroke_ms_by_prompt_tokens"]
    assert set(long) == {"300", "600"}
    assert all(set(of_these) == {"glm-lsp"} and of_these["glm-lsp"] > 0 for of_these in long.values())


def test_lengths_without_text_are_told_before_anything_else(model: ModelFolder) -> None:
    with pytest.raises(InputError, match="sources have only"):
        compare(model, [], [], threads=1, lengths=(10**8,))


def test_requests_that_ask_for_nothing_are_no_comparison(model: ModelFolder) -> None:
    with pytest.raises(InputError, match="none of the requests"):
        compare(model, [CompletionRequest(prompt="x", glm=GlmOptions(warm_up=True))], [], threads=1)


def test_default_variants_of_what_is_installed_take_part(peers: list[Peer]) -> None:
    assert [(peer.name, variant.name) for peer, variant in chosen(peers, [])] == [
        ("tests", "right"),
        ("tests", "wrong"),
    ]


@pytest.mark.parametrize(
    ("name", "variants"), [("tests", ["right", "wrong"]), ("rare", ["rare"]), ("wrong", ["wrong"])]
)
def test_peers_and_variants_can_be_named(peers: list[Peer], name: str, variants: list[str]) -> None:
    assert [variant.name for _, variant in chosen(peers, [name])] == variants


def test_each_variant_takes_part_once(peers: list[Peer]) -> None:
    names = [variant.name for _, variant in chosen(peers, ["tests", "wrong", "rare", "rare"])]
    assert names == ["right", "wrong", "rare"]


def test_a_variant_named_as_its_peer_is_that_variant(peers: list[Peer]) -> None:
    namesake = msgspec.structs.replace(peers[1].file, variants=(Variant("tests"), Variant("tests-plain")))
    both = [replace(peers[1], file=namesake)]
    assert [variant.name for _, variant in chosen(both, ["tests", "tests-plain"])] == ["tests", "tests-plain"]
    assert [variant.name for _, variant in chosen(both, ["tests"])] == ["tests"]


def test_a_peer_whose_installation_was_interrupted_is_not_there(peers: list[Peer]) -> None:
    assert peers[1].is_installed
    (peers[1].home / STAMP).unlink()
    assert not peers[1].is_installed
    with pytest.raises(InputError, match="tests is not installed"):
        chosen(peers, ["tests"])


def test_a_named_peer_that_is_not_there_tells_how_to_get_it(peers: list[Peer]) -> None:
    with pytest.raises(InputError, match="absent is not installed") as caught:
        chosen(peers, ["absent"])
    assert "make peer-absent" in caught.value.remedy
    with pytest.raises(InputError, match="no peer 'nobody'"):
        chosen(peers, ["nobody"])


def test_without_the_source_code_there_are_no_peers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="come with the source code"):
        find_peers(tmp_path / "nowhere")


def test_a_peer_file_with_a_misspelt_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd/peer.toml").write_text(textwrap.dedent(PEER).replace("takes", "lasts"))
    with pytest.raises(InputError, match=r"peer\.toml"):
        find_peers(tmp_path)


def test_the_project_s_own_peers_can_be_read(tmp_path: Path) -> None:
    peers = find_peers(PEERS, tmp_path)
    assert {"llama_cpp", "transformers", "optimum", "onnxruntime_genai"} <= {peer.name for peer in peers}
    assert not any(peer.is_installed for peer in peers)
    for peer in peers:
        assert peer.file.requirements
        assert peer.file.server or (peer.folder / "worker.py").is_file()
    names = [variant.name for peer in peers for variant in peer.file.variants]
    assert len(names) == len(set(names))


class Noted:
    """A contestant that notes when it was let go on, asked and stopped."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self._log = name, log
        self.about: dict[str, Any] = {}

    def answer(self, token_ids: Sequence[int], num_tokens: int) -> Answer:
        self._log.append(f"{self.name} answers")
        return Answer(token_ids=[len(token_ids)] * num_tokens)

    def pause(self) -> None:
        self._log.append(f"{self.name} stops")

    def resume(self) -> None:
        self._log.append(f"{self.name} goes on")

    def close(self) -> None:
        pass


def test_only_who_is_asked_runs_and_nobody_has_a_fixed_place() -> None:
    log: list[str] = []
    both = [Noted("a", log), Noted("b", log)]
    samples = take_turns(both, [Job([1] * n, n) for n in range(1, 21)], settle_s=0)
    assert [answer.token_ids for answer in samples.answers["a"]] == [[n] * n for n in range(1, 21)]
    assert len(samples.ms["a"]) == len(samples.ms["b"]) == 20
    turns = log[2:-2]
    assert log[:2] == ["a stops", "b stops"]
    assert sorted(log[-2:]) == ["a goes on", "b goes on"]
    for start in range(0, len(turns), 3):
        name = turns[start][0]
        assert turns[start : start + 3] == [f"{name} goes on", f"{name} answers", f"{name} stops"]
    first = [turns[start][0] for start in range(0, len(turns), 6)]
    assert {"a", "b"} == set(first)


def worker(tmp_path: Path, program: str) -> WorkerContestant:
    path = tmp_path / "worker.py"
    path.write_text(textwrap.dedent(program))
    return WorkerContestant("one", [sys.executable, str(path)], tmp_path / "one.log", {"GREETING": "hello"})


def test_a_worker_is_asked_by_lines_of_json(tmp_path: Path) -> None:
    contestant = worker(
        tmp_path,
        """
        import json, os, sys
        print(json.dumps({"greeting": os.environ["GREETING"]}), flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            print(json.dumps({"tokens": request["prompt"][: request["num_tokens"]]}), flush=True)
        """,
    )
    try:
        assert contestant.about == {"greeting": "hello"}
        assert contestant.answer([5, 6, 7], 2).token_ids == [5, 6]
        contestant.pause()
        contestant.resume()
        assert contestant.answer([8], 1).token_ids == [8]
    finally:
        contestant.close()


def test_a_worker_that_fails_tells_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such model"):
        worker(tmp_path, "raise SystemExit('no such model')")


def test_a_worker_that_says_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Loading"):
        worker(tmp_path, "print('Loading ...')")


def test_a_worker_that_died_is_told_and_can_be_closed(tmp_path: Path) -> None:
    contestant = worker(tmp_path, "import sys\nprint('{}', flush=True)\nsys.exit('out of memory')")
    contestant._process.child.wait()
    with pytest.raises(InputError, match="out of memory"):
        contestant.answer([1], 1)
    contestant.close()


def test_a_worker_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contestant = worker(tmp_path, "import time\nprint('{}', flush=True)\ntime.sleep(60)")
    monkeypatch.setattr(contestant_module, "ANSWER_S", 0.2)
    with pytest.raises(InputError, match=r"said nothing for 0\.2 s"):
        contestant.answer([1], 1)
    contestant.close()
    assert contestant._process.child.returncode == -signal.SIGKILL
    monkeypatch.setattr(contestant_module, "START_S", 0.2)
    with pytest.raises(InputError, match=r"said nothing for 0\.2 s"):
        worker(tmp_path, "import time\ntime.sleep(60)")


def test_a_stopped_worker_is_ended_all_the_same(tmp_path: Path) -> None:
    contestant = worker(tmp_path, "import sys\nprint('{}', flush=True)\nsys.stdin.read()")
    pid = contestant._process.child.pid
    contestant.pause()
    began = time.monotonic()
    contestant.close()
    assert time.monotonic() - began < 30
    assert contestant._process.child.returncode in (0, -signal.SIGTERM)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
