"""Definitions in other files of what a file uses: of imported names, and of names its folder shares with it."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import itemgetter
from pathlib import Path

from glm_lsp.references.candidate import Candidate, Kind, Verdict
from glm_lsp.references.files import FileText, WorkspaceFiles
from glm_lsp.references.imports import Import, imports
from glm_lsp.references.location import joined, parent
from glm_lsp.references.outline import Definition, outline
from glm_lsp.references.resolve import resolve
from glm_lsp.references.similarity import words
from glm_lsp.references.spot import Refused, Spot
from glm_lsp.source_file import language_id as language_of
from glm_lsp.syntax.languages import LANGUAGES
from glm_lsp.syntax.tree import SyntaxTree

_MAX_FILES = 48
_MAX_OUTLINES = 128
_MAX_REEXPORTS = 2
"""`from .a import b` in an `__init__.py` is followed so many times."""
_SHARED_FOLDER = {"go": ".go", "java": ".java"}
"""Languages in which files of a folder see each other's names without importing them."""


@dataclass(frozen=True)
class Use:
    """What the file in hand uses; `tree` is of its text."""

    spot: Spot
    tree: SyntaxTree

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of the file."""
        return words(self.tree.text)

    def attributes_of(self, local: str) -> frozenset[str]:
        """What stands behind `local.` or `local::` anywhere in the file."""
        return frozenset(re.findall(rf"\b{re.escape(local)}(?:\.|::)(\w+)", self.tree.text))


@dataclass(slots=True)
class _Wanted:
    """Names of one file: all that are used, and those used around the cursor."""

    used: set[str]
    near: set[str]


@dataclass(frozen=True, slots=True)
class _Outlined:
    """What a file defines and imports; `text` is what that was read from."""

    text: str
    definitions: tuple[Definition, ...]
    imports: tuple[Import, ...]


class Definitions:
    """Finds definitions. Used by one thread.

    Args:
        files: of the workspace.
    """

    def __init__(self, files: WorkspaceFiles) -> None:
        self._files = files
        self._outlines: OrderedDict[tuple[str, str], _Outlined] = OrderedDict()

    def find(self, use: Use, refused: Refused, cancelled: Callable[[], bool]) -> list[Candidate]:
        """Per file one candidate of what is used around the cursor, then one of what else is used; best first.

        Args:
            use: the file in hand, of which nothing is taken.
            refused: is told of each file that may not be shown.
            cancelled: whether nobody wants the result any more.
        """
        near: list[tuple[int, Candidate]] = []
        far: list[Candidate] = []
        for file, names in self._wanted(use, cancelled).items():
            if cancelled():
                break
            found = self._files.text(file)
            if isinstance(found, Verdict):
                refused(file, Kind.DEFINITIONS, found)
                continue
            definitions = self._outline(found, use.spot.language_id).definitions
            defined = names.near.intersection(definition.name for definition in definitions)
            near += [(-len(defined), each) for each in _candidate(found, definitions, defined)]
            far += _candidate(found, definitions, names.used - names.near)
        return [candidate for _, candidate in sorted(near, key=itemgetter(0))] + far

    def _wanted(self, use: Use, cancelled: Callable[[], bool]) -> dict[str, _Wanted]:
        wanted: dict[str, _Wanted] = {}
        for file, used, near in chain(self._imported(use), self._beside(use)):
            if cancelled():
                break
            if file != use.spot.file and (file in wanted or len(wanted) < _MAX_FILES):
                entry = wanted.setdefault(file, _Wanted(set(), set()))
                entry.used |= used
                entry.near |= near
        return wanted

    def _imported(self, use: Use) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
        """Files that imports lead to, the names that are used of each, and those used around the cursor."""
        for item in imports(use.tree):
            module = self._resolve(use, item.path(use.spot.language_id)) if item.name not in ("", "*") else ""
            if module and _is_called(module, item.name):
                names = use.attributes_of(item.local) | {item.name}
                yield module, names, names & use.spot.near
                continue
            file = module or self._resolve(use, item.module)
            if not file:
                continue
            if item.name == "*":
                yield file, use.words, use.spot.near
            elif item.name:
                name = frozenset([item.name])
                is_near = item.local in use.spot.near
                yield (
                    self._home(file, item.name, use.spot.language_id),
                    name,
                    name if is_near else frozenset(),
                )
            else:
                for attribute in sorted(use.attributes_of(item.local)):
                    name = frozenset([attribute])
                    yield self._home(file, attribute, use.spot.language_id), name, name & use.spot.near

    def _beside(self, use: Use) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
        """Files of the same folder, where the language lets them see each other."""
        ending = _SHARED_FOLDER.get(use.spot.language_id)
        if ending is None:
            return
        names = [name for name in self._files.names_beside(use.spot.file) if name.endswith(ending)]
        if use.spot.language_id == "java":
            names = [name for name in names if name.removesuffix(ending) in use.words]
        for name in [name for name in names if not name.endswith("_test.go")][:_MAX_FILES]:
            yield joined(parent(use.spot.file), name), use.words, use.spot.near

    def _resolve(self, use: Use, module: str) -> str:
        return resolve(use.spot.language_id, module, use.spot.file, self._files.roots, self._files.exists)

    def _home(self, file: str, name: str, language_id: str) -> str:
        """The file that defines a name which `file` may only pass on."""
        files = self._files
        for _ in range(_MAX_REEXPORTS):
            found = files.text(file)
            if isinstance(found, Verdict):
                break
            outlined = self._outline(found, language_id)
            source = next((item for item in outlined.imports if item.local == name and item.name), None)
            if source is None or any(definition.name == name for definition in outlined.definitions):
                break
            target = resolve(language_id, source.module, file, files.roots, files.exists)
            if not target:
                break
            file = target
        return file

    def _outline(self, found: FileText, language_id: str) -> _Outlined:
        theirs = language_of(Path(found.file))
        key = (found.file, theirs if theirs in LANGUAGES else language_id)
        known = self._outlines.get(key)
        if known is None or known.text != found.text:
            tree = SyntaxTree.parse(key[1], found.text)
            known = _Outlined(found.text, outline(tree) if tree else (), imports(tree) if tree else ())
            self._outlines[key] = known
        self._outlines.move_to_end(key)
        while len(self._outlines) > _MAX_OUTLINES:
            self._outlines.popitem(last=False)
        return known


def _candidate(found: FileText, definitions: Sequence[Definition], names: set[str]) -> list[Candidate]:
    texts = [definition.text for definition in definitions if definition.name in names and definition.text]
    return [Candidate(Kind.DEFINITIONS, found.path, "\n".join(dict.fromkeys(texts)))] if texts else []


def _is_called(file: str, name: str) -> bool:
    """Whether a file is the module of that name."""
    path = Path(file)
    return path.stem == name or (path.stem in ("__init__", "mod") and path.parent.name == name)
