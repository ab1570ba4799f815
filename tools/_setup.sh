# Sourced by the commands beside it: makes .venv at the root of the repository and installs
# visnmf with its tools there, once, and again whenever pyproject.toml changes.
# Needs bash and Python 3.11 or newer. PYTHON=... chooses the interpreter, VISNMF_VENV=... another
# folder than .venv. A command that needs more extras names them in EXTRAS.

ROOT="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)"
VENV="${VISNMF_VENV:-$ROOT/.venv}"

die() {
    printf '%s: %s\n' "tools/${0##*/}" "$1" >&2
    exit 1
}

is_recent() { # does this command run, and is it Python 3.11 or newer?
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if is_recent "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
        [[ -z "${PYTHON:-}" ]] || break
    done
    die "needs Python 3.11 or newer; ${PYTHON:-python3} is $("${PYTHON:-python3}" --version 2>/dev/null || echo "not there").
Install it (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: PYTHON=/path/to/python3.11 $0"
}

make_venv() {
    local python
    python="$(find_python)" || exit 1
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        die "$python lacks the modules venv and ensurepip (Debian, Ubuntu: apt-get install python3-venv)"
    echo "Making .venv with $("$python" --version) ..."
    "$python" -m venv "$VENV" || die "could not make $VENV"
}

install_visnmf() {
    local extras="${EXTRAS:-fast,dev}" wanted
    local stamp="$VENV/.visnmf-installed-$extras"
    # The path is part of it: an editable install points to where the repository was.
    wanted="$ROOT"$'\n'"$(<"$ROOT/pyproject.toml")"
    [[ -f "$stamp" && "$(<"$stamp")" == "$wanted" ]] && return
    echo "Installing visnmf and its tools into .venv (once, a few minutes) ..."
    "$VENV/bin/python" -m pip --version >/dev/null 2>&1 ||
        "$VENV/bin/python" -m ensurepip >/dev/null || die "no pip in $VENV; remove the folder and run again"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check \
        --editable "$ROOT[$extras]" || die "the installation failed: see pip's message above"
    printf '%s\n' "$wanted" >"$stamp"
}

[[ -x "$VENV/bin/python" ]] || make_venv
is_recent "$VENV/bin/python" ||
    die "$VENV does not work, or is of a Python older than 3.11; remove the folder and run again"
install_visnmf
