"""README.md's settings, commands and file list are written from the code; `make docs` runs this file to do so."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from glm_lsp.cli import app
from glm_lsp.config import InitializationOptions, Settings
from glm_lsp.config_schema import attribute_meanings
from glm_lsp.engine.wire import CompletionRequest, GlmOptions

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
MAX_PURPOSE = 76
GLUE = "\0"
FOLDERS = {
    "tests/unit/": "one module each, without processes or network",
    "tests/golden/": "texts in, texts out, to be read like code",
    "tests/parity/": "the same tokens as an independent implementation, cache on or off",
    "tests/reference/": "that independent implementation, in plain NumPy",
    "tests/official/": "tiny checkpoints as each model of the family is published",
    "tests/e2e/": "real processes, as an editor or a shell starts them",
    "tests/editors/": "real editors: Neovim, VS Code",
    "tests/faults/": "what breaks, and what is said then",
    "tests/fakes/": "stand-ins for the model and the engine",
}


def settings_table() -> str:
    """One row for each setting: name, default, meaning."""
    meanings = attribute_meanings(Settings)
    defaults = {field.name: field.default for field in dataclasses.fields(Settings)}
    rows = [
        f"| `{wire.encode_name}` | {shown(defaults[wire.name])} | {meanings[wire.name]} |"
        for wire in msgspec.structs.fields(InitializationOptions)
    ]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


def shown(default: object) -> str:
    if default is None or default == ():
        return "none"
    return f"`{json.dumps(default).strip(chr(34))}`"


def command_table() -> str:
    """Each command with its arguments, and below it its first sentence."""
    lines = []
    for usage, command in commands(typer.main.get_command(app)):
        # An option and its value stay on one line.
        folded = textwrap.wrap(usage, 92, subsequent_indent=" " * 12, break_on_hyphens=False)
        lines += [f"    {line.replace(GLUE, ' ')}" for line in folded]
        lines.append(f"        {command.get_short_help_str(200).rstrip('.')}")
    return "\n".join(lines)


def commands(group: Any, prefix: str = "glm-lsp") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}{''.join(arguments(command))}", command


def arguments(command: Any) -> Iterator[str]:
    """Arguments as they are, options in brackets, without those that are hidden."""
    for parameter in sorted(command.params, key=lambda each: each.param_type_name):
        if parameter.param_type_name == "argument":
            yield f" {parameter.metavar}"
        elif not parameter.hidden:
            value = "" if parameter.is_flag else f"{GLUE}{parameter.metavar or parameter.name.upper()}"
            yield f" [{parameter.opts[0]}{value}]"


def file_list() -> str:
    """Every module, document and test folder with its purpose."""
    rows = list(package_rows(ROOT / "glm_lsp", 0))
    rows.append(("benchmarks/", ""))
    rows += [(f"  {path.name}", purpose(path)) for path in sorted((ROOT / "benchmarks").glob("*.py"))]
    rows.append(("docs/", ""))
    rows += [(f"  {path.name}", heading(path)) for path in sorted((ROOT / "docs").glob("*.md"))]
    rows.append(("tests/", ""))
    rows += [(f"  {name.removeprefix('tests/')}", about) for name, about in FOLDERS.items()]
    width = max(len(name) for name, _ in rows)
    return "\n".join(["```text", *(f"{name:<{width}}  {about}".rstrip() for name, about in rows), "```"])


def package_rows(folder: Path, depth: int) -> Iterator[tuple[str, str]]:
    yield f"{'  ' * depth}{folder.name}/", purpose(folder / "__init__.py")
    for path in sorted(folder.glob("*.py")):
        if path.name != "__init__.py":
            yield f"{'  ' * (depth + 1)}{path.name}", purpose(path)
    for inner in sorted(folder.iterdir()):
        if (inner / "__init__.py").is_file():
            yield from package_rows(inner, depth + 1)


def purpose(path: Path) -> str:
    """The first line of a module's docstring; of a long one what stands before the colon or the first full stop."""
    line = (ast.get_docstring(ast.parse(path.read_bytes())) or "").partition("\n")[0].rstrip(".")
    return line if len(line) <= MAX_PURPOSE else re.split(r"(?<=\w\w): |\. ", line)[0]


def heading(path: Path) -> str:
    return path.read_text("utf-8").partition("\n")[0].removeprefix("# ")


PARTS: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "commands": command_table,
    "tree": file_list,
}


def part(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name} -->\n)(.*?)(<!-- /{name} -->)", re.DOTALL)


@pytest.mark.parametrize("name", PARTS)
def test_generated_part_is_up_to_date(name: str) -> None:
    found = part(name).search(README.read_text("utf-8"))
    assert found is not None
    assert found[2].strip("\n") == PARTS[name](), "run: make docs"


@pytest.mark.parametrize(
    "document", [README, *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name
)
def test_links_lead_to_files(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_tests_named_in_documents_exist() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", (ROOT / "docs" / "security.md").read_text("utf-8")))
    assert len(named) > 5
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []


def test_engine_document_names_every_key_of_a_request() -> None:
    text = (ROOT / "docs" / "engine.md").read_text("utf-8")
    keys = {field.name for kind in (CompletionRequest, GlmOptions) for field in msgspec.structs.fields(kind)}
    assert {key for key in keys if f"`{key}`" not in text} == set()


def test_every_module_says_what_it_is_for() -> None:
    mute = [path for path in (ROOT / "glm_lsp").rglob("*.py") if not purpose(path)]
    assert mute == []


def test_test_folders_are_all_listed() -> None:
    found = {f"tests/{path.name}/" for path in (ROOT / "tests").iterdir() if any(path.glob("*.py"))}
    assert found <= FOLDERS.keys()


def test_make_targets_named_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    documents = [README, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    commands = re.compile(r"(?:`|^ {4})make ([a-z-]+)", re.MULTILINE)
    named = {word for path in documents for word in commands.findall(path.read_text("utf-8"))}
    assert {"run", "test"} <= named
    assert named <= targets


def write() -> None:
    """Puts the generated parts into README.md."""
    text = README.read_text("utf-8")
    for name, render in PARTS.items():
        text = part(name).sub(lambda found, render=render: f"{found[1]}\n{render()}\n\n{found[3]}", text)
    README.write_text(text, "utf-8")


if __name__ == "__main__":
    write()
