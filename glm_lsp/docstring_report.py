"""What was written for files, for people and for programs.

`--json` prints one array for all files, and no other shape once files have been named. Each of its objects has `file`.
One that has `error` (`code`, `cause`, `remedy`) tells of a file that could not be done; where an engine failed, the
files behind it were not tried. The others are documentations (`as_json`), with `--check` and `--list` things that can
be documented (`item_as_json`). With `--write` a file that has documentations in the array has been written, also when
an error or Ctrl-C ended the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from glm_lsp.docstring.edit import TextInsertion, inserted
from glm_lsp.docstring.inventory import Item, title
from glm_lsp.docstring.proposal import Documented
from glm_lsp.docstring_files import SourceToDocument, Written
from glm_lsp.errors import GlmError
from glm_lsp.unified_diff import unified_diff


def as_text(written: Written) -> str:
    """Each documentation below its place."""
    shown = []
    for one in written.proposal.documented:
        shown.append(
            f"{_place(written.target, one.entity.start)}: {title(one.entity)}\n{documentation(written, one)}\n"
        )
    return "\n".join(shown)


def as_json(written: Written) -> Iterator[dict[str, Any]]:
    """An object for each documentation."""
    plans = {plan.entity: plan for plan in written.plans}
    for one, ms in zip(written.proposal.documented, written.ms, strict=True):
        slots = [slot for insertion in plans[one.entity].insertions for slot in insertion.skeleton.slots]
        yield {
            **_head(written.target, one.entity.start),
            "name": title(one.entity),
            "kind": one.entity.kind.name.lower(),
            "style": one.dialect.style.value,
            "documentation": documentation(written, one),
            "insertions": [_insertion(written.target, insertion) for insertion in one.insertions],
            "sentences": [
                {
                    "slot": slot.kind.name.lower(),
                    "name": slot.name,
                    "text": sentence.text,
                    "from": "model" if sentence.is_models else "names",
                }
                for slot, sentence in zip(slots, one.sentences, strict=True)
            ],
            "ms": round(ms, 1),
        }


def as_diff(written: Written) -> str:
    """A unified diff of the file."""
    file = written.target.file
    old, new = (file.encoded(text).decode("utf-8") for text in (file.text, written.proposal.text))
    path = file.path.as_posix()
    # A name from the root or from a drive becomes one from there, as git has it.
    return unified_diff(path.removeprefix(file.path.drive).lstrip("/"), old, new)


def item_as_text(target: SourceToDocument, item: Item) -> str:
    """Place, name and what is missing of one thing, on a line."""
    return f"{_place(target, item.entity.start)}: {title(item.entity)}: {item.lack or item.state}"


def item_as_json(target: SourceToDocument, item: Item) -> dict[str, Any]:
    """The same as an object."""
    return {
        **_head(target, item.entity.start),
        "name": title(item.entity),
        "kind": item.entity.kind.name.lower(),
        "state": item.state.value,
        "lack": item.lack,
        "can_be_documented": item.plan is not None,
    }


def error_as_json(path: Path, error: GlmError) -> dict[str, Any]:
    """What went wrong with a file."""
    return {"file": str(path), "error": error.to_dict()}


def documentation(written: Written, one: Documented) -> str:
    """All of an entity's documentation as it will be, without the indentation of the code around it."""
    there = one.entity.documentation
    if there is None:
        text, indent = "".join(each.text for each in one.insertions).strip(), _indent(written, one)
    else:
        indent = there.indent
        text = inserted(
            there.text, [TextInsertion(each.offset - there.start, each.text) for each in one.insertions]
        )
    first, *more = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join([first, *(line.removeprefix(indent) for line in more)]).strip()


def _indent(written: Written, one: Documented) -> str:
    plan = next(plan for plan in written.plans if plan.entity == one.entity)
    return plan.insertions[0].place.indent


def _insertion(target: SourceToDocument, insertion: TextInsertion) -> dict[str, Any]:
    line, column = target.place(insertion.offset)
    return {"offset": insertion.offset, "line": line, "column": column, "text": insertion.text}


def _head(target: SourceToDocument, offset: int) -> dict[str, Any]:
    return {"file": str(target.file.path), "line": target.line(offset)}


def _place(target: SourceToDocument, offset: int) -> str:
    return f"{target.file.path}:{target.line(offset)}"
