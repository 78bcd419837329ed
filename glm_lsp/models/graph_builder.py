"""Nodes and initializers of an ONNX graph under construction, and the two operators that differ by precision.

`GraphBuilder` knows nothing of GLM: it names values, writes weights to the external-data file as they arrive,
and offers `linear` and `embedding` over fp32, int8 or int4 weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper

from glm_lsp.models.quantization import BLOCK, Bits, QuantizedMatrix, quantize
from glm_lsp.models.weight_file import Span, WeightFile

Precision = Literal["fp32", "int8", "int4"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "int8", "int4")

CONTRIB = "com.microsoft"
"""The domain of ONNX Runtime's fused operators."""


@dataclass(frozen=True, slots=True)
class StoredMatrix:
    """A weight matrix [rows, columns] in the weight file; `scales` is None for fp32."""

    rows: int
    columns: int
    values: Span
    scales: Span | None = None
    bits: Bits = 8


class GraphBuilder:
    """Collects nodes in order; every method that adds one returns the name of its output."""

    def __init__(self, weights: WeightFile) -> None:
        self.weights = weights
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []
        self.inputs: list[ValueInfoProto] = []
        self.outputs: list[ValueInfoProto] = []

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

    def store_matrix(self, weight: NDArray[np.float32], precision: Precision) -> StoredMatrix:
        """Writes a weight matrix [rows, columns], quantised as asked, to the weight file."""
        rows, columns = weight.shape
        if precision == "fp32":
            return StoredMatrix(rows, columns, self.weights.write(weight))
        quantized: QuantizedMatrix = quantize(weight, 4 if precision == "int4" else 8)
        values, scales = self.weights.write(quantized.codes), self.weights.write(quantized.scales)
        return StoredMatrix(rows, columns, values, scales, quantized.bits)

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
            return self.node("Gather", [self._dense_weight(output, matrix, matrix.rows), ids], output, axis=0)
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

    def _dense(self, x: str, matrix: StoredMatrix, rows: int, bias: str, output: str) -> str:
        product = f"{output}.product" if bias else output
        weight = self._dense_weight(output, matrix, rows)
        self.node("FusedMatMul", [x, weight], product, CONTRIB, transB=1)
        return self.node("Add", [product, bias], output) if bias else product

    def _dense_weight(self, output: str, matrix: StoredMatrix, rows: int) -> str:
        shape, float32 = (rows, matrix.columns), np.dtype(np.float32)
        self.initializers.append(self.weights.refer(f"{output}.weight", float32, shape, matrix.values))
        return f"{output}.weight"

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
