"""From a dialogue to the prompt's token ids: chat template and tokenizer meet here."""

from __future__ import annotations

from collections.abc import Sequence

from glm_lsp.completion.chat import Message, require_fitting, template_named
from glm_lsp.engine.tokenizer import SourceTokenizer
from glm_lsp.errors import ContextOverflowError


class ChatEncoder:
    """Renders dialogues for one model. It holds no state, so any thread may use it.

    Args:
        template: name of the chat template.
        budget: most tokens of a prompt.
    """

    def __init__(self, tokenizer: SourceTokenizer, template: str, budget: int) -> None:
        """
        Raises:
            TokenizerError: the template is unknown or needs tokens that do not exist.
        """
        self._tokenizer = tokenizer
        self._template = template_named(template)
        self._budget = budget
        require_fitting(self._template, tokenizer.find_special)

    def encode(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Token ids of the prompt that the answer continues.

        Raises:
            RequestError: the template knows no such order of messages.
            ContextOverflowError: more than `budget` tokens; what is left out of a dialogue is not ours to say.
        """
        token_ids = [
            i for segment in self._template(messages) for i in self._tokenizer.encode_segment(segment)
        ]
        if len(token_ids) > self._budget:
            raise ContextOverflowError(
                f"the dialogue has {len(token_ids)} tokens, {self._budget} fit",
                "Leave out its oldest messages, or shorten them.",
            )
        return tuple(token_ids)
