"""Import through optimum without optimum: what it is given to see, what becomes of its graph, how it fails."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from glm_lsp.engine.onnx_session import OnnxSession
from glm_lsp.engine.sessions import open_session
from glm_lsp.errors import ArchitectureError, ExporterError, InputError
from glm_lsp.importing.optimum_export import REQUIREMENTS, export, import_with_optimum
from glm_lsp.models.checkpoint import Checkpoint
from glm_lsp.models.graph_options import GraphOptions
from glm_lsp.models.integrity import require_intact
from glm_lsp.models.layouts.native import native_layout
from glm_lsp.models.manifest import Source
from glm_lsp.models.model_writer import ModelFacts, ModelParts
from glm_lsp.models.store import ModelFolder
from tests.parity.cases import max_difference, run_in_chunks, some_token_ids
from tests.past_present_graph import standard_graph
from tests.tiny_model import random_weights, tiny_config, tiny_model, write_checkpoint

ROOT = Path(__file__).parents[2]
CONFIG = tiny_config()
posix_only = pytest.mark.skipif(
    os.name == "nt", reason="the stand-in is a script with a first line for the kernel"
)

FakePython = Callable[[str], Path]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = write_checkpoint(tmp_path / "checkpoint", CONFIG)
    for name in ("modeling_glm.py", "pytorch_model.bin"):
        (folder / name).write_text("raise SystemExit", encoding="utf-8")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["auto_map"] = {"AutoConfig": "modeling_glm.Config"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


@pytest.fixture
def fake_python(tmp_path: Path) -> FakePython:
    """An interpreter that does something else than it is told."""

    def make(body: str) -> Path:
        path = tmp_path / "fake-python"
        head = "import json, os, shutil, sys\nfrom pathlib import Path\ncheckpoint, out = map(Path, sys.argv[3:5])\n"
        path.write_text(f"#!{sys.executable}\n{head}{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return make


def imported(checkpoint: Path, python: Path | None = None, **changes: Any) -> ModelFolder:
    parts = ModelParts(
        checkpoint=Checkpoint(checkpoint, native_layout(CONFIG)),
        tokenizer=(checkpoint / "tokenizer.json").read_bytes(),
    )
    facts = ModelFacts(
        name="tiny",
        prompt_profile="codegeex4",
        source=Source(sha256="", description="random"),
        family="glm-4-hf",
    )
    options = GraphOptions(precision="fp32", capacity=256, real_vocab_size=CONFIG.vocab_size)
    options = replace(options, **{key: changes.pop(key) for key in list(changes) if key == "precision"})
    return import_with_optimum(parts, options, facts, checkpoint.parent / "model", python=python, **changes)


def with_constant_node(model: onnx.ModelProto) -> onnx.ModelProto:
    """One weight as the constant of a node, as exporters write some."""
    weight = model.graph.initializer.pop(0)
    node = onnx.helper.make_node("Constant", [], [weight.name], value=weight)
    model.graph.node.insert(0, node)
    return model


def leftovers(checkpoint: Path) -> list[str]:
    return sorted(
        path.name for path in checkpoint.parent.iterdir() if "model" in path.name or path.name[0] == "."
    )


@posix_only
@pytest.mark.parametrize("weights_outside", [False, True])
def test_a_model_folder_comes_out_and_runs(
    checkpoint: Path, tmp_path: Path, fake_python: FakePython, weights_outside: bool
) -> None:
    ready = tmp_path / "ready"
    ready.mkdir()
    graph = standard_graph(CONFIG, random_weights(CONFIG))
    # Large exports put the constants of their nodes outside as well.
    onnx.save_model(
        with_constant_node(graph),
        str(ready / "model.onnx"),
        save_as_external_data=weights_outside,
        location="model.onnx_data",
        size_threshold=1024,
        convert_attribute=True,
    )
    log = tmp_path / "log"
    python = fake_python(
        f"""
names = sorted(os.listdir(checkpoint))
told = [sys.argv[1:3], sys.argv[5:], names, (checkpoint / "config.json").read_text()]
Path({str(log)!r}).write_text(json.dumps(told))
shutil.copytree({str(ready)!r}, out)"""
    )
    model = imported(checkpoint, python, add=lambda folder: (folder / "more.txt").write_text("more"))
    (isolated, child), architecture, seen, config = json.loads(log.read_text("utf-8"))
    assert isolated == "-I"
    assert Path(child) == ROOT / "glm_lsp" / "importing" / "optimum_child.py"
    assert architecture == ["glm"]
    # Neither code nor pickles, and no word about either.
    assert seen == ["config.json", "model.safetensors"]
    assert "auto_map" not in json.loads(config)
    assert leftovers(checkpoint) == ["model"]
    assert sorted(model.manifest.files) == [
        "config.json",
        "model.onnx",
        "model.onnx.data",
        "more.txt",
        "tokenizer.json",
    ]
    require_intact(model.path, model.manifest)
    manifest = model.manifest
    assert (manifest.graph_kind, manifest.precision, manifest.family) == ("past-present", "fp32", "glm-4-hf")
    assert len(manifest.source.sha256) == 64
    ours = OnnxSession.open(
        tiny_model(tmp_path / "ours", CONFIG, real_vocab_size=CONFIG.vocab_size), threads=1
    )
    theirs = open_session(model, threads=1)
    token_ids = some_token_ids(CONFIG, 40)
    found, expected = (
        run_in_chunks(session, session.new_kv(), 0, token_ids, [9, 1]) for session in (theirs, ours)
    )
    assert max_difference(found, expected) <= 2e-5


def test_where_optimum_is_missing_the_lines_to_type_are_given(checkpoint: Path) -> None:
    try:
        import optimum  # noqa: F401
    except ImportError:
        pass
    else:
        pytest.skip("optimum is installed here")
    with pytest.raises(ExporterError, match="has no optimum that works: No module named 'optimum'") as caught:
        imported(checkpoint)
    for wanted in ("python3 -m venv", "pip install", "--exporter-python", *REQUIREMENTS):
        assert wanted in caught.value.remedy
    assert leftovers(checkpoint) == []


def test_the_versions_named_are_those_of_the_reference_tests() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    reference = next(line for line in project.splitlines() if line.startswith("reference = "))
    assert [name for name in REQUIREMENTS if "==" in name and f'"{name}"' not in reference] == []


@posix_only
@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("print('one\\ntwo\\nthe last word', file=sys.stderr); sys.exit(1)", "one / two / the last word"),
        ("sys.exit(0)", "it said nothing"),
        ("os.kill(os.getpid(), 9)", "ended by signal 9, most likely for want of memory"),
    ],
)
def test_a_failure_leaves_nothing(checkpoint: Path, fake_python: FakePython, body: str, cause: str) -> None:
    with pytest.raises(ExporterError, match=cause):
        imported(checkpoint, fake_python(body))
    assert leftovers(checkpoint) == []


@posix_only
def test_weights_elsewhere_are_refused(checkpoint: Path, tmp_path: Path, fake_python: FakePython) -> None:
    graph = standard_graph(CONFIG, random_weights(CONFIG))
    onnx.save_model(graph, str(tmp_path / "model.onnx"), save_as_external_data=True, location="data")
    graph = onnx.load(str(tmp_path / "model.onnx"), load_external_data=False)
    for tensor in graph.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = "../../data"
    (tmp_path / "bad.onnx").write_bytes(graph.SerializeToString())
    python = fake_python(f"out.mkdir(); shutil.copyfile({str(tmp_path / 'bad.onnx')!r}, out / 'model.onnx')")
    with pytest.raises(ExporterError, match=r"into '\.\./\.\./data'"):
        imported(checkpoint, python)


def test_there_must_be_such_a_python(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be run"):
        imported(checkpoint, tmp_path / "nowhere" / "python")


def test_only_fp32_and_only_a_free_name(checkpoint: Path) -> None:
    with pytest.raises(InputError, match="optimum exports fp32, not int8"):
        imported(checkpoint, precision="int8")
    (checkpoint.parent / "model").mkdir()
    (checkpoint.parent / "model" / "glm-lsp.json").touch()
    with pytest.raises(InputError, match="exists already"):
        imported(checkpoint)


def test_other_layouts_are_refused(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Checkpoint(checkpoint, native_layout(CONFIG))
    names = {name.replace("model.", "transformer."): shape for name, shape in parts.layout.tensors.items()}
    monkeypatch.setattr(parts, "layout", replace(parts.layout, tensors=names))
    facts = ModelFacts(
        name="tiny", prompt_profile="codegeex4", source=Source(sha256="0" * 64, description="")
    )
    given = ModelParts(checkpoint=parts, tokenizer=b"{}")
    with pytest.raises(ArchitectureError, match="-hf repository"):
        import_with_optimum(given, GraphOptions(precision="fp32"), facts, checkpoint.parent / "model")


@posix_only
def test_a_module_beside_the_script_cannot_pose_as_optimum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "optimum").mkdir()
    (tmp_path / "optimum" / "__init__.py").write_text("raise SystemExit('run')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ExporterError) as caught:
        export(tmp_path, tmp_path / "out", "glm", python=Path(sys.executable))
    assert "run" not in caught.value.cause.split()


def test_the_stand_in_graph_is_a_valid_one() -> None:
    onnx.checker.check_model(standard_graph(CONFIG, random_weights(CONFIG)))
    assert np.isfinite(random_weights(CONFIG)["model.norm.weight"]).all()
