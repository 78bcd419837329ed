"""`workspace/didChangeConfiguration`: new settings take effect without a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer

SECTION = "glm"


async def did_change_configuration(ls: GlmLanguageServer, params: Any) -> None:
    """Takes the settings that came along, or asks for them."""
    settings = params.get("settings") if isinstance(params, dict) else None
    if not settings:
        settings = await _ask(ls)
    if settings is not None:
        ls.options = settings
        await ls.front.configure(wanted_options(settings))


def wanted_options(settings: object) -> object:
    """Our part of an editor's settings, which may be nested under our name."""
    nested = settings.get(SECTION) if isinstance(settings, dict) else None
    return nested if isinstance(nested, dict) else settings


async def _ask(ls: GlmLanguageServer) -> object:
    workspace = ls.client_capabilities.workspace
    if workspace is None or not workspace.configuration:
        return None
    item = types.ConfigurationItem(section=SECTION)
    answers = await ls.workspace_configuration_async(types.ConfigurationParams(items=[item]))
    return answers[0] if answers else None
