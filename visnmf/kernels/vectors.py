"""The inner loop of every sweep, one row of a tile, in vector registers.

Numba's loop vectorizer reaches a quarter of what the processor can do here: it stores
the row after each part and leaves the short loops scalar. So these few lines are
written in LLVM's own terms, with vector values of 64 bytes that stay in registers;
LLVM splits them for whatever vectors a processor has.

All arrays are contiguous and of one float type: G (rank, rank), T and C (rank, TILE),
row (TILE,). T, C and row start at multiples of 64 bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from visnmf.kernels.tiles import TILE

__all__ = ["copy", "row_residual", "row_step"]

_BYTES = 64  # one vector value
_HELD = 4  # vectors of a row held at once


class _Tile:
    """The arrays of one call, and the vector code that reads and writes them."""

    def __init__(self, context: Any, builder: Any, kinds: Any, values: Any) -> None:
        self.builder = builder
        arrays = [
            context.make_array(kind)(context, builder, value)
            for kind, value in zip(kinds, values, strict=True)
        ]
        self.data = [array.data for array in arrays]
        self.rank = builder.extract_value(arrays[0].shape, 1)
        self.index = self.rank.type
        self.lanes = _BYTES // (kinds[0].dtype.bitwidth // 8)
        self.number = context.get_value_type(kinds[0].dtype)
        self.vector = ir.VectorType(self.number, self.lanes)

    def chunks(self) -> Iterator[list[Any]]:
        """Yield the first columns of the vectors that are held together."""
        for held in range(0, TILE, self.lanes * _HELD):
            yield [ir.Constant(self.index, held + self.lanes * i) for i in range(_HELD)]

    def place(self, array: int, row: Any, column: Any) -> Any:
        """Return the address of a vector of an array with TILE columns."""
        start = self.builder.mul(row, ir.Constant(self.index, TILE))
        at = self.builder.gep(self.data[array], [self.builder.add(start, column)])
        return self.builder.bitcast(at, self.vector.as_pointer())

    def load(self, array: int, row: Any, column: Any) -> Any:
        return self.builder.load(self.place(array, row, column), align=_BYTES)

    def store(self, value: Any, array: int, row: Any, column: Any) -> None:
        self.builder.store(value, self.place(array, row, column), align=_BYTES)

    def spread(self, number: Any) -> Any:
        """Return a vector that holds one number in each lane."""
        word = ir.IntType(32)
        nothing = ir.Constant(self.vector, ir.Undefined)
        single = self.builder.insert_element(nothing, number, ir.Constant(word, 0))
        lanes = ir.Constant(ir.VectorType(word, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(single, nothing, lanes)

    def residual(self, k: Any, columns: list[Any]) -> list[Any]:
        """Return C[k] - G[k] @ T at some columns, as vector values."""
        builder = self.builder
        sums = [cgutils.alloca_once(builder, self.vector) for _ in columns]
        for total, column in zip(sums, columns, strict=True):
            builder.store(self.load(2, k, column), total)
        first = builder.mul(k, self.rank)
        with cgutils.for_range(builder, self.rank) as loop:
            at = builder.gep(self.data[0], [builder.add(first, loop.index)])
            weight = self.spread(builder.load(at))
            for total, column in zip(sums, columns, strict=True):
                product = builder.fmul(weight, self.load(1, loop.index, column), flags=["contract"])
                less = builder.fsub(builder.load(total), product, flags=["contract"])
                builder.store(less, total)
        return [builder.load(total) for total in sums]


def _generator(body: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a body that works on a _Tile as numba's code generator."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pairs = list(zip(signature.args, arguments, strict=True))
        arrays = [pair for pair in pairs if isinstance(pair[0], types.Array)]
        rest = [value for kind, value in pairs if not isinstance(kind, types.Array)]
        tile = _Tile(context, builder, *zip(*arrays, strict=True))
        return body(tile, *rest) or context.get_dummy_value()

    return generate


@intrinsic
def row_residual(typingctx: Any, G: Any, T: Any, C: Any, row: Any, k: Any) -> Any:
    """Set row to C[k] - G[k] @ T."""

    def body(tile: _Tile, k: Any) -> None:
        for columns in tile.chunks():
            for value, column in zip(tile.residual(k, columns), columns, strict=True):
                tile.store(value, 3, ir.Constant(tile.index, 0), column)

    return types.void(G, T, C, row, types.intp), _generator(body)


@intrinsic
def row_step(typingctx: Any, G: Any, T: Any, C: Any, k: Any, step: Any) -> Any:
    """Set T[k] to max(0, T[k] + step * (C[k] - G[k] @ T)); return the squared move."""

    def body(tile: _Tile, k: Any, step: Any) -> Any:
        builder = tile.builder
        zero = ir.Constant(tile.vector, None)
        factor = tile.spread(step)
        moved = zero
        for columns in tile.chunks():
            for value, column in zip(tile.residual(k, columns), columns, strict=True):
                old = tile.load(1, k, column)
                new = builder.fadd(
                    old, builder.fmul(value, factor, flags=["contract"]), flags=["contract"]
                )
                new = builder.select(builder.fcmp_ordered(">", new, zero), new, zero)
                tile.store(new, 1, k, column)
                move = builder.fsub(new, old)
                moved = builder.fadd(
                    moved, builder.fmul(move, move, flags=["contract"]), flags=["contract"]
                )
        name = f"llvm.vector.reduce.fadd.v{tile.lanes}f{8 * _BYTES // tile.lanes}"
        kind = ir.FunctionType(tile.number, [tile.number, tile.vector])
        add = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(add, [ir.Constant(tile.number, 0), moved], fastmath=["reassoc"])

    return T.dtype(G, T, C, types.intp, T.dtype), _generator(body)


@intrinsic
def copy(
    typingctx: Any, target: Any, row: Any, start: Any, source: Any, k: Any, at: Any, count: Any
) -> Any:
    """Copy count numbers from source[k, at] to target[row, start]."""
    signature = types.void(
        target, types.intp, types.intp, source, types.intp, types.intp, types.intp
    )

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        places = []
        for which in (0, 3):
            array = context.make_array(signature.args[which])(context, builder, arguments[which])
            wide = builder.extract_value(array.shape, 1)
            offset = builder.add(builder.mul(arguments[which + 1], wide), arguments[which + 2])
            places.append(builder.gep(array.data, [offset]))
        cgutils.raw_memcpy(builder, *places, arguments[6], target.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return signature, generate
