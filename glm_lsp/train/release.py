"""From a training run's checkpoint to a checkpoint folder as transformers would save it, and to a model folder."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from glm_lsp.errors import TrainingError
from glm_lsp.models.convert import convert
from glm_lsp.train.recipe import Recipe, load_recipe


def export_checkpoint(run: Path, recipe: Recipe, tokenizer: Path, out: Path) -> int:
    """Writes config.json, model.safetensors (fp32, head tied to the embedding) and tokenizer.json.

    Returns:
        the number of parameters.

    Raises:
        TrainingError: the run's checkpoint is missing or belongs to another recipe.
    """
    try:
        state = torch.load(run, weights_only=True, map_location="cpu")
        weights = state["model"]
    except Exception as error:
        raise TrainingError(f"the checkpoint {run} cannot be read: {error}") from error
    if state["recipe"] != recipe.name:
        raise TrainingError(f"the checkpoint is of recipe {state['recipe']!r}, not {recipe.name!r}")
    out.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: tensor.float().contiguous() for name, tensor in weights.items()}, out / "model.safetensors"
    )
    (out / "config.json").write_text(json.dumps(recipe.config().to_dict(), indent=2) + "\n", encoding="utf-8")
    shutil.copyfile(tokenizer, out / "tokenizer.json")
    return sum(tensor.numel() for tensor in weights.values())


def main() -> None:
    """`python -m glm_lsp.train.release CHECKPOINT.pt TOKENIZER OUT --recipe xs [--precision int8]`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("out", type=Path, help="the model folder to write; the checkpoint goes to OUT-hf")
    parser.add_argument("--recipe", default="xs")
    parser.add_argument("--name", default="starter")
    parser.add_argument("--precision", default="int8", choices=("fp32", "int8", "int4"))
    args = parser.parse_args()
    recipe = load_recipe(args.recipe)
    folder = args.out.with_name(args.out.name + "-hf")
    count = export_checkpoint(args.checkpoint, recipe, args.tokenizer, folder)
    model = convert(
        folder,
        args.out,
        name=args.name,
        prompt_profile="codegeex4",
        precision=args.precision,
        capacity=recipe.context,
        context_length=recipe.context,
        description=f"trained by this project from scratch, recipe {recipe.name}",
        licence="Apache-2.0",
        replace=True,
    )
    print(json.dumps({"parameters": count, "model": str(model.path), "precision": args.precision}))


if __name__ == "__main__":
    main()
