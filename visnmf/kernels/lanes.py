"""The inner loops of columns that have a curvature of their own, in vector registers.

As in `visnmf.kernels.vectors`, a few lines in LLVM's own terms: numba's loop vectorizer
leaves loops as short as a rank scalar. A vector value here has LANES numbers: of columns
of a factor that are swept side by side, or of a row of A' padded to a multiple of LANES.
All arrays are contiguous, of one float type, and begin at multiples of 64 bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from visnmf.kernels.columns import LANES

__all__ = ["GROUP", "add_outer", "add_rows", "load_row", "row_dot", "step_lanes"]

GROUP = 8  # rows of a product that are held in registers at once
_ALIGN = 64


class _Code:
    """The builder of one call, and the vector type of its arrays."""

    def __init__(self, context: Any, builder: Any, kinds: Any, values: Any) -> None:
        self.context, self.builder = context, builder
        self.kinds, self.values = kinds, values
        self.number = context.get_value_type(kinds[0].dtype)
        self.vector = ir.VectorType(self.number, LANES)
        self.index = context.get_value_type(types.intp)

    def array(self, which: int) -> tuple[Any, Any]:
        """Return the address and the row length of an array."""
        made = self.context.make_array(self.kinds[which])(
            self.context, self.builder, self.values[which]
        )
        return made.data, self.builder.extract_value(made.shape, self.kinds[which].ndim - 1)

    def const(self, number: int) -> Any:
        return ir.Constant(self.index, number)

    def at(self, data: Any, offset: Any) -> Any:
        """Return the address of a vector."""
        return self.builder.bitcast(self.builder.gep(data, [offset]), self.vector.as_pointer())

    def load(self, data: Any, offset: Any) -> Any:
        return self.builder.load(self.at(data, offset), align=_ALIGN)

    def store(self, value: Any, data: Any, offset: Any) -> None:
        self.builder.store(value, self.at(data, offset), align=_ALIGN)

    def spread(self, number: Any) -> Any:
        """Return a vector that holds one number in each lane."""
        word = ir.IntType(32)
        nothing = ir.Constant(self.vector, ir.Undefined)
        single = self.builder.insert_element(nothing, number, ir.Constant(word, 0))
        lanes = ir.Constant(ir.VectorType(word, LANES), [0] * LANES)
        return self.builder.shuffle_vector(single, nothing, lanes)

    def added(self, total: Any, a: Any, b: Any) -> Any:
        """Return total + a * b."""
        product = self.builder.fmul(a, b, flags=["contract"])
        return self.builder.fadd(total, product, flags=["contract"])

    def held(self, count: int) -> list[Any]:
        """Return places for vectors that LLVM keeps in registers, zero."""
        places = [cgutils.alloca_once(self.builder, self.vector) for _ in range(count)]
        for place in places:
            self.builder.store(ir.Constant(self.vector, None), place)
        return places

    def summed(self, value: Any) -> Any:
        """Return the sum over the lanes."""
        bits = self.kinds[0].dtype.bitwidth
        kind = ir.FunctionType(self.number, [self.number, self.vector])
        add = cgutils.get_or_insert_function(
            self.builder.module, kind, f"llvm.vector.reduce.fadd.v{LANES}f{bits}"
        )
        zero = ir.Constant(self.number, 0)
        return self.builder.call(add, [zero, value], fastmath=["reassoc"])


def _generator(body: Callable[[_Code], Any]) -> Callable[..., Any]:
    """Wrap a body that writes code as numba's code generator."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return body(_Code(context, builder, signature.args, arguments)) or (
            context.get_dummy_value()
        )

    return generate


@intrinsic
def load_row(typingctx: Any, P: Any, e: Any, X: Any, i: Any, scale: Any) -> Any:
    """Set P[e] to scale * X[i], rows of one length."""

    def body(code: _Code) -> None:
        builder = code.builder
        (P, wide), (X, _) = code.array(0), code.array(2)
        factor = code.spread(code.values[4])
        target, source = (builder.mul(code.values[i], wide) for i in (1, 3))
        with cgutils.for_range_slice(builder, code.const(0), wide, code.const(LANES)) as (at, _):
            row = code.load(X, builder.add(source, at))
            code.store(builder.fmul(row, factor), P, builder.add(target, at))

    return types.void(P, types.intp, X, types.intp, P.dtype), _generator(body)


@intrinsic
def row_dot(typingctx: Any, X: Any, i: Any, Y: Any, j: Any) -> Any:
    """Return the sum of X[i] * Y[j]."""

    def body(code: _Code) -> Any:
        builder = code.builder
        (X, wide), (Y, _) = code.array(0), code.array(2)
        start, other = (builder.mul(code.values[i], wide) for i in (1, 3))
        (total,) = code.held(1)
        with cgutils.for_range_slice(builder, code.const(0), wide, code.const(LANES)) as (at, _):
            row = code.load(X, builder.add(start, at))
            factor = code.load(Y, builder.add(other, at))
            builder.store(code.added(builder.load(total), row, factor), total)
        return code.summed(builder.load(total))

    return X.dtype(X, types.intp, Y, types.intp), _generator(body)


@intrinsic
def add_rows(
    typingctx: Any, total: Any, t: Any, X: Any, indices: Any, data: Any, first: Any, last: Any
) -> Any:
    """Add the rows X[indices[e]], each times data[e], for e from first to last - 1 to total[t]."""

    def body(code: _Code) -> None:
        builder = code.builder
        (sums, wide), (X, _) = code.array(0), code.array(2)
        (indices, _), (data, _) = code.array(3), code.array(4)
        first, last = code.values[5:]
        begin, one = builder.mul(code.values[1], wide), code.const(1)
        with cgutils.for_range_slice(builder, code.const(0), wide, code.const(LANES)) as (at, _):
            (held,) = code.held(1)
            place = builder.add(begin, at)
            builder.store(code.load(sums, place), held)
            with cgutils.for_range_slice(builder, first, last, one) as (e, _):
                i = builder.load(builder.gep(indices, [e]))
                if i.type != code.index:
                    i = builder.sext(i, code.index)
                row = code.load(X, builder.add(builder.mul(i, wide), at))
                weight = code.spread(builder.load(builder.gep(data, [e])))
                builder.store(code.added(builder.load(held), row, weight), held)
            code.store(builder.load(held), sums, place)

    signature = types.void(total, types.intp, X, indices, data, types.intp, types.intp)
    return signature, _generator(body)


@intrinsic
def add_outer(typingctx: Any, C: Any, L: Any, X: Any, count: Any) -> Any:
    """Add L[e]' X[e] for e < count to C, on and above the diagonal at least.

    All three have rows of one length, a multiple of LANES; C has as many rows.
    """

    def body(code: _Code) -> None:
        builder = code.builder
        (C, wide), (L, _), (X, _) = (code.array(i) for i in range(3))
        count, zero, one = code.values[3], code.const(0), code.const(1)
        step, group = code.const(LANES), code.const(GROUP)
        with cgutils.for_range_slice(builder, zero, wide, group) as (k, _):
            start = builder.sub(k, builder.urem(k, step))
            with cgutils.for_range_slice(builder, start, wide, step) as (at, _):
                held = code.held(GROUP)
                rows = [builder.mul(builder.add(k, code.const(i)), wide) for i in range(GROUP)]
                with cgutils.for_range_slice(builder, zero, count, one) as (e, _):
                    row = builder.mul(e, wide)
                    vector = code.load(X, builder.add(row, at))
                    place = builder.add(row, k)
                    for i, total in enumerate(held):
                        at_i = builder.gep(L, [builder.add(place, code.const(i))])
                        weight = code.spread(builder.load(at_i))
                        builder.store(code.added(builder.load(total), vector, weight), total)
                for total, begin in zip(held, rows, strict=True):
                    place = builder.add(begin, at)
                    code.store(builder.fadd(code.load(C, place), builder.load(total)), C, place)

    return types.void(C, L, X, types.intp), _generator(body)


@intrinsic
def step_lanes(typingctx: Any, G: Any, T: Any, C: Any, inverse: Any, k: Any) -> Any:
    """Renew row k of LANES columns; return the squared length of the move.

    G is (rank, wide, LANES), T (wide, LANES), C and inverse (rank, LANES), wide being a
    multiple of 4: T[k] becomes max(0, T[k] + inverse[k] * (C[k] - sum_l G[k, l] * T[l])).
    """

    def body(code: _Code) -> Any:
        builder = code.builder
        (G, lanes), (T, _), (C, _), (inverse, _) = (code.array(i) for i in range(4))
        made = code.context.make_array(code.kinds[0])(code.context, builder, code.values[0])
        wide = builder.extract_value(made.shape, 1)
        k = builder.mul(code.values[4], lanes)
        begin = builder.mul(k, wide)
        held = code.held(4)
        zero = ir.Constant(code.vector, None)
        with cgutils.for_range_slice(builder, code.const(0), wide, code.const(4)) as (row, _):
            for i, total in enumerate(held):
                at = builder.mul(builder.add(row, code.const(i)), lanes)
                g = code.load(G, builder.add(begin, at))
                builder.store(code.added(builder.load(total), g, code.load(T, at)), total)
        a, b, c, d = (builder.load(total) for total in held)
        product = builder.fadd(builder.fadd(a, b), builder.fadd(c, d))
        residual = builder.fsub(code.load(C, k), product)
        old = code.load(T, k)
        new = code.added(old, residual, code.load(inverse, k))
        new = builder.select(builder.fcmp_ordered(">", new, zero), new, zero)
        live = builder.fcmp_ordered(">", code.load(inverse, k), zero)
        new = builder.select(live, new, old)
        code.store(new, T, k)
        move = builder.fsub(new, old)
        return code.summed(builder.fmul(move, move))

    return T.dtype(G, T, C, inverse, types.intp), _generator(body)
