"""The engine on an NVIDIA GPU: a session of its own beside `engine/onnx_session.py`."""
