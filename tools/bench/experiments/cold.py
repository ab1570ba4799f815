"""`visnmf learn` in fresh processes, kernels cached or not, against one that has no numba."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import visnmf

import datasets
from timing import keep, seconds, table

# Found before any other sitecustomize: numba is not installed for processes that see this
WITHOUT = """
import importlib.machinery, sys
class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in ("numba", "llvmlite"):
            return None
        return super().find_spec(name, path, target)
usual = importlib.machinery.PathFinder
sys.meta_path[:] = [Finder if each is usual else each for each in sys.meta_path]
"""
FOLDERS = (("cbcl", 400, (10, 49, 100)), ("cbcl", 2000, (10, 49, 100)), ("orl", 400, (25, 49, 100)))
REPEATS = 3


def run(options):
    """Print whole processes over one without numba: compiled code cached, none, no bytecode."""
    rows, kept = [], {}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "without").mkdir()
        (folder / "without" / "sitecustomize.py").write_text(WITHOUT)
        for name, pictures, ranks in sources(folder, options):
            for rank in ranks:
                ratios = compare(folder, pictures, rank)
                kept[f"{name}, {rank}"] = ratios
                rows.append([name, rank, *(f"{ratio:.2f}" for ratio in ratios.values())])
    header = ["pictures", "rank", "cached", "not cached", "and no bytecode"]
    table("`visnmf learn` over the same without numba, whole processes", header, rows)
    keep("cold", kept)


def sources(folder, options):
    """Yield a name, a folder of pictures, and ranks."""
    faces = folder / "faces"
    visnmf.samples.load_faces().save(faces)
    yield "faces 100", faces, (10, 25, 49, 100)
    if options.quick:
        return
    loaded = dict(datasets.at_hand(("cbcl", "orl")))
    for name, count, ranks in FOLDERS:
        if name in loaded:
            X = loaded[name][0][:count]
            shape = (112, 92) if name == "orl" else (19, 19)
            pictures = folder / f"{name}{count}"
            visnmf.load_images(X.reshape(len(X), *shape)).save(pictures)
            yield f"{name} {count}", pictures, ranks


def compare(folder, pictures, rank):
    """Return the times with numba over the time without."""
    command = ["-m", "visnmf.cli", "learn", str(pictures), "-k", str(rank)]
    command += ["-o", str(folder / "model.safetensors")]

    def took(**environment):
        words = [sys.executable, *command]
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | environment
        return seconds(lambda: subprocess.run(words, env=env, capture_output=True, check=True))[0]

    path = os.pathsep.join([str(folder / "without"), os.environ.get("PYTHONPATH", "")])
    base = min(took(PYTHONPATH=path) for _ in range(REPEATS))
    cold, bare = [], []
    for i in range(REPEATS - 1):
        cache = str(folder / f"cache {pictures.name} {rank} {i}")
        cold.append(took(NUMBA_CACHE_DIR=cache))
        bare.append(took(NUMBA_CACHE_DIR=f"{cache} bare", PYTHONDONTWRITEBYTECODE="1"))
    cached = min(took(NUMBA_CACHE_DIR=cache) for _ in range(REPEATS))
    found = {"cached": cached, "not cached": min(cold), "no bytecode": min(bare)}
    return {name: value / base for name, value in found.items()}
