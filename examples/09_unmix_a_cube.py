"""Unmix a spectral cube
=====================

Find the materials of a cube, and how much of each is in every pixel.

::

    python examples/09_unmix_a_cube.py
    python examples/09_unmix_a_cube.py OUTPUT --cube samson_cube.npz     # a cube of your own

A cube is a picture for each band: V (pixels x bands) = W H + U. Each column of W is then the map
of a material, each row of H its spectrum. As shares of a pixel, abundances sum to one: that is
Simplex("image") on W. Many sets of spectra have the pixels between them; Spread on H asks for
close ones. It starts from the purest pixels, which SNPA picks, and the light that falls on a
pixel is divided out first, as shade is no material.

The .npz file holds `cube` (height, width, bands) and, where the truth is known, `abundances`
(height, width, materials) and `endmembers` (bands, materials); it may hold `wavelengths` in nm.
"""

import argparse
from itertools import permutations
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.decomposition import NMF

import visnmf
from visnmf.kin import separable_nmf
from visnmf.terms import Simplex, Spread

COMPACT = 0.003  # how much the spectra are drawn together, for each pixel


def main() -> None:
    """Load or plant a cube, unmix it, judge, draw."""
    options = parse_arguments()
    data = plant_cube(seed=0) if options.cube is None else dict(np.load(options.cube))
    cube = np.asarray(data["cube"], np.float32)
    height, width, bands = cube.shape
    rank = data["endmembers"].shape[1] if "endmembers" in data else options.materials
    print(f"a cube of {height} x {width} pixels and {bands} bands; {rank} materials")

    V = cube.reshape(-1, bands)
    light = V.sum(axis=1, keepdims=True)
    V = V / np.maximum(light, 1e-3 * light.mean())
    pure = separable_nmf(V, rank, axis="pixels", normalize=True)
    close = Spread(COMPACT * len(V))
    run = visnmf.factorize(V, rank, terms_W=Simplex("image"), terms_H=close, W=pure.W, H=pure.H)
    print(f"{run}\nabundances sum to one within {abs(run.W.sum(axis=1) - 1).max():.0e}")

    W, H = run.W, run.H
    if "endmembers" in data:
        truth = data["endmembers"].T, data["abundances"].reshape(-1, rank)
        plain = NMF(rank, init="nndsvda", max_iter=1000).fit(cube.reshape(-1, bands))
        maps = plain.transform(cube.reshape(-1, bands))
        shares = maps / np.maximum(maps.sum(axis=1, keepdims=True), 1e-12)
        judge("plain NMF (scikit-learn)", plain.components_, shares, truth)
        judge("purest pixels (SNPA)", pure.H, pure.W, truth)
        order = judge("sum to one from there", H, W, truth)
        W, H = W[:, order], H[order]

    options.output.mkdir(parents=True, exist_ok=True)
    at_one = H / H.sum(axis=1, keepdims=True)
    true = None if "endmembers" not in data else data["endmembers"].T
    figure = visnmf.plots.abundances(
        W.reshape(height, width, rank),
        at_one,
        truth=None if true is None else true / true.sum(axis=1, keepdims=True),
        wavelengths=data.get("wavelengths"),
        label="reflectance, at the sum one",
    )
    file = options.output / "abundances.png"
    figure.savefig(file, dpi=120)
    print(f"{file}: how much of each material, from 0 to 1, and its spectrum")


def judge(
    name: str, H: np.ndarray, W: np.ndarray, truth: tuple[np.ndarray, np.ndarray]
) -> list[int]:
    """Print how far spectra and abundances are from the truth; return which material is which."""
    spectra, abundances = truth
    found, true = (S / np.linalg.norm(S, axis=1, keepdims=True) for S in (H, spectra))
    angles = np.degrees(np.arccos(np.clip(true @ found.T, -1, 1)))
    every = range(len(true))
    order = list(min(permutations(every), key=lambda order: angles[every, order].sum()))
    error = np.sqrt(np.square(W[:, order] - abundances).mean())
    told = ", ".join(f"{angle:4.1f}" for angle in angles[every, order])
    print(f"  {name:25} spectra off by {told} degrees; abundances by {error:.3f} (RMSE)")
    return order


def plant_cube(*, seed: int) -> dict[str, np.ndarray]:
    """Return a cube of three materials in patches with soft edges, in uneven light."""
    rng = np.random.default_rng(seed)
    size, bands = 60, 100
    fields = np.stack([gaussian_filter(rng.standard_normal((size, size)), 5) for _ in range(3)], 2)
    abundances = np.exp(fields / fields.std() * 3)
    abundances /= abundances.sum(axis=2, keepdims=True)
    at = np.linspace(0, 1, bands)[:, None]
    centers, widths = np.array([0.2, 0.5, 0.85]), np.array([0.15, 0.2, 0.12])
    endmembers = 0.15 + 0.1 * at + np.exp(-0.5 * ((at - centers) / widths) ** 2) * [0.5, 0.4, 0.6]
    light = 1 + 0.3 * gaussian_filter(rng.standard_normal((size, size)), 8)[:, :, None] * 20
    cube = np.clip(light, 0.4, 1.6) * (abundances @ endmembers.T)
    cube = np.maximum(cube + 0.005 * rng.standard_normal(cube.shape), 0)
    return {"cube": cube, "abundances": abundances, "endmembers": endmembers}


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "09_unmix_a_cube"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument("--cube", type=Path, help="an .npz file instead of the planted cube")
    parser.add_argument("--materials", type=int, default=3, help="how many, if not told there (3)")
    options = parser.parse_args()
    if options.cube is not None and not options.cube.is_file():
        parser.error(f"{options.cube} is no file of a cube")
    return options


if __name__ == "__main__":
    main()
