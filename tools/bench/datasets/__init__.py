"""One file a data set: each has RANK and load() -> X (n images x m pixels), float32 in [0, 1].

load() raises FileNotFoundError with what is missing where the set is not at hand. What follows
a colon in a set's name are load's arguments: "planted:500x2000:30".
"""

import importlib
import os
from pathlib import Path

PICTURES = ("cbcl", "orl", "frey", "lfw", "digits", "fashion")
NAMES = (*PICTURES, "bands", "street", "swimmer", "samson", "topics", "planted")


def load(name):
    """Return X and the rank that the set is factorized at."""
    name, *arguments = name.split(":")
    module = importlib.import_module(f"datasets.{name}")
    return module.load(*arguments), int(arguments[-1]) if arguments else module.RANK


def known(name):
    """Return a set's name, with its arguments; raise ValueError where there is no such set."""
    if name.split(":")[0] not in NAMES:
        raise ValueError(name)
    return name


def at_hand(names, load=load):
    """Yield each name with what load(name) gives; what is missing is left out, and said."""
    for name in names:
        try:
            loaded = load(name)
        except FileNotFoundError as error:
            print(f"{name} is left out: {error}")
        else:
            yield name, loaded


def shared(name):
    """Return the path of a real set: in VISNMF_DATA, or in ../shared/data beside the checkout."""
    folder = os.environ.get("VISNMF_DATA") or Path(__file__).parents[4] / "shared" / "data"
    path = Path(folder) / name
    if not path.exists():
        raise FileNotFoundError(f"no {name}: set VISNMF_DATA to the folder that holds it")
    return path
