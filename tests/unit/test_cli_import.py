"""What `model import` refuses and when, what it says of its last look, and what is left of a download."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from glm_lsp import cli_last_look, cli_model, cli_remove
from glm_lsp.cli_import import Foreseen, How, Imported, described, foretold, import_from, show
from glm_lsp.cli_progress import bytes_bar
from glm_lsp.errors import (
    ArchitectureError,
    CheckpointError,
    GlmError,
    InputError,
    ManifestError,
    ModelNotFoundError,
    SelfCheckError,
    StorageFullError,
    TokenizerError,
)
from glm_lsp.importing import room
from glm_lsp.importing.checkpoints import downloaded
from glm_lsp.importing.device import Target
from glm_lsp.importing.download import locked
from glm_lsp.importing.unfinished import resumable
from glm_lsp.models.config import GlmConfig
from glm_lsp.models.graph_options import GraphOptions
from glm_lsp.models.manifest import Source
from glm_lsp.models.model_writer import ModelFacts
from tests.fakes.hub_server import Hub, serving
from tests.official.checkpoints import write_official_folder

COMMIT = "c" * 40
REPOSITORY = "some-org/codegeex4-tiny"
posix_only = pytest.mark.skipif(os.name == "nt", reason="signals")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("official") / "codegeex4-tiny"
    write_official_folder(folder, "codegeex4")
    return folder


@pytest.fixture
def hub(home: Path, official: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("HF_HOME", str(home / "hf"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    files = {path.name: path.read_bytes() for path in official.iterdir()}
    with serving(Hub({COMMIT: files}, COMMIT, REPOSITORY, {"license": "mit"})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


def imported(source: str | Path, how: How | None = None, **changes: Any) -> Imported:
    done = import_or_look(source, how or How(check=False), **changes)
    assert isinstance(done, Imported)
    return done


def import_or_look(source: str | Path, how: How, **changes: Any) -> Imported | Foreseen:
    given: dict[str, Any] = {"name": None, "revision": None, "yes": True, "replaces": False}
    given |= {"family": None, "precision": None, "capacity": None, "profile": None, "chat_template": None}
    return import_from(str(source), how, **(given | {"rope_rule": "auto", "device": "auto"} | changes))


def left_in(home: Path) -> list[str]:
    folders = (home / "checkpoints", home / "models")
    return [path.name for folder in folders if folder.is_dir() for path in folder.iterdir()]


@pytest.mark.parametrize(
    ("changes", "how", "words"),
    [
        ({"precision": "int2"}, How(), "--precision 'int2'"),
        ({"family": "nope"}, How(), "--family 'nope'"),
        ({"capacity": 3}, How(), "--capacity 3"),
        ({"profile": "nope"}, How(), "--profile 'nope'"),
        ({"chat_template": "nope"}, How(), "--chat 'nope'"),
        ({"rope_rule": "nope"}, How(), "--rope-rule 'nope'"),
        ({"name": "a b"}, How(), "not a model name"),
        ({"name": "starter"}, How(), "built-in"),
        ({"name": "NUL"}, How(), "not a model name"),
        ({"name": "taken"}, How(), "exists"),
        ({"name": "Taken"}, How(), "in case only"),
        ({}, How(exporter="nope"), "--exporter 'nope'"),
        ({}, How(python=Path(sys.executable)), "belongs to --exporter optimum"),
        ({}, How(exporter="optimum", python=Path("/nowhere/python")), "cannot be run"),
        ({"precision": "int4"}, How(exporter="optimum"), "optimum exports fp32"),
        ({"device": "tpu"}, How(), "--device 'tpu'"),
        ({"device": "cuda"}, How(exporter="optimum"), "runs on the CPU only"),
    ],
)
def test_what_no_model_can_be_imported_with_is_refused_before_the_hub_is_asked(
    hub: Hub, home: Path, changes: dict[str, Any], how: How, words: str
) -> None:
    (home / "models" / "taken").mkdir(parents=True)
    (home / "models" / "taken" / "glm-lsp.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=words):
        imported(REPOSITORY, how, **changes)
    assert hub.requests == []


def with_config(hub: Hub, **changes: Any) -> None:
    values = json.loads(hub.commits[COMMIT]["config.json"]) | changes
    hub.commits[COMMIT]["config.json"] = json.dumps(values).encode()


@pytest.mark.parametrize(
    ("config", "changes", "how", "error"),
    [
        ({"model_type": "glm4_moe"}, {}, How(), ArchitectureError),
        ({"quantization_bit": 4}, {}, How(), GlmError),
        ({}, {"profile": "glm-fim-spm"}, How(), TokenizerError),
        ({}, {"capacity": 1 << 30}, How(), InputError),
        ({}, {"family": "chatglm-6b"}, How(), TokenizerError),
        ({}, {}, How(exporter="optimum"), ArchitectureError),
    ],
)
def test_what_small_files_tell_is_refused_before_the_weights_come(
    hub: Hub, config: dict[str, Any], changes: dict[str, Any], how: How, error: type[GlmError]
) -> None:
    with_config(hub, **config)
    with pytest.raises(error):
        imported(REPOSITORY, how, **changes)
    assert [path for _, path, _ in hub.requests if path.endswith(".safetensors")] == []
    assert [path for method, path, _ in hub.requests if method == "GET" and path.endswith("config.json")]
    assert left_in(Path(os.environ["GLM_LSP_HOME"])) == []


@pytest.mark.parametrize(
    ("given", "taken", "words"),
    [
        ("encoder.layers.0.mlp.more", "", "more is unknown"),
        ("", "transformer.encoder.final_layernorm.weight", "is missing"),
    ],
)
def test_tensors_that_the_index_names_are_looked_at_before_the_weights_come(
    hub: Hub, home: Path, given: str, taken: str, words: str
) -> None:
    name = "model.safetensors.index.json"
    index = json.loads(hub.commits[COMMIT][name])
    if given:
        index["weight_map"][given] = next(iter(index["weight_map"].values()))
    else:
        del index["weight_map"][taken]
    hub.commits[COMMIT][name] = json.dumps(index).encode()
    with pytest.raises(CheckpointError, match=words):
        imported(REPOSITORY)
    assert hub.ranges(".safetensors") == []
    assert left_in(home) == []


def test_checkpoint_and_model_have_to_fit_together(
    hub: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(home.parent)
    size = sum(len(data) for data in hub.commits[COMMIT].values())
    free = usage._replace(free=room.SPARE_BYTES + size)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _path: free)
    with pytest.raises(StorageFullError, match=r"checkpoints and .*models are to come"):
        imported(REPOSITORY)
    assert hub.ranges(".safetensors") == []
    assert left_in(home) == []


def test_without_anybody_to_ask_sizes_and_licence_are_shown_and_nothing_is_taken(
    hub: Hub, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch, (home.parent / "empty").open("w+") as nothing:
        patch.setattr(sys, "stdin", nothing)
        with pytest.raises(InputError, match="nobody to ask"):
            imported(REPOSITORY, yes=False)
    said = capsys.readouterr().err
    assert f"there is no folder {REPOSITORY} here" in said
    assert "licence: mit" in said
    assert "writes     " in said
    assert hub.ranges(".safetensors") == []
    assert left_in(home) == []


def test_a_dry_run_says_what_would_come_and_leaves_nothing(
    home: Path, official: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    for source in (REPOSITORY, official):
        foreseen = import_or_look(source, How(dry_run=True), yes=False)
        assert isinstance(foreseen, Foreseen)
        told = capsys.readouterr().err
        assert "licence" in told
        assert "to run it" in told
        assert "writes" in told
        assert left_in(home) == []


def test_a_dry_run_foretells_what_the_import_tells(home: Path, official: Path, hub: Hub) -> None:
    for source in (REPOSITORY, official):
        foreseen = import_or_look(source, How(dry_run=True), yes=False)
        assert isinstance(foreseen, Foreseen)
        told = foretold(foreseen)
        assert told["dry_run"] is True
        model = imported(source)
        after = described(model)
        # The rest is the graph without its weights, which in a model this small is much.
        assert 0.5 < told["bytes"] / after["bytes"] <= 1
        same = told.keys() & after.keys() - {"bytes"}
        assert {"name", "path", "licence", "num_parameters"} <= same
        assert {key: told[key] for key in same} == {key: after[key] for key in same}
        shutil.rmtree(model.folder.path)


def test_a_checkpoint_of_the_hub_stays_until_it_is_deleted(
    hub: Hub, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = imported(REPOSITORY)
    assert model.folder.path == home / "models" / "codegeex4-tiny"
    assert described(model)["checked"] is False
    assert f"`glm-lsp model rm {REPOSITORY}` deletes it" in capsys.readouterr().err
    (found,) = downloaded(home / "checkpoints")
    assert (found.repo_id, found.revision, found.complete) == (REPOSITORY, COMMIT, True)
    assert found.bytes > sum(len(data) for data in hub.commits[COMMIT].values())
    cli_model.model_list(as_json=True)
    listed = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert {name: entry["state"] for name, entry in listed.items() if name != "starter"} == {
        "codegeex4-tiny": "installed",
        REPOSITORY: "downloaded",
    }
    assert listed[REPOSITORY]["bytes"] == found.bytes
    # Once it is there nobody is asked again.
    again = imported(REPOSITORY, name="second", yes=False)
    assert again.folder.path.name == "second"
    cli_model.model_list()
    assert f"{REPOSITORY} downloaded checkpoint of {COMMIT[:12]}" in " ".join(capsys.readouterr().out.split())
    with locked(found.path), pytest.raises(InputError, match="another process is downloading"):
        cli_remove.remove(REPOSITORY, yes=True)
    cli_remove.remove(REPOSITORY.upper(), yes=True)
    assert sorted(left_in(home)) == ["codegeex4-tiny", "second"]
    with pytest.raises(ModelNotFoundError, match="no checkpoint of"):
        cli_remove.remove(REPOSITORY, yes=True)


def test_an_unfinished_download_is_listed_and_deleted(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home / "checkpoints" / ".some-org--some-glm@cccccccccccc.partial"
    folder.mkdir(parents=True)
    (folder / "model.safetensors.part").write_bytes(bytes(3000))
    for other in ("mine", ".hidden", "other.partial"):
        (home / "checkpoints" / other).mkdir()
    cli_model.model_list(as_json=True)
    *_, entry = json.loads(capsys.readouterr().out)
    assert entry == {
        "name": "some-org/some-glm",
        "path": str(folder),
        "state": "unfinished-download",
        "bytes": 3000,
        "revision": "c" * 12,
        "built_in": False,
        "error": None,
    }
    with monkeypatch.context() as patch, (home.parent / "empty").open("w+") as nothing:
        patch.setattr(sys, "stdin", nothing)
        with pytest.raises(InputError, match=r"--yes|nobody to ask"):
            cli_remove.remove("some-org/some-glm", yes=False)
    assert folder.is_dir()
    cli_remove.remove("some-org/some-glm", yes=True)
    assert sorted(left_in(home)) == [".hidden", "mine", "other.partial"]


def test_a_running_import_is_told_from_an_unfinished_one(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with suppress(KeyboardInterrupt), resumable(home / "models" / "big", replaces=False) as folder:
        (folder / "model.onnx.data").write_bytes(bytes(2048))
        cli_model.model_list()
        cli_model.model_list(as_json=True)
        said = capsys.readouterr().out
        raise KeyboardInterrupt
    assert f"being imported by process {os.getpid()}, 2.0 KiB so far" in said
    assert f'"process": {os.getpid()}' in said
    left = home / "models" / ".import-other"
    left.mkdir()
    cli_model.model_list()
    assert "other                unfinished import, 0 B" in capsys.readouterr().out


class Child(NamedTuple):
    """What a process does instead of loading the model."""

    program: str
    error: str = ""
    says: str = ""


GOOD = '{"intact": true, "files": [], "agreement": {"same_best": 15, "rows": 16, "correlation": 0.99}}'
KILL = "import os, signal; os.kill(os.getpid(), signal.{})"


@pytest.mark.parametrize(
    "child",
    [
        pytest.param(Child(KILL.format("SIGSEGV"), "crash"), marks=posix_only),
        pytest.param(Child(KILL.format("SIGABRT"), "crash"), marks=posix_only),
        pytest.param(Child(KILL.format("SIGKILL"), says="NOT CHECKED"), marks=posix_only),
        Child(f"print('''{GOOD}''')", says="15 of 16 best tokens"),
        Child('print(\'{"intact": true, "files": []}\')'),
        Child("raise MemoryError('no room')", "no room"),
        Child("pass", "it said nothing"),
        Child('print(\'{"error": {"code": "GLM-208", "cause": "planted"}}\')', "planted"),
        Child('print(\'{"error": {"code": "GLM-304", "cause": "planted"}}\')', "planted"),
        Child(
            'print(\'{"files": [{"name": "a", "problem": "differs"}]}\'); raise SystemExit(1)',
            "a differs",
        ),
    ],
)
def test_only_a_look_that_was_taken_counts(
    home: Path,
    official: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    child: Child,
) -> None:
    monkeypatch.setattr(
        cli_last_look,
        "command",
        lambda _folder: [sys.executable, "-X", "faulthandler=0", "-c", child.program],
    )
    if child.error:
        with pytest.raises(SelfCheckError, match=child.error):
            imported(official, How())
        assert left_in(home) == []
        return
    model = imported(official, How())
    assert described(model)["checked"] is (child.says != "NOT CHECKED")
    assert child.says in capsys.readouterr().err
    assert left_in(home) == ["codegeex4-tiny"]


def test_a_look_that_could_not_be_taken_keeps_what_is_done(
    home: Path, official: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = 'print(\'{"error": {"code": "GLM-501", "cause": "no space"}}\')'
    monkeypatch.setattr(cli_last_look, "command", lambda _folder: [sys.executable, "-c", program])
    with pytest.raises(StorageFullError, match="no space"):
        imported(official, How())
    assert left_in(home) == [".import-codegeex4-tiny"]


def test_a_model_is_called_as_its_folder_really_is(
    home: Path, official: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inner = official / "inner"
    inner.mkdir(exist_ok=True)
    monkeypatch.chdir(inner)
    assert imported("..").folder.manifest.name == "codegeex4-tiny"
    monkeypatch.chdir(tmp_path)
    inner.rmdir()
    for name in ("模型", "my model", 'a"b'):
        folder = tmp_path / name
        shutil.copytree(official, folder)
        with pytest.raises(InputError, match="a model cannot be called") as caught:
            imported(folder, family="codegeex4")
        assert "--name" in caught.value.remedy
    assert imported(folder, name="plain", family="codegeex4").folder.path.name == "plain"
    with pytest.raises(InputError, match="is empty"):
        imported("")


def test_what_verifying_finds_is_not_mended_by_verifying(home: Path, official: Path) -> None:
    model = imported(official).folder
    path = model.path / "glm-lsp.json"
    manifest = json.loads(path.read_text("utf-8"))
    for key, value in (("prompt_profile", "of-tomorrow"), ("chat_template", "of-tomorrow")):
        path.write_text(json.dumps(manifest | {key: value}), encoding="utf-8")
        with pytest.raises(TokenizerError, match="of-tomorrow") as caught:
            cli_model.model_verify(str(model.path), run=True, as_json=False)
        assert "verify" not in caught.value.remedy
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ManifestError) as broken:
        cli_model.model_verify(str(model.path), run=True, as_json=False)
    assert "verify" not in broken.value.remedy


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("kind", [Terminal, io.StringIO])
def test_work_that_is_not_about_bytes_shows_none(
    monkeypatch: pytest.MonkeyPatch, kind: type[io.StringIO]
) -> None:
    for total in (0, 5 << 20):
        stream = kind()
        monkeypatch.setattr(sys, "stderr", stream)
        with bytes_bar("working", total) as progress:
            progress("something", total)
        said = re.sub(r"\x1b\[[^A-Za-z]*[A-Za-z]", "", stream.getvalue())
        assert "working" in said
        assert (re.search(r"\d (?:[KMG]iB|bytes|B)|/\?", said) is not None) is bool(total)


def test_memory_to_run_it_is_shown(home: Path, official: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def shown(precision: str) -> dict[str, str]:
        imported(official, precision=precision, name=precision)
        return dict(line.split(maxsplit=1) for line in capsys.readouterr().err.splitlines() if " " in line)

    def memory(precision: str) -> str:
        return shown(precision)["to"].removeprefix("run it").strip().partition(" of memory")[0]

    assert memory("fp16") == memory("fp32")


def test_what_it_is_made_for_is_said(home: Path, official: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = imported(official, How(), device="cuda", precision="int4")
    said = capsys.readouterr().err
    assert "runs on    cuda: as asked for" in said
    assert "computed in fp16" in said
    assert "best tokens are those of the formulas" in said  # the last look took the CPU
    assert described(made)["activations"] == "fp16"
    for_cpu = imported(official, device="cpu", name="for-cpu")
    assert "runs on    cpu: as asked for" in capsys.readouterr().err
    assert described(for_cpu)["activations"] == "fp32"


def test_a_model_whose_cache_exceeds_the_default_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """CodeGeeX4 keeps 320 MiB for an open file; the setting allows 256 for all of them."""
    facts = ModelFacts(name="x", prompt_profile="codegeex4", source=Source(sha256=""), family="codegeex4")
    options = GraphOptions(precision="int4", capacity=4096)
    runs_on = Target("cpu", "as asked for")
    seen: Any = SimpleNamespace(facts=facts, options=options, model_bytes=1, note="", runs_on=runs_on)
    show(seen, GlmConfig(), Path("models/x"))
    assert "memoryMib  set it to 1280 to keep four" in capsys.readouterr().err
    show(seen, GlmConfig(num_hidden_layers=2), Path("models/x"))
    assert "memoryMib" not in capsys.readouterr().err
