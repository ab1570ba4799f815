"""The command as a whole: help, exit codes, errors in one line, a light start."""

import os
import pty
import signal
import subprocess
import sys
import time
import warnings

import click
import numpy as np
import pytest
from PIL import Image

import visnmf
from visnmf.cli import app, info
from visnmf.cli.app import COMMANDS, cli
from visnmf.cli.failures import explain
from visnmf.cli.text import plain
from visnmf.errors import SkippedImagesWarning

VISNMF = [sys.executable, "-m", "visnmf.cli"]


def test_help_names_every_command_and_teaches_a_session(run):
    result = run("--help")
    assert result.exit_code == 0
    for command in COMMANDS:
        assert f"\n  {command.name} " in result.stdout
        assert command.get_short_help_str() in result.stdout
    assert "visnmf learn photos/ -k 49" in result.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_of_a_command_tells_every_option(run, command):
    result = run(command.name, "-h")
    assert result.exit_code == 0
    assert all(p.help for p in command.params if isinstance(p, click.Option))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_examples_in_the_help_are_right(run, command):
    examples = [line.split()[1:] for line in run(command.name, "-h").stdout.splitlines()
                if line.startswith("    visnmf ")]  # fmt: skip
    assert examples or command.name == "demo"
    for name, *words in examples:
        assert name == command.name
        command.make_context(name, words)  # raises if an option is wrong


def test_version(run):
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"visnmf {visnmf.__version__}\n")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["lern"], "learn"),
        (["learn", "x", "-k", "0", "-o", "x.safetensors"], "x>=1"),
        (["learn", "x", "-o", "x.safetensors"], "--rank"),
        (["learn", "x", "-k", "2"], "--output"),
        (["learn", "x", "-k", "2", "-o", "x.png"], "x.safetensors"),
        (["learn", "x", "-k", "2", "-o", "no/x.safetensors"], "no folder no"),
        (["learn", "x", "-k", "2", "-o", "x.safetensors", "--size", "3y4"], "height x width"),
        (["learn", "x", "-k", "2", "-o", "x.safetensors", "--size", "0x4"], "height x width"),
        (["learn", "x", "-k", "2", "-o", "x.safetensors", "--colour"], "--color"),
        (["encode", "m", "x", "-o", "x.txt"], ".csv or .npy"),
    ],
)
def test_a_wrong_command_line_is_told_and_ends_with_2(run, words, hint):
    result = run(*words)
    assert result.exit_code == 2
    assert hint in result.stderr
    assert result.stdout == ""


def test_what_fails_is_told_in_one_line_and_ends_with_1(run, faces_folder):
    result = run("learn", faces_folder.with_name("face"), "-k", 2, "-o", "x.safetensors")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: ")
    assert f"did you mean {faces_folder}" in result.stderr


def test_a_mistyped_model_gets_a_suggestion(run, model_file):
    result = run("info", model_file.with_name("face.safetensors"))
    assert result.exit_code == 1
    assert result.stderr.strip().endswith(f"did you mean {model_file}?")


@pytest.mark.parametrize("before", [True, False])
def test_debug_shows_the_traceback(before):
    words = ["--debug", "info", "none"] if before else ["info", "none", "--debug"]
    done = subprocess.run([*VISNMF, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ModelNotFoundError" in done.stderr


def test_a_fault_of_our_own_is_admitted(run, model_file, monkeypatch):
    monkeypatch.setattr(info, "_facts", lambda model: 1 / 0)
    result = run("info", model_file)
    assert result.exit_code == 1
    assert "a fault of visnmf" in result.stderr
    assert "ZeroDivisionError" in result.stderr


def test_ctrl_c_ends_with_130(run, model_file, monkeypatch):
    def interrupt(model):
        raise KeyboardInterrupt

    monkeypatch.setattr(info, "_facts", interrupt)
    result = run("info", model_file)
    assert result.exit_code == 130
    assert "interrupted" in result.stderr


def test_ctrl_c_outside_a_command_ends_with_130(monkeypatch):
    def interrupt(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "cli", interrupt)
    with pytest.raises(SystemExit) as caught:
        app.main()
    assert caught.value.code == 130


def test_warnings_are_one_line_each(run, model_file, monkeypatch):
    def warn(model):
        warnings.warn("two files\nleft out", SkippedImagesWarning, stacklevel=2)
        return [("parts", 1)]

    monkeypatch.setattr(info, "_facts", warn)
    result = run("info", model_file)
    assert result.exit_code == 0
    assert result.stderr == "warning: two files left out\n"


def test_system_errors_name_the_file():
    error = PermissionError(13, "Permission denied", "here.png")
    assert explain(error) == "Permission denied: here.png"
    assert "memory" in explain(MemoryError())


def test_names_from_strangers_cannot_steer_the_terminal():
    assert plain("a\x1b[2Jb\n鼻") == "a\\x1b[2Jb\\n鼻"


def test_help_loads_no_heavy_library():
    code = (
        "import sys\n"
        "from visnmf.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "Commands:" in done.stdout
    assert "click" in loaded
    assert loaded.isdisjoint({"numpy", "matplotlib", "PIL", "rich", "scipy", "numba", "cv2"})


def test_the_console_command_is_this_one():
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="visnmf")
    assert script.load() is app.main
    assert cli.name == "cli"


def test_a_closed_pipe_is_no_traceback(model_file):
    done = subprocess.run(
        f"{sys.executable} -m visnmf.cli info --json {model_file} | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "{\n"
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_shows_progress_and_a_pipe_does_not(faces_folder, tmp_path):
    words = [*VISNMF, "learn", str(faces_folder), "-k", "3", "-o", "m.safetensors"]
    piped = subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert piped.stderr == ""
    ours, theirs = pty.openpty()
    done = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=theirs, cwd=tmp_path)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:  # how Linux tells that the other side is closed
        pass
    os.close(ours)
    assert done.wait(timeout=60) == 0
    assert b"reading pictures" in shown
    assert b"learning parts" in shown


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_keeps_what_was_learned(tmp_path):
    pictures = np.random.default_rng(0).random((2000, 50, 50), dtype=np.float32)
    np.save(tmp_path / "noise.npy", pictures)
    words = [*VISNMF, "learn", "noise.npy", "-k", "100", "-o", "m.safetensors"]
    endless = ["--tol", "0", "--change", "0", "--max-iter", "100000000", "--time-limit", "100"]
    learning = subprocess.Popen([*words, *endless], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    time.sleep(4)
    learning.send_signal(signal.SIGINT)
    told, _ = learning.communicate(timeout=60)
    assert "you interrupted it" in told
    assert learning.returncode == 130
    assert visnmf.Model.load(tmp_path / "m.safetensors").rank == 100


def test_the_limit_of_pixels_can_be_raised(run, tmp_path):
    Image.new("L", (60, 50)).save(tmp_path / "p.png")
    words = ["learn", str(tmp_path / "p.png"), "-k", "1", "-o", str(tmp_path / "m.safetensors")]
    done = run("--max-pixels", "2999", *words)
    assert done.exit_code == 1
    assert "visnmf --max-pixels N" in done.stderr
    assert run("--max-pixels", "3000", *words).exit_code == 0
