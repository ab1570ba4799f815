"""One file a solver: ours have missing() and curve(), peers missing() and fit().

X is n images x m pixels; W (m x rank) and H (rank x n) are the start, in visnmf's names, and
are not changed. fit(X, W, H, iterations) gives W and H after so many iterations.
A peer whose RESUMES is true goes on from a pair exactly as if it had never stopped; one
whose SPARSE is true takes a sparse X.
"""

import hashlib
import importlib
import json

import scipy.sparse as sp
from threadpoolctl import threadpool_info

from timing import OUTPUT, pace, quality_of, seconds

OURS = ("visnmf_compiled", "visnmf_numpy")
PEERS = (
    *("sklearn_cd", "sklearn_mu", "sklearn_minibatch"),
    *("torchnmf_mu", "nmf_torch_hals", "nimfa_lsnmf"),
)
NAMES = (*OURS, *PEERS)


def get(name):
    """Return a solver's module."""
    return importlib.import_module(f"solvers.{name}")


def at_hand(names, X):
    """Yield each solver that takes X with its module; what is left out is said."""
    for name in names:
        module = get(name)
        why = module.missing()
        if not why and sp.issparse(X) and not getattr(module, "SPARSE", False):
            why = "it takes no sparse matrix"
        if why:
            print(f"{name} is left out: {why}")
        else:
            yield name, module


def curve(fit, X, W, H, iterations, *, resumes, judge=quality_of, budget=float("inf")):
    """Return (seconds, judge(X, W, H)) after each number of iterations, the better of two runs.

    What would take a single run longer than the budget, in seconds, is left out.
    """
    points, done, total, pair = [], 0, 0.0, (W, H)
    for count in sorted(set(iterations)):
        steps = count - done if resumes else count
        before = total if resumes else 0.0
        if points and before + total * steps / done > budget:
            print(f"  {count} iterations are left out: longer than {budget:.0f} s (--budget)")
            break
        start = pair if resumes else (W, H)
        (took, found), (again, _) = (seconds(lambda s=start, n=steps: fit(X, *s, n)) for _ in "ab")
        total, pair, done = before + min(took, again), found, count
        points.append((total, judge(X, *pair)))
    return points


def measured(name, X, W, H, iterations, budget=float("inf")):
    """Return the curve of a peer, measured now or on this machine before.

    A point is (seconds, (objective, relative KKT norm)). What was measured is kept in peers.json;
    when that file goes, all is measured anew.
    """
    path = OUTPUT / "peers.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    known = kept.setdefault(_key(name, X, W, H), {"pace": pace(), "points": {}, "over": None})
    counts = sorted(set(iterations))
    wanted = {str(count) for count in counts}
    if known["over"] is not None and budget <= known["over"]:
        wanted &= set(known["points"])
    if not wanted or not wanted <= set(known["points"]):
        module = get(name)
        points = curve(module.fit, X, W, H, counts, resumes=module.RESUMES, budget=budget)
        found = dict(zip(map(str, counts), points, strict=False))
        over = budget if len(found) < len(counts) else None
        known |= {"pace": pace(), "points": known["points"] | found, "over": over}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(kept, indent=1))
    else:
        then = known["pace"] / pace()
        print(f"{name} was measured before; the machine's pace now over then: {then:.2f}")
    points = known["points"]
    return {count: points[str(count)] for count in counts if str(count) in points}


def _key(name, X, W, H):
    """Return what tells one measurement from another: solver, version, data, start, threads."""
    digest = hashlib.blake2b(digest_size=8)
    for array in (X.data if sp.issparse(X) else X, W, H):
        digest.update(memoryview(array).cast("B"))
    threads = max(info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas")
    version = importlib.import_module(get(name).PACKAGE).__version__
    return f"{name} {version}, {X.shape[1]} x {X.shape[0]}, {threads} threads, {digest.hexdigest()}"
