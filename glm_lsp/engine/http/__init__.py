"""The engine over HTTP: requests in, streams out."""
