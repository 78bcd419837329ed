"""Import of official checkpoints: what comes out, what is refused, and what an interruption leaves."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections import namedtuple
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from glm_lsp.errors import (
    ArchitectureError,
    CheckpointError,
    InputError,
    ModelFileError,
    SelfCheckError,
    StorageFullError,
    TokenizerError,
)
from glm_lsp.importing import plan as plan_module
from glm_lsp.importing import room
from glm_lsp.importing.download import Origin
from glm_lsp.importing.importer import run_plan
from glm_lsp.importing.plan import Plan, Wish, make_plan, preview
from glm_lsp.importing.self_check import REFERENCE_FILE, Reference, verify_model
from glm_lsp.importing.sizes import run_bytes
from glm_lsp.importing.unfinished import forget, unfinished_imports
from glm_lsp.models.integrity import describe_folder, require_intact
from glm_lsp.models.layout import Layout, RowSpan
from glm_lsp.models.manifest import Manifest
from glm_lsp.models.store import ModelFolder, ModelStore
from glm_lsp.models.weight_file import WeightFile
from tests.official.checkpoints import write_official_folder

FAMILY = "codegeex4"


def official(folder: Path, family: str = FAMILY, **options: Any) -> Path:
    """A tiny checkpoint with everything its repository holds."""
    write_official_folder(folder, family, **options)
    return folder


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return official(tmp_path / "codegeex4-all-9b")


def plan_for(checkpoint: Path, **options: Any) -> Plan:
    wish = Wish(checkpoint=checkpoint, name="tiny", **({"precision": "int8", "capacity": 128} | options))
    return make_plan(wish, checkpoint.parent / "models" / "tiny")


def run(checkpoint: Path, **options: Any) -> ModelFolder:
    return run_plan(plan_for(checkpoint, **options))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_the_folder_says_what_it_is_and_where_from(checkpoint: Path) -> None:
    (checkpoint / "LICENSE").write_text("Terms", encoding="utf-8")
    (checkpoint / "README.md").write_text(
        "---\nlicense: other\nlicense_name: glm-4\n---\n# X", encoding="utf-8"
    )
    Path(checkpoint, Origin.FILE).write_bytes(msgspec.json.encode(Origin("org/name", "0123", "", {})))
    model = run(checkpoint)
    manifest = model.manifest
    require_intact(model.path, manifest)
    assert names_in(model.path.parent) == ["tiny"]
    assert (manifest.family, manifest.architecture, manifest.precision) == ("codegeex4", "glm", "int8")
    assert (manifest.prompt_profile, manifest.chat_template) == ("codegeex4", "glm-4")
    assert (manifest.licence, manifest.source.description) == ("glm-4", "org/name at 0123")
    assert set(manifest.files) == {
        "LICENSE", "config.json", "model.onnx", "model.onnx.data", "self-check.json", "tokenizer.json",
    }  # fmt: skip
    verify_model(model)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8", "int4"])
def test_every_precision_agrees_with_the_formulas(checkpoint: Path, precision: str) -> None:
    plan = plan_for(checkpoint, precision=precision)
    model = run_plan(plan)
    found = verify_model(model)
    assert found.agreement is not None
    assert (
        found.agreement.correlation
        >= {"fp32": 0.999999, "fp16": 0.99999, "int8": 0.999, "int4": 0.999}[precision]
    )
    weights = model.manifest.files["model.onnx.data"].bytes + model.manifest.files["model.onnx"].bytes
    assert plan.model_bytes <= weights < plan.model_bytes + 4096 * 60 + 65536


def test_precision_follows_the_size_unless_told(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plan_for(checkpoint, precision=None).options.precision == "int8"
    monkeypatch.setattr(plan_module, "LARGE_MODEL", 1000)
    assert plan_for(checkpoint, precision=None).options.precision == "int4"
    with pytest.raises(InputError, match="is not one of"):
        plan_for(checkpoint, precision="int3")


def test_progress_reaches_the_end_of_every_stage(checkpoint: Path) -> None:
    told: dict[str, list[int]] = {}
    totals: dict[str, int] = {}

    def stage(title: str, total: int) -> Any:
        totals[title] = total
        return nullcontext(lambda _what, done: told.setdefault(title, []).append(done))

    run_plan(plan_for(checkpoint), stage=stage)
    assert list(totals) == ["reading", "writing", "checking the graph", "computing the reference"]
    for title in ("reading", "writing", "computing the reference"):
        assert told[title] == sorted(told[title])
        assert told[title][-1] == totals[title], title


def test_a_model_nobody_names_has_to_be_named(tmp_path: Path) -> None:
    checkpoint = official(tmp_path / "something", "chatglm3")
    values = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    values.pop("_name_or_path", None)
    (checkpoint / "config.json").write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(InputError, match="--family"):
        plan_for(checkpoint)
    assert plan_for(checkpoint, family="chatglm3").facts.chat_template == "chatglm3"
    with pytest.raises(InputError, match="not a model family"):
        plan_for(checkpoint, family="gpt")


def test_profile_and_template_are_checked_before_anything_is_written(checkpoint: Path) -> None:
    with pytest.raises(TokenizerError, match="glm-fim-spm"):
        plan_for(checkpoint, profile="glm-fim-spm")
    with pytest.raises(TokenizerError, match="unknown chat template"):
        plan_for(checkpoint, chat_template="llama")
    original = official(checkpoint.parent / "glm-large-chinese", "glm-original")
    with pytest.raises(TokenizerError, match=r"<\|user\|>.*'glm-4' needs"):
        plan_for(original, chat_template="glm-4")
    shutil.rmtree(original)
    assert plan_for(checkpoint, chat_template="none").facts.chat_template == ""
    assert names_in(checkpoint.parent) == [checkpoint.name]


@pytest.mark.parametrize("name", ["config.json", "tokenizer.model", "model-00002-of-00004.safetensors"])
def test_a_folder_cloned_without_lfs_is_told_apart(checkpoint: Path, name: str) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:57d9fdbd\nsize 1018370\n"
    (checkpoint / name).write_text(pointer, encoding="ascii")
    with pytest.raises(CheckpointError, match=f"{name} is a note of Git LFS"):
        plan_for(checkpoint)


def test_links_into_a_cache_are_followed(checkpoint: Path) -> None:
    """As the hub's own client lays its cache out: a snapshot of links to blobs."""
    snapshot = checkpoint.parent / "codegeex4-snapshot"
    snapshot.mkdir()
    for path in checkpoint.iterdir():
        (snapshot / path.name).symlink_to(path)
    verify_model(run(snapshot))


def test_capacity_is_within_the_models(checkpoint: Path) -> None:
    for capacity in (0, 15, 1 << 20):
        with pytest.raises(InputError, match="capacity"):
            plan_for(checkpoint, capacity=capacity)


def test_a_full_disk_is_noticed_beforehand(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: usage(1 << 20))
    with pytest.raises(StorageFullError, match=r"1\.0 MiB are free"):
        plan_for(checkpoint)
    assert names_in(checkpoint.parent) == [checkpoint.name]


def test_an_installed_model_is_replaced_only_on_request(checkpoint: Path) -> None:
    first = run(checkpoint)
    with pytest.raises(InputError, match="exists already"):
        plan_for(checkpoint)
    assert run(checkpoint, replaces=True, precision="int4").manifest.precision == "int4"
    assert names_in(first.path.parent) == ["tiny"]


def test_a_checkpoint_is_never_replaced_by_its_model(checkpoint: Path) -> None:
    models = checkpoint.parent / "models"
    inside = official(models / "codegeex4")
    before = names_in(inside)
    for source, target in ((inside, inside), (inside, inside / "model"), (models, inside)):
        wish = Wish(checkpoint=source, name="x", family=FAMILY, replaces=True)
        with pytest.raises((InputError, CheckpointError)):
            make_plan(wish, target)
    assert names_in(inside) == before


def test_only_models_are_replaced_or_removed(checkpoint: Path) -> None:
    models = checkpoint.parent / "models"
    (models / "tiny").mkdir(parents=True)
    (models / "tiny" / "thesis.txt").write_text("years of work")
    for replaces in (False, True):
        with pytest.raises(InputError, match="is not a model"):
            plan_for(checkpoint, replaces=replaces)
    with pytest.raises(InputError, match="is not a model"):
        ModelStore(models).remove("tiny")
    assert names_in(models / "tiny") == ["thesis.txt"]


def test_a_link_to_a_model_is_replaced_and_removed_as_a_link(checkpoint: Path) -> None:
    models = checkpoint.parent / "models"
    run_plan(make_plan(Wish(checkpoint=checkpoint, name="real"), models / "real"))
    (models / "tiny").symlink_to(models / "real")
    run(checkpoint, replaces=True)
    assert not (models / "tiny").is_symlink()
    assert names_in(models) == ["real", "tiny"]
    (models / "link").symlink_to(models / "real")
    ModelStore(models).remove("link")
    assert names_in(models) == ["real", "tiny"]
    verify_model(ModelFolder.load(models / "real"))


def test_a_model_that_was_imported_meanwhile_stays(checkpoint: Path) -> None:
    late = plan_for(checkpoint, precision="int4")
    first = run(checkpoint)
    with pytest.raises(InputError, match="exists already"):
        run_plan(late)
    assert ModelFolder.load(first.path).hash == first.hash
    assert names_in(first.path.parent) == ["tiny"]


class CutOffError(BaseException):
    """Stands for Ctrl-C, or the end of the machine."""


def cut_off_after(
    monkeypatch: pytest.MonkeyPatch, num_matrices: int, error: BaseException
) -> Callable[[], int]:
    """Lets a weight file write so many tensors and then no more; returns what counts those written since."""
    write, count = WeightFile.write, 0

    def limited(self: WeightFile, blocks: Any) -> Any:
        nonlocal count
        if count == num_matrices:
            raise error
        count += 1
        return write(self, blocks)

    monkeypatch.setattr(WeightFile, "write", limited)
    return lambda: count


@pytest.mark.parametrize("error", [CutOffError(), KeyboardInterrupt(), OSError(errno.ENOSPC, "full")])
def test_an_import_goes_on_where_it_was_cut_off(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    whole = {path.name: path.read_bytes() for path in run(checkpoint).path.iterdir()}
    models = checkpoint.parent / "models"
    shutil.rmtree(models)
    with monkeypatch.context() as patch:
        cut_off_after(patch, 9, error)
        expected = StorageFullError if isinstance(error, OSError) else type(error)
        with pytest.raises(expected):
            run(checkpoint)
    (left,) = unfinished_imports(models)
    assert (left.name, left.path.name, left.running) == ("tiny", ".import-tiny", None)
    assert left.bytes > 0
    with monkeypatch.context() as patch:
        written = cut_off_after(patch, 10**6, error)
        model = run(checkpoint)
        rest = written()
    with monkeypatch.context() as patch:
        written = cut_off_after(patch, 10**6, error)
        run(checkpoint, replaces=True)
    # The parts of one matrix are written together or not at all.
    assert 8 <= written() - rest <= 9
    assert {path.name: path.read_bytes() for path in model.path.iterdir()} == whole
    assert names_in(models) == ["tiny"]


def test_another_checkpoint_does_not_go_on_with_the_rest(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        cut_off_after(patch, 9, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            run(checkpoint)
    other = official(checkpoint.parent / "codegeex4-other", seed=5)
    model = run(other)
    again = run(other, replaces=True)
    assert model.hash == again.hash
    verify_model(again)


def test_what_is_left_can_be_forgotten(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = checkpoint.parent / "models"
    with monkeypatch.context() as patch:
        cut_off_after(patch, 3, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            run(checkpoint)
    assert forget(models, "tiny")
    assert not forget(models, "tiny")
    assert names_in(models) == []


def test_one_import_of_a_name_at_a_time(checkpoint: Path) -> None:
    def second(_folder: Path) -> None:
        assert [left.running for left in unfinished_imports(checkpoint.parent / "models")] == [os.getpid()]
        with pytest.raises(InputError, match="being imported by process"):
            run(checkpoint)
        with pytest.raises(InputError, match="being imported by process"):
            forget(checkpoint.parent / "models", "tiny")

    run_plan(plan_for(checkpoint), check=second)
    assert names_in(checkpoint.parent / "models") == ["tiny"]


def test_what_a_last_look_refuses_is_not_kept(checkpoint: Path) -> None:
    def look(_folder: Path) -> None:
        raise SelfCheckError("planted")

    with pytest.raises(SelfCheckError, match="planted"):
        run_plan(plan_for(checkpoint), check=look)
    assert names_in(checkpoint.parent / "models") == []


def wrong_config(**changes: Any) -> Callable[[Layout], Layout]:
    return lambda layout: replace(layout, config=replace(layout.config, **changes))


def wrong_sources(change: Callable[[dict[str, tuple[RowSpan, ...]]], None]) -> Callable[[Layout], Layout]:
    def changed(layout: Layout) -> Layout:
        sources = dict(layout.sources)
        change(sources)
        return replace(layout, sources=sources)

    return changed


def swap(sources: dict[str, tuple[RowSpan, ...]], one: str, other: str) -> None:
    for name in list(sources):
        if f".{one}." in name:
            partner = name.replace(one, other)
            sources[name], sources[partner] = sources[partner], sources[name]


def up_before_gate(sources: dict[str, tuple[RowSpan, ...]]) -> None:
    for name, (span, *_) in list(sources.items()):
        if "gate_up" in name:
            middle = (span.start + span.stop) // 2
            sources[name] = (RowSpan(span.name, middle, span.stop), RowSpan(span.name, span.start, middle))


def keys_before_queries(sources: dict[str, tuple[RowSpan, ...]]) -> None:
    for name, (span, *_) in list(sources.items()):
        if "qkv_proj" in name:
            sources[name] = (RowSpan(span.name, 64, span.stop), RowSpan(span.name, span.start, 64))


MISREADINGS: dict[str, tuple[str, Callable[[Layout], Layout]]] = {
    "epsilon": ("chatglm3", wrong_config(rms_norm_eps=1.5625e-07)),
    "rotation base": ("codegeex4", wrong_config(rope_theta=10000.0)),
    "positions divided": ("chatglm2", wrong_config(rope_factor=2.0)),
    "positions not divided": ("chatglm2-32k", wrong_config(rope_factor=1.0)),
    "all dimensions rotated": ("chatglm3", wrong_config(partial_rotary_factor=1.0)),
    "no bias": ("chatglm3", wrong_config(attention_bias=False)),
    "order of norms": ("glm-4", wrong_sources(lambda s: swap(s, "input_layernorm", "post_attention_layernorm"))),
    "sandwich norms": (
        "glm-4-0414",
        wrong_sources(lambda s: swap(s, "post_self_attn_layernorm", "post_mlp_layernorm")),
    ),
    "norms of one kind": ("glm-4-0414", wrong_config(architecture="glm")),
    "up before gate": ("codegeex2", wrong_sources(up_before_gate)),
    "keys before queries": ("codegeex2", wrong_sources(keys_before_queries)),
    "residual": ("chatglm-6b", wrong_config(residual_scale=1.0)),
    "layer norm epsilon": ("glm-original", wrong_config(layer_norm_eps=1e-3)),
}  # fmt: skip


@pytest.mark.parametrize("name", MISREADINGS)
def test_a_misread_checkpoint_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    family, misread = MISREADINGS[name]
    checkpoint = official(tmp_path / family, family)
    detect = plan_module.detect_layout
    monkeypatch.setattr(plan_module, "detect_layout", lambda *a, **o: misread(detect(*a, **o)))
    if name == "norms of one kind":
        # Without the check of names, which would find the norms that are left over.
        monkeypatch.setattr("glm_lsp.models.checkpoint._check_tensors", lambda *_: None)
    with pytest.raises(SelfCheckError, match="differs from the model's formulas"):
        run(checkpoint, family=family)
    assert names_in(tmp_path / "models") == []


def rewrite(model: ModelFolder, change: Callable[[Path], None]) -> ModelFolder:
    """Changes files of a model, hashes in its manifest included."""
    change(model.path)
    msgspec.structs.replace(model.manifest, files=describe_folder(model.path)).write(model.path)
    return ModelFolder(model.path, Manifest.read(model.path), model.config)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8", "int4"])
@pytest.mark.parametrize("family", ["codegeex4", "glm-original"])
def test_other_weights_under_right_hashes_are_noticed(tmp_path: Path, family: str, precision: str) -> None:
    """A twentieth of the weights is zero: the text such a model writes still looks like text."""

    def damage(folder: Path) -> None:
        weights = np.fromfile(folder / "model.onnx.data", np.uint8)
        start = len(weights) // 2
        weights[start : start + len(weights) // 20] = 0
        weights.tofile(folder / "model.onnx.data")

    checkpoint = official(tmp_path / family, family)
    model = rewrite(run(checkpoint, precision=precision), damage)
    require_intact(model.path, model.manifest)
    with pytest.raises(SelfCheckError, match="correlate"):
        verify_model(model)


@pytest.mark.parametrize("field", ["prompt_profile", "chat_template"])
def test_a_manifest_that_names_an_unknown_layout_is_noticed(checkpoint: Path, field: str) -> None:
    model = run(checkpoint)
    msgspec.structs.replace(model.manifest, **{field: "mine"}).write(model.path)
    with pytest.raises(TokenizerError, match="mine"):
        verify_model(ModelFolder.load(model.path))


def reference_text(**changes: Any) -> str:
    fields = {"token_ids": [1], "best": [2], "ids": [list(range(10))], "logits": [[0.5] * 10]}
    return json.dumps(fields | changes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"token_ids": "x"}',
        reference_text(best=[]),
        reference_text(ids=[[]], logits=[[]]),
        reference_text(ids=[[1, 2, 3]]),
        reference_text(best=[10**6]),
        reference_text(token_ids=[10**6]),
        reference_text(token_ids=[-1]),
        reference_text(ids=[[10**6] * 10]),
    ],
)
def test_a_damaged_reference_is_a_named_error(checkpoint: Path, text: str) -> None:
    def damage(folder: Path) -> None:
        (folder / REFERENCE_FILE).write_text(text, encoding="utf-8")

    model = rewrite(run(checkpoint), damage)
    with pytest.raises(ModelFileError, match=REFERENCE_FILE):
        verify_model(model)


def test_a_reference_comes_back_as_it_was(tmp_path: Path) -> None:
    ids, logits = [list(range(8)), list(range(2, 10))], [[1.5] * 8, [0.25, -2.0] * 4]
    reference = Reference(token_ids=[3, 4], best=[7, 8], ids=ids, logits=logits)
    reference.write(tmp_path)
    assert Reference.read(tmp_path) == reference
    assert Reference.read(tmp_path / "elsewhere") is None


def test_an_architecture_that_is_refused_leaves_nothing(checkpoint: Path) -> None:
    values = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    (checkpoint / "config.json").write_text(json.dumps(values | {"rmsnorm": False}), encoding="utf-8")
    with pytest.raises(ArchitectureError, match="rmsnorm"):
        plan_for(checkpoint)
    assert names_in(checkpoint.parent) == [checkpoint.name]


@pytest.mark.parametrize("family", ["codegeex4", "chatglm-6b", "glm-original", "glm-edge"])
def test_what_an_import_will_do_is_known_before_there_are_weights(tmp_path: Path, family: str) -> None:
    checkpoint = official(tmp_path / family, family)
    whole = make_plan(Wish(checkpoint=checkpoint, name="tiny"), tmp_path / "models" / "tiny")
    for path in checkpoint.iterdir():
        if path.suffix in (".safetensors", ".bin"):
            path.unlink()
    seen = preview(Wish(checkpoint=checkpoint, name="tiny"), tmp_path / "models" / "tiny")
    assert (seen.facts, seen.options, seen.model_bytes) == (whole.facts, whole.options, whole.model_bytes)
    assert seen.layout.config == whole.parts.checkpoint.config


def test_a_model_of_fp16_takes_the_memory_of_fp32(checkpoint: Path) -> None:
    def sizes_as(precision: str) -> tuple[int, int]:
        plan = plan_for(checkpoint, precision=precision)
        return plan.model_bytes, run_bytes(plan.parts.checkpoint.config, plan.options)

    stored, in_memory = sizes_as("fp16")
    assert in_memory == sizes_as("fp32")[0] > 1.9 * stored
    for precision in ("fp32", "int8", "int4"):
        stored, in_memory = sizes_as(precision)
        assert in_memory == stored


def test_folders_on_one_disk_have_to_fit_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: usage(room.SPARE_BYTES + 300))
    room.require_room({tmp_path / "new" / "a": 200, tmp_path / "new" / "b": 100})
    room.require_room({tmp_path: 300})
    with pytest.raises(StorageFullError, match=r"200 B to .* and 101 B to .* are to come"):
        room.require_room({tmp_path / "new" / "a": 200, tmp_path / "new" / "b": 101})
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: usage(0))
    room.require_room({tmp_path: 0})


def test_a_flipped_byte_of_a_bin_file_is_noticed(tmp_path: Path) -> None:
    checkpoint = official(tmp_path / "chatglm3-6b", "chatglm3")
    path = max(checkpoint.glob("*.bin"), key=lambda file: file.stat().st_size)
    data = bytearray(path.read_bytes())
    # Within the mantissa of a weight in the middle of a tensor: still a number, just another one.
    data[len(data) // 2 & ~1] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError):
        run(checkpoint)
    assert names_in(tmp_path / "models") == []


def test_a_tokenizer_that_loses_line_breaks_is_told(tmp_path: Path) -> None:
    assert "line" in plan_for(official(tmp_path / "glm-large-chinese", "glm-original")).note
    assert plan_for(official(tmp_path / "codegeex2-6b", "codegeex2")).note == ""
