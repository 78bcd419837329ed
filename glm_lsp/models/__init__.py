"""Model folders: configuration, checkpoints, the ONNX graph, quantisation, the store."""
