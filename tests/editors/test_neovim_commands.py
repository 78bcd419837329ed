"""`:Glm` in a real Neovim with the real server: what windows show, what the server knows, what the status line says."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from glm_lsp import paths
from tests.editors.conftest import StartNeovim
from tests.editors.neovim import Neovim
from tests.editors.project import Project
from tests.fakes.fake_server import wait_until

_SERVER_S = 60.0
_CLIENT = "local client = vim.lsp.get_clients({ name = 'glm', bufnr = 0 })[1]"
_READY = "local status = require('glm.status').of(0) return status and status.state == 'ready'"
_IS_OVER = "return vim.bo.buftype == 'terminal' and vim.fn.jobwait({ vim.bo.channel }, 0)[1] ~= -1"
_STATUSLINE = "return require('glm').statusline()"


@pytest.fixture
def neovim(start_neovim: StartNeovim, project: Project, tmp_path: Path) -> Neovim:
    """Neovim with the project's file, its engine ready."""
    started = start_neovim(environ={"XDG_STATE_HOME": str(tmp_path / "state")})
    started.open(project.source)
    started.until(_READY, _SERVER_S)
    return started


@pytest.fixture
def lone(start_neovim: StartNeovim, project: Project) -> Neovim:
    """Neovim without a server."""
    started = start_neovim("", enables=False)
    started.command(f"edit {project.source}")
    return started


def screen(neovim: Neovim) -> str:
    """What the current window holds."""
    return "\n".join(neovim.lines)


def asked(neovim: Neovim) -> str:
    """Why the server would show nothing at the end of the file, as it says; empty when it looked for something."""
    answer = neovim.lua(f"""{_CLIENT}
      vim.cmd('normal! G')
      local parameters = vim.lsp.util.make_position_params(0, client.offset_encoding)
      parameters.position.character = #vim.api.nvim_get_current_line()
      parameters.context = {{ triggerKind = 2 }}
      client:request_sync('textDocument/inlineCompletion', parameters, 30000, 0)
      local document = {{ textDocument = parameters.textDocument }}
      return client:request_sync('glm/lastRequest', document, 30000, 0).result""")
    return "" if answer.get("source") else str(answer["reason"])


def last_message(neovim: Neovim) -> str:
    return neovim.messages[-1] if neovim.messages else ""


# --- the command line ------------------------------------------------------------------------------------------------


_COMPLETIONS = [
    ("Glm re", ["restart", "resume"]),
    ("Glm! do", ["docstring", "doctor"]),
    ("1,2Glm docstring go", ["go", "google"]),
    ("Glm log ", ["editor", "engine"]),
    ("Glm pause typescriptr", ["typescriptreact"]),
    ("Glm model ", ["starter"]),
    ("Glm status ", []),
    ("Glm docstring go ", []),
]


def test_the_command_line_is_completed(lone: Neovim) -> None:
    for line, offered in _COMPLETIONS:
        found = lone.lua(f"return vim.fn.getcompletion('{line}', 'cmdline')") or []
        assert found == offered, line


_MISUSE = [
    ("Glm paus now", "there is no `:Glm paus`. Did you mean pause? It can: cancel,"),
    ("Glm import", "`:Glm import` wants to know what; `:help :Glm-import`"),
    ("Glm why not", "`:Glm why` takes nothing; `:help :Glm-why`"),
    ("Glm pause c d", "`:Glm pause` takes one word; `:help :Glm-pause`"),
    ("Glm! restart", "`:Glm restart` takes neither lines nor a bang; `:Glm docstring` does"),
    ("Glm log kernel", "there is no log kernel, only editor and engine"),
    ("Glm why", "no server for this buffer; `:checkhealth glm` says why"),
    ("Glm", "no server for this buffer; `:checkhealth glm` says why"),
    ("Glm cancel", "nothing is being documented in this buffer"),
]


def test_wrong_use_is_told_with_what_is_right(lone: Neovim) -> None:
    for line, told in _MISUSE:
        lone.command("messages clear")
        lone.command(line)
        assert len(lone.messages) == 1, line
        assert last_message(lone).startswith(f"GLM: {told}"), line


# --- status ----------------------------------------------------------------------------------------------------------


def test_the_status_line_tells_what_the_server_tells(start_neovim: StartNeovim, project: Project) -> None:
    neovim = start_neovim(
        "_G.seen = {} vim.o.laststatus = 2\n"
        "vim.o.statusline = \"%t|%{v:lua.require'glm'.statusline()}|\"\n"
        "vim.api.nvim_create_autocmd('User', { pattern = 'GlmStatus', callback = function(event)\n"
        "table.insert(_G.seen, event.data.status and event.data.status.state or 'gone') end })"
    )
    assert neovim.lua(_STATUSLINE) == ""
    neovim.open(project.source)
    neovim.until(_READY, _SERVER_S)
    assert neovim.lua("return _G.seen[1]") == "starting"
    assert asked(neovim) == ""
    line = neovim.until(
        f"local line = (function() {_STATUSLINE} end)() return line:find(' ms') and line", _SERVER_S
    )
    assert re.fullmatch(r"GLM \d+ ms( \d+%)?", line)
    wait_until(lambda: shown_status_line(neovim) == f"prices.py|{neovim.lua(_STATUSLINE)}|")
    neovim.command("Glm")
    assert re.match(r"GLM: (ready|busy), model starter, last suggestion in \d+ ms", last_message(neovim))
    neovim.lua("vim.lsp.enable('glm', false)")
    neovim.until("return _G.seen[#_G.seen] == 'gone'", _SERVER_S)
    neovim.until("return #vim.lsp.get_clients() == 0")
    assert neovim.lua(_STATUSLINE) == ""


def shown_status_line(neovim: Neovim) -> str:
    """The line of the screen, without asking for it to be drawn."""
    row = neovim.lua("return vim.o.lines - vim.o.cmdheight")
    columns = neovim.lua("return vim.o.columns")
    drawn = (
        "local line = '' for column = 1, {} do line = line .. vim.fn.screenstring({}, column) end return line"
    )
    text: str = neovim.lua(drawn.format(columns, row))
    return text.strip()


def test_trouble_is_on_the_status_line_and_told_by_the_command(
    start_neovim: StartNeovim, project: Project
) -> None:
    neovim = start_neovim(
        "vim.lsp.config('glm', { init_options = { model = 'none-such' } })\n"
        "vim.lsp.handlers['window/showMessage'] = function() return vim.NIL end"
    )
    neovim.open(project.source)
    neovim.until("return require('glm').statusline() == 'GLM ✗'", _SERVER_S)
    neovim.command("Glm status")
    assert "error" in last_message(neovim)
    assert "none-such" in last_message(neovim)


# --- pauses ----------------------------------------------------------------------------------------------------------


def test_a_pause_lasts_until_it_is_taken_back_and_outlives_the_server(neovim: Neovim) -> None:
    assert asked(neovim) == ""
    neovim.command("Glm pause")
    assert neovim.messages == ["GLM: paused; `:Glm resume` goes on"]
    assert neovim.lua(_STATUSLINE) == "GLM paused"
    neovim.until("return require('glm.status').of(0).state == 'inactive'", _SERVER_S)
    assert "off" in asked(neovim)
    neovim.command("Glm restart")
    old = neovim.lua(f"{_CLIENT} return client and client.id or 0")
    neovim.until(f"{_CLIENT} return client and client.id ~= {old} and client.initialized", _SERVER_S)
    neovim.until("return (require('glm.status').of(0) or {}).state == 'inactive'", _SERVER_S)
    neovim.command("Glm resume")
    neovim.until(_READY, _SERVER_S)
    assert asked(neovim) == ""
    assert neovim.lua(_STATUSLINE) != "GLM paused"


def test_a_pause_in_one_language_leaves_the_others(neovim: Neovim, project: Project) -> None:
    script = project.folder / "prices.sh"
    script.write_text("echo 1\n")
    neovim.open(script)
    neovim.command("Glm pause sh")  # the server calls it shellscript
    neovim.until("return vim.fn.execute('messages'):find('paused in sh') ~= nil", _SERVER_S)
    assert neovim.lua(_STATUSLINE) == "GLM paused"
    assert "off" in asked(neovim)
    neovim.open(project.source)
    assert neovim.lua(_STATUSLINE) != "GLM paused"
    assert asked(neovim) == ""
    neovim.open(script)
    neovim.command("Glm resume sh")
    neovim.until("return require('glm').statusline() ~= 'GLM paused'", _SERVER_S)
    assert asked(neovim) == ""


def test_a_pause_in_one_language_keeps_what_is_switched_off_elsewhere(
    start_neovim: StartNeovim, project: Project
) -> None:
    neovim = start_neovim(environ={"GLM_LSP_DISABLED_IN": "markdown,comment"})
    neovim.open(project.source)
    neovim.command("Glm pause python")
    neovim.until("return vim.fn.execute('messages'):find('paused in python') ~= nil", _SERVER_S)
    sent = neovim.lua(f"{_CLIENT} return client.settings.glm.disabledIn")
    assert sent == ["markdown", "comment", "python"]


def test_ghost_text_goes_at_once_with_a_pause(neovim: Neovim) -> None:
    neovim.lua(
        "package.loaded['glm.ghost_text'] = { dismiss = function() _G.dismissed = true return true end }"
    )
    neovim.command("Glm pause")
    assert neovim.lua("return _G.dismissed") is True


# --- why -------------------------------------------------------------------------------------------------------------


def test_why_shows_the_story_of_the_last_request(neovim: Neovim, project: Project) -> None:
    neovim.command("Glm why")
    neovim.until("return vim.fn.execute('messages'):find('nothing has been asked') ~= nil", _SERVER_S)
    asked(neovim)
    neovim.command("Glm why")
    neovim.until("return vim.api.nvim_buf_get_name(0) == 'glm://why'", _SERVER_S)
    assert re.match(r"asked +prices\.py:15:18, ", neovim.lines[0])
    assert len(neovim.lines) > 5
    assert neovim.lua("return { vim.bo.modifiable, vim.bo.modified, vim.bo.buftype }") == [
        False,
        False,
        "nofile",
    ]
    neovim.keys("q")
    assert neovim.lua("return vim.api.nvim_buf_get_name(0)") == str(project.source)
    neovim.command("Glm why")
    neovim.until("return vim.api.nvim_buf_get_name(0) == 'glm://why'", _SERVER_S)
    assert neovim.lua("return #vim.api.nvim_list_wins()") == 2


def test_why_is_asked_again_in_its_own_window_from_another_tab_and_left_as_the_last_window(
    neovim: Neovim, project: Project
) -> None:
    asked(neovim)
    neovim.command("Glm why")
    neovim.until("return vim.api.nvim_buf_get_name(0) == 'glm://why'", _SERVER_S)
    neovim.command("Glm why")
    neovim.lua("vim.wait(300)")
    assert re.match(r"asked +prices\.py:15:18, ", neovim.lines[0])
    neovim.command(f"tabnew {project.source}")
    neovim.command("Glm why")
    neovim.until("return vim.api.nvim_buf_get_name(0) == 'glm://why'", _SERVER_S)
    neovim.command("tabonly")
    neovim.command("only")
    neovim.keys("q")
    assert neovim.lua("return vim.api.nvim_buf_get_name(0)") != "glm://why"
    history = neovim.lua("return vim.fn.execute('messages')")
    assert not re.search(r"E\d+:|traceback|no server", history), history


# --- restart, logs, programs -----------------------------------------------------------------------------------------


def test_a_restart_brings_another_engine_and_another_server(neovim: Neovim) -> None:
    old, engine = neovim.lua(f"{_CLIENT} return client.id"), engine_pid(neovim)
    neovim.command("Glm restart")
    neovim.until(f"{_CLIENT} return client and client.id ~= {old} and client.initialized", _SERVER_S)
    neovim.until(_READY, _SERVER_S)
    assert engine_pid(neovim) != engine
    assert asked(neovim) == ""
    assert neovim.messages == ["GLM: restarting", "GLM: the server is there again"]


def test_a_restart_ends_a_server_that_hangs_and_says_so(neovim: Neovim) -> None:
    old = neovim.lua(f"{_CLIENT} return client.id")
    pids = neovim.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    neovim.command("Glm restart")
    assert neovim.messages == ["GLM: restarting"]
    neovim.until(f"{_CLIENT} return client and client.id ~= {old} and client.initialized", _SERVER_S)
    neovim.until("return vim.fn.execute('messages'):find('there again') ~= nil")
    assert neovim.messages == [
        "GLM: restarting",
        "GLM: the server does not answer; it is ended",
        "GLM: the server is there again",
    ]
    running = neovim.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")
    assert not set(pids) & set(running)
    neovim.until(_READY, _SERVER_S)
    assert asked(neovim) == ""


def engine_pid(neovim: Neovim) -> int:
    """As the doctor reads it; waits until it is there."""
    return int(
        neovim.until(
            """local done = vim.system({ 'glm-lsp', 'doctor', '--json' }, { text = true }):wait()
            for _, finding in ipairs(vim.json.decode(done.stdout).findings) do
              local pid = finding.check == 'running engines' and finding.finding:match('pid (%d+)')
              if pid then return tonumber(pid) end
            end""",
            _SERVER_S,
        )
    )


def test_the_log_of_the_engine_is_opened_at_its_end(
    neovim: Neovim, server_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLM_LSP_HOME", server_environ["GLM_LSP_HOME"])
    neovim.command("Glm log")
    path = Path(neovim.lua("return vim.api.nvim_buf_get_name(0)"))
    assert path.parent == paths.log_dir()
    assert re.fullmatch(r"engine-.*\.log", path.name)
    assert neovim.lua("return vim.bo.readonly") is True
    assert neovim.lua("return vim.fn.line('.') == vim.fn.line('$')") is True


def test_what_neovim_wrote_down_of_the_server_is_opened(neovim: Neovim) -> None:
    neovim.command("Glm log editor")
    assert neovim.lua("return vim.api.nvim_buf_get_name(0) == vim.lsp.log.get_filename()") is True


@pytest.mark.parametrize("home", [None, "~/elsewhere"])
def test_the_folder_of_logs_is_the_programs_own(
    start_neovim: StartNeovim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    variables = {"HOME": str(tmp_path), "XDG_STATE_HOME": "", "GLM_LSP_HOME": home or ""}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    neovim = start_neovim("", enables=False, environ=variables)
    assert neovim.lua("return require('glm.program').log_folder()") == str(paths.log_dir())


def test_the_doctor_speaks_in_a_terminal(neovim: Neovim, project: Project) -> None:
    neovim.command("Glm doctor")
    assert neovim.lua("return vim.bo.buftype") == "terminal"
    neovim.until(_IS_OVER, _SERVER_S)
    assert "onnx runtime" in screen(neovim)
    assert "ompletions work" in screen(neovim)


def test_an_import_that_fails_tells_so_in_its_terminal(neovim: Neovim, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    neovim.command(f"Glm import {tmp_path / 'empty'}")
    neovim.until(_IS_OVER, _SERVER_S)
    assert "GLM-" in screen(neovim)
    assert neovim.messages == []


def test_an_import_that_succeeds_tells_how_the_model_is_used(
    start_neovim: StartNeovim, tmp_path: Path
) -> None:
    program = tmp_path / "glm-lsp"
    program.write_text('#!/bin/sh\nfor word in "$@"; do echo "<$word>"; done\n')
    program.chmod(0o755)
    neovim = start_neovim(f"vim.lsp.config('glm', {{ cmd = {{ '{program}', 'serve' }} }})", enables=False)
    neovim.command("Glm import THUDM/codegeex2-6b --precision int4")
    neovim.until("return vim.fn.execute('messages'):find('GLM') ~= nil", _SERVER_S)
    assert neovim.messages == ["GLM: the model is installed. `:Glm model` chooses it."]
    words = re.findall("<(.*?)>", screen(neovim))
    assert words == ["model", "import", "--precision", "int4", "--", "THUDM/codegeex2-6b"]
    neovim.command("messages clear")
    neovim.command("Glm import THUDM/codegeex2-6b --dry-run")
    neovim.until(_IS_OVER, _SERVER_S)
    assert neovim.messages == []


_HOSTILE = [
    "two  words",
    'it\'s "quoted"',
    "100% of #3 | $HOME <cword> `x`",
    "-dash",
    "back\\slash",
    "*[a]?{b}",
    "~tilde",
    "a --b",
]


def test_the_source_of_an_import_reaches_the_program_as_it_was_typed(
    start_neovim: StartNeovim, project: Project, tmp_path: Path
) -> None:
    program, seen = tmp_path / "glm-lsp", tmp_path / "seen"
    program.write_text(f"#!/bin/sh\nfor word in \"$@\"; do printf '%s\\n' \"$word\"; done >> '{seen}'\n")
    program.chmod(0o755)
    neovim = start_neovim(f"vim.lsp.config('glm', {{ cmd = {{ '{program}', 'serve' }} }})", enables=False)
    folder = project.folder / "checkpoints of mine"
    quoted = [str(folder).replace(" ", "\\ ") + "/q", "-- --x", "--yes A/b", "~/not here --name my\\ own"]
    windows = [r"C:\models\of mine\glm 4%", r"\\host\share\x"]
    for name in (*_HOSTILE, "q"):
        (folder / name).mkdir(parents=True)
    sources = [*(f"{folder}/{name}" for name in _HOSTILE), *windows]
    typed = [*sources, *_HOSTILE[:3], *(f"{source} --yes" for source in windows), *quoted]
    for line in typed:
        # Through the command line itself, as a person's keys go.
        neovim.lua(f"vim.fn.feedkeys(':Glm import ' .. [==[{line}]==] .. '\\r', 'nt')")
        neovim.until(_IS_OVER)
        neovim.command("bwipeout!")
    words = "".join(f"{word}\n" for word in seen.read_text().splitlines())
    expected = [["--", source] for source in sources]
    expected += [["--", name] for name in _HOSTILE[:3]]
    expected += [["--yes", "--", source] for source in windows]
    expected += [["--", f"{folder}/q"], ["--", "--x"], ["--yes", "A/b"]]
    expected += [["--name", "my own", "--", "~/not here"]]
    assert words == "".join(f"{word}\n" for arguments in expected for word in ("model", "import", *arguments))


def test_folders_to_import_are_completed_as_they_are(lone: Neovim, project: Project) -> None:
    for name in ("two  words", "two [x] 100%", ".hidden", "-dash"):
        (project.folder / name / "inner one").mkdir(parents=True)
    (project.folder / "two files.txt").write_text("")
    offered = {
        f"{project.folder}/tw": [f"{project.folder}/two  words/", f"{project.folder}/two [x] 100%/"],
        "two [": ["[x] 100%/"],
        "two  words/inner ": ["one/"],
        r"two\ [x]\ 100%/i": [r"two\ [x]\ 100%/inner one/"],
        "": ["-dash/", "two  words/", "two [x] 100%/"],
        "none/": [],
    }
    for typed, whole in offered.items():
        found = lone.lua(f"return vim.fn.getcompletion([==[Glm import {typed}]==], 'cmdline')")
        assert (found or []) == whole, typed
    lone.lua("vim.fn.feedkeys(':Glm import two [\\t\\r', 'nt')")
    lone.until("return vim.bo.buftype == 'terminal'")
    lone.until(_IS_OVER, _SERVER_S)
    assert "two [x] 100%" in screen(lone)


def test_an_import_that_fails_unseen_tells_where_the_reason_is(lone: Neovim) -> None:
    lone.command("Glm import /none such")
    buffer = lone.lua("return vim.api.nvim_get_current_buf()")
    lone.command("close")
    lone.until("return vim.fn.execute('messages'):find('GLM') ~= nil", _SERVER_S)
    assert lone.messages == [f"GLM: `glm-lsp model import` failed; `:sbuffer {buffer}` shows why"]
    lone.command(f"sbuffer {buffer}")
    assert "there is no folder /none such" in screen(lone)


def test_a_program_that_is_not_there_is_told_without_a_window(
    start_neovim: StartNeovim, tmp_path: Path
) -> None:
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    neovim = start_neovim("", enables=False, environ=environ)
    neovim.command("Glm doctor")
    neovim.until("return vim.fn.execute('messages'):find('GLM') ~= nil")
    assert last_message(neovim).startswith("GLM: glm-lsp is not on the PATH of this Neovim")
    assert neovim.lua("return #vim.api.nvim_list_wins()") == 1


# --- models ----------------------------------------------------------------------------------------------------------


def test_a_model_is_chosen_from_those_installed(neovim: Neovim) -> None:
    neovim.lua("""vim.ui.select = function(items, options, on_choice)
      _G.offered = vim.tbl_map(options.format_item, items)
      on_choice(items[1])
    end""")
    neovim.command("Glm model")
    neovim.until("return _G.offered ~= nil", _SERVER_S)
    assert neovim.lua("return _G.offered") == ["starter (in use)"]
    neovim.until("return vim.fn.execute('messages'):find('uses starter') ~= nil", _SERVER_S)
    assert neovim.lua(f"{_CLIENT} return client.settings.glm.model") == "starter"


def test_a_model_that_is_not_there_is_refused(neovim: Neovim) -> None:
    neovim.command("Glm model starters")
    neovim.until("return vim.fn.execute('messages'):find('GLM') ~= nil", _SERVER_S)
    assert neovim.messages == ["GLM: there is no model starters, only starter; `:Glm import` brings others"]
    neovim.until(_READY)


def test_a_model_folder_reaches_the_running_server(neovim: Neovim, tmp_path: Path) -> None:
    # A folder, but none with a model in it: the server says so.
    neovim.lua("vim.lsp.handlers['window/showMessage'] = function() return vim.NIL end")
    neovim.command(f"Glm model {tmp_path}")
    neovim.until("return require('glm.status').of(0).state == 'error'", _SERVER_S)
    neovim.command("Glm model starter")
    neovim.until(_READY, _SERVER_S)
