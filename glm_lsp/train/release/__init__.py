"""From a training run's checkpoint to a released model: exports, gates, metrics.json, model card."""

from glm_lsp.train.release.export import export_checkpoint

__all__ = ["export_checkpoint"]
