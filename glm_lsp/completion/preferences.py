"""What a person wants of suggestions; may change from one request to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glm_lsp.completion.policy import POLICIES, SHOW_ALL, Eagerness, Policy
from glm_lsp.syntax.scope import Scope

if TYPE_CHECKING:
    from glm_lsp.config import Settings

_SCOPES = (Scope.COMMENT, Scope.STRING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The settings that concern one request. By default nothing is held back for being unlikely, or for where it is.

    Attributes:
        policy: how sure a text has to be to be shown unasked; several candidates were asked for, so all are shown.
        quiet_in: where nothing is suggested unasked.
    """

    policy: Policy = SHOW_ALL
    quiet_in: frozenset[Scope] = frozenset()

    @classmethod
    def of(cls, settings: Settings) -> Preferences:
        """What the settings say."""
        return cls(
            policy=POLICIES[Eagerness(settings.suggest)],
            quiet_in=frozenset(scope for scope in _SCOPES if scope in settings.disabled_in),
        )
