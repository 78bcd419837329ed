"""Ghost text in a real Neovim, with the real server: what the screen shows, what the buffer and the file hold."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from glm_lsp.engine.address import TcpAddress
from glm_lsp.engine.wire import CompletionRequest
from tests.editors.conftest import StartNeovim
from tests.editors.engines import LateEngine, SlowEngine
from tests.editors.neovim import Neovim
from tests.editors.project import Project
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_server import serve, wait_until

_MODEL_S = 90.0
"""The engine starts and writes within this, also where much else is going on."""

_REPEATED = """\
def first(prices, shipping):
    subtotal = sum(price.amount for price in prices)
    return subtotal + shipping


def second(prices, shipping):
    subtotal = sum(price.amount for price in prices)
    return subtotal + shipping


def third(prices, shipping):
"""
"""The starter is certain of how this goes on."""

_WHOLE = "    subtotal = sum(price.amount for price in prices)"


@dataclass(frozen=True)
class Author:
    """An engine that knows how a line goes on.

    Attributes:
        url: for the setting `engineUrl`.
        lines: what it knows; the first that a line may become is the likeliest.
    """

    url: str
    engine: FakeEngine
    lines: tuple[str, ...]


@contextmanager
def author(*lines: str) -> Iterator[Author]:
    """An engine that goes on with lines it knows."""
    turns: Iterator[int] = itertools.count()

    def write(request: CompletionRequest) -> list[str]:
        before = request.prompt_text.rpartition("\n")[2].lstrip()
        fitting = [line for line in lines if before and line.startswith(before)]
        if not fitting:
            return []
        line = fitting[next(turns) % len(fitting) if request.n > 1 else 0]
        return re.findall(r"\w+|\W", line[len(before) :])

    engine = FakeEngine(script=write)
    with serve(engine, TcpAddress("127.0.0.1", 0)) as address:
        yield Author(f"http://{address}", engine, lines)


def set_up(engine: Author | SlowEngine | LateEngine | None = None, options: str = "") -> str:
    """Lua of a person who has chosen nothing but the engine."""
    settings = f"settings = {{ engineUrl = '{engine.url}', suggest = 'eager' }}," if engine else ""
    return f"require('glm').setup({{ {settings} {options} }})"


def write(project: Project, text: str) -> None:
    project.source.write_bytes(text.encode())


def opened(start_neovim: StartNeovim, project: Project, init: str, keys: str = "G") -> Neovim:
    neovim = start_neovim(init, enables=False)
    neovim.open(project.source)
    neovim.keys(keys)
    return neovim


def until_ghost_text(neovim: Neovim, expected: str) -> None:
    deadline = time.monotonic() + _MODEL_S
    while (seen := neovim.ghost_text()) != expected:
        assert time.monotonic() < deadline, f"expected {expected!r}, seen {seen!r}\n{neovim.story()}"
        time.sleep(0.05)


def until_some_ghost_text(neovim: Neovim) -> str:
    """What the starter is certain of, for the line `sub`; it is the beginning of what the file repeats."""
    neovim.until("return require('glm.ghost_text').is_visible()", _MODEL_S)
    shown = neovim.ghost_text()
    assert len(shown) > 8
    assert _WHOLE.startswith(f"    sub{shown}")
    return shown


def is_between(least: str, frame: str, most: str) -> bool:
    """Whether a frame shows at least and at most so much; a longer answer may take the place of a shorter one."""
    return frame.startswith(least) and most.startswith(frame)


def until_line(neovim: Neovim, expected: str) -> None:
    quoted = f"[==[{expected}]==]"
    neovim.until(f"return vim.api.nvim_get_current_line() == {quoted}")


def test_what_is_typed_brings_ghost_text_and_tab_takes_it(
    start_neovim: StartNeovim, project: Project
) -> None:
    write(project, _REPEATED)
    neovim = opened(start_neovim, project, set_up())
    neovim.keys("osub")
    shown = until_some_ghost_text(neovim)
    assert neovim.screen(12)[-1] == f"    sub{shown}"
    assert neovim.lines[-1] == "    sub"
    neovim.keys("<Tab>")
    until_line(neovim, f"    sub{shown}")
    assert neovim.lua("return vim.api.nvim_win_get_cursor(0)") == [12, len(f"    sub{shown}")]
    neovim.keys("<Esc>u")
    until_line(neovim, "    sub")
    neovim.keys("<C-r>")
    until_line(neovim, f"    sub{shown}")
    neovim.command("write")
    assert project.source.read_text(encoding="utf-8") == f"{_REPEATED}    sub{shown}\n"
    assert neovim.messages == []


def test_no_frame_of_typing_through_is_without_it_or_with_another(
    start_neovim: StartNeovim, project: Project
) -> None:
    write(project, _REPEATED)
    neovim = opened(start_neovim, project, set_up())
    neovim.keys("osub")
    shown = until_some_ghost_text(neovim)
    neovim.lua(_RECORD_FRAMES)
    for character in shown[:-1]:
        neovim.keys(character)
    until_line(neovim, f"    sub{shown[:-1]}")
    neovim.until("return not require('glm.ghost_text.request').is_running()")
    frames = neovim.lua("return frames")
    assert len(frames) >= len(shown) - 1
    assert [frame for frame in frames if not is_between(f"    sub{shown}", frame, _WHOLE)] == []
    for _ in range(4):
        neovim.keys("<BS>")
    until_line(neovim, f"    sub{shown[:-5]}")
    frames = neovim.lua("return frames")
    assert [frame for frame in frames if not is_between(f"    sub{shown}", frame, _WHOLE)] == []


def test_an_equal_answer_draws_nothing(start_neovim: StartNeovim, project: Project) -> None:
    with author("total = price + shipping") as engine:
        neovim = opened(start_neovim, project, set_up(engine))
        neovim.keys("ototal")
        until_ghost_text(neovim, " = price + shipping")
        neovim.lua(_RECORD_FRAMES)
        neovim.lua("require('glm.ghost_text.presenter').update(true)")
        neovim.until("return not require('glm.ghost_text.request').is_running()")
        neovim.lua("vim.wait(50)")
        assert neovim.lua("return frames") == []


def test_what_does_not_agree_hides_it_with_the_key(start_neovim: StartNeovim, project: Project) -> None:
    with author("total = price") as engine:
        neovim = opened(start_neovim, project, set_up(engine))
        neovim.keys("ototal")
        until_ghost_text(neovim, " = price")
        neovim.lua(_RECORD_FRAMES)
        neovim.keys("x")
        until_line(neovim, "totalx")
        assert set(neovim.lua("return frames")) == {"totalx"}
        neovim.keys("<Tab>")
        neovim.until("return vim.api.nvim_get_current_line() ~= 'totalx'")
        assert "price" not in neovim.lines[-1]


def test_words_and_lines_are_steps_of_undo_and_the_rest_stays(
    start_neovim: StartNeovim, project: Project
) -> None:
    whole = "total = price.amount + shipping"
    with author(whole) as engine:
        neovim = opened(start_neovim, project, set_up(engine))
        neovim.keys("otot")
        until_ghost_text(neovim, whole[3:])
        neovim.lua(_RECORD_FRAMES)
        for word in ("total", "total =", "total = price", "total = price."):
            neovim.keys("<M-Right>")
            until_line(neovim, word)
            assert neovim.ghost_text() == whole[len(word) :]
        assert set(neovim.lua("return frames")) == {whole}
        neovim.keys("<M-C-Right>")
        until_line(neovim, whole)
        neovim.keys("<Esc>")
        for before in ("total = price.", "total = price", "total =", "total", "tot"):
            neovim.keys("u")
            until_line(neovim, before)


def test_the_dot_repeats_what_was_typed_and_taken(start_neovim: StartNeovim, project: Project) -> None:
    with author("total = price") as engine:
        neovim = opened(start_neovim, project, set_up(engine))
        neovim.keys("ototal")
        until_ghost_text(neovim, " = price")
        neovim.keys("<Tab>")
        until_line(neovim, "total = price")
        neovim.keys("s<Esc>.")
        wait_until(lambda: neovim.lines[-2:] == ["total = prices", "total = prices"], 30)
        status = "vim.lsp.get_clients()[1]:request_sync('glm/status', vim.empty_dict(), 9000, 0).result"
        assert neovim.lua(f"return {status}.accepted") == 1


def test_others_are_asked_for_when_one_is_not_enough(start_neovim: StartNeovim, project: Project) -> None:
    texts = ["total = price", "total = amount", "total = shipping"]
    with author(*texts) as engine:
        neovim = opened(start_neovim, project, set_up(engine), "ggO<Esc>")
        neovim.keys("itotal")
        neovim.until_screen("total = price")
        for seen in ("total = amount (2/3)", "total = shipping (3/3)", "total = price (1/3)"):
            neovim.keys("<M-]>")
            neovim.until_screen(seen)
        neovim.keys("<M-[>")
        neovim.until_screen("total = shipping (3/3)")
        neovim.keys(" =")
        neovim.until_screen("total = shipping (3/3)")
        neovim.keys("<Tab>")
        neovim.until_screen("total = shipping")
        assert neovim.lines[0] == "total = shipping"


def test_dismissed_it_stays_away_until_the_text_changes(start_neovim: StartNeovim, project: Project) -> None:
    with author("total = price") as engine:
        neovim = opened(start_neovim, project, set_up(engine))
        neovim.keys("ototal")
        until_ghost_text(neovim, " = price")
        neovim.keys("<C-]>")
        until_ghost_text(neovim, "")
        neovim.keys("<Left>")
        neovim.keys("<Right>")
        neovim.lua("vim.wait(300)")
        assert neovim.ghost_text() == ""
        assert neovim.lines[-1] == "total"
        neovim.keys(" ")
        until_ghost_text(neovim, "= price")


def test_escape_takes_it_away_and_it_comes_back_with_insert_mode(
    start_neovim: StartNeovim, project: Project
) -> None:
    with author("total = price") as engine:
        neovim = opened(start_neovim, project, set_up(engine))
        neovim.keys("ototal")
        until_ghost_text(neovim, " = price")
        neovim.keys("<Esc>")
        until_ghost_text(neovim, "")
        assert neovim.lines[-1] == "total"
        neovim.keys("A")
        until_ghost_text(neovim, " = price")


def test_an_edit_withdraws_the_question_that_is_open(
    start_neovim: StartNeovim, project: Project, slow: SlowEngine
) -> None:
    neovim = opened(start_neovim, project, set_up(slow))
    neovim.keys("ototal = ")
    job = slow.job()
    neovim.keys("<Esc>")
    slow.assert_cancelled(job)
    neovim.lua("vim.wait(200)")
    assert neovim.ghost_text() == ""
    assert neovim.lines[-1] == "total = "
    assert neovim.messages == []


def test_several_lines_in_the_middle_of_a_file(start_neovim: StartNeovim, project: Project) -> None:
    write(project, "def total(prices):\n\n\ndef other():\n    return 1\n")
    block = "for price in prices:\n        amount += price\n    return amount"
    with author(block) as engine:
        neovim = opened(start_neovim, project, set_up(engine), "gg")
        neovim.keys("ofor price")
        neovim.until("return require('glm.ghost_text').is_visible()", _MODEL_S)
        screen = neovim.screen(7)
        shown = ["    " + block.splitlines()[0], *block.splitlines()[1:]]
        num_shown = len(neovim.ghost_text().splitlines())
        assert num_shown >= 2, screen
        assert screen[1 : 1 + num_shown] == shown[:num_shown]
        assert screen[1 + num_shown : 4 + num_shown] == ["", "", "def other():"]
        neovim.keys("<M-C-Right>")
        until_line(neovim, shown[0])
        neovim.keys("<M-C-Right>")
        until_line(neovim, shown[1])
        assert neovim.lines == ["def total(prices):", *shown[:2], "", "", "def other():", "    return 1"]
        neovim.keys("<Esc>u")
        wait_until(lambda: neovim.lines[1:3] == [shown[0], ""], 30)


def test_dos_line_breaks_stay_and_none_is_shown(start_neovim: StartNeovim, project: Project) -> None:
    write(project, _REPEATED.replace("\n", "\r\n"))
    neovim = opened(start_neovim, project, set_up())
    neovim.keys("osub")
    shown = until_some_ghost_text(neovim)
    neovim.keys("<Tab>")
    until_line(neovim, f"    sub{shown}")
    neovim.command("write")
    assert project.source.read_bytes() == f"{_REPEATED}    sub{shown}\n".replace("\n", "\r\n").encode()


def test_wide_characters_and_emoji_before_the_cursor(start_neovim: StartNeovim, project: Project) -> None:
    with author('emoji = "🎉価格é" + total') as engine:
        neovim = opened(start_neovim, project, set_up(engine), "ggO<Esc>")
        neovim.keys('iemoji = "🎉価')
        neovim.until("return require('glm.ghost_text').is_visible()", _MODEL_S)
        neovim.keys("格")
        neovim.until_screen('emoji = "🎉価格é" + total')
        neovim.keys("<Tab>")
        until_line(neovim, 'emoji = "🎉価格é" + total')


def test_a_server_that_was_killed_comes_back_and_so_does_the_ghost_text(
    start_neovim: StartNeovim, project: Project
) -> None:
    with author("total = price") as engine:
        neovim = opened(start_neovim, project, set_up(engine))
        neovim.keys("ototal")
        until_ghost_text(neovim, " = price")
        dead = neovim.lua("return vim.lsp.get_clients({ name = 'glm' })[1].id")
        neovim.lua(_KILL_THE_SERVER)
        neovim.until(
            "local next = vim.lsp.get_clients({ name = 'glm' })[1]"
            f" return next and next.id ~= {dead} and next.initialized"
        )
        neovim.keys(" ")
        until_ghost_text(neovim, "= price")
        neovim.keys("<Tab>")
        until_line(neovim, "total = price")


def test_a_large_file(start_neovim: StartNeovim, project: Project) -> None:
    functions = "".join(_REPEATED.replace("first", f"first_{number}") for number in range(60))
    text = functions * (50_000 // len(functions) + 1)
    assert len(text) > 50_000
    write(project, text)
    neovim = opened(start_neovim, project, set_up())
    neovim.keys("osub")
    shown = until_some_ghost_text(neovim)
    neovim.keys("<Tab>")
    until_line(neovim, f"    sub{shown}")


def test_what_was_asked_before_the_engine_is_there_comes_with_it(
    start_neovim: StartNeovim, project: Project, late: LateEngine
) -> None:
    neovim = opened(start_neovim, project, _SHOWS_NO_MESSAGES + set_up(late))
    neovim.keys("ototal")
    neovim.until("return not require('glm.ghost_text.request').is_running()")
    assert neovim.ghost_text() == ""
    late.come()
    neovim.until("return require('glm.ghost_text').is_visible()", _MODEL_S)


def test_stopped_nothing_is_left_of_it(start_neovim: StartNeovim, project: Project) -> None:
    with author("total = price") as engine:
        neovim = opened(start_neovim, project, set_up(engine))
        neovim.keys("ototal")
        until_ghost_text(neovim, " = price")
        neovim.lua("require('glm.ghost_text').stop()")
        assert neovim.ghost_text() == ""
        assert not neovim.lua("return require('glm.ghost_text').accept()")
        assert neovim.lua("return pcall(vim.api.nvim_get_autocmds, { group = 'glm.ghost_text' })") is False
        neovim.keys(" ")
        neovim.lua("vim.wait(200)")
        assert neovim.ghost_text() == ""


def test_neovims_own_is_taken_whole_by_words_and_by_lines(
    start_neovim: StartNeovim, project: Project
) -> None:
    with author("total = price.amount") as engine:
        neovim = opened(start_neovim, project, set_up(engine, "ghost_text = 'builtin'"))
        if not neovim.lua("return vim.lsp.inline_completion ~= nil"):
            assert neovim.messages == [
                "GLM: setup: ghost_text 'builtin' is Neovim 0.12's own; this one gets 'glm'"
            ]
            return
        neovim.keys("ototal")
        for key, taken in (("<M-Right>", "total ="), ("<M-C-Right>", "total = price.amount")):
            neovim.until("return require('glm.ghost_text').is_visible()", _MODEL_S)
            neovim.keys(key)
            until_line(neovim, taken)
        neovim.keys("<Esc>u")
        until_line(neovim, "total =")
        neovim.keys("u")
        until_line(neovim, "total")
        neovim.keys("A")
        neovim.until("return require('glm.ghost_text').is_visible()", _MODEL_S)
        neovim.keys("<M-]>")
        assert "(1/1)" in neovim.ghost_text()
        neovim.keys("<Tab>")
        until_line(neovim, "total = price.amount")


_RECORD_FRAMES = """
frames = {}
local namespace = vim.api.nvim_create_namespace('glm.ghost_text')
local own = vim.api.nvim_create_namespace('frames')
vim.api.nvim_set_decoration_provider(own, { on_end = function()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  local line = vim.api.nvim_get_current_line()
  local marks = vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })
  for index = #marks, 1, -1 do
    local mark = marks[index]
    local text = mark[4].virt_text and mark[4].virt_text[1][1] or '<lines>'
    line = line:sub(1, mark[3]) .. text .. line:sub(mark[3] + 1)
    if mark[2] ~= row then
      line = '<elsewhere>'
    end
  end
  table.insert(frames, line)
end })
vim.cmd.redraw()
frames = {}
"""

_KILL_THE_SERVER = """
for _, process in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do
  vim.uv.kill(process, 'sigkill')
end
"""

# That there is no engine is told as an error, and one that comes while Neovim answers a test would be the test's.
_SHOWS_NO_MESSAGES = """
vim.lsp.handlers['window/showMessage'] = function()
  return vim.NIL
end
"""


def test_ghost_text_comes_in_files_of_a_session(
    start_neovim: StartNeovim, project: Project, tmp_path: Path
) -> None:
    session = tmp_path / "session.vim"
    with author("total = price * amount") as engine:
        first = opened(start_neovim, project, set_up(engine))
        first.command(f"mksession! {session}")
        first.close()
        again = start_neovim(set_up(engine), enables=False)
        again.command(f"source {session}")
        again.until("return #vim.lsp.get_clients({ bufnr = 0 }) > 0 and vim.lsp.get_clients()[1].initialized")
        again.keys("Go    tot")
        until_ghost_text(again, "al = price * amount")
