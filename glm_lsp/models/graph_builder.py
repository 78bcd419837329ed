"""Nodes and initializers of an ONNX graph under construction, and the two operators that differ by precision.

`GraphBuilder` knows nothing of GLM: it names values, takes weights from where they are, block by block, to the
external-data file, and offers `linear` and `embedding` over fp32, fp16, int8 or int4 weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper

from glm_lsp.errors import ArchitectureError
from glm_lsp.models.precision import Precision
from glm_lsp.models.quantization import BLOCK, Bits, quantize
from glm_lsp.models.span import Span
from glm_lsp.models.weight_file import WeightFile

BLOCK_VALUES = 1 << 22
"""Weights taken from the source at a time: 16 MiB in fp32, and as much again while they are quantised."""

CONTRIB = "com.microsoft"
"""The domain of ONNX Runtime's fused operators."""


class WeightSource(Protocol):
    """Where weights come from, by name, in fp32."""

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Rows of a tensor; elements, where it has one dimension."""


@dataclass(frozen=True, slots=True)
class StoredMatrix:
    """A weight matrix [rows, columns] in the weight file; `scales` is None where it is not quantised."""

    rows: int
    columns: int
    precision: Precision
    values: Span
    scales: Span | None = None

    @property
    def bits(self) -> Bits:
        """Of a quantised weight."""
        return 4 if self.precision == "int4" else 8


class GraphBuilder:
    """Collects nodes in order; every method that adds one returns the name of its output.

    Args:
        weights: where they go.
        source: where they come from.
        on_values: called with the number of weights that have just been taken.
    """

    def __init__(
        self, weights: WeightFile, source: WeightSource, on_values: Callable[[int], None] = lambda _: None
    ) -> None:
        self.weights = weights
        self.source = source
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []
        self.inputs: list[ValueInfoProto] = []
        self.outputs: list[ValueInfoProto] = []
        self._on_values = on_values

    def input(self, name: str, dtype: int, shape: Sequence[int | str]) -> str:
        """Declares a graph input."""
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, name: str, dtype: int, shape: Sequence[int | str]) -> str:
        """Declares a graph output; the node that yields it must name it."""
        self.outputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def node(self, op: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: Any) -> str:
        """Adds a node with one output."""
        return self.nodes_out(op, inputs, [output], domain, **attributes)[0]

    def nodes_out(
        self, op: str, inputs: Sequence[str], outputs: Sequence[str], domain: str = "", **attributes: Any
    ) -> Sequence[str]:
        """Adds a node with several outputs; an empty name leaves an output out."""
        name = next(output for output in outputs if output)
        self.nodes.append(helper.make_node(op, inputs, outputs, name=name, domain=domain, **attributes))
        return outputs

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Adds an initializer."""
        self.initializers.append(self.weights.store(name, values))
        return name

    def vector(self, name: str, source_name: str) -> str:
        """Adds a tensor of the source, fp32, as the initializer `name`."""
        values = self.source.rows(source_name, 0, self.source.shape(source_name)[0])
        self._on_values(values.size)
        return self.constant(name, values)

    def store_matrix(self, name: str, precision: Precision) -> StoredMatrix:
        """Takes a matrix [rows, columns] of the source to the weight file, in the precision asked for.

        Raises:
            ArchitectureError: a weight is too large for fp16.
        """
        rows, columns = self.source.shape(name)
        spans = self.weights.recall(name)
        if spans is None:
            spans = self.weights.record(name, self._write_matrix(name, precision))
        else:
            self._on_values(rows * columns)
        return StoredMatrix(rows, columns, precision, *spans)

    def linear(
        self,
        x: str,
        matrix: StoredMatrix,
        output: str,
        *,
        rows: int | None = None,
        bias: str = "",
        accuracy_level: int = 0,
    ) -> str:
        """x [..., columns] times the transposed matrix, plus bias; `rows` takes the first rows only."""
        rows = rows or matrix.rows
        if matrix.scales is None:
            return self._dense(x, matrix, rows, bias, output)
        codes, scales = self._quantized(f"{output}.weight", matrix, matrix.scales, rows, flat=False)
        return self.node(
            "MatMulNBits",
            [x, codes, scales, "", "", bias] if bias else [x, codes, scales],
            output,
            CONTRIB,
            K=matrix.columns,
            N=rows,
            bits=matrix.bits,
            block_size=BLOCK,
            accuracy_level=accuracy_level,
        )

    def embedding(self, ids: str, matrix: StoredMatrix, output: str) -> str:
        """The matrix's rows at `ids`: [1, S] -> [1, S, columns], fp32."""
        if matrix.scales is None:
            table = self._dense_weight(f"{output}.table", matrix, matrix.rows)
            if matrix.precision == "fp32":
                return self.node("Gather", [table, ids], output, axis=0)
            half = self.node("Gather", [table, ids], f"{output}.half", axis=0)
            return self.node("Cast", [half], output, to=TensorProto.FLOAT)
        codes, scales = self._quantized(f"{output}.table", matrix, matrix.scales, matrix.rows, flat=True)
        return self.node(
            "GatherBlockQuantized",
            [codes, ids, scales],
            output,
            CONTRIB,
            gather_axis=0,
            quantize_axis=1,
            block_size=BLOCK,
            bits=matrix.bits,
        )

    def finish(self, name: str) -> GraphProto:
        """The graph of everything added so far."""
        return helper.make_graph(self.nodes, name, self.inputs, self.outputs, self.initializers)

    def _blocks(self, name: str) -> Iterator[NDArray[np.float32]]:
        rows, columns = self.source.shape(name)
        step = max(1, BLOCK_VALUES // columns)
        for start in range(0, rows, step):
            block = self.source.rows(name, start, min(start + step, rows))
            yield block
            self._on_values(block.size)

    def _write_matrix(self, name: str, precision: Precision) -> list[Span]:
        if precision == "fp32":
            return [self.weights.write(self._blocks(name))]
        if precision == "fp16":
            return [self.weights.write(_half(name, block) for block in self._blocks(name))]
        scales: list[NDArray[np.float32]] = []

        def codes() -> Iterator[NDArray[np.uint8]]:
            for block in self._blocks(name):
                quantized = quantize(block, 4 if precision == "int4" else 8)
                scales.append(quantized.scales)
                yield quantized.codes

        return [self.weights.write(codes()), self.weights.write(scales)]

    def _dense(self, x: str, matrix: StoredMatrix, rows: int, bias: str, output: str) -> str:
        product = f"{output}.product" if bias else output
        weight = self._dense_weight(f"{output}.weight", matrix, rows)
        if matrix.precision == "fp16":
            # Activations are fp32 on the CPU; ONNX Runtime widens the weight once, when it loads the graph.
            weight = self.node("Cast", [weight], f"{weight}.wide", to=TensorProto.FLOAT)
        self.node("FusedMatMul", [x, weight], product, CONTRIB, transB=1)
        return self.node("Add", [product, bias], output) if bias else product

    def _dense_weight(self, name: str, matrix: StoredMatrix, rows: int) -> str:
        dtype = np.dtype(np.float16 if matrix.precision == "fp16" else np.float32)
        self.initializers.append(self.weights.refer(name, dtype, (rows, matrix.columns), matrix.values))
        return name

    def _quantized(
        self, name: str, matrix: StoredMatrix, scales: Span, rows: int, *, flat: bool
    ) -> tuple[str, str]:
        """Initializers for codes and scales; GatherBlockQuantized wants a row's codes in one run (flat)."""
        blocks, width = matrix.columns // BLOCK, BLOCK * matrix.bits // 8
        shape = (rows, blocks * width) if flat else (rows, blocks, width)
        refer, uint8, float32 = self.weights.refer, np.dtype(np.uint8), np.dtype(np.float32)
        self.initializers.append(refer(f"{name}.codes", uint8, shape, matrix.values))
        self.initializers.append(refer(f"{name}.scales", float32, (rows, blocks), scales))
        return f"{name}.codes", f"{name}.scales"


def _half(name: str, block: NDArray[np.float32]) -> NDArray[np.float16]:
    if np.abs(block).max(initial=0) > np.finfo(np.float16).max:
        raise ArchitectureError(
            f"{name} has weights beyond the range of fp16", "Import with --precision int8, int4 or fp32."
        )
    return block.astype(np.float16)
