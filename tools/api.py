"""The public names and their signatures: python tools/api.py --write keeps tests/public_api.txt.

Each line is a public function, class, method or property with its signature, an error with the
builtin ones that it also is, and the version in which it last changed ("-" where that is older
than the list). Names that are gone stay for the release in which they went.
tests/test_public_listing.py holds the package to the list, and the changelog to what changed.
"""

import enum
import functools
import inspect
import re
import sys
import types
from pathlib import Path

import visnmf

ROOT = Path(__file__).parents[1]
PLACE = ROOT / "tests" / "public_api.txt"
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def entries() -> dict[str, str]:
    """Return the signature of every public name, "" where there is none."""
    found: dict[str, str] = {}
    for name in visnmf.__all__:
        _add(found, name, getattr(visnmf, name))
    return dict(sorted(found.items()))


def _add(found: dict[str, str], name: str, value: object) -> None:
    if isinstance(value, types.ModuleType):
        inner = getattr(value, "__all__", None) or [n for n in vars(value) if n[0] != "_"]
        for each in inner:
            _add(found, f"{name}.{each}", getattr(value, each))
        return
    found[name] = _signature(value) + _caught_as(value)
    if inspect.isclass(value) and not issubclass(value, BaseException | enum.Enum):
        for each, member in _members(value).items():
            if each.startswith("_"):
                continue
            if isinstance(member, classmethod | staticmethod):
                member = member.__func__
            if inspect.isfunction(member):
                found[f"{name}.{each}"] = _signature(member)
            elif isinstance(member, property | functools.cached_property):
                found[f"{name}.{each}"] = " : property"


def _members(value: type) -> dict[str, object]:
    """Return what a class and those classes of ours that it derives from define."""
    ours = [base for base in reversed(value.__mro__) if base.__module__.startswith("visnmf")]
    return {name: member for base in ours for name, member in vars(base).items()}


def _caught_as(value: object) -> str:
    """Return the builtin errors that an error also is."""
    if not (inspect.isclass(value) and issubclass(value, Exception)):
        return ""
    names = [base.__name__ for base in value.__mro__[1:] if base.__module__ == "builtins"]
    return f" : {', '.join(names[: names.index('Exception')])}".rstrip(" :")


def _signature(value: object) -> str:
    if not callable(value):
        return f" : {type(value).__name__}"
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    signature = signature.replace(parameters=plain, return_annotation=inspect.Signature.empty)
    return _ADDRESS.sub("", str(signature))


def listed() -> dict[str, tuple[str, str]]:
    """Return the signature and the version of every name in the list; "gone" of those that went."""
    found = {}
    for line in PLACE.read_text("utf-8").splitlines() if PLACE.exists() else []:
        name, told, version = re.fullmatch(r"([\w.]+)(.*)  # (\S+)", line).groups()
        found[name] = told, version
    return found


def renewed() -> str:
    """Return the list as it should be now."""
    before, now, version = listed(), entries(), visnmf.__version__
    lines = {}
    for name, told in now.items():
        old = before.get(name)
        same = old is not None and old[0] == told
        lines[name] = f"{name}{told}  # {old[1] if same else version if before else '-'}"
    for name, (told, when) in before.items():
        if name not in now and (told != " : gone" or when == version):
            lines[name] = f"{name} : gone  # {version}"
    return "".join(f"{line}\n" for _, line in sorted(lines.items()))


if __name__ == "__main__":
    if "--write" in sys.argv:
        PLACE.write_text(renewed(), "utf-8")
    else:
        sys.stdout.write(renewed())
