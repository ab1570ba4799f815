"""Mutated models, encoders and checkpoints: errors of ours only, in bounded time and memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import visnmf

pytest.importorskip("resource")
if not Path("/proc/self/statm").exists():
    pytest.skip("memory is bounded by what Linux tells of it", allow_module_level=True)

WORKER = Path(__file__).with_name("files_worker.py")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Models gray, in color and masked, an encoder, and checkpoints."""
    folder = tmp_path_factory.mktemp("good")
    seeds = np.random.default_rng(0)
    gray = visnmf.load_images(seeds.integers(0, 255, (12, 6, 5)).astype(np.uint8))
    color = visnmf.load_images(seeds.integers(0, 255, (12, 5, 4, 3)).astype(np.uint8), mode="keep")
    mask = np.ones((6, 5), bool)
    mask[0, :2] = False
    masked = visnmf.load_images(gray.to_images(), mask=mask)
    for name, images in {"gray": gray, "color": color, "masked": masked}.items():
        visnmf.learn(images, 3, max_iter=5).save(folder / f"model-{name}")
    faces = visnmf.samples.load_faces()
    coder = visnmf.PatchEncoder(4, patch_size=4, max_iter=2, random_state=0)
    coder.fit(faces[:6]).save(folder / "encoder-faces")
    V = np.random.default_rng(0).random((30, 24)).astype(np.float32)
    same = {"seed": 0, "tol": 0, "change": 0}
    for most in (1, 6):
        path = folder / f"checkpoint-{most}"
        visnmf.factorize(V, 3, checkpoint=path, every=0, max_iter=most, **same)
    return folder


def survive(folder, count, seed):
    """Have a process of its own read mutants: what crashes takes only that down."""
    command = [sys.executable, str(WORKER), str(folder), str(count), seed]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
    lines = done.stdout.split("\n")
    told = f"after case {lines[-2:]} of seed {seed!r}: {done.returncode}\n{done.stderr[-3000:]}"
    assert done.returncode == 0, told
    refused = int(lines[-2].split()[0])
    assert count // 3 < refused <= count


def test_some_hundred_mutants(corpus):
    survive(corpus, 500, "quick")


@pytest.mark.slow
@pytest.mark.parametrize("seed", "abcdefg")
def test_thousands_of_mutants(corpus, seed):
    survive(corpus, 2000, seed)
