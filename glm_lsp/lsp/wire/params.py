"""The parameters of a message as lsprotocol's types, or the sentence that says what does not fit.

Strict, with three exceptions that real editors need: parts of `initialize` that do not fit are left out, so that
an unknown capability costs no one their completions; `initialized` may come without parameters; and trigger
kinds counted from 0, as VS Code's API does, are understood. Document changes are not structured here at all:
losing one would be worse than any leniency (see `features/did_change.py`).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import cattrs
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

if TYPE_CHECKING:
    from cattrs import Converter

logger = logging.getLogger(__name__)

_AS_THEY_COME = frozenset(
    {
        types.TEXT_DOCUMENT_DID_OPEN,
        types.TEXT_DOCUMENT_DID_CHANGE,
        types.TEXT_DOCUMENT_DID_CLOSE,
        types.WORKSPACE_DID_CHANGE_CONFIGURATION,
    }
)
_MAX_PROBLEMS = 3


class ParamsReader:
    """Structures parameters; remembers from which number the editor counts trigger kinds."""

    def __init__(self, converter: Converter) -> None:
        self._converter = converter
        self._counts_from_zero = False
        self._adapters: dict[str, Callable[[Any], Any]] = {
            types.INITIALIZE: self._keep_what_fits,
            types.INITIALIZED: lambda params: params or {},
            types.TEXT_DOCUMENT_INLINE_COMPLETION: self._mend_trigger_kind,
        }

    def read(self, method: str, params: Any) -> Any:
        """The parameters for the handler of `method`.

        Raises:
            JsonRpcInvalidParams: they do not fit the method's type; the message names the first few problems.
        """
        params_type: Any = types.METHOD_TO_TYPES.get(method, (None, None, None))[2]
        if params_type is None or method in _AS_THEY_COME:
            return params
        adapter = self._adapters.get(method)
        try:
            return self._converter.structure(adapter(params) if adapter else params, params_type)
        except Exception as error:
            raise JsonRpcInvalidParams(f"Invalid params: {'; '.join(_problems(error))}") from error

    def _mend_trigger_kind(self, params: Any) -> Any:
        context = params.get("context") if isinstance(params, dict) else None
        if not isinstance(context, dict):
            return params
        kind = context.get("triggerKind")
        if kind == 0:
            self._counts_from_zero = True
        if kind not in (0, 1) or not self._counts_from_zero:
            return params
        return {**params, "context": {**context, "triggerKind": kind + 1}}

    def _keep_what_fits(self, params: Any) -> Any:
        if not isinstance(params, dict):
            return params
        capabilities = params.get("capabilities")
        if not isinstance(capabilities, dict):
            capabilities = {}
        fitting = self._fitting(capabilities, types.ClientCapabilities, {})
        return self._fitting(params, types.InitializeParams, {"capabilities": fitting})

    def _fitting(self, values: dict[str, Any], into: type[Any], required: dict[str, Any]) -> dict[str, Any]:
        """`values` without the keys that would make the whole unusable."""
        whole = {**values, **required}
        if self._fits(whole, into):
            return whole
        kept = dict(required)
        for key, value in values.items():
            if key not in required and self._fits({**required, key: value}, into):
                kept[key] = value
            elif key not in required:
                logger.warning("%s of initialize does not fit and is left out", key)
        return kept

    def _fits(self, values: dict[str, Any], into: type[Any]) -> bool:
        try:
            self._converter.structure(values, into)
        except Exception:
            return False
        return True


def _problems(error: Exception) -> Iterable[str]:
    lines = (
        cattrs.transform_error(error) if isinstance(error, cattrs.ClassValidationError) else ["wrong type"]
    )
    for line in lines[:_MAX_PROBLEMS]:
        # The editor knows its keys in camelCase.
        yield re.sub(r"_([a-z])", lambda match: match[1].upper(), line)
