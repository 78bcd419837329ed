"""`workspace/didChangeConfiguration`: new settings take effect without a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

if TYPE_CHECKING:
    from glm_lsp.lsp.server import GlmLanguageServer

SECTION = "glm"


async def did_change_configuration(ls: GlmLanguageServer, params: Any) -> None:
    """Takes the settings that came along, or asks for them; they win over those of the greeting, key by key."""
    settings = params.get("settings") if isinstance(params, dict) else None
    options = own_part(settings if settings else await _ask(ls))
    if options is not None:
        greeting = own_part(ls.options)
        await ls.front.configure({**greeting, **options} if greeting else options)


def own_part(settings: object) -> dict[str, Any] | None:
    """Our options among an editor's settings; None if there are none of ours.

    They lie under our name, or are all there is: ours hold no objects, other servers' sections are nothing else.
    """
    if not isinstance(settings, dict):
        return None
    if SECTION in settings:
        nested = settings[SECTION]
        return nested if isinstance(nested, dict) else {}
    is_flat = not any(isinstance(value, dict) for value in settings.values())
    return settings if is_flat else None


async def _ask(ls: GlmLanguageServer) -> object:
    workspace = ls.client_capabilities.workspace
    if workspace is None or not workspace.configuration:
        return None
    item = types.ConfigurationItem(section=SECTION)
    answers = await ls.workspace_configuration_async(types.ConfigurationParams(items=[item]))
    return answers[0] if answers else None
