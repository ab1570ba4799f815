"""Samson's spectra and abundances against the truth, beside scikit-learn's NMF."""

import warnings
from itertools import permutations

import numpy as np
import sklearn.decomposition

import visnmf
from visnmf.terms import ElasticNet, Orthogonal, Simplex

from datasets import at_hand, shared
from timing import keep, table

INITS = ("snpa", "spa", "nndsvda", "spherical kmeans", "random")


def run(options):
    """Print angles of the three spectra and the RMSE of abundances, from several starts."""
    for _, data in at_hand(("samson_cube.npz",), lambda name: np.load(shared(name))):
        unmix(data)


def unmix(data):
    """Unmix by either library, and judge what it finds."""
    cube, spectra, truth = data["cube"], data["endmembers"], data["abundances"]
    V = np.ascontiguousarray(cube.reshape(-1, cube.shape[-1]).T)
    truth = truth.reshape(-1, 3).T
    rows, kept = [], {}

    def note(name, W, H):
        angles, rmse = judge(W, H, spectra, truth)
        kept[name] = {"degrees": angles.tolist(), "rmse": rmse}
        told = [f"{angle:.1f}" for angle in (*angles, angles.mean())]
        rows.append([name, *told, f"{rmse:.3f}"])

    for init in INITS:
        result = visnmf.factorize(
            V / V.sum(axis=0), 3, init=init, terms_W=ElasticNet(l2=10),
            terms_H=[Simplex("image"), Orthogonal(1e-5)],
        )  # fmt: skip
        note(f"sum to one, {init}", result.W, result.H)
    for init in INITS[:3]:
        plain = visnmf.factorize(V, 3, init=init)
        note(f"plain, {init}", plain.W, plain.H)
    for init in ("nndsvda", "random"):
        peer = sklearn.decomposition.NMF(3, init=init, random_state=0, max_iter=1000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            codes = peer.fit_transform(V.T)
        note(f"scikit-learn, {init}", peer.components_.T, codes.T)
    header = ["", *("degrees of 1", "2", "3", "mean"), "RMSE of abundances"]
    table("unmixing of Samson", header, rows)
    keep("unmixing", kept)


def judge(W, H, spectra, truth):
    """Return the angles in degrees and the RMSE, both factors scaled as the truth is."""
    H = H * W.max(axis=0)[:, None]
    H = H / np.maximum(H.sum(axis=0), 1e-12)
    unit, true = (F / np.linalg.norm(F, axis=0) for F in (W, spectra))
    angles = np.degrees(np.arccos(np.clip(unit.T @ true, -1, 1)))
    order = list(min(permutations(range(3)), key=lambda p: angles[list(p), range(3)].sum()))
    return angles[order, range(3)], float(np.sqrt(np.mean((H[order] - truth) ** 2)))
