"""References for an editor's requests: what is there in time, the same from key to key, and the rest next time."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from glm_lsp.completion.prompt import Reference
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.references.candidate import ALL_KINDS, Explained, Kind
from glm_lsp.references.files import OpenDocument
from glm_lsp.references.gatherer import Errand, Gatherer
from glm_lsp.references.ignore import OWN_RULES, IgnoreRules
from glm_lsp.references.location import file_of, file_of_key, normal_roots, paths_of, root_of, shown_path
from glm_lsp.references.notes import FAR_LINES, EditorNotes
from glm_lsp.references.plan import Plan, Way
from glm_lsp.references.selection import Selection

logger = logging.getLogger(__name__)

_RULE_FILES = (".gitignore", ".glmignore", "/exclude")
_RULES_HOLD_S = 1.0
_MAX_ANSWERS = 256


@dataclass(frozen=True, slots=True)
class _Place:
    """What references are chosen for; within 32 lines of `line` they stay."""

    file: str
    language_id: str
    line: int
    max_chars: int

    def covers(self, other: _Place) -> bool:
        """Whether what was chosen here is good there."""
        is_same = replace(other, line=self.line) == self
        return is_same and abs(other.line - self.line) <= FAR_LINES


@dataclass(slots=True)
class _Running:
    place: _Place
    cancelled: threading.Event = field(default_factory=threading.Event)
    future: Future[Selection | None] = field(default_factory=Future)


class ReferenceSource:
    """Finds pieces of other files for the prompt.

    All calls are made on one event loop; files are read and compared on one thread of its own, which starts with the
    first `gather`.

    Args:
        workspace_roots: files are read below these folders alone, and only their documents are shown.
        is_trusted: without trust nothing is read from disk.
        kinds: what is looked for.
        is_shown: whether the model sees the pieces; what an engine only looks up in may be like the text at the cursor.
    """

    def __init__(
        self,
        workspace_roots: Sequence[Path],
        *,
        is_trusted: bool = True,
        kinds: Collection[Kind] = ALL_KINDS,
        is_shown: bool = True,
    ) -> None:
        self._roots = normal_roots(workspace_roots)
        self._is_trusted = is_trusted
        self._kinds = frozenset(kinds)
        self._is_shown = is_shown
        self._notes = EditorNotes()
        self._gatherer = Gatherer()
        self._executor: ThreadPoolExecutor | None = None
        self._place: _Place | None = None
        self._selection = Selection()
        self._is_stale = False
        self._running: _Running | None = None
        self._is_stopped = False
        self._rules = IgnoreRules(())
        self._rules_roots: tuple[str, ...] = ()
        self._rules_seen = -math.inf
        self._excluded: dict[str, bool] = {}

    def open(self, uri_key: str, path: str, real_path: str, language_id: str, text: str) -> None:
        """Notes that a document was opened.

        Args:
            uri_key: its address, the same in all calls about it.
            path: relative to the workspace; empty for an unsaved document, of which nothing is ever shown.
            real_path: where the file really lies; empty where that is the same or unknown.
            language_id: LSP identifier.
            text: all of it.
        """
        if path:
            self._notes.open(uri_key, real_path, language_id, text)

    def edited(self, uri_key: str, text: str, line: int) -> None:
        """Notes a change at a line (from 0) and the whole text after it."""
        self._notes.edited(uri_key, text, line)

    def saved(self, uri_key: str) -> None:
        """Notes that what lies on disk has changed: the next `gather` looks again, in the background."""
        self._is_stale = True
        if uri_key.endswith(_RULE_FILES):
            self._forget_choice()

    def close(self, uri_key: str) -> None:
        """Forgets a document, and stops looking for references for it."""
        self._notes.close(uri_key)
        if self._running is not None and self._running.place.file == file_of_key(uri_key):
            self._cancel()

    def set_trust(self, is_trusted: bool) -> None:
        """Says whether files may be read from disk."""
        if is_trusted != self._is_trusted:
            self._is_trusted = is_trusted
            self._forget_choice()

    def set_roots(self, workspace_roots: Sequence[Path]) -> None:
        """Says which folders are the workspace."""
        roots = normal_roots(workspace_roots)
        if roots != self._roots:
            self._roots = roots
            self._forget_choice()

    def set_plan(self, plan: Plan) -> None:
        """Says what the model is that references are for, as soon as that is known."""
        kinds, is_shown = plan.kinds, plan.way is Way.PROMPT
        if (kinds, is_shown) != (self._kinds, self._is_shown):
            self._kinds, self._is_shown = kinds, is_shown
            self._forget_choice()

    def is_ignored(self, path: str) -> bool:
        """Whether a `.glmignore` names a file, or the one a link leads to, so that nothing may be completed in it.

        For the event loop: files of rules are looked at once a second, and read again if they have changed. False
        outside of the workspace, and without trust, as then nothing is read. True where the rules fail.

        Args:
            path: absolute, or an address as an editor sends it: whatever its scheme, its path counts.
        """
        if not self._is_trusted or not self._roots:
            return False
        try:
            self._look_at_rules()
            if path not in self._excluded:
                if len(self._excluded) >= _MAX_ANSWERS:
                    self._excluded.clear()
                self._excluded[path] = any(
                    self._rules.is_excluded(file) or self._rules.is_excluded(os.path.realpath(file))
                    for file in paths_of(path)
                )
            return self._excluded[path]
        except Exception as error:
            logger.warning("the rules of %s cannot be applied: %s", OWN_RULES, type(error).__name__)
            return True

    def _look_at_rules(self) -> None:
        now = time.monotonic()
        if now - self._rules_seen < _RULES_HOLD_S:
            return
        roots = (*self._roots, *(os.path.realpath(root) for root in self._roots))
        if roots != self._rules_roots:
            self._rules, self._rules_roots = IgnoreRules(roots), roots
        self._rules.refresh()
        self._excluded.clear()
        self._rules_seen = now

    async def gather(
        self, snapshot: DocumentSnapshot, max_chars: int, *, within_s: float = 0.05
    ) -> tuple[Reference, ...]:
        """Pieces of other files for a request, oldest first.

        They stay the same until the cursor moves more than 32 lines, or to another document, or a document is saved.
        What is not found in time is there the next time; until then the old ones stay.

        Args:
            snapshot: the document in hand, of which nothing is returned.
            max_chars: most characters of all of them, with what a prompt puts around each.
            within_s: how long to wait at most.
        """
        line = snapshot.text.count("\n", 0, snapshot.offset)
        place = _Place(file_of(snapshot.uri) or snapshot.uri, snapshot.language_id, line, max_chars)
        if self._is_stopped:
            return ()
        self._adopt()
        is_covered = self._place is not None and self._place.covers(place)
        if not is_covered or self._is_stale:
            running = self._running
            if running is None or not running.place.covers(place) or self._is_stale:
                running = self._start(place, snapshot)
            # Where something is shown already nobody waits for the same once more.
            if not is_covered and not running.future.done():
                await _wait(running.future, within_s)
            self._adopt()
        return self._references(snapshot)

    def explain(self) -> list[Explained]:
        """What the last `gather` used, and why other pieces and files were left out; never any of their text."""
        return list(self._selection.explained)

    def stop(self) -> None:
        """Ends the thread as soon as it has finished the file it is at."""
        self._is_stopped = True
        self._cancel()
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def _start(self, place: _Place, snapshot: DocumentSnapshot) -> _Running:
        self._cancel()
        self._is_stale = False
        stays = self._place is not None and self._place.covers(place)
        if stays and self._place is not None:
            place = self._place  # what is near is what was near, so that the same is found
        happened = self._notes.take()
        running = _Running(place)
        file = file_of(snapshot.uri)
        errand = Errand(
            roots=self._roots,
            is_trusted=self._is_trusted,
            kinds=self._kinds,
            document=OpenDocument(file, snapshot.real_path, snapshot.language_id, snapshot.text, place.line),
            max_chars=place.max_chars,
            open_documents=tuple(each for each in self._notes.documents if each.file != file),
            visited=happened.visited,
            closed=happened.closed,
            shown=self._selection.chosen,
            stays=stays,
            is_shown=self._is_shown,
        )
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, "references")
        running.future = self._executor.submit(self._work, errand, running.cancelled)
        self._running = running
        return running

    def _work(self, errand: Errand, cancelled: threading.Event) -> Selection | None:
        try:
            return self._gatherer.gather(errand, cancelled.is_set)
        except Exception as error:
            # Suggestions come without references, too.
            logger.warning("no references were found: %s", type(error).__name__)
            return None

    def _adopt(self) -> None:
        """Takes over what has been found meanwhile."""
        running = self._running
        if running is None or not running.future.done():
            return
        self._running = None
        found = None if running.future.cancelled() else running.future.result()
        self._place = running.place
        self._selection = found or Selection()
        logger.debug("references: %d pieces", len(self._selection.chosen))

    def _cancel(self) -> None:
        if self._running is not None:
            self._running.cancelled.set()
            self._running = None

    def _forget_choice(self) -> None:
        """What was chosen under other rules is not shown once more."""
        self._cancel()
        self._place = None
        self._selection = Selection()
        self._rules_seen = -math.inf

    def _references(self, snapshot: DocumentSnapshot) -> tuple[Reference, ...]:
        """What is chosen, without pieces of the very document, which may be there from another one's choice."""
        file = file_of(snapshot.uri)
        root = root_of(file, self._roots)
        own = shown_path(file, root) if root else ""
        return tuple(Reference(each.path, each.text) for each in self._selection.chosen if each.path != own)


async def _wait(future: Future[Selection | None], seconds: float) -> None:
    """Until it is done, but no longer than agreed; the future itself goes on."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def tell(_: Future[Selection | None]) -> None:
        # A loop that has ended no longer wants to know.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(done.set)

    future.add_done_callback(tell)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await done.wait()
