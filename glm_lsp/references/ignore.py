"""Which files `.gitignore`, `.git/info/exclude` and `.glmignore` name.

A folder that is ignored takes everything below with it; within a folder that is not, the innermost file that has a
matching line decides, and in it the last such line, as in git. Where the rules cannot be read or are too many,
everything in their folder counts as ignored.
"""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from glm_lsp.references.candidate import Verdict
from glm_lsp.references.location import is_below, joined, parent, root_of
from glm_lsp.references.rule_lines import linear, lines_of, widened
from glm_lsp.references.safe_file import FileState, read_file, state_of

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

GIT_RULES = ".gitignore"
OWN_RULES = ".glmignore"
_MAX_BYTES = 256 * 1024
_MAX_LINES = 5000
_MAX_LINE_CHARS = 512
_MAX_FILES = 512
_MAX_CLIMB = 32
_MAX_DEPTH = 64
_MAX_PATH_CHARS = 4096
"""No file lies deeper or has a longer path than that; what is said to counts as ignored."""
_EVERYTHING = ("*",)


class IgnoreRules:
    """The rules of a workspace. Used by one thread.

    Rules of folders above a workspace folder count, too, up to the repository's top: often only a part of a repository
    is opened. Nothing but rules is read there.

    Args:
        roots: the workspace folders, absolute.
    """

    def __init__(self, roots: Sequence[str]) -> None:
        self._roots = tuple(roots)
        self._tops: dict[str, str] = {}
        self._parsed: OrderedDict[str, tuple[FileState, GitIgnoreSpec]] = OrderedDict()
        self._seen: dict[str, GitIgnoreSpec | None] = {}

    def refresh(self) -> None:
        """Looks again at every file of rules when it is next needed; without it each is looked at once."""
        self._seen.clear()
        self._tops.clear()

    def verdict(self, path: str) -> Verdict | None:
        """Why a file below a root is not shown, or None."""
        if self.is_excluded(path):
            return Verdict.EXCLUDED
        return Verdict.GITIGNORED if self.is_gitignored(path) else None

    def is_excluded(self, path: str) -> bool:
        """Whether a `.glmignore` names a file; false outside of the workspace."""
        tops = [self._top(root) for root in self._roots if is_below(root, path)]
        # One workspace folder may lie in another: the rules of both count.
        return bool(tops) and self._is_named(
            min(tops, key=len), path, lambda folder: self._rules(folder, OWN_RULES)
        )

    def is_gitignored(self, path: str) -> bool:
        """Whether git ignores a file, or it lies in a repository's own `.git`; false outside of the workspace."""
        root = root_of(path, self._roots)
        if not root:
            return False
        top = self._top(root)
        return ".git" in _parts(top, path) or self._is_named(top, path, self._git_rules)

    def _is_named(self, top: str, path: str, rules: Callable[[str], Iterator[GitIgnoreSpec]]) -> bool:
        parts = _parts(top, path)
        if len(parts) > _MAX_DEPTH or len(path) > _MAX_PATH_CHARS:
            return True
        return any(
            self._decides(top, parts[:depth], rules, is_folder=depth < len(parts))
            for depth in range(1, len(parts) + 1)
        )

    @staticmethod
    def _decides(
        top: str, parts: list[str], rules: Callable[[str], Iterator[GitIgnoreSpec]], *, is_folder: bool
    ) -> bool:
        for level in reversed(range(len(parts))):
            name = "/".join(parts[level:]) + "/" * is_folder
            for spec in rules(joined(top, *parts[:level])):
                found = spec.check_file(name).include
                if found is not None:
                    return found
        return False

    def _git_rules(self, folder: str) -> Iterator[GitIgnoreSpec]:
        yield from self._rules(folder, GIT_RULES)
        yield from self._rules(folder, joined(".git", "info", "exclude"))

    def _rules(self, folder: str, name: str) -> Iterator[GitIgnoreSpec]:
        path = joined(folder, name)
        if path not in self._seen:
            self._seen[path] = self._look(path)
        spec = self._seen[path]
        if spec is not None:
            yield spec

    def _look(self, path: str) -> GitIgnoreSpec | None:
        if not os.path.lexists(path):
            return None
        state = state_of(path, _MAX_BYTES)
        if isinstance(state, Verdict):
            return _spec(_EVERYTHING)
        known = self._parsed.get(path)
        if known is not None and known[0] == state:
            self._parsed.move_to_end(path)
            return known[1]
        found = read_file(path, _MAX_BYTES)
        if isinstance(found, Verdict):
            return _spec(_EVERYTHING)
        try:
            lines: Sequence[str] = lines_of(found[1])
        except ValueError:
            lines = _EVERYTHING
        spec = _spec(lines)
        self._parsed[path] = (found[0], spec)
        while len(self._parsed) > _MAX_FILES:
            self._parsed.popitem(last=False)
        return spec

    def _top(self, root: str) -> str:
        """The repository's top folder, or the root itself where there is no repository."""
        if root not in self._tops:
            folder, found = root, root
            for _ in range(_MAX_CLIMB):
                if os.path.lexists(joined(folder, ".git")):
                    found = folder
                    break
                folder = parent(folder)
            self._tops[root] = found
        return self._tops[root]


def _parts(top: str, path: str) -> list[str]:
    return path[len(top) :].replace(os.sep, "/").strip("/").split("/")


def _spec(lines: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - a tenth of a second

    if len(lines) > _MAX_LINES or any(_is_costly(line) for line in lines):
        lines = _EVERYTHING
    # Other backends know no groups without a way back.
    return GitIgnoreSpec([_pattern(line) for line in lines if line], backend="simple")


def _is_costly(line: str) -> bool:
    return not line.startswith("#") and len(line) > _MAX_LINE_CHARS


def _pattern(line: str) -> GitIgnoreSpecPattern:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # noqa: PLC0415

    try:
        pattern = GitIgnoreSpecPattern(widened(line))
    except (ValueError, re.error):
        # It is no pattern; git takes no notice of such.
        return GitIgnoreSpecPattern(None)
    if pattern.regex is None:
        return pattern
    quick = linear(pattern.regex.pattern)
    if quick == pattern.regex.pattern:
        return pattern
    return GitIgnoreSpecPattern(re.compile(quick), pattern.include)
