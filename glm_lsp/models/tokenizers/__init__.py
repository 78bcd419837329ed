"""Official tokenizer files to one `tokenizer.json`, without any code from a model's repository."""

from glm_lsp.models.tokenizers.convert import convert_tokenizer
from glm_lsp.models.tokenizers.converted import ConvertedTokenizer

__all__ = ["ConvertedTokenizer", "convert_tokenizer"]
