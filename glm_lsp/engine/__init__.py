"""The process that owns the model, its ONNX session and the KV cache, and the client that talks to it."""
