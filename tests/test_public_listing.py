"""Public names and signatures change only on purpose, and are told in the changelog."""

import importlib.util
import inspect
import re
from pathlib import Path

import visnmf

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("api", ROOT / "tools" / "api.py")
api = importlib.util.module_from_spec(spec)
spec.loader.exec_module(api)

ADVICE = "; if that is meant, tell it in CHANGELOG.md and run: python tools/api.py --write"


def test_the_list_is_what_the_package_offers():
    known = {name: told for name, (told, _) in api.listed().items() if told != " : gone"}
    now = api.entries()
    differ = sorted(n for n in known.keys() | now.keys() if known.get(n) != now.get(n))
    lines = [f"{n}: {known.get(n, 'not there')} -> {now.get(n, 'not there')}" for n in differ]
    assert not differ, "the public face changed:\n" + "\n".join(lines) + ADVICE
    assert api.renewed() == api.PLACE.read_text("utf-8")


def told_of(name, words, changed):
    """Tell whether words have a name itself, or the class that came with it."""
    owner, _, own = name.rpartition(".")
    return own in words or (owner in changed and told_of(owner, words, changed))


def test_a_change_is_told_by_its_own_name_or_with_its_class():
    assert told_of("Archive.close", {"close"}, [])
    assert told_of("Archive.close", {"Archive"}, ["Archive"])
    assert not told_of("Archive.close", {"Archive"}, [])
    assert not told_of("plots.overlay", {"plots"}, ["overlay"])


def test_what_changed_in_this_version_is_in_its_changelog():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    section = re.split(r"^## ", changelog, flags=re.MULTILINE)[1]
    assert section.startswith(f"[{visnmf.__version__}]"), "the topmost section is this version's"
    changed = [name for name, (_, when) in api.listed().items() if when == visnmf.__version__]
    words = set(re.findall(r"\w+", section))
    untold = [name for name in changed if not told_of(name, words, changed)]
    assert not untold, f"changed since the last version, but not in CHANGELOG.md: {untold}"


def test_the_list_has_what_is_inherited_and_what_catches_an_error():
    now = api.entries()
    assert {"NMF.fit", "features.HOG.transform", "Restarts.best"} <= now.keys()
    assert now["errors.InvalidInputError"].endswith(" : ValueError")
    assert now["errors.ImageReadError"] == "(path, reason) : OSError"
    assert not [name for name in now if ".set_params" in name]  # scikit-learn's own


def test_no_name_is_also_that_of_a_file():
    """The file, once imported, would stand in the place of what it holds."""
    modules = [getattr(visnmf, name) for name in visnmf.__all__]
    for package in [
        visnmf,
        *(m for m in modules if inspect.ismodule(m) and hasattr(m, "__path__")),
    ]:
        files = {path.stem for path in Path(package.__file__).parent.iterdir()}
        names = {n for n in package.__all__ if not inspect.ismodule(getattr(package, n))}
        assert not names & files, package.__name__
