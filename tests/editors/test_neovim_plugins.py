"""Beside the plugins that people have, and with the README's blocks as they stand: menu, ghost text and <Tab>."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from glm_lsp.engine.address import TcpAddress
from glm_lsp.engine.wire import CompletionRequest
from tests.editors.conftest import StartNeovim
from tests.editors.neovim import Neovim
from tests.editors.project import Project
from tests.editors.setup.cache import SetupError
from tests.editors.setup.plugins import plugin
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_server import serve

pytestmark = pytest.mark.editors

_PATIENCE_S = 60.0
_FOLDER = Path(__file__).parents[2] / "editors" / "neovim"
_ENDINGS = {"pri": ["ces", "[0]"], "price": ["s", "[0]"], "prices": ["[0]"]}
"""What the engine writes behind a word."""

_LINE = "return vim.api.nvim_get_current_line()"
_GHOST_TEXT = """
local namespace = vim.api.nvim_get_namespaces()['glm.ghost_text']
local text = ''
for _, mark in ipairs(namespace and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true }) or {}) do
  for _, piece in ipairs(mark[4].virt_text or {}) do text = text .. piece[1] end
end
return text
"""
_READY = "local status = require('glm.status').of(0) return status and status.state == 'ready'"


@pytest.fixture
def engine_url() -> Iterator[str]:
    """An engine that knows how a few words go on."""

    def script(request: CompletionRequest) -> list[str]:
        return _ENDINGS.get(re.split(r"\W", request.prompt_text)[-1], [])

    with serve(FakeEngine(script=script), TcpAddress("127.0.0.1", 0)) as address:
        yield f"http://{address}"


def fetched(name: str) -> Path:
    try:
        return plugin(name)
    except SetupError as error:
        pytest.skip(str(error))


def at_work(neovim: Neovim, project: Project) -> Neovim:
    """Begins a line below the other ones of a function."""
    neovim.until("return vim.v.vim_did_enter == 1")  # a plugin manager lets events in while it works
    neovim.open(project.source)
    neovim.until(_READY, _PATIENCE_S)
    neovim.place_cursor(15)
    neovim.keys("Oamount = ")
    neovim.until("return vim.api.nvim_get_mode().mode == 'i'")
    return neovim


def wait_for_line(neovim: Neovim, line: str) -> None:
    neovim.until(f"return vim.api.nvim_get_current_line() == [=[{line}]=]", _PATIENCE_S)


def wait_for_ghost_text(neovim: Neovim, text: str) -> None:
    neovim.until(f"return (function() {_GHOST_TEXT} end)() == [=[{text}]=]", _PATIENCE_S)


def assert_no_errors(neovim: Neovim) -> None:
    history: str = neovim.lua("return vim.fn.execute('messages')")
    assert not re.search(r"E\d+:|[Ee]rror|stack traceback|GLM:", history), history


# --- menus -----------------------------------------------------------------------------------------------------------

_BLINK_SHOWS = "return require('blink.cmp').is_menu_visible()"


def with_blink(options: str, url: str) -> str:
    return f"""
      vim.opt.runtimepath:append('{fetched("blink.cmp")}')
      require('blink.cmp').setup({{
        {options}
        sources = {{ default = {{ 'buffer' }} }},
        fuzzy = {{ implementation = 'lua' }},
      }})
      require('glm').setup({{ settings = {{ engineUrl = '{url}' }} }})"""


def test_blink_has_the_tab_key_while_its_menu_is_open_and_ghost_text_has_it_then(
    start_neovim: StartNeovim, project: Project, engine_url: str
) -> None:
    neovim = at_work(start_neovim(with_blink("keymap = { preset = 'super-tab' },", engine_url)), project)
    neovim.keys("pri")
    neovim.until(_BLINK_SHOWS, _PATIENCE_S)
    wait_for_ghost_text(neovim, "ces[0]")
    neovim.keys("<Tab>")
    neovim.until(f"{_LINE}:find('price') ~= nil", _PATIENCE_S)
    neovim.until("return not require('blink.cmp').is_menu_visible()", _PATIENCE_S)
    taken = neovim.lua(_LINE).strip()
    assert taken in {"amount = price", "amount = prices"}
    wait_for_ghost_text(neovim, "[0]" if taken.endswith("s") else "s[0]")
    neovim.keys("<Tab>")
    wait_for_line(neovim, "    amount = prices[0]")
    wait_for_ghost_text(neovim, "")
    neovim.keys("<Tab>x")  # nothing to take, no menu: what the key does by itself
    wait_for_line(neovim, "    amount = prices[0]  x")
    assert_no_errors(neovim)


def test_a_preset_of_blink_that_leaves_tab_alone_takes_ghost_text_beside_the_menu(
    start_neovim: StartNeovim, project: Project, engine_url: str
) -> None:
    neovim = at_work(start_neovim(with_blink("", engine_url)), project)
    neovim.keys("pri")
    neovim.until(_BLINK_SHOWS, _PATIENCE_S)
    wait_for_ghost_text(neovim, "ces[0]")
    neovim.keys("<Tab>")
    wait_for_line(neovim, "    amount = prices[0]")
    assert_no_errors(neovim)


_CMP_SOURCE = """
local source = {}
function source:complete(_, on_items)
  on_items({ { label = 'price' }, { label = 'prices' } })
end
"""


@pytest.mark.parametrize("is_first", [True, False], ids=["cmp-first", "glm-first"])
def test_cmp_has_the_tab_key_while_its_menu_is_open_and_ghost_text_has_it_then(
    start_neovim: StartNeovim, project: Project, engine_url: str, is_first: bool
) -> None:
    cmp = f"""
      vim.opt.runtimepath:append('{fetched("nvim-cmp")}')
      vim.cmd('runtime plugin/cmp.lua')
      {_CMP_SOURCE}
      local cmp = require('cmp')
      cmp.register_source('words', source)
      cmp.setup({{
        sources = {{ {{ name = 'words' }} }},
        mapping = cmp.mapping.preset.insert({{
          ['<C-y>'] = cmp.mapping.confirm(),
          {readme_block("['<Tab>']")}
        }}),
      }})"""
    own = f"require('glm').setup({{ settings = {{ engineUrl = '{engine_url}' }} }})"
    neovim = at_work(start_neovim("\n".join([cmp, own] if is_first else [own, cmp])), project)
    neovim.keys("pri")
    neovim.until("return require('cmp').visible()", _PATIENCE_S)
    wait_for_ghost_text(neovim, "ces[0]")
    neovim.keys("<Tab>")
    wait_for_line(neovim, "    amount = price")
    neovim.lua("require('cmp').close()")
    wait_for_ghost_text(neovim, "s[0]")
    neovim.keys("<Tab>")
    wait_for_line(neovim, "    amount = prices[0]")
    wait_for_ghost_text(neovim, "")
    neovim.keys("<Tab>x")
    wait_for_line(neovim, "    amount = prices[0]  x")
    assert_no_errors(neovim)


# --- the README's blocks ---------------------------------------------------------------------------------------------


def readme_block(beginning: str) -> str:
    """The block of Lua that begins so."""
    blocks = re.findall(r"```lua\n(.*?)```", (_FOLDER / "README.md").read_text(), re.DOTALL)
    (block,) = [block for block in blocks if block.startswith(beginning)]
    return str(block)


def only(block: str) -> str:
    """An init.lua with nothing but a block: the folder is not on the path beforehand."""
    return f"vim.opt.runtimepath:remove('{_FOLDER}')\n{block}"


def type_and_take(neovim: Neovim, project: Project) -> None:
    at_work(neovim, project)
    neovim.keys("pri")
    wait_for_ghost_text(neovim, "ces[0]")
    neovim.keys("<Tab>")
    wait_for_line(neovim, "    amount = prices[0]")
    assert neovim.lua("return vim.fn.exists(':Glm')") == 2
    assert_no_errors(neovim)


def test_lazy_loads_it_when_a_file_is_opened(
    start_neovim: StartNeovim, project: Project, engine_url: str
) -> None:
    block = readme_block("{\n  dir =").replace("/path/to/glm-lsp/editors/neovim", str(_FOLDER))
    neovim = start_neovim(
        only(f"""
        vim.opt.runtimepath:prepend('{fetched("lazy.nvim")}')
        vim.lsp.config('glm', {{ init_options = {{ engineUrl = '{engine_url}' }} }})
        require('lazy').setup({{ spec = {{ {block} }}, root = vim.fn.tempname(), rocks = {{ enabled = false }},
          change_detection = {{ enabled = false }}, lockfile = vim.fn.tempname(), install = {{ missing = false }},
          checker = {{ enabled = false }} }})"""),
        enables=False,
    )
    neovim.lua("vim.wait(200)")
    assert neovim.lua("return package.loaded['glm'] == nil") is True
    assert neovim.lua("return vim.fn.exists(':Glm')") == 2  # which loads it, too
    type_and_take(neovim, project)


def test_without_a_plugin_manager(start_neovim: StartNeovim, project: Project, engine_url: str) -> None:
    block = readme_block("vim.opt.runtimepath").replace("/path/to/glm-lsp/editors/neovim", str(_FOLDER))
    neovim = start_neovim(only(told(engine_url) + block), enables=False)
    type_and_take(neovim, project)


def test_as_a_link_where_neovim_looks_by_itself(
    start_neovim: StartNeovim, project: Project, engine_url: str, tmp_path: Path
) -> None:
    start = tmp_path / "site" / "pack" / "glm" / "start"
    start.mkdir(parents=True)
    (start / "glm").symlink_to(_FOLDER)
    init = (
        f"vim.opt.packpath:append('{tmp_path / 'site'}')\n"
        + told(engine_url)
        + readme_block("require('glm').setup()")
    )
    neovim = start_neovim(only(init), enables=False)
    type_and_take(neovim, project)


def test_with_neovims_own_plugin_manager(
    start_neovim: StartNeovim, project: Project, engine_url: str, tmp_path: Path, neovim_program: Path
) -> None:
    version = subprocess.run([neovim_program, "--version"], check=True, capture_output=True, text=True).stdout
    if version.startswith("NVIM v0.11"):
        pytest.skip("Neovim 0.11 has none")
    checkout = tmp_path / "glm-lsp"
    shutil.copytree(_FOLDER, checkout / "editors" / "neovim")
    git = ("git", "-C", str(checkout), "-c", "user.name=A", "-c", "user.email=a@b.invalid")
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "All"]):
        subprocess.run([*git, *arguments], check=True)
    block = readme_block("vim.pack.add").replace("/path/to/glm-lsp", str(checkout))
    agrees = "vim.fn.confirm = function() return 1 end\n"  # it asks before it fetches
    own = {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("DATA", "CONFIG", "STATE", "CACHE")}
    neovim = start_neovim(only(agrees + told(engine_url) + block), enables=False, environ=own)
    type_and_take(neovim, project)


def told(url: str) -> str:
    return f"vim.lsp.config('glm', {{ init_options = {{ engineUrl = '{url}' }} }})\n"


def test_without_setup_neovim_shows_it_by_itself(
    start_neovim: StartNeovim, project: Project, engine_url: str
) -> None:
    neovim = start_neovim(told(engine_url), enables=False)
    if not neovim.lua("return vim.lsp.inline_completion ~= nil"):
        pytest.skip("this Neovim shows no ghost text by itself")
    neovim.lua(readme_block("vim.lsp.enable"))
    at_work(neovim, project)
    neovim.keys("pri")
    deadline = time.monotonic() + _PATIENCE_S
    while neovim.ghost_text() != "ces[0]":
        assert time.monotonic() < deadline, neovim.story()
    neovim.keys("<Tab>")
    wait_for_line(neovim, "    amount = prices[0]")
    assert neovim.lua("return package.loaded['glm'] == nil") is True
    assert_no_errors(neovim)
