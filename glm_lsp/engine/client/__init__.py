"""What a front uses of an engine: the client, and the engine that is there when needed."""
