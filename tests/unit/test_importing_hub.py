"""Downloading a model repository from a stand-in hub: what is taken and refused, what an interruption costs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from glm_lsp import paths
from glm_lsp.byte_size import readable
from glm_lsp.errors import (
    HubAccessError,
    HubBusyError,
    HubError,
    HubFileError,
    HubNotFoundError,
    HubUnreachableError,
    InputError,
    StorageFullError,
)
from glm_lsp.importing import hub as hub_module
from glm_lsp.importing import hub_files
from glm_lsp.importing.download import Origin
from glm_lsp.importing.hub import fetch, is_hub_id, look, pull, small_files
from glm_lsp.importing.hub_files import HubFile, is_safe_name, wanted
from tests.fakes.hub_server import Hub, serving

OLD, NEW = "a" * 40, "b" * 40
WEIGHTS = bytes(range(256)) * 8192
FILES = {
    "config.json": b'{"model_type": "glm"}',
    "tokenizer.json": b"{}",
    "README.md": b"# A model",
    "LICENSE": b"The Licence\n\n\x1b[2J of this model\nsays\nfour\n",
    "model-00001-of-00002.safetensors": WEIGHTS,
    "model-00002-of-00002.safetensors": WEIGHTS[::-1],
    "model.safetensors.index.json": b'{"weight_map": {}}',
    "pytorch_model.bin": b"a pickle",
    "model.gguf": b"gguf",
    "onnx/model.onnx": b"onnx",
    "assets/picture.png": b"png",
    "modeling_chatglm.py": b"raise SystemExit",
    "tokenization_chatglm.py": b"raise SystemExit",
    "setup.py": b"raise SystemExit",
}
TAKEN = sorted(set(FILES) - {
    "pytorch_model.bin", "model.gguf", "onnx/model.onnx", "assets/picture.png", "tokenization_chatglm.py", "setup.py",
})  # fmt: skip
CUT = 2 * hub_module.PIECE_BYTES + 1000
RESUMED = f"bytes={2 * hub_module.PIECE_BYTES}-"
SHARD = "model-00001-of-00002.safetensors"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("GLM_LSP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    card = {"license": "other", "license_name": "glm-4", "license_link": "LICENSE"}
    with serving(Hub({OLD: FILES, NEW: FILES | {"config.json": b"{}"}}, OLD, card=card)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def left_behind(tmp_path: Path) -> list[str]:
    folder = tmp_path / "home" / "checkpoints"
    return sorted(path.name for path in folder.rglob("*")) if folder.exists() else []


def test_only_what_an_import_needs_is_taken(hub: Hub, tmp_path: Path) -> None:
    pulled = pull(hub.repo_id)
    assert pulled.folder == tmp_path / "home" / "checkpoints" / f"some-org--some-glm@{OLD[:12]}"
    assert contents(pulled.folder) == {name: FILES[name] for name in TAKEN}
    assert list(pulled.files) == TAKEN
    assert (pulled.repo_id, pulled.revision) == (hub.repo_id, OLD)
    assert pulled.bytes == sum(len(FILES[name]) for name in TAKEN)
    assert pulled.licence == "glm-4 LICENSE"
    assert Origin.read(pulled.folder) == Origin(
        hub.repo_id, OLD, "glm-4 LICENSE", {n: len(FILES[n]) for n in TAKEN}
    )
    assert [path.name for path in pulled.folder.parent.iterdir()] == [pulled.folder.name]


def test_a_second_time_nothing_is_taken(hub: Hub) -> None:
    pulled = pull(hub.repo_id)
    hub.requests.clear()
    assert pull(hub.repo_id) == pulled
    assert hub.ranges(".safetensors") == []


def test_what_went_missing_is_taken_anew_and_the_rest_compared(hub: Hub) -> None:
    folder = pull(hub.repo_id).folder
    (folder / "config.json").unlink()
    (folder / SHARD).write_bytes(b"x" * len(WEIGHTS))
    hub.requests.clear()
    pull(hub.repo_id)
    assert contents(folder) == {name: FILES[name] for name in TAKEN}
    assert hub.ranges("00002-of-00002.safetensors") == []


def test_pickles_are_taken_only_without_safetensors(hub: Hub) -> None:
    hub.commits[OLD] = {name: data for name, data in FILES.items() if "safetensors" not in name}
    assert "pytorch_model.bin" in pull(hub.repo_id).files


@pytest.mark.parametrize("without", ["weights", "config.json"])
def test_a_repository_that_is_no_checkpoint_is_refused(hub: Hub, without: str) -> None:
    hub.commits[OLD] = {
        name: data for name, data in FILES.items()
        if name != without and not (without == "weights" and "model" in name and "gguf" not in name)
    }  # fmt: skip
    with pytest.raises(HubError, match=f"the repository has no {without}"):
        pull(hub.repo_id)


def test_all_files_are_of_one_commit(hub: Hub) -> None:
    def move(_name: str) -> None:
        hub.main = NEW

    hub.on_file = move
    pulled = pull(hub.repo_id, revision="main")
    assert hub.main == NEW
    assert pulled.revision == OLD
    assert contents(pulled.folder)["config.json"] == FILES["config.json"]
    other = pull(hub.repo_id, revision="main")
    assert (other.revision, contents(other.folder)["config.json"]) == (NEW, b"{}")


def test_a_file_of_another_commit_is_refused(hub: Hub) -> None:
    offer = look(hub.repo_id)
    hub.head_commit = NEW
    with pytest.raises(HubFileError, match=f"comes from commit {NEW}"):
        fetch(offer)


def test_small_files_come_first_and_stay_for_the_rest(hub: Hub) -> None:
    offer = look(hub.repo_id)
    assert offer.missing_bytes == offer.bytes
    hub.requests.clear()
    with small_files(offer) as folder:
        assert sorted(contents(folder)) == [name for name in TAKEN if not name.endswith(".safetensors")]
    assert hub.ranges(".safetensors") == []
    assert offer.missing_bytes == 2 * len(WEIGHTS)
    hub.requests.clear()
    pulled = fetch(offer)
    assert hub.ranges("tokenizer.json") == []
    assert offer.missing_bytes == 0
    with small_files(offer) as folder:
        assert folder == pulled.folder
    with suppress(ZeroDivisionError), small_files(offer):
        raise ZeroDivisionError
    assert contents(pulled.folder) == {name: FILES[name] for name in TAKEN}
    (folder / "config.json").unlink()
    assert offer.missing_bytes == len(FILES["config.json"])


def test_small_files_that_are_not_wanted_go_unless_weights_have_come(hub: Hub, tmp_path: Path) -> None:
    offer = look(hub.repo_id)
    with suppress(ZeroDivisionError), small_files(offer):
        raise ZeroDivisionError
    assert left_behind(tmp_path) == []
    partial = offer.folder.with_name(f".{offer.folder.name}.partial")
    partial.mkdir()
    (partial / f"{SHARD}.part").write_bytes(WEIGHTS[:3000])
    with suppress(ZeroDivisionError), small_files(offer):
        raise ZeroDivisionError
    assert (partial / f"{SHARD}.part").read_bytes() == WEIGHTS[:3000]
    assert offer.missing_bytes == 2 * len(WEIGHTS) - 3000


def test_licence_and_sizes_are_told_before_anything_is_written(hub: Hub, tmp_path: Path) -> None:
    offer = look(hub.repo_id)
    assert str(offer.licence) == "glm-4 LICENSE"
    # What comes from the hub cannot clear the terminal.
    assert offer.licence.beginnings == {"LICENSE": "The Licence\n[2J of this model\nsays"}
    assert offer.bytes == sum(file.bytes for file in offer.files)
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(
    ("card", "shown"),
    [
        (None, "not stated"),
        ({}, "not stated"),
        ({"license": "mit"}, "mit"),
        ({"license": ["a", "b"]}, "a, b"),
    ],
)
def test_licence_of_the_card(hub: Hub, card: dict[str, Any] | None, shown: str) -> None:
    hub.card = card
    assert str(look(hub.repo_id).licence) == shown


def test_a_cut_connection_goes_on_where_it_ended(hub: Hub) -> None:
    offer = look(hub.repo_id)
    hub.cut_after[SHARD] = CUT
    try:
        pulled = fetch(offer)
    except HubUnreachableError:  # older clients do not try again themselves
        pulled = fetch(offer)
    assert contents(pulled.folder)[SHARD] == WEIGHTS
    assert hub.ranges(f"/cdn/{OLD}/{SHARD}") == ["", RESUMED]


def test_an_interrupted_download_goes_on_with_the_next_command(hub: Hub, tmp_path: Path) -> None:
    offer = look(hub.repo_id)
    kept = dict(hub.commits)
    hub.cut_after[SHARD] = CUT
    hub.dead_after_cut = True
    with pytest.raises(HubError):
        fetch(offer)
    assert not offer.folder.exists()
    assert f"{SHARD}.part" in left_behind(tmp_path)
    hub.commits.update(kept)
    hub.requests.clear()
    done: list[int] = []
    pulled = fetch(offer, progress=lambda _name, count: done.append(count))
    assert contents(pulled.folder)[SHARD] == WEIGHTS
    assert hub.ranges(f"/cdn/{OLD}/{SHARD}") == [RESUMED]
    assert hub.ranges("tokenizer.json") == []
    assert done == sorted(done)
    assert done[-1] == offer.bytes


def test_a_worthless_beginning_is_taken_anew(hub: Hub) -> None:
    offer = look(hub.repo_id)
    partial = offer.folder.with_name(f".{offer.folder.name}.partial")
    partial.mkdir()
    (partial / f"{SHARD}.part").write_bytes(b"y" * 3000)
    (partial / "config.json.part").write_bytes(b"y" * 3000)
    assert contents(fetch(offer).folder) == {name: FILES[name] for name in TAKEN}
    assert hub.ranges(f"/cdn/{OLD}/{SHARD}") == ["bytes=3000-", ""]


def test_a_hub_without_ranges_sends_all_of_it_again(hub: Hub) -> None:
    offer = look(hub.repo_id)
    partial = offer.folder.with_name(f".{offer.folder.name}.partial")
    partial.mkdir()
    (partial / f"{SHARD}.part").write_bytes(b"y" * 3000)
    hub.ignores_ranges = True
    assert contents(fetch(offer).folder)[SHARD] == WEIGHTS


@pytest.mark.parametrize("name", [SHARD, "tokenizer.json"])
def test_other_contents_than_listed_are_refused_and_deleted(hub: Hub, tmp_path: Path, name: str) -> None:
    hub.contents[name] = b"z" * len(FILES[name])
    with pytest.raises(HubFileError, match=rf"{name} has other contents"):
        pull(hub.repo_id)
    assert not {name, f"{name}.part"} & set(left_behind(tmp_path))
    hub.contents.clear()
    assert contents(pull(hub.repo_id).folder)[name] == FILES[name]


def test_a_file_that_does_not_end_is_cut_off(hub: Hub) -> None:
    hub.contents[SHARD] = WEIGHTS + bytes(1)
    with pytest.raises(HubError):
        pull(hub.repo_id)


@pytest.mark.parametrize(
    "name",
    [
        "../evil.json",
        "/etc/evil.json",
        "a/../../evil",
        "..\\evil",
        "C:evil",
        "a\\b",
        "a//b",
        "nul",
        "COM1.txt",
        "a/. /b",
        "x\n",
        "dot.",
    ],
)
def test_names_that_could_lead_out_are_refused_before_anything_is_written(
    hub: Hub, tmp_path: Path, name: str
) -> None:
    assert not is_safe_name(name)
    hub.extra = [{"rfilename": name, "size": 2, "blobId": "0" * 40}]
    with pytest.raises(HubFileError, match="lead out of its folder"):
        pull(hub.repo_id)
    assert left_behind(tmp_path) == []


def test_names_that_are_one_on_other_systems_are_refused(hub: Hub) -> None:
    hub.extra = [{"rfilename": "Config.JSON", "size": 2, "blobId": "0" * 40}]
    with pytest.raises(HubFileError, match=r"both 'config.json' and 'Config.JSON'"):
        pull(hub.repo_id)


def test_more_than_the_disk_holds_is_refused_before_anything_is_taken(hub: Hub) -> None:
    hub.sizes[SHARD] = 10**18
    with pytest.raises(StorageFullError, match=r"931322574\.\d GiB to .* are to come, and .* are free"):
        pull(hub.repo_id)
    assert hub.ranges(SHARD) == []


def test_what_is_there_already_needs_no_room(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=0)
    folder = pull(hub.repo_id).folder
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    assert pull(hub.repo_id).folder == folder
    (folder / "config.json").unlink()
    with pytest.raises(StorageFullError, match="0 B are free"):
        pull(hub.repo_id)


@pytest.mark.parametrize(
    ("extra", "cause"),
    [
        ({"rfilename": "a.txt", "size": -1, "blobId": "0" * 40}, "a size of -1"),
        ({"rfilename": "a.txt", "size": None, "blobId": "0" * 40}, "a size of None"),
        ({"rfilename": "a.txt", "size": 3, "blobId": "nothing"}, "no hash for a.txt"),
        ({"rfilename": "vocab.txt", "size": 2**40, "blobId": "0" * 40}, "more than such a file can have"),
        ({"rfilename": ""}, "without a name"),
    ],
)
def test_senseless_listings_are_refused(hub: Hub, extra: dict[str, Any], cause: str) -> None:
    hub.extra = [extra]
    with pytest.raises(HubError, match=cause):
        pull(hub.repo_id)


@pytest.mark.parametrize(
    ("refuse", "error"),
    [
        ((401, "RepoNotFound"), HubNotFoundError),
        ((404, "RepoNotFound"), HubNotFoundError),
        ((401, "GatedRepo"), HubAccessError),
        ((403, "GatedRepo"), HubAccessError),
        ((403, ""), HubAccessError),
        ((429, ""), HubBusyError),
        ((503, ""), HubBusyError),
        ((418, ""), HubError),
    ],
)
def test_each_refusal_has_its_error(hub: Hub, refuse: tuple[int, str], error: type[HubError]) -> None:
    hub.refuse = refuse
    with pytest.raises(HubError) as caught:
        pull(hub.repo_id)
    assert type(caught.value) is error


def test_names_and_revisions_that_are_not_there(hub: Hub) -> None:
    with pytest.raises(HubNotFoundError, match="there is no repository some-org/other"):
        pull("some-org/other")
    with pytest.raises(HubNotFoundError, match="no such revision"):
        pull(hub.repo_id, revision="v9")
    with pytest.raises(HubNotFoundError, match="cannot be the name"):
        pull("a/b/c")


def test_a_gated_repository_needs_the_right_token(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.token = "hf_right"  # noqa: S105
    with pytest.raises(HubAccessError, match="is gated"):
        pull(hub.repo_id)
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(HubAccessError, match="does not accept the token") as caught:
        pull(hub.repo_id)
    assert "hf_wrong" not in str(caught.value)
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    assert list(pull(hub.repo_id).files) == TAKEN


def test_the_token_stays_with_the_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large files lie elsewhere, and who keeps them has no business with it."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with serving(Hub({OLD: FILES}, OLD)) as elsewhere:
        hub.cdn_url = elsewhere.url
        assert contents(pull(hub.repo_id).folder)[SHARD] == WEIGHTS
        assert elsewhere.ranges(SHARD) == [""]
        assert elsewhere.tokens == []
    assert set(hub.tokens) == {"Bearer hf_secret"}


def test_a_repository_may_be_listed_and_its_files_gated(hub: Hub, tmp_path: Path) -> None:
    hub.gates_files = True
    with pytest.raises(HubAccessError, match="is gated"):
        pull(hub.repo_id)
    assert left_behind(tmp_path) == []


def test_a_silent_hub_is_given_up_on(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "PATIENCE_S", 0.2)
    hub.silent_s = 1.5
    with pytest.raises(HubUnreachableError, match="has said nothing for too long"):
        pull(hub.repo_id)


def test_a_login_page_is_no_hub(hub: Hub) -> None:
    hub.listing = b"<html>Please log in</html>"
    with pytest.raises(HubError, match="cannot be used"):
        pull(hub.repo_id)


def test_a_redirect_to_where_nothing_is_safe_is_refused(hub: Hub) -> None:
    offer = look(hub.repo_id)
    hub.head_location = "ftp://elsewhere.example/file"
    with pytest.raises(HubError, match="sends us to ftp://elsewhere"):
        fetch(offer)


def test_nobody_listening_is_told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubUnreachableError, match="cannot be reached"):
        pull(hub.repo_id)


def test_offline_is_told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    ran = finished(command(hub.repo_id, "--yes", "--json"))
    assert json.loads(ran.out)["error"]["code"] == "GLM-213"
    assert "HF_HUB_OFFLINE is set" in ran.out
    assert hub.requests == []


def test_another_folder_is_never_touched(hub: Hub, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "config.json").write_text("precious")
    with pytest.raises(InputError, match="exists and is not some-org/some-glm"):
        pull(hub.repo_id, target=mine)
    assert contents(mine) == {"config.json": b"precious"}
    assert pull(hub.repo_id, target=tmp_path / "new").folder == tmp_path / "new"


def test_two_at_once_do_not_mix(hub: Hub) -> None:
    offer = look(hub.repo_id)
    refused: list[str] = []

    def again(name: str) -> None:
        if name == SHARD:
            program = "from glm_lsp.importing import hub; import sys; hub.pull(sys.argv[1])"
            found = subprocess.run(
                [sys.executable, "-c", program, hub.repo_id], capture_output=True, text=True, check=False
            )
            refused.append(found.stderr)

    hub.on_file = again
    fetch(offer)
    assert len(refused) == 1
    assert "another process is downloading" in refused[0]


@pytest.mark.parametrize(
    ("text", "is_id"),
    [
        ("THUDM/glm-4-9b", True),
        ("a/b.c_d", True),
        ("glm-4-9b", False),
        ("./a/b", False),
        ("/a/b", False),
        ("a/b/c", False),
        ("C:/a", False),
        ("../a", False),
        ("a\\b", False),
    ],
)
def test_hub_ids_are_told_from_paths(text: str, is_id: bool) -> None:
    assert is_hub_id(text) is is_id


def test_a_path_that_exists_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_hub_id("org/name")
    (tmp_path / "org" / "name").mkdir(parents=True)
    assert not is_hub_id("org/name")


def test_a_listing_has_an_end(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_files, "MAX_FILES", len(FILES) - 1)
    with pytest.raises(HubError, match=f"more than {len(FILES) - 1} files"):
        pull(hub.repo_id)


def test_one_kind_of_weights_is_chosen() -> None:
    def names(*given: str) -> list[str]:
        files = [HubFile(name, 1, "", "0" * 40) for name in ("config.json", *given)]
        return [file.name for file in wanted(files) if file.name != "config.json"]

    shards = [
        "pytorch_model-00001-of-00002.bin",
        "pytorch_model-00002-of-00002.bin",
        "pytorch_model.bin.index.json",
    ]
    assert names(*shards) == shards
    assert names(*shards, "model.safetensors") == ["model.safetensors"]
    assert names("model.safetensors", "consolidated.safetensors", "training_args.bin") == [
        "model.safetensors"
    ]
    with pytest.raises(HubError):
        names(*shards[:2])


class Ran(NamedTuple):
    status: int
    out: str
    err: str


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "glm_lsp", "model", "pull", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def finished(process: subprocess.Popen[str]) -> Ran:
    out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out, err)


def test_the_command_shows_and_downloads(hub: Hub) -> None:
    ran = finished(command(hub.repo_id, "--yes", "--json"))
    assert ran.status == 0, ran.err
    told = json.loads(ran.out)
    assert told["revision"] == OLD
    assert contents(Path(told["folder"])) == {name: FILES[name] for name in TAKEN}
    assert "licence: glm-4 LICENSE" in ran.err
    assert f"2.0 MiB  {SHARD}" in ran.err
    assert "left" in ran.err


def test_the_command_downloads_nothing_when_nobody_can_be_asked(hub: Hub) -> None:
    ran = finished(command(hub.repo_id))
    assert ran.status == 2
    assert "Add --yes." in ran.err
    assert hub.ranges(SHARD) == []


def test_the_command_names_the_error(hub: Hub) -> None:
    ran = finished(command("some-org/none", "--yes", "--json"))
    assert (ran.status, json.loads(ran.out)["error"]["code"]) == (1, "GLM-211")


@pytest.mark.skipif(os.name == "nt", reason="needs SIGINT")
def test_interrupting_a_slow_download_keeps_what_came(hub: Hub, tmp_path: Path) -> None:
    hub.pause_s = 0.05
    process = command(hub.repo_id, "--yes")
    partial = tmp_path / "home" / "checkpoints" / f".some-org--some-glm@{OLD[:12]}.partial"
    deadline = time.monotonic() + 30
    while not any(path.stat().st_size for path in partial.glob("*.safetensors.part")):
        if time.monotonic() > deadline:
            process.kill()
        assert process.poll() is None, finished(process).err
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert finished(process).status == 130
    begun = next(partial.glob("*.safetensors.part"))
    size = begun.stat().st_size
    assert 0 < size < len(WEIGHTS)
    hub.pause_s = 0.0
    hub.requests.clear()
    assert finished(command(hub.repo_id, "--yes")).status == 0
    assert hub.ranges(f"/cdn/{OLD}/{begun.name.removesuffix('.part')}") == [f"bytes={size}-"]
    assert contents(tmp_path / "home" / "checkpoints" / f"some-org--some-glm@{OLD[:12]}")[SHARD] == WEIGHTS


def test_the_client_reports_to_nobody(hub: Hub) -> None:
    program = (
        "from glm_lsp.importing import hub; import sys; hub.pull(sys.argv[1]); import huggingface_hub.constants as c;"
        "assert c.HF_HUB_DISABLE_TELEMETRY and c.HF_HUB_DISABLE_XET"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HF_HUB")}
    subprocess.run([sys.executable, "-c", program, hub.repo_id], env=environment, check=True, timeout=60)


def test_sizes_read_well() -> None:
    assert [readable(count) for count in (0, 1023, 1024, 3 << 20, 19 << 30)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "3.0 MiB",
        "19.0 GiB",
    ]


def test_the_folder_of_checkpoints_is_under_the_home(hub: Hub, tmp_path: Path) -> None:
    assert look(hub.repo_id).folder.parent == paths.checkpoints_dir() == tmp_path / "home" / "checkpoints"
    assert hub_module.SETTINGS["HF_HUB_DISABLE_TELEMETRY"] == "1"
