"""`visnmf learn` for what is large or takes long: checkpoints, lazy reading, other methods."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import visnmf
from visnmf.cli import larger
from visnmf.solve.kept_file import read_kept


def learn(run, source, *options, output="m.safetensors"):
    return run("learn", source, "-k", 3, "-o", output, "--no-montage", *options)


def facts_of(result):
    assert result.exit_code == 0, result.stderr
    return {
        name.strip(): value.strip()
        for name, value in (line.split("  ", 1) for line in result.stdout.splitlines())
    }


def test_a_fit_goes_on_as_if_it_had_never_stopped(run, faces_folder, tmp_path):
    endless = ["--tol", 0, "--change", 0]
    kept = ["--checkpoint", "run.ckpt", "--every", 0, *endless]
    facts = facts_of(learn(run, faces_folder, *kept, "--max-iter", 7))
    assert "--resume goes on from it" in facts["checkpoint"]
    assert read_kept(tmp_path / "run.ckpt")[1]["reason"] == "max_iter"
    facts = facts_of(learn(run, faces_folder, *kept, "--resume", "--max-iter", 30))
    assert facts["iterations"].startswith("30;")
    model = visnmf.Model.load(tmp_path / "m.safetensors")
    assert "checkpoint" not in model.provenance["settings"]


def test_it_is_removed_when_the_fit_has_converged(run, faces_folder, tmp_path):
    facts = facts_of(learn(run, faces_folder, "--checkpoint", "c", "--resume", "--change", 1e-2))
    assert "it converged" in facts["iterations"]
    assert "checkpoint" not in facts
    assert not (tmp_path / "c").exists()


def test_what_is_there_is_named_before_anything_is_read(run, tmp_path):
    (tmp_path / "c").write_text("mine")
    result = learn(run, "no such folder", "--checkpoint", "c")
    assert result.exit_code == 2
    assert "c is there already: --resume goes on from it" in result.stderr
    assert (tmp_path / "c").read_text() == "mine"


def test_another_fit_is_refused_in_one_line(run, faces_folder):
    learn(run, faces_folder, "--checkpoint", "c", "--max-iter", 2)
    result = learn(run, faces_folder, "--checkpoint", "c", "--resume", "--seed", 5)
    assert result.exit_code == 1
    assert "seed is 0 there and 5 here" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--resume"], "--resume needs --checkpoint FILE"),
        (["--every", 3], "--every needs --checkpoint FILE"),
        (["--online", "--compressed"], "give one"),
        (["--online", "--checkpoint", "c"], "keeps no --checkpoint"),
        (["--compressed", "--scratch", "."], "leave one"),
        (["--online", "--recipe", "hals"], "does not go with --online"),
        (["--online", "--max-iter", 3], "--online does not go with --max-iter"),
        (["--compressed", "--l1-h", 1], "--l1-h"),
        (["--no-lazy", "--scratch", "."], "leave --no-lazy"),
        (["--recipe", "lnmf", "--checkpoint", "c"], "lnmf keeps no --checkpoint"),
        (["--checkpoint", "m.png"], "give two names"),
        (["--checkpoint", "nowhere/c"], "there is no folder nowhere"),
    ],
)
def test_what_does_not_go_together_is_told(run, faces_folder, options, message):
    result = learn(run, faces_folder, *options)
    assert result.exit_code == 2, result.stdout
    assert message in result.stderr


def test_lazy_pictures_give_what_eager_ones_do(run, faces_folder, tmp_path):
    endless = ["--tol", 0, "--change", 0, "--max-iter", 100]
    eager = facts_of(learn(run, faces_folder, "--no-lazy", *endless))
    lazy = facts_of(learn(run, faces_folder, "--lazy", "--scratch", ".", *endless))
    assert lazy["pictures"] == eager["pictures"]
    assert float(lazy["relative error"]) == pytest.approx(float(eager["relative error"]), rel=0.05)
    kept = visnmf.Model.load(tmp_path / "m.safetensors").provenance["settings"]
    assert kept["passes"] > 50
    images = visnmf.load_images(faces_folder)
    model = visnmf.learn(visnmf.load_images(faces_folder, lazy=True), 3, max_iter=9)
    H = model.factorization.H
    missed = np.linalg.norm(images.V - model.W @ H) / np.linalg.norm(images.V)
    assert model.provenance["relative_error"] == pytest.approx(missed, rel=1e-5)


@pytest.mark.parametrize("method", ["online", "compressed"])
def test_other_methods(run, faces_folder, tmp_path, method):
    facts = facts_of(learn(run, faces_folder, f"--{method}", "--seed", 4))
    assert float(facts["relative error"]) < 0.5
    assert visnmf.Model.load(tmp_path / "m.safetensors").provenance["settings"]["seed"] == 4


def test_what_is_large_is_read_lazily(tmp_path, faces_folder, monkeypatch):
    lazily = larger.reads_lazily
    np.save(tmp_path / "some.npy", np.zeros((50, 20, 20), np.uint8))
    sources = [str(tmp_path / "some.npy"), str(faces_folder), str(faces_folder / "*.png")]
    assert not any(lazily(source, {}, None) for source in sources)
    assert lazily("pack.zarr/", {}, None)
    assert not lazily("pack.zarr", {}, False)
    assert lazily(sources[0], {}, True)
    monkeypatch.setattr(larger, "memory_of_machine", lambda: 4 * 4.0 * 12 * 25 * 25 - 1)
    assert [lazily(source, {}, None) for source in sources] == [True] * 3
    assert not lazily(sources[1], {"size": (20, 20)}, None)
    assert not lazily(str(tmp_path / "absent"), {}, None)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_writes_a_checkpoint_and_twice_leaves_one(tmp_path):
    np.save(tmp_path / "noise.npy", np.random.default_rng(0).random((2000, 50, 50), np.float32))
    words = [sys.executable, "-m", "visnmf.cli", "learn", "noise.npy", "-k", "60"]
    words += ["-o", "m.safetensors", "--checkpoint", "c", "--tol", "0", "--change", "0"]
    words += ["--max-iter", "1000000", "--no-montage", "--resume"]

    def until(happened):
        for _ in range(600):
            if happened():
                return
            time.sleep(0.1)
        pytest.fail("waited in vain")

    path = tmp_path / "c"
    run = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    until(path.exists)
    run.send_signal(signal.SIGINT)
    told, _ = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "you interrupted it" in told
    assert read_kept(path)[1]["reason"] == "interrupted"
    (tmp_path / "m.safetensors").unlink()
    run = subprocess.Popen(
        [*words, "--every", "0"], stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    before = os.stat(path).st_ino
    until(lambda: os.stat(path).st_ino != before)
    run.send_signal(signal.SIGINT)
    run.send_signal(signal.SIGINT)
    _, told = run.communicate(timeout=60)
    assert run.returncode == 130
    read_kept(path)  # whole
    if not (tmp_path / "m.safetensors").exists():  # two that come together may count as one
        assert "--resume goes on from the checkpoint c" in told
