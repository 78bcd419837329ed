"""The check that an ONNX model reads no file outside its own folder.

ONNX Runtime follows the `location` of external data on its own; it is given a graph only after every location
has been found to be a manifest file of the folder.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from glm_lsp.errors import ModelFileError


def require_contained(model_path: Path, allowed: Container[str]) -> None:
    """Refuses a graph whose tensors lie in files other than `allowed`, names relative to the graph's folder.

    Raises:
        ModelFileError: a location is not allowed, or the file is not an ONNX graph.
    """
    try:
        model = onnx.ModelProto.FromString(model_path.read_bytes())
    except (OSError, DecodeError) as error:
        raise ModelFileError(f"{model_path} is not an ONNX graph: {error}") from error
    for tensor in all_tensors(model):
        for entry in tensor.external_data:
            if entry.key == "location" and entry.value not in allowed:
                raise ModelFileError(f"{model_path} reads {entry.value!r}, which is not a file of the model")


def all_tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Every tensor of a graph: weights, constants of nodes, those in branches and functions."""
    yield from _tensors_of(model.graph)
    for function in model.functions:
        for node in function.node:
            yield from _tensors_in(node)


def _tensors_of(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        yield from _tensors_in(node)


def _tensors_in(node: onnx.NodeProto) -> Iterator[onnx.TensorProto]:
    """Constants given as attributes, in this graph or a branch's."""
    for attribute in node.attribute:
        yield from (attribute.t, *attribute.tensors)
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)
        for graph in (attribute.g, *attribute.graphs):
            yield from _tensors_of(graph)
