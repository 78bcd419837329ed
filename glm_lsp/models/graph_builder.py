"""Nodes and initializers of an ONNX graph under construction, and the two operators that differ by precision.

`GraphBuilder` knows nothing of GLM: it names values, takes weights from where they are, block by block, to the
external-data file, and offers `linear` and `embedding` over weights of every precision, in the activations that the
graph computes in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper

from glm_lsp.models.number_format import DATA_TYPE, stored
from glm_lsp.models.precision import Activations, Precision
from glm_lsp.models.quantization import BLOCK
from glm_lsp.models.span import Span
from glm_lsp.models.stored_matrix import StoredMatrix, WeightSource, store_matrix
from glm_lsp.models.weight_file import WeightFile

CONTRIB = "com.microsoft"
"""The domain of ONNX Runtime's fused operators."""


class GraphBuilder:
    """Collects nodes in order; every method that adds one returns the name of its output.

    Args:
        weights: where they go.
        source: where they come from.
        activations: what the graph computes in.
        on_values: called with the number of weights that have just been taken.
    """

    def __init__(
        self,
        weights: WeightFile,
        source: WeightSource,
        activations: Activations = "fp32",
        on_values: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.weights = weights
        self.source = source
        self.activations = activations
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

    def real_constant(self, name: str, values: NDArray[np.float32]) -> str:
        """Adds an initializer in the graph's activations.

        Raises:
            ArchitectureError: a value is too large for fp16.
        """
        kept = stored(name, values, self.activations)
        self.initializers.append(self.weights.store(name, kept, DATA_TYPE[self.activations]))
        return name

    def vector(self, name: str, source_name: str) -> str:
        """Adds a tensor of the source as the initializer `name`, in the graph's activations.

        Raises:
            ArchitectureError: a value is too large for fp16.
        """
        values = self.source.rows(source_name, 0, self.source.shape(source_name)[0])
        self._on_values(values.size)
        return self.real_constant(name, values)

    def store_matrix(
        self, name: str, precision: Precision, scale_format: Activations | None = None
    ) -> StoredMatrix:
        """Takes a matrix [rows, columns] of the source to the weight file, in the precision asked for.

        Args:
            scale_format: of a quantised matrix; the graph's activations when omitted.

        Raises:
            ArchitectureError: a weight is too large for fp16.
        """
        scale_format = scale_format or self.activations
        return store_matrix(self.weights, self.source, name, precision, scale_format, self._on_values)

    def cast(self, x: str, to: Activations, output: str) -> str:
        """The value x as another number format."""
        return self.node("Cast", [x], output, to=DATA_TYPE[to])

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
        """x [..., columns] times the transposed matrix, plus bias; `rows` takes the first rows only.

        x and bias are of the matrix's number format; to a matrix kept as fp16 they may also be fp32.
        """
        rows = rows or matrix.rows
        if matrix.scales is None:
            return self._dense(x, matrix, rows, bias, output)
        # With a bias, CUDA's kernel for a few rows was not taken in all releases of ONNX Runtime: they turned the
        # whole matrix back into fp16 at each step.
        is_added = bias and self.activations != "fp32"
        codes, scales = self._quantized(f"{output}.weight", matrix, matrix.scales, rows, flat=False)
        product = self.node(
            "MatMulNBits",
            [x, codes, scales, "", "", bias] if bias and not is_added else [x, codes, scales],
            f"{output}.product" if is_added else output,
            CONTRIB,
            K=matrix.columns,
            N=rows,
            bits=matrix.bits,
            block_size=BLOCK,
            accuracy_level=accuracy_level,
        )
        return self.node("Add", [product, bias], output) if is_added else product

    def embedding(self, ids: str, matrix: StoredMatrix, output: str) -> str:
        """The matrix's rows at `ids`: [1, S] -> [1, S, columns], in the graph's activations."""
        if matrix.number_format != self.activations:
            return self.cast(self._gathered(ids, matrix, output, f"{output}.half"), self.activations, output)
        return self._gathered(ids, matrix, output, output)

    def _gathered(self, ids: str, matrix: StoredMatrix, name: str, output: str) -> str:
        if matrix.scales is None:
            table = self._dense_weight(f"{name}.table", matrix, matrix.rows)
            return self.node("Gather", [table, ids], output, axis=0)
        codes, scales = self._quantized(f"{name}.table", matrix, matrix.scales, matrix.rows, flat=True)
        inputs = [codes, ids, scales]
        if self.activations != "fp32":
            # Left out, it is the middle of the codes on the CPU, but was 0 on CUDA (onnxruntime issue 31692).
            inputs.append(self._middle(f"{name}.table.zero_points", matrix))
        return self.node(
            "GatherBlockQuantized",
            inputs,
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

    def _middle(self, name: str, matrix: StoredMatrix) -> str:
        """Zero points of an int8 table: one for each scale, all the same."""
        if matrix.bits != 8:
            raise ValueError("a table of 4 bits packs two zero points into a byte")
        return self.constant(name, np.full((matrix.rows, matrix.columns // BLOCK), 128, np.uint8))

    def _dense(self, x: str, matrix: StoredMatrix, rows: int, bias: str, output: str) -> str:
        product = f"{output}.product" if bias else output
        weight = self._dense_weight(f"{output}.weight", matrix, rows)
        if matrix.number_format != self.activations == "fp32":
            # ONNX Runtime widens the weight once, when it loads the graph.
            weight = self.cast(weight, "fp32", f"{weight}.wide")
        self.node("FusedMatMul", [x, weight], product, CONTRIB, transB=1)
        return self.node("Add", [product, bias], output) if bias else product

    def _dense_weight(self, name: str, matrix: StoredMatrix, rows: int) -> str:
        data_type, shape = DATA_TYPE[matrix.number_format], (rows, matrix.columns)
        self.initializers.append(self.weights.refer(name, data_type, shape, matrix.values))
        return name

    def _quantized(
        self, name: str, matrix: StoredMatrix, scales: Span, rows: int, *, flat: bool
    ) -> tuple[str, str]:
        """Initializers for codes and scales; GatherBlockQuantized wants a row's codes in one run (flat)."""
        blocks, width = matrix.columns // BLOCK, BLOCK * matrix.bits // 8
        shape = (rows, blocks * width) if flat else (rows, blocks, width)
        refer, scale_type = self.weights.refer, DATA_TYPE[matrix.number_format]
        self.initializers.append(refer(f"{name}.codes", TensorProto.UINT8, shape, matrix.values))
        self.initializers.append(refer(f"{name}.scales", scale_type, (rows, blocks), scales))
        return f"{name}.codes", f"{name}.scales"
