"""`require('glm').setup`, its keys and the configuration alone: what a person types, and what Neovim then does."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from glm_lsp import __version__
from glm_lsp.config import Configuration, DocstringStyle
from tests.editors.conftest import StartNeovim
from tests.editors.neovim import Neovim
from tests.editors.project import Project

_PLUGIN = Path(__file__).parents[2] / "editors" / "neovim"
_QUIET = "require('glm').setup({ ghost_text = false })"
_SERVER_S = 60.0

_KILL = (
    "for _, pid in ipairs(vim.api.nvim_get_proc_children(vim.fn.getpid())) do vim.uv.kill(pid, 'sigkill') end"
)
_CLIENT = "local client = vim.lsp.get_clients({ name = 'glm', bufnr = 0 })[1]"
_READY_ID = f"{_CLIENT} return client and client.initialized and not client:is_stopped() and client.id"


def errors(neovim: Neovim) -> list[str]:
    history: str = neovim.lua("return vim.fn.execute('messages')")
    return re.findall(r"E\d+:.*|stack traceback.*", history)


def loaded_modules(neovim: Neovim) -> list[str]:
    found: list[str] = neovim.lua(
        "return vim.tbl_filter(function(name) return vim.startswith(name, 'glm') end, vim.tbl_keys(package.loaded))"
    )
    return sorted(found) if found else []


# --- start -----------------------------------------------------------------------------------------------------------


def test_setup_starts_the_server_with_its_settings(start_neovim: StartNeovim, project: Project) -> None:
    neovim = start_neovim(
        "require('glm').setup({ ghost_text = false, settings = { suggest = 'subtle' } })", enables=False
    )
    neovim.open(project.source)
    assert neovim.lua(f"{_CLIENT} return client.config.init_options") == {"suggest": "subtle"}
    assert neovim.messages == []


def test_setup_may_be_called_twice(start_neovim: StartNeovim, project: Project) -> None:
    neovim = start_neovim(f"{_QUIET}\n{_QUIET}", enables=False)
    neovim.open(project.source)
    neovim.command(f"lua {_QUIET}")
    assert neovim.lua("return #vim.lsp.get_clients({ bufnr = 0 })") == 1
    assert neovim.messages == errors(neovim) == []


def test_the_last_setup_counts_and_running_servers_are_told(
    start_neovim: StartNeovim, project: Project, tmp_path: Path
) -> None:
    neovim = start_neovim(
        "vim.lsp.config('glm', { init_options = { debounceMs = 1 } })\n"
        "require('glm').setup({ ghost_text = false, settings = { enable = false, suggest = 'subtle' } })",
        enables=False,
    )
    neovim.open(project.source)
    neovim.until("return (require('glm.status').of(0) or {}).state == 'inactive'", _SERVER_S)
    neovim.lua("require('glm').setup({ ghost_text = false, settings = { suggest = 'eager' } })")
    neovim.until("return (require('glm.status').of(0) or {}).state == 'ready'", _SERVER_S)
    assert neovim.lua("return vim.lsp.config.glm.init_options") == {"suggest": "eager", "debounceMs": 1}
    assert neovim.messages == []
    other = tmp_path / "glm-lsp"
    neovim.lua(f"require('glm').setup({{ ghost_text = false, cmd = {{ '{other}', 'serve' }} }})")
    assert neovim.messages == ["GLM: setup: `:Glm restart` starts the server with the other `cmd`"]
    assert neovim.lua("return vim.lsp.config.glm.cmd") == [str(other), "serve"]
    neovim.lua("require('glm').setup({ ghost_text = false })")
    assert neovim.lua("return vim.lsp.config.glm.cmd") == ["glm-lsp", "serve"]
    assert errors(neovim) == []


def test_nothing_is_loaded_before_it_is_needed(start_neovim: StartNeovim, project: Project) -> None:
    neovim = start_neovim("")
    neovim.lua("vim.wait(200)")
    assert neovim.lua("return vim.fn.exists(':Glm')") == 2
    assert loaded_modules(neovim) == []
    assert neovim.lua("return vim.fn.getcompletion('Glm pa', 'cmdline')") == ["pause"]
    assert "glm.commands" in loaded_modules(neovim)


def test_the_plugin_costs_less_than_a_millisecond_at_the_start(neovim_program: Path, tmp_path: Path) -> None:
    costs = []
    for attempt in range(5):
        report = tmp_path / f"startuptime-{attempt}"
        command: list[str | Path] = [
            neovim_program,
            "--headless",
            "--clean",
            "--cmd",
            f"set runtimepath^={_PLUGIN}",
        ]
        subprocess.run(
            [*command, "--startuptime", report, "+qall"], check=True, timeout=120, capture_output=True
        )
        line = next(line for line in report.read_text().splitlines() if line.endswith("plugin/glm.lua"))
        costs.append(float(line.split()[1]))
    assert min(costs) < 1.0, costs


# --- slips -----------------------------------------------------------------------------------------------------------


def test_a_slip_is_told_with_the_name_that_was_meant_and_costs_nothing_else(
    start_neovim: StartNeovim, project: Project
) -> None:
    neovim = start_neovim(
        """require('glm').setup({
             gost_text = false, ghost_text = false, cmd = 'glm-lsp serve', keys = { acept = '<C-l>', next = 3 },
             settings = { suggets = 'eager', logLevel = 'info' } })""",
        enables=False,
    )
    neovim.open(project.source)
    assert neovim.messages == [
        "GLM: setup: cmd: expected a list of strings, got glm-lsp serve",
        "GLM: setup: there is no option gost_text; did you mean ghost_text?",
        "GLM: setup: there is no key acept; did you mean accept?",
        "GLM: setup: keys.next: expected a key or false, got 3",
        "GLM: setup: there is no setting suggets; did you mean suggest?",
    ]
    assert neovim.lua(f"{_CLIENT} return client.config.init_options") == {"logLevel": "info"}
    assert errors(neovim) == []


def test_an_option_like_no_other_is_told_with_all_there_are(start_neovim: StartNeovim) -> None:
    neovim = start_neovim("require('glm').setup({ ghost_text = false, colour = 1 })", enables=False)
    assert neovim.messages == [
        "GLM: setup: there is no option colour; there are: cmd, ghost_text, keys, settings"
    ]


@pytest.mark.parametrize("init", [_QUIET, ""], ids=["setup", "configuration-alone"])
def test_a_missing_program_is_told_once_with_what_helps(
    start_neovim: StartNeovim, project: Project, tmp_path: Path, init: str
) -> None:
    elsewhere = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    neovim = start_neovim(init, enables=not init, environ=elsewhere)
    other = project.folder / "other.py"
    other.write_text("x = 1\n")
    neovim.command(f"edit {project.source}")
    neovim.until("return vim.fn.execute('messages'):find('GLM') ~= nil")
    neovim.command(f"edit {other}")
    neovim.lua("vim.wait(300)")
    (told,) = neovim.messages
    assert told.startswith("GLM: glm-lsp is not on the PATH of this Neovim")
    assert "make install" in told
    assert "cmd = { '/path/to/glm-lsp', 'serve' }" in told


def test_a_program_in_the_persons_own_folder_is_found(
    start_neovim: StartNeovim, project: Project, tmp_path: Path, server_environ: dict[str, str]
) -> None:
    program = tmp_path / ".local" / "bin" / "glm-lsp"
    program.parent.mkdir(parents=True)
    real = shutil.which("glm-lsp", path=server_environ["PATH"])
    assert real is not None
    program.symlink_to(real)
    neovim = start_neovim("", environ={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    neovim.open(project.source)
    assert neovim.lua(f"{_CLIENT} return client.config.cmd[1]") == str(program)
    assert neovim.messages == []


# --- keys ------------------------------------------------------------------------------------------------------------

_BEFORE = {
    "nothing": ("", "a\tb"),
    "plain": ("vim.keymap.set('i', '<Tab>', 'plain')", "aplainb"),
    "termcodes": ("vim.keymap.set('i', '<Tab>', '<Left>x<Right>')", "xab"),
    "expr": ("vim.cmd([[inoremap <expr> <Tab> toupper('expr')]])", "aEXPRb"),
    "lua": (
        "vim.keymap.set('i', '<Tab>', function() vim.api.nvim_put({ 'lua' }, 'c', false, true) end)",
        "aluab",
    ),
    "lua-expr": (
        "vim.keymap.set('i', '<Tab>', function() return '<Left>y<Right>' end, { expr = true })",
        "yab",
    ),
    "plug": (
        "vim.keymap.set('i', '<Plug>(it)', 'plug') vim.keymap.set('i', '<Tab>', '<Plug>(it)', { remap = true })",
        "aplugb",
    ),
    "begins-with-itself": ("vim.cmd([[imap <expr> <Tab> pumvisible() ? '<C-n>' : '<Tab>']])", "a\tb"),
    "script": (
        "vim.cmd([[inoremap <script> <Tab> <SID>theirs]]) vim.cmd([[inoremap <SID>theirs script]])",
        "ascriptb",
    ),
    "buffer": ("vim.keymap.set('i', '<Tab>', 'buffer', { buffer = true })", "abufferb"),
}


@pytest.mark.parametrize("kind", _BEFORE)
def test_a_key_with_nothing_to_do_does_what_it_did_before(start_neovim: StartNeovim, kind: str) -> None:
    mapping, expected = _BEFORE[kind]
    neovim = start_neovim(f"vim.o.expandtab = false\n{mapping}\nrequire('glm').setup()", enables=False)
    neovim.keys("ia<Tab>b<Esc>")
    neovim.until("return vim.api.nvim_get_mode().mode == 'n'")
    assert neovim.lines == [expected]
    neovim.keys("cca<Tab>b<Esc>")  # and once more: nothing of the first time is left over
    neovim.until("return vim.api.nvim_get_mode().mode == 'n'")
    assert neovim.lines == [expected]
    assert errors(neovim) == []


_GHOST_TEXT_STANDS_IN = """
local said = {}
local stand_in = { is_visible = function() return true end, start = function() end, stop = function() end }
for _, name in ipairs({ 'accept', 'accept_word', 'accept_line', 'next', 'previous', 'dismiss' }) do
  stand_in[name] = function()
    table.insert(said, name)
    vim.api.nvim_put({ '.' }, 'c', false, true) -- which a mapping with `expr` could not
    return true
  end
end
package.loaded['glm.ghost_text'] = stand_in
_G.said = said
"""


def test_each_key_does_its_own_where_there_is_ghost_text(start_neovim: StartNeovim) -> None:
    neovim = start_neovim(f"{_GHOST_TEXT_STANDS_IN}\nrequire('glm').setup()", enables=False)
    neovim.keys("i<Tab><M-Right><M-C-Right><M-]><M-[><C-]><Esc>")
    neovim.until("return vim.api.nvim_get_mode().mode == 'n'")
    assert neovim.lua("return said") == [
        "accept",
        "accept_word",
        "accept_line",
        "next",
        "previous",
        "dismiss",
    ]
    assert neovim.lines == ["......"]


def test_a_quick_escape_before_a_key_is_not_taken_for_alt(start_neovim: StartNeovim) -> None:
    """A terminal sends the same for both; Neovim, without mappings, leaves insert mode and does the key."""
    neovim = start_neovim("require('glm').setup()", enables=False)
    neovim.command("nnoremap ] :let g:went_on = 1<CR>")
    neovim.keys("iab<M-]>")
    neovim.until("return vim.g.went_on == 1")
    assert neovim.lua("return vim.fn.mode()") == "n"
    neovim.keys("0i<M-Right>")
    assert neovim.lua("return { vim.fn.mode(), vim.fn.col('.') }") == ["n", 2]
    assert neovim.lines == ["ab"]


def test_dismissing_expands_an_abbreviation_all_the_same(start_neovim: StartNeovim) -> None:
    neovim = start_neovim("require('glm').setup()", enables=False)
    neovim.command("iabbrev tot totality")
    neovim.lua(
        "package.loaded['glm.ghost_text'] = { is_visible = function() return true end,"
        " dismiss = function() vim.g.dismissed = 1 return true end }"
    )
    neovim.keys("itot<C-]>")
    assert neovim.lines == ["totality"]
    assert neovim.lua("return vim.g.dismissed") == 1


def test_a_key_for_two_things_and_odd_tables_are_told_and_cleared_mappings_do_no_harm(
    start_neovim: StartNeovim,
) -> None:
    neovim = start_neovim("", enables=False)
    neovim.lua(
        "require('glm').setup({ 'x', keys = { 'x', accept = '<Tab>', accept_word = '<Tab>' }, settings = { 'x' } })"
    )
    assert any("<Tab> is the key of keys.accept already" in message for message in neovim.messages)
    neovim.command("imapclear")
    neovim.lua("require('glm').setup() require('glm').setup({ keys = false })")
    neovim.keys("ia<Tab>b<Esc>")
    assert neovim.lines == ["a\tb"]
    assert errors(neovim) == []


def test_other_keys_can_be_chosen_and_single_ones_left_alone(start_neovim: StartNeovim) -> None:
    init = f"{_GHOST_TEXT_STANDS_IN}\nrequire('glm').setup({{ keys = {{ accept = '<C-l>', next = false }} }})"
    neovim = start_neovim(init, enables=False)
    neovim.keys("i<C-l><Tab><Esc>")
    neovim.until("return vim.api.nvim_get_mode().mode == 'n'")
    assert neovim.lua("return said") == ["accept"]
    assert neovim.lines == [".\t"]
    assert neovim.lua("return vim.fn.maparg('<M-]>', 'i')") == ""


@pytest.mark.parametrize("options", ["keys = false", "ghost_text = false"])
def test_keys_are_given_back(start_neovim: StartNeovim, options: str) -> None:
    init = "vim.keymap.set('i', '<Tab>', 'mine')\nrequire('glm').setup()"
    neovim = start_neovim(init, enables=False)
    neovim.command(f"lua require('glm').setup({{ {options} }})")
    assert neovim.lua("return vim.fn.maparg('<Tab>', 'i')") == "mine"
    assert neovim.lua("return vim.fn.maparg('<M-]>', 'i', false, true)") in ({}, [])


def test_a_mapping_that_came_later_is_not_taken_away(start_neovim: StartNeovim) -> None:
    neovim = start_neovim("require('glm').setup()\nvim.keymap.set('i', '<Tab>', 'later')", enables=False)
    neovim.command("lua require('glm').setup({ keys = false })")
    assert neovim.lua("return vim.fn.maparg('<Tab>', 'i')") == "later"


# --- servers that end ------------------------------------------------------------------------------------------------


def killed(neovim: Neovim) -> int:
    """Kills the server as soon as it is there; returns its client."""
    client: int = neovim.until(_READY_ID, _SERVER_S)
    neovim.lua(_KILL)
    neovim.until(f"return not vim.lsp.get_client_by_id({client})", _SERVER_S)
    return client


@pytest.mark.parametrize("init", [_QUIET, ""], ids=["setup", "configuration-alone"])
def test_a_server_that_was_killed_comes_back_to_all_its_buffers(
    start_neovim: StartNeovim, project: Project, init: str
) -> None:
    neovim = start_neovim(init, enables=not init)
    other = project.folder / "other.py"
    other.write_text("x = 1\n")
    neovim.open(project.source)
    neovim.open(other)
    dead = killed(neovim)
    alive = neovim.until(_READY_ID, _SERVER_S)
    assert alive != dead
    attached = neovim.lua(f"return vim.tbl_keys(vim.lsp.get_client_by_id({alive}).attached_buffers)")
    names = {neovim.lua(f"return vim.api.nvim_buf_get_name({buffer})") for buffer in attached}
    assert names == {str(project.source), str(other)}
    assert neovim.lua(f"{_CLIENT} return client.config.root_dir") == str(project.folder)
    assert neovim.messages == errors(neovim) == []


def test_a_server_that_ends_again_and_again_is_left_alone_with_one_message(
    start_neovim: StartNeovim, project: Project
) -> None:
    neovim = start_neovim()
    neovim.open(project.source)
    for _ in range(5):
        killed(neovim)
    neovim.until("return vim.fn.execute('messages'):find('GLM') ~= nil")
    (told,) = neovim.messages
    assert told.startswith("GLM: the server ended 5 times within 3 minutes (signal 9) and is left alone now.")
    assert ":Glm doctor" in told
    assert neovim.lua("return #vim.lsp.get_clients()") == 0
    neovim.command("Glm restart")
    neovim.until(_READY_ID, _SERVER_S)
    neovim.until("return vim.fn.execute('messages'):find('there again') ~= nil")
    assert neovim.messages[1:] == ["GLM: restarting", "GLM: the server is there again"]


def test_a_server_that_was_stopped_stays_so(start_neovim: StartNeovim, project: Project) -> None:
    neovim = start_neovim()
    neovim.open(project.source)
    neovim.lua("vim.lsp.enable('glm', false)")
    neovim.until("return #vim.lsp.get_clients() == 0", _SERVER_S)
    neovim.lua("vim.wait(1000)")
    assert neovim.lua("return #vim.lsp.get_clients()") == 0
    assert neovim.messages == []


def test_a_server_that_ends_before_it_is_ready_is_told_once(
    start_neovim: StartNeovim, project: Project, tmp_path: Path
) -> None:
    broken = tmp_path / "glm-lsp"
    broken.write_text("#!/bin/sh\necho no such module >&2\nexit 3\n")
    broken.chmod(0o755)
    neovim = start_neovim(
        f"require('glm').setup({{ ghost_text = false, cmd = {{ '{broken}', 'serve' }} }})", enables=False
    )
    neovim.command(f"edit {project.source}")
    neovim.until("return vim.fn.execute('messages'):find('GLM') ~= nil")
    neovim.lua("vim.wait(1000)")
    (told,) = neovim.messages
    assert told.startswith("GLM: the server ended before it was ready (exit code 3: no such module).")
    assert ":Glm log editor" in told


# --- documents -------------------------------------------------------------------------------------------------------


def test_the_plugin_knows_every_setting_and_its_own_version(start_neovim: StartNeovim) -> None:
    neovim = start_neovim("", enables=False)
    settings = {name for name, _, _ in Configuration.of([]).rows()}
    assert set(neovim.lua("return require('glm.options').SETTINGS")) == settings
    assert neovim.lua("return require('glm.health').VERSION") == __version__
    styles = neovim.lua("return vim.fn.getcompletion('Glm docstring ', 'cmdline')")
    assert sorted(styles) == sorted(get_args(DocstringStyle))


def test_everything_has_a_tag_in_the_help(start_neovim: StartNeovim, tmp_path: Path) -> None:
    shutil.copytree(_PLUGIN / "doc", tmp_path / "doc", ignore=shutil.ignore_patterns("tags"))
    neovim = start_neovim("", enables=False)
    neovim.command(f"helptags {tmp_path / 'doc'}")
    tags = {line.split("\t")[0] for line in (tmp_path / "doc" / "tags").read_text().splitlines()}
    options = neovim.lua("local options = require('glm.options') return { options.KEYS, options.SETTINGS }")
    functions = neovim.lua("return vim.tbl_keys(require('glm'))")
    commands = neovim.lua("return require('glm.commands').names()")
    wanted = {f"glm-key-{name}" for name in options[0]} | {f"glm-setting-{name}" for name in options[1]}
    wanted |= {f"glm-option-{name}" for name in ("cmd", "ghost_text", "keys", "settings")}
    wanted |= {f"glm.{name}()" for name in functions} | {f":Glm-{name}" for name in commands}
    wanted |= {":Glm", "GlmStatus", "hl-GlmGhostText", "hl-GlmGhostTextMore"}
    assert wanted - tags == set()
    own = {tag for tag in tags if re.match(r":Glm-|glm\..*\(\)|glm-(key|setting|option)-", tag)}
    assert own - wanted == set()
    text = (_PLUGIN / "doc" / "glm.txt").read_text()
    linked = {link for link in re.findall(r"\|([^|\s]+)\|", text) if "glm" in link.lower()}
    assert linked - tags == set()
