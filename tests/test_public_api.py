"""What `import visnmf` offers: every name is there, and told in numpydoc."""

import inspect
import re
import subprocess
import sys
import types

import pytest

import visnmf
from visnmf.terms.protocol import Constraint, Penalty

# What every term does is told once, in the protocols
TERM = {*vars(Penalty), *vars(Constraint)}


def public_names(namespace):
    names = getattr(namespace, "__all__", None) or vars(namespace)
    return [name for name in names if not name.startswith("_")]


def public_objects():
    """Yield (dotted name, object): functions, classes and methods of the public face."""
    for name in visnmf.__all__:
        value = getattr(visnmf, name)
        if isinstance(value, types.ModuleType):
            yield from ((f"{name}.{inner}", getattr(value, inner)) for inner in public_names(value))
        else:
            yield name, value


def documented_objects():
    for name, value in public_objects():
        if not callable(value):  # a table
            continue
        yield name, value
        if inspect.isclass(value):
            for inner in public_names(types.SimpleNamespace(**vars(value))):
                if name.startswith("terms.") and inner in TERM:
                    continue
                member = inspect.getattr_static(value, inner)
                if isinstance(member, (classmethod, staticmethod)):
                    member = member.__func__
                if inspect.isfunction(member) or isinstance(member, property):
                    yield f"{name}.{inner}", member


def sections(doc):
    """Split a numpydoc docstring: section title -> its text."""
    parts = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", doc, flags=re.MULTILINE)
    return {"Summary": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def named_in(section):
    """Names that a section describes: `a, b : int` at the start of a line; `**options` too."""
    found = set()
    for line in section.splitlines():
        if line and not line[0].isspace():
            found.update(part.strip(" *") for part in line.partition(" :")[0].split(","))
    return found


def problems_of(value):
    """What is missing in the docstring of a function, class, method or property."""
    doc = inspect.getdoc(value) if not isinstance(value, property) else value.fget.__doc__
    if not doc:
        return ["no docstring"]
    if isinstance(value, property) or (
        inspect.isclass(value) and issubclass(value, (Exception, Warning))
    ):
        return []
    try:
        signature = inspect.signature(value)
    except ValueError:
        return []
    parts = sections(doc)
    told = named_in(parts.get("Parameters", "")) | named_in(parts.get("Attributes", ""))
    for base in value.__mro__[1:-1] if inspect.isclass(value) else ():
        told |= named_in(sections(inspect.cleandoc(base.__doc__ or "")).get("Attributes", ""))
    takes = [name for name in signature.parameters if name not in {"self", "cls"}]
    missing = [f"parameter {name} is not told" for name in takes if name not in told]
    returns = signature.return_annotation
    gives = inspect.isfunction(value) and returns not in (None, "None", inspect.Signature.empty)
    # A method that takes nothing may say in its first sentence what it gives.
    if gives and takes and not {"Returns", "Yields"} & set(parts):
        missing.append("no Returns section")
    return missing


@pytest.mark.parametrize("name", visnmf.__all__)
def test_name_resolves_and_has_a_docstring(name):
    assert inspect.getdoc(getattr(visnmf, name))


def test_dir_tells_the_public_names_and_unknown_names_fail():
    assert set(visnmf.__all__) <= set(dir(visnmf))
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = visnmf.nothing_here


@pytest.mark.parametrize("name", visnmf.__all__)
def test_name_resolves_first_in_a_new_process(name):
    """The order of first uses must not matter."""
    subprocess.run([sys.executable, "-c", f"import visnmf; visnmf.{name}"], check=True)


def test_public_objects_are_told_in_numpydoc():
    found = {name: problems_of(value) for name, value in documented_objects()}
    assert len(found) > 50
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_public_functions_take_options_by_keyword():
    """What may be given by position: what the function works on, and one option at most."""
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    for name, value in public_objects():
        if inspect.isfunction(value) and name != "non_negative_factorization":  # scikit-learn's
            parameters = inspect.signature(value).parameters.values()
            given = [parameter for parameter in parameters if parameter.kind in positional]
            options = [p for p in given if p.default is not inspect.Parameter.empty]
            assert len(given) <= 3, f"{name} takes {len(given)} arguments by position"
            assert len(options) <= 1, f"{name} takes {len(options)} options by position"


def test_the_check_of_docstrings_finds_what_is_missing():
    def told(a: int, *, b: int = 0, **rest: int) -> int:
        """Add.

        Parameters
        ----------
        a, b : int
            Numbers.
        **rest
            More of them.

        Returns
        -------
        sum : int
        """
        return a + b

    def untold(a: int, b: int) -> int:
        """Add.

        Parameters
        ----------
        a : int
            A number.
        """
        return a + b

    assert problems_of(told) == []
    assert problems_of(untold) == ["parameter b is not told", "no Returns section"]
