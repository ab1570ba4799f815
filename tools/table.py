"""Write "What goes with what" in ARCHITECTURE.md anew: python tools/table.py --write.

Each cell is what the package itself answers: every loss x term x update x kind of V of the
conformance suite is put together, or refused. Without --write the table is printed.
"""

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACE = ROOT / "ARCHITECTURE.md"
BEGIN = "<!-- table: begin -->"
END = "<!-- table: end -->"
INTRODUCTION = """Written by `python tools/table.py --write`. Losses that go with each term and
update: F Frobenius, K Kullback-Leibler, I Itakura-Saito, H Huber, L1, L21 (L2,1), β any other beta;
– is refused before the first iteration, by a message that tells what would work. "auto" takes what
goes. No step raises the objective, whatever is combined, and an extrapolated pair that does is
taken back: `tests/conformance/` holds every cell to that, and each result to its constraint and to
the objective as it is defined."""
LETTERS = {"frobenius": "F", "kl": "K", "is": "I", "huber:0.05": "H", "l1": "L1", "l21": "L21"}
ORDINARY = "dense, rows contiguous"


def text() -> str:
    """Return both tables."""
    sys.path.insert(0, str(ROOT / "tests" / "conformance"))
    cases = importlib.import_module("cases")
    return f"{BEGIN}\n\n{INTRODUCTION}\n\n{_of_terms(cases)}\n\n{_of_matrices(cases)}\n\n{END}"


def _of_terms(cases) -> str:
    """Return which losses go with each term and update, for a dense V."""
    found: dict[tuple, list[str]] = {}
    for term, factor in cases.sided_terms():
        cells = tuple(_cells(cases, ORDINARY, term, factor))
        found.setdefault((term, cells), []).append(factor)
    lines = _head(["term", *cases.UPDATES[1:]])
    for (term, cells), factors in found.items():
        where = "" if term == "none" else f" on {' or '.join(factors)}"
        lines.append(_row([f"{term}{where}", *cells]))
    return "\n".join(lines)


def _of_matrices(cases) -> str:
    """Return which losses go with each kind of V and update, without terms."""
    lines = _head(["V", *cases.UPDATES[1:]])
    lines += [_row([name, *_cells(cases, name, "none", "H")]) for name in cases.MATRICES]
    return "\n".join(lines)


def _cells(cases, matrix: str, term: str, factor: str) -> list[str]:
    """Return for each update the losses that go with it."""
    return [
        _letters(
            [
                loss
                for loss in cases.LOSSES
                if _composes(cases.Case(matrix, loss, term, factor, update))
            ],
            cases.LOSSES,
        )
        for update in cases.UPDATES[1:]
    ]


def _composes(case) -> bool:
    from visnmf.errors import InvalidInputError

    try:
        case.composed()
    except InvalidInputError:
        return False
    return True


def _letters(run: list, every: tuple) -> str:
    """Return losses as letters, the other betas together as one where all go."""
    found = [LETTERS[loss] for loss in run if isinstance(loss, str)]
    some = [loss for loss in run if not isinstance(loss, str)]
    all_go = some == [loss for loss in every if not isinstance(loss, str)]
    found += ["β"] if all_go else [f"β={loss:g}" for loss in some]
    return " ".join(found) or "–"


def _head(names: list[str]) -> list[str]:
    return [_row(names), _row(["---"] * len(names))]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def written(document: str) -> str:
    """Return a document with the text between the markers made anew."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return before + text() + after


def main() -> None:
    if "--write" not in sys.argv:
        print(text())
        return
    PLACE.write_text(written(PLACE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {PLACE}")


if __name__ == "__main__":
    main()
