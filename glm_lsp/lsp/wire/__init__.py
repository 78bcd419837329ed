"""The edge between bytes and handlers: frames, JSON-RPC messages, the rules of who gets which reply, stdio."""
