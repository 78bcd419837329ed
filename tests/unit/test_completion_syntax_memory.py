"""Trees are parsed no oftener than a document can bear."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from glm_lsp.completion.mode import Mode
from glm_lsp.completion.snapshot import DocumentSnapshot
from glm_lsp.completion.syntax_memory import SyntaxMemory
from glm_lsp.syntax import validity
from glm_lsp.syntax.languages import language_for
from glm_lsp.syntax.pace import Clocks, Pace
from glm_lsp.syntax.tree import MAX_PARSED_CHARS, SyntaxTree

MACROS = "".join(
    f'#define M{i}(a,b) do {{ if (a) {{ f##a(b); }} else {{ G("{i}"); }} }} while(0)\n'
    f"MACRO_BEGIN(x{i}) FOO(bar) X_{i}(int)\nstatic int fn_{i}(int a, int b) {{ return M{i}(a, b); }}\n"
    for i in range(365)
)


class Clock:
    """Stands still but while something is worked on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Machine:
    """Parsing takes what it is told to. `num_parsed` counts.

    `waits_s` of each parse and check is the time in which others have the processor.
    """

    def __init__(self, wall: Clock, own: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.parse_s = self.check_s = self.waits_s = 0.0
        self.num_parsed = self.num_checked = 0
        self.is_refusing = False
        self._wall, self._own = wall, own
        parse, edited, check = SyntaxTree.parse, SyntaxTree.edited, validity.parses_no_worse

        def slow(work: Callable[..., SyntaxTree | None]) -> Callable[..., SyntaxTree | None]:
            def worked(*args: object) -> SyntaxTree | None:
                self._work(self.parse_s)
                self.num_parsed += 1
                return None if self.is_refusing else work(*args)

            return worked

        def checked(
            tree: SyntaxTree, offset: int, insertion: str, *, is_whole: bool = True, clocks: Clocks, **_: bool
        ) -> bool:
            self._work(self.check_s)
            self.num_checked += 1
            return check(tree, offset, insertion, is_whole=is_whole, clocks=clocks)

        monkeypatch.setattr(SyntaxTree, "parse", staticmethod(slow(parse)))
        monkeypatch.setattr(SyntaxTree, "edited", slow(edited))
        monkeypatch.setattr(validity, "parses_no_worse", checked)

    def _work(self, seconds: float) -> None:
        self._own.now += seconds
        self._wall.now += seconds + self.waits_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def own() -> Clock:
    return Clock()


@pytest.fixture
def machine(clock: Clock, own: Clock, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(clock, own, monkeypatch)


@pytest.fixture
def memory(clock: Clock, own: Clock) -> SyntaxMemory:
    return SyntaxMemory(clocks=Clocks(clock, own))


def at(marked: str, language: str = "python", uri: str = "file:///w/a.py") -> DocumentSnapshot:
    before, after = marked.split("║")
    return DocumentSnapshot(
        uri=uri, path="a.py", language_id=language, version=1, text=before + after, offset=len(before)
    )


def text_of(tree: SyntaxTree | None) -> str:
    assert tree is not None
    return tree.text


def test_a_document_cheap_to_parse_has_a_tree_at_every_key(memory: SyntaxMemory, machine: Machine) -> None:
    machine.parse_s = 0.009
    for num_typed in range(20):
        text = "x = " + "1" * num_typed
        assert text_of(memory.tree(at(f"{text}║"))) == text


def test_a_document_dear_to_parse_rests_thirty_times_as_long(
    memory: SyntaxMemory, machine: Machine, clock: Clock
) -> None:
    machine.parse_s = 0.05
    assert text_of(memory.tree(at("x = 1║"))) == "x = 1"
    clock.now += 1.49
    assert memory.tree(at("x = 12║")) is None
    assert text_of(memory.tree(at("x = 1║"))) == "x = 1"  # what is parsed stays known
    assert text_of(memory.tree(at("y║", uri="file:///w/b.py"))) == "y"  # others are not concerned
    clock.now += 0.02
    assert text_of(memory.tree(at("x = 123║"))) == "x = 123"
    assert machine.num_parsed == 3


def test_nothing_is_checked_while_a_document_rests(
    memory: SyntaxMemory, machine: Machine, clock: Clock
) -> None:
    broken = at("x = ║\ny = 2\n")
    assert not memory.parses_no_worse(broken, "f(1))")
    machine.check_s = 0.02
    assert not memory.parses_no_worse(broken, "f(1))")
    num_checked = machine.num_checked
    assert memory.parses_no_worse(broken, "f(1))")
    assert memory.parses_no_worse(at("x = z║\ny = 2\n"), "f(1))")
    assert memory.tree(at("x = z║\ny = 2\n")) is None
    assert machine.num_checked == num_checked
    clock.now += 0.61
    assert not memory.parses_no_worse(broken, "f(1))")


def test_on_a_busy_machine_all_is_checked(memory: SyntaxMemory, machine: Machine) -> None:
    """The document is not dear because others have the processor."""
    machine.parse_s, machine.check_s, machine.waits_s = 0.002, 0.001, 5.0
    for name in ("x", "xy", "xyz"):
        document = at(f"{name} = ║\ny = 2\n")
        assert memory.mode(document) is Mode.LINE
        assert not memory.parses_no_worse(document, "f(1))")
        assert memory.parses_no_worse(document, "f(1)")


@pytest.mark.parametrize("tick_s", [0.0, 0.016])
def test_a_coarse_clock_makes_nothing_dear(clock: Clock, tick_s: float) -> None:
    """One tick may fall into the shortest work."""
    ticks = Clock()
    pace = Pace(Clocks(clock, ticks))
    with pace.working():
        clock.now += 0.001
        ticks.now += tick_s
    assert not pace.is_resting
    with pace.working():
        clock.now += 0.048
        ticks.now += 0.048
    assert pace.is_resting


def test_without_a_tree_the_mode_is_told_from_the_lines(memory: SyntaxMemory, machine: Machine) -> None:
    machine.parse_s = 0.05
    assert memory.tree(at("x = 1║")) is not None
    opened = at("if x:\n    ║\n")
    assert memory.mode(opened) is Mode.BLOCK
    assert memory.tree(opened) is None
    assert machine.num_parsed == 1


def test_what_the_mode_costs_counts(memory: SyntaxMemory, machine: Machine) -> None:
    machine.parse_s = 0.009
    document = at("if x:\n    y║\n    z\n")
    assert memory.tree(document) is not None
    machine.parse_s = 0.02
    memory.mode(document)  # parses the text without the cursor's line
    assert memory.tree(at("if x:\n    yy║\n    z\n")) is None


@pytest.mark.parametrize(("parse_s", "rest_s"), [(0.0, 1.0), (0.02, 1.0), (0.1, 3.0)])
def test_a_refused_text_is_not_tried_again_at_once(
    memory: SyntaxMemory, machine: Machine, clock: Clock, parse_s: float, rest_s: float
) -> None:
    machine.parse_s, machine.is_refusing = parse_s, True
    assert memory.tree(at("x║")) is None
    clock.now += rest_s - 0.01
    assert memory.tree(at("x║")) is None
    assert memory.tree(at("xy║")) is None
    assert machine.num_parsed == 1
    clock.now += 0.02
    machine.is_refusing = False
    assert text_of(memory.tree(at("xy║"))) == "xy"


def test_loading_a_grammar_is_no_work_on_the_document(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(language_id: str) -> object:
        clock.now += 5.0
        return language_for(language_id)

    monkeypatch.setattr("glm_lsp.syntax.languages.language_for", slow)
    memory = SyntaxMemory(clocks=Clocks(clock, clock))
    for text in ("x", "xy"):
        assert text_of(memory.tree(at(f"{text}║"))) == text


def test_a_closed_document_starts_afresh(memory: SyntaxMemory, machine: Machine) -> None:
    machine.parse_s = 1.0
    assert memory.tree(at("x║")) is not None
    memory.forget("file:///w/a.py")
    assert memory.tree(at("xy║")) is not None


def test_a_text_full_of_macros_takes_a_small_part_of_the_time() -> None:
    """Three hundred keys, ten in a second; 3 % of that time is what it may take, and three times as much is allowed."""
    assert 55_000 < len(MACROS) < MAX_PARSED_CHARS
    idle_s = 0.0
    memory = SyntaxMemory(clocks=Clocks(lambda: time.process_time() + idle_s, time.process_time))
    row = MACROS.index("static", len(MACROS) // 2)
    typed = "    for (int i = 0; i < count; ++i) { values.push_back(MACRO(x, y)); } " * 5
    assert language_for("cpp") is not None
    work_s = 0.0
    for num_typed in range(1, 301):
        start = time.process_time()
        document = at(f"{MACROS[:row]}{typed[:num_typed]}║\n{MACROS[row:]}", "cpp")
        memory.mode(document)
        for part in ("values", "values.push", "values.push_back(x)", "values.push_back(x, y);"):
            memory.parses_no_worse(document, part)
        work_s += time.process_time() - start
        idle_s += 0.1
    assert work_s < 3 * 0.03 * 30
