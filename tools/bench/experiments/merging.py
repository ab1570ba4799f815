"""Parts merged by several weights: the error once encodings are fitted again, and what is lost.

Weights of the parts in their sum: mean amounts (what `visnmf.edit_parts` takes), root mean squares,
the best rank-1 factor of what they bring together, and equal lengths; beside them the best of
them alone, the others deleted.
"""

import numpy as np

import visnmf
from visnmf.solve.encode import encode

import datasets
from timing import keep, table

SETS = ("cbcl", "orl", "swimmer")
KINDS = ("mean", "rms", "rank-1", "equal lengths", "one alone")
_TAKEN = 8  # groups of each choice


def run(options):
    """Merge pairs of parts, and fours, and compare errors and the share of the least part."""
    for name, (X, rank) in datasets.at_hand([s for s in options.sets if s in SETS]):
        V = np.ascontiguousarray(X.T)
        result = visnmf.factorize(V, rank, max_iter=20 if options.quick else 200)
        used = result.H.any(axis=1) & result.W.any(axis=0)
        W, H = result.W[:, used], result.H[used]
        start = error_of(V, W, H)
        rows, kept = [], {}
        for choice, groups in chosen(W, H).items():
            errors = {kind: [] for kind in KINDS}
            shares = {kind: [] for kind in KINDS[:-1]}
            for group in groups[: 2 if options.quick else _TAKEN]:
                for kind in KINDS:
                    weights = weights_of(kind, V, W, H, group)
                    errors[kind].append(refitted(V, W, group, weights) / start)
                    if kind in shares:
                        lengths = weights * np.linalg.norm(W[:, group], axis=0)
                        shares[kind].append(lengths.min() / lengths.sum())
            kept[choice] = {
                "errors": {kind: float(np.mean(values)) for kind, values in errors.items()},
                "worst over rank-1": float(np.max(np.divide(errors["mean"], errors["rank-1"]))),
                "least share": {kind: float(np.min(values)) for kind, values in shares.items()},
            }
            rows.append([choice, *(f"{kept[choice]['errors'][kind]:.4f}" for kind in KINDS)])
            rows[-1] += [f"{kept[choice]['worst over rank-1']:.4f}"]
            rows[-1] += [f"{kept[choice]['least share'][kind]:.3f}" for kind in ("mean", "rank-1")]
        header = ["merged", *KINDS, "mean over rank-1, worst", "least share, mean", "rank-1"]
        table(f"error after merging over that before: {name}, rank {len(H)}", header, rows)
        keep(f"merging {name}", kept)


def chosen(W, H):
    """Return groups of parts: by chance, those alike, used together, or not together; fours."""
    rng, rank = np.random.default_rng(0), len(H)
    pairs = np.stack(np.triu_indices(rank, 1), axis=1)
    unit = W / np.linalg.norm(W, axis=0)
    uses = H / np.linalg.norm(H, axis=1, keepdims=True)
    alike, together = ((G @ G.T)[tuple(pairs.T)] for G in (unit.T, uses))
    return {
        "pairs by chance": [rng.choice(rank, 2, replace=False) for _ in range(_TAKEN)],
        "the most alike": list(pairs[np.argsort(-alike, kind="stable")]),
        "used together": list(pairs[np.argsort(-together, kind="stable")]),
        "never together": list(pairs[np.argsort(together, kind="stable")]),
        "fours by chance": [rng.choice(rank, 4, replace=False) for _ in range(_TAKEN)],
    }


def weights_of(kind, V, W, H, group):
    """Return how much of each part goes into the sum."""
    parts, amounts = W[:, group].astype(float), H[group].astype(float)
    if kind == "mean":
        return amounts.mean(axis=1)
    if kind == "rms":
        return np.sqrt(np.square(amounts).mean(axis=1))
    if kind == "equal lengths":
        return 1 / np.linalg.norm(parts, axis=0)
    if kind == "one alone":
        alone = np.eye(len(group))
        return min(alone, key=lambda weights: refitted(V, W, group, weights))
    # W_S H_S = U S Z' with U = W_S a, and H_S H_S' W_S' W_S a = s^2 a
    values, vectors = np.linalg.eig(amounts @ amounts.T @ (parts.T @ parts))
    return np.abs(np.real(vectors[:, np.argmax(np.real(values))]))


def refitted(V, W, group, weights):
    """Return the error of V by the merged part and the others, encoded anew."""
    one = W[:, group] @ (weights / weights.sum()).astype(W.dtype)
    edited = np.column_stack([np.delete(W, group, axis=1), one])
    return error_of(V, edited, encode(V, edited))


def error_of(V, W, H):
    """Return the relative error."""
    return float(np.linalg.norm(V - W @ H) / np.linalg.norm(V))
