"""Who may import what (CONTRIBUTING.md), and what no file of the program may contain."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "glm_lsp").rglob("*.py"))}

# Package: the files and folders where alone it may be imported.
ONLY_IN = {
    "onnxruntime": ("glm_lsp/engine/onnx_runtime.py",),
    "pygls": ("glm_lsp/lsp/",),
    "pynvml": ("glm_lsp/engine/cuda/gpu.py",),
    "lsprotocol": ("glm_lsp/lsp/",),
    "torch": ("glm_lsp/train/",),
    # Run as a script, in an environment that has them.
    "transformers": ("glm_lsp/importing/optimum_child.py",),
    "optimum": ("glm_lsp/importing/optimum_child.py",),
    "requests": (),
    "huggingface_hub": ("glm_lsp/importing/hub.py",),
    "matplotlib": ("glm_lsp/bench/plots.py",),
    "pathspec": ("glm_lsp/references/ignore.py",),
    "tree_sitter": ("glm_lsp/docstring/", "glm_lsp/references/", "glm_lsp/syntax/"),
    "typer": (
        "glm_lsp/cli.py",
        "glm_lsp/cli_bench.py",
        "glm_lsp/cli_bench_page.py",
        "glm_lsp/cli_docstring.py",
        "glm_lsp/cli_eval.py",
        "glm_lsp/cli_model.py",
        "glm_lsp/cli_options.py",
        "glm_lsp/cli_pull.py",
        "glm_lsp/cli_remove.py",
    ),
}

# `completion/` is pure: none of these may appear there, but in the two that await the engine.
IMPURE = {
    "asyncio", "datetime", "httpx", "io", "logging", "multiprocessing", "os", "random", "shutil", "socket",
    "subprocess", "sys", "tempfile", "threading", "time", "urllib",
}  # fmt: skip

FORBIDDEN_MODULES = {"pickle", "cPickle", "_pickle", "dill", "joblib", "marshal", "shelve", "cloudpickle"}
FORBIDDEN_CALLS = {"eval", "exec", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
FORBIDDEN_ARGUMENTS = {("shell", True), ("allow_pickle", True), ("weights_only", False)}


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of all imports, those inside functions included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dangers(source: str) -> list[str]:
    """What in a source could run code out of data, or a shell."""
    found = []
    tree = ast.parse(source)
    found += [name for name in imported(tree) if name.partition(".")[0] in FORBIDDEN_MODULES]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            arguments = {(word.arg, getattr(word.value, "value", None)) for word in node.keywords}
            found += [name] if name in FORBIDDEN_CALLS else []
            found += [f"{key}={value}" for key, value in arguments & FORBIDDEN_ARGUMENTS]
            if name == "torch.load" and ("weights_only", True) not in arguments:
                found.append("torch.load without weights_only=True")
        if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
            found.append("trust_remote_code")
    return found


def allowed(module: str, patterns: tuple[str, ...]) -> bool:
    """A pattern ending in a slash is a folder."""
    return any(
        module == pattern or (pattern[-1] == "/" and module.startswith(pattern)) for pattern in patterns
    )


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    return {module: set(imported(ast.parse(path.read_bytes()))) for module, path in MODULES.items()}


def importers(imports: dict[str, set[str]], package: str) -> list[str]:
    return [
        module
        for module, names in imports.items()
        if any(name == package or name.startswith(f"{package}.") for name in names)
    ]


@pytest.mark.parametrize("package", ONLY_IN)
def test_package_is_imported_only_where_it_belongs(imports: dict[str, set[str]], package: str) -> None:
    assert [m for m in importers(imports, package) if not allowed(m, ONLY_IN[package])] == []


@pytest.mark.parametrize("package", ["matplotlib", "onnxruntime", "pygls", "torch", "tree_sitter", "typer"])
def test_the_scan_sees_the_imports_it_guards(imports: dict[str, set[str]], package: str) -> None:
    assert importers(imports, package) != []


def test_completion_is_pure(imports: dict[str, set[str]]) -> None:
    rooms = [
        m
        for m in MODULES
        if m.startswith("glm_lsp/completion/") and not m.endswith(("/asking.py", "/running.py"))
    ]
    assert len(rooms) > 3
    impure = {m: sorted(names) for m in rooms if (names := imports[m] & IMPURE)}
    assert impure == {}


def test_usage_is_pure_and_stands_alone(imports: dict[str, set[str]]) -> None:
    rooms = [m for m in MODULES if m.startswith("glm_lsp/usage/")]
    assert len(rooms) > 3
    assert {m: sorted(names) for m in rooms if (names := imports[m] & IMPURE)} == {}
    outside = {name for m in rooms for name in imports[m] if name.startswith("glm_lsp.")}
    assert {name for name in outside if not name.startswith(("glm_lsp.usage", "glm_lsp.difference"))} == set()


@pytest.mark.parametrize(
    ("room", "never"),
    [
        ("glm_lsp/errors.py", "glm_lsp"),
        ("glm_lsp/completion/", "glm_lsp.lsp"),
        ("glm_lsp/syntax/", "glm_lsp.completion"),
        ("glm_lsp/syntax/", "glm_lsp.lsp"),
        ("glm_lsp/syntax/", "glm_lsp.references"),
        ("glm_lsp/completion/", "glm_lsp.models"),
        ("glm_lsp/completion/", "glm_lsp.references"),
        ("glm_lsp/references/", "glm_lsp.lsp"),
        ("glm_lsp/references/", "glm_lsp.engine"),
        ("glm_lsp/references/", "glm_lsp.models"),
        ("glm_lsp/references/", "glm_lsp.evaluate"),
        ("glm_lsp/engine/", "glm_lsp.references"),
        ("glm_lsp/engine/", "glm_lsp.lsp"),
        ("glm_lsp/models/", "glm_lsp.engine"),
        ("glm_lsp/models/", "glm_lsp.lsp"),
        ("glm_lsp/lsp/", "glm_lsp.models"),
        ("glm_lsp/lsp/", "glm_lsp.train"),
        ("glm_lsp/engine/", "glm_lsp.train"),
        ("glm_lsp/engine/", "glm_lsp.evaluate"),
        ("glm_lsp/engine/", "glm_lsp.bench"),
        ("glm_lsp/lsp/", "glm_lsp.bench"),
        ("glm_lsp/evaluate/", "glm_lsp.bench"),
        ("glm_lsp/bench/", "glm_lsp.train"),
    ],
)
def test_imports_point_one_way(imports: dict[str, set[str]], room: str, never: str) -> None:
    inside = [module for module in MODULES if module.startswith(room)]
    assert inside != []
    assert [module for module in importers(imports, never) if module in inside] == []


@pytest.mark.parametrize("module", MODULES)
def test_no_code_out_of_data_and_no_shell(module: str) -> None:
    assert dangers(MODULES[module].read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "eval(text)",
        "exec(text)",
        "import os\nos.system('ls')",
        "import yaml\nyaml.load(text)",
        "subprocess.run('ls', shell=True)",
        "np.load(path, allow_pickle=True)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "AutoModel.from_pretrained(name, trust_remote_code=True)",
    ],
)
def test_the_gate_sees_what_it_is_for(source: str) -> None:
    assert dangers(source) != []


def loaded_by(statement: str) -> set[str]:
    """Top-level packages in memory after a statement ran in a fresh interpreter."""
    program = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(result.stdout.split())


ENGINE_PARTS = {"onnx", "onnxruntime", "tokenizers", "torch", "uvicorn"}
GRAMMAR_PARTS = {"tree_sitter", "tree_sitter_c", "tree_sitter_python"}
FRONT_PARTS = {"httptools", "lsprotocol", "msgspec", "numpy", "pygls", "rich"}


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("glm_lsp.cli", ENGINE_PARTS | FRONT_PARTS),
        ("glm_lsp.__main__", ENGINE_PARTS | FRONT_PARTS | {"typer"}),
        ("glm_lsp.lsp.server", ENGINE_PARTS | GRAMMAR_PARTS | {"pathspec", "typer"}),
        ("glm_lsp.syntax.tree", GRAMMAR_PARTS),
        ("glm_lsp.references.source", ENGINE_PARTS | GRAMMAR_PARTS | {"pathspec", "pygls", "typer"}),
    ],
)
def test_start_is_light(module: str, heavy: set[str]) -> None:
    loaded = loaded_by(f"import {module}")
    assert "glm_lsp" in loaded
    assert loaded & heavy == set()
