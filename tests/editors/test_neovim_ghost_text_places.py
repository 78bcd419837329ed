"""Where ghost text has a place in Neovim and where not; a server within Neovim answers what a test says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.editors.conftest import StartNeovim
from tests.editors.neovim import Neovim
from tests.fakes.fake_server import wait_until

Start = Callable[..., Neovim]


@pytest.fixture
def typing(start_neovim: StartNeovim, tmp_path: Path) -> Start:
    """Starts Neovim with an empty buffer and ghost text; `answer` is Lua that gives items for `params` and `line`."""

    def start(answer: str = "return ghost('GHOST')") -> Neovim:
        neovim = start_neovim(
            _SERVER.replace("ANSWER", answer), enables=False, environ={"XDG_STATE_HOME": str(tmp_path)}
        )
        neovim.until("return vim.lsp.get_clients()[1] and vim.lsp.get_clients()[1].initialized")
        return neovim

    return start


def settled(neovim: Neovim) -> str:
    """What is shown when no answer is on its way any more."""
    neovim.lua("vim.wait(100)")
    neovim.until("return not require('glm.ghost_text.request').is_running()")
    return neovim.ghost_text()


def type_and_see(neovim: Neovim, keys: str) -> str:
    neovim.keys(keys)
    return settled(neovim)


def test_an_empty_buffer_has_it_with_the_first_key_and_with_insert_mode(typing: Start) -> None:
    neovim = typing()
    assert type_and_see(neovim, "i") == "GHOST"
    assert type_and_see(neovim, "a") == "GHOST"
    assert type_and_see(neovim, "<Esc>") == ""


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param("Rab", id="replace mode"),
        pytest.param("yypgg<C-v>jIab", id="visual block"),
        pytest.param("ia<Esc>gh", id="select mode"),
        pytest.param("q:iab", id="command-line window"),
        pytest.param("qqiab", id="a macro that is recorded"),
        pytest.param(":set paste<CR>iab", id="paste"),
        pytest.param(":set nomodifiable<CR>i", id="a buffer that cannot be changed"),
        pytest.param(":lua require('glm.ghost_text').stop()<CR>iab", id="switched off"),
    ],
)
def test_there_is_none_in(typing: Start, keys: str) -> None:
    neovim = typing()
    assert type_and_see(neovim, "iab") == "GHOST"
    assert type_and_see(neovim, f"<Esc>{keys}") == ""
    assert neovim.messages == []
    neovim.keys("<Esc>")
    neovim.command("if getcmdwintype() != '' | quit | endif")


def test_a_macro_does_the_same_as_when_it_was_recorded(typing: Start) -> None:
    neovim = typing()
    neovim.lua(_TAB)
    neovim.keys("qqoa<Tab>b<Esc>q@q")
    settled(neovim)
    assert neovim.lines == ["", "a\tb", "a\tb"]


def test_what_is_selected_in_the_menu_goes_before_it(typing: Start) -> None:
    neovim = typing()
    neovim.command("set completeopt=menu,menuone,noinsert,noselect")
    neovim.keys("ialpha<CR>al")
    assert type_and_see(neovim, "<C-n>") == "GHOST", "a menu alone hides nothing"
    assert type_and_see(neovim, "<Down>") == ""
    assert type_and_see(neovim, "<C-y>") == "GHOST"
    assert neovim.lines == ["alpha", "alpha"]


def test_a_replacement_is_shown_as_what_is_new_and_taken_as_a_whole(typing: Start) -> None:
    neovim = typing("return ghost('x, y)', 1)")
    neovim.lua(_TAB)
    neovim.command("call setline(1, 'f()')")
    neovim.keys("f)i")
    neovim.until_screen("f(x, y)")
    neovim.lua("_G.deaf = true")
    neovim.keys("x")
    neovim.until_screen("f(x, y)")
    assert neovim.lines == ["f(x)"]
    neovim.keys("<Tab>")
    neovim.until_screen("f(x, y)")
    neovim.until("return vim.api.nvim_get_current_line() == 'f(x, y)'")
    neovim.keys("<Esc>u")
    neovim.until("return vim.api.nvim_get_current_line() == 'f(x)'")


def test_several_lines_before_a_bracket_look_as_they_will_stand(typing: Start) -> None:
    neovim = typing("return ghost('a,\\n\\tb')")
    neovim.lua(_TAB)
    neovim.command("set tabstop=4")
    neovim.command("call setline(1, ['f()', 'below'])")
    neovim.keys("f)i")
    neovim.until_screen("f(a,", "    b)", "below")
    neovim.keys("<Tab>")
    neovim.until("return vim.api.nvim_buf_line_count(0) == 3")
    assert neovim.lines == ["f(a,", "\tb)", "below"]
    assert neovim.lua("return vim.api.nvim_win_get_cursor(0)") == [2, 2]


def test_a_bracket_closed_by_the_editor_is_typed_through(typing: Start) -> None:
    neovim = typing("if line == 'f' then return ghost('(a, b)') end return {}")
    neovim.command("inoremap ( ()<Left>")
    assert type_and_see(neovim, "if") == "(a, b)"
    neovim.lua("_G.deaf = true")
    neovim.keys("(")
    neovim.until_screen("f(a, b)")
    assert neovim.lines == ["f()"]


@pytest.mark.parametrize("key", ["<C-e>", "<Down><CR>"])
def test_an_open_menu_ends_with_what_is_taken(typing: Start, key: str) -> None:
    neovim = typing("return line == 'al' and ghost('GHOST') or {}")
    neovim.lua(_TAB)
    neovim.command("set completeopt=menu,menuone,noselect")
    neovim.keys("ialpha<CR>alps<CR>al")
    assert type_and_see(neovim, "<C-n>") == "GHOST"
    neovim.keys("<Tab>")
    neovim.until("return vim.api.nvim_get_current_line() == 'alGHOST'")
    assert neovim.lua("return vim.fn.pumvisible()") == 0
    neovim.keys(key)
    assert neovim.lines[2] == "alGHOST"


def test_a_dot_and_a_count_repeat_what_was_taken_and_one_undo_takes_it_back(typing: Start) -> None:
    neovim = typing("return line:find('%($') and ghost(TEXT) or line:find('%(%)$') and ghost(TEXT, 1) or {}")
    neovim.lua(_TAB)
    neovim.command("inoremap ( ()<C-G>U<Left>")
    neovim.command("set noautoindent")
    for text in ("arg)", "arg) + 1", "a,\n  b)", "a)\nb", "other", "é🎉)!"):
        taken = f"f({text}".split("\n")
        neovim.lua(f"TEXT = [==[{text}]==]")
        neovim.keys("<Esc>:%d<CR>of(")
        neovim.until("return require('glm.ghost_text').is_visible()")
        neovim.keys("<Tab>")
        wait_until(lambda taken=taken: neovim.lines == ["", *taken], 30)
        assert neovim.lua("return vim.api.nvim_win_get_cursor(0)[2]") == len(taken[-1].encode())
        neovim.keys("<Esc>u")
        assert neovim.lines == ["", "f()"]
        neovim.keys("<C-r>G.")
        assert neovim.lines == ["", *taken, *taken]
        neovim.keys(":%d<CR>3of(")
        neovim.until("return require('glm.ghost_text').is_visible()")
        neovim.keys("<Tab><Esc>")
        wait_until(lambda taken=taken: neovim.lines == ["", *taken, *taken, *taken], 30)


def test_what_was_shown_is_put_in_whatever_pasting_means_here(typing: Start) -> None:
    neovim = typing()
    neovim.lua(_TAB)
    neovim.lua(
        "vim.paste = (function(paste) return function(lines, phase)"
        " return paste(vim.tbl_map(string.lower, lines), phase) end end)(vim.paste)"
    )
    assert type_and_see(neovim, "ia") == "GHOST"
    neovim.keys("<Tab>")
    neovim.until("return vim.api.nvim_get_current_line() ~= 'a'")
    assert neovim.lines == ["aGHOST"]
    neovim.lua("vim.api.nvim_paste('PASTED', false, -1)")
    assert neovim.lines == ["aGHOSTpasted"]  # theirs is in its place again


def test_there_is_none_beyond_the_end_of_a_line(typing: Start) -> None:
    neovim = typing()
    neovim.command("set virtualedit=all")
    assert type_and_see(neovim, "ia") == "GHOST"
    assert type_and_see(neovim, "<Right><Right>") == ""


def test_it_goes_when_insert_mode_becomes_replace_mode(typing: Start) -> None:
    neovim = typing()
    assert type_and_see(neovim, "ia") == "GHOST"
    assert type_and_see(neovim, "<Insert>") == ""
    assert type_and_see(neovim, "<Insert>") == "GHOST"


def test_an_answer_of_a_server_that_has_left_is_not_shown(typing: Start) -> None:
    neovim = typing("return vim.wait(300, function() return false end) or ghost('GHOST')")
    neovim.lua("vim.api.nvim_input('ia')")
    neovim.lua("vim.lsp.buf_detach_client(0, vim.lsp.get_clients()[1].id)")
    neovim.lua("vim.wait(500)")
    assert neovim.ghost_text() == ""


def test_a_buffer_that_may_not_be_changed_any_more_has_none(typing: Start) -> None:
    neovim = typing()
    assert type_and_see(neovim, "ia") == "GHOST"
    neovim.lua("vim.bo.modifiable = false")
    assert settled(neovim) == ""


def test_taking_it_sets_no_option_for_others_to_see(typing: Start) -> None:
    neovim = typing()
    neovim.lua(_TAB)
    neovim.lua(
        "_G.seen = 0 vim.api.nvim_create_autocmd('OptionSet', { command = 'lua _G.seen = _G.seen + 1' })"
    )
    assert type_and_see(neovim, "ia") == "GHOST"
    neovim.keys("<Tab>")
    neovim.until("return vim.api.nvim_get_current_line() == 'aGHOST'")
    assert neovim.lua("return _G.seen") == 0


def test_a_line_that_goes_on_in_the_next_row_stands_there_once(typing: Start) -> None:
    neovim = typing("return ghost('AAA\\n    BBB')")
    neovim.command("set columns=40 wrap")
    neovim.command("call setline(1, 'x' .. repeat('y', 60) .. ')')")
    neovim.keys("0a")
    settled(neovim)
    screen = "".join(neovim.screen(5))
    assert screen.count("y") == 60, screen
    assert "AAA" in screen
    assert "BBB" in screen


@pytest.mark.parametrize("width", [20, 60], ids=["wraps with it", "wraps without it"])
def test_what_is_replaced_and_cannot_be_hidden_is_struck_out(typing: Start, width: int) -> None:
    neovim = typing("return line:find('xx') and ghost('AAAAAAAAAAAAAAAAAAA\\n  B', 2) or {}")
    neovim.lua(_TAB)
    neovim.command("set columns=40 wrap")
    rest = "y" * width + ")"
    neovim.command(f"call setline(1, 'f(xx{rest}')")
    neovim.keys("0lli")
    neovim.until("return require('glm.ghost_text').is_visible()")
    screen = "".join(neovim.screen(4))
    assert screen.count("y") == width, screen
    assert screen.startswith("f(AAAAAAAAAAAAAAAAAAAxx")
    assert neovim.lua(_STRUCK_OUT) == [[2, 4]]
    neovim.keys("<Tab>")
    wait_until(lambda: neovim.lines == ["f(AAAAAAAAAAAAAAAAAAA", f"  B{rest}"], 30)
    assert neovim.lua(_STRUCK_OUT) == []


def test_what_others_show_within_the_line_is_not_covered_with_blanks(typing: Start) -> None:
    neovim = typing("return ghost('AAA\\n  B')")
    neovim.command("call setline(1, 'f(yy)')")
    neovim.lua(
        "vim.api.nvim_buf_set_extmark(0, vim.api.nvim_create_namespace('theirs'), 0, 4,"
        " { virt_text = { { ': HINT' } }, virt_text_pos = 'inline' })"
    )
    neovim.keys("0lli")
    neovim.until_screen("f(AAAyy: HINT)", "  B")


def test_a_server_that_is_switched_off_takes_it_away(typing: Start) -> None:
    neovim = typing()
    assert type_and_see(neovim, "ia") == "GHOST"
    status = (
        "require('glm.retrying').on_status({ state = '%s' }, { client_id = vim.lsp.get_clients()[1].id })"
    )
    neovim.lua(status % "inactive")
    assert settled(neovim) == ""
    neovim.lua(status % "ready")
    assert settled(neovim) == "GHOST"


def test_only_the_window_with_the_cursor_shows_it(typing: Start) -> None:
    neovim = typing()
    neovim.command("vsplit")
    assert type_and_see(neovim, "iab") == "GHOST"
    assert neovim.screen(1)[0].count("GHOST") == 1


def test_a_failed_question_is_logged_and_not_told(typing: Start) -> None:
    neovim = typing("error_next = true return {}")
    assert type_and_see(neovim, "iab") == ""
    assert neovim.lua("return vim.fn.execute('messages')").strip() == ""
    log = neovim.lua("return table.concat(vim.fn.readfile(vim.lsp.log.get_filename()), '\\n')")
    assert "glm ghost text" in log


def test_an_answer_overtaken_by_a_key_is_dropped(typing: Start) -> None:
    neovim = typing("delay_ms = line == 'a' and 400 or 0 return ghost('after ' .. line)")
    neovim.keys("ia")
    assert type_and_see(neovim, "b") == "after ab"
    neovim.lua("vim.wait(600)")
    assert neovim.ghost_text() == "after ab"
    assert neovim.lua("return cancelled") == 1


def test_a_server_that_hangs_is_not_asked_with_every_key_and_again_when_it_answers(typing: Start) -> None:
    neovim = typing("return ghost('after ' .. line)")
    neovim.lua("hangs = true")
    for key in "iabcdefgh":
        neovim.keys(key)
    assert neovim.lua("return #unanswered") == 2
    neovim.lua("hangs = false for _, one in ipairs(unanswered) do one() end")
    neovim.until_screen("abcdefghafter abcdefgh")
    assert neovim.lua("return asked") == 3


def test_one_key_is_looked_at_once(typing: Start) -> None:
    neovim = typing()
    assert type_and_see(neovim, "ia") == "GHOST"
    neovim.lua(
        "_G.num = 0 local clients = require('glm.client') local suggesting = clients.suggesting "
        "clients.suggesting = function(buffer) _G.num = _G.num + 1 return suggesting(buffer) end"
    )
    neovim.keys("<Left>")
    settled(neovim)
    for_a_movement = neovim.lua("return _G.num")
    neovim.keys("b")
    settled(neovim)
    assert for_a_movement > 0
    assert neovim.lua("return _G.num") == 2 * for_a_movement


def test_marks_and_folds_stay(typing: Start) -> None:
    neovim = typing("return ghost('a\\nb')")
    neovim.lua(_TAB)
    neovim.command("call setline(1, ['one', 'two', 'three', 'four'])")
    neovim.command("set foldmethod=manual")
    neovim.command("4mark x")
    neovim.command("3,4fold")
    assert type_and_see(neovim, "A") == "\n".join(["a", "b"])
    neovim.keys("<Tab>")
    neovim.until("return vim.api.nvim_buf_line_count(0) == 5")
    assert neovim.lua('return vim.fn.line("\'x")') == 5
    assert neovim.lua("return vim.fn.foldclosed(5)") == 4


def test_the_colours_survive_another_scheme(typing: Start) -> None:
    neovim = typing()
    neovim.command("colorscheme blue")
    linked = neovim.lua("return vim.api.nvim_get_hl(0, { name = 'GlmGhostText' }).link")
    assert linked == neovim.lua("return vim.fn.hlexists('ComplHint') == 1 and 'ComplHint' or 'NonText'")


_STRUCK_OUT = """
local namespace = vim.api.nvim_get_namespaces()['glm.ghost_text']
local found = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })) do
  if mark[4].hl_group == 'GlmGhostTextReplaced' then
    table.insert(found, { mark[3], mark[4].end_col })
  end
end
return found
"""

_TAB = """
vim.keymap.set('i', '<Tab>', function()
  if not require('glm.ghost_text').accept() then
    vim.api.nvim_feedkeys('\\t', 'ni', false)
  end
end)
"""

_SERVER = """
cancelled, delay_ms, error_next, deaf = 0, 0, false, false
asked, hangs, unanswered = 0, false, {}

local function answer(params)
  local line = vim.api.nvim_get_current_line()
  local function ghost(text, num_replaced)
    local last = vim.deepcopy(params.position)
    last.character = last.character + (num_replaced or 0)
    return { { insertText = text, range = { start = params.position, ['end'] = last } } }
  end
  ANSWER
end

local function server()
  local is_closing, id = false, 0
  return {
    request = function(method, params, on_answer, on_reply)
      id = id + 1
      local own, result, err = id, vim.NIL, nil
      on_reply = on_reply or function() end
      delay_ms = 0
      if method == 'initialize' then
        result = { capabilities = { inlineCompletionProvider = {}, textDocumentSync = 2 } }
      elseif method == 'textDocument/inlineCompletion' then
        asked = asked + 1
        if hangs then
          table.insert(unanswered, function() on_reply(own) on_answer(nil, { items = answer(params) }) end)
          return true, own
        elseif deaf then
          on_reply(own)
          return true, own
        end
        result = { items = answer(params) }
        err = error_next and { code = -32603, message = 'no' } or nil
      end
      vim.defer_fn(function() on_reply(own) on_answer(err, result) end, delay_ms)
      return true, own
    end,
    notify = function(method)
      cancelled = cancelled + (method == '$/cancelRequest' and 1 or 0)
      return true
    end,
    is_closing = function() return is_closing end,
    terminate = function() is_closing = true end,
  }
end

vim.api.nvim_create_autocmd('VimEnter', {
  callback = function()
    vim.lsp.start({ name = 'glm', cmd = server })
    require('glm.ghost_text').start('glm')
  end,
})
"""
