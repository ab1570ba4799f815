"""What the docs say is there: names, commands, files, examples; without building the site."""

import re
import shlex
import tomllib
import types
from pathlib import Path

import pytest

import visnmf
from visnmf.cli.app import COMMANDS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "tools" / "docs"
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
TUTORIAL = sorted((DOCS / "tutorial").glob("*.py"))
PAGES = sorted(
    path
    for folder in (".", "examples", "datasets", "tools")
    for path in (ROOT / folder).glob("*.md" if folder == "." else "**/*.md")
    if not {"generated", "output"} & set(path.relative_to(ROOT).parts)
)
COMMAND = re.compile(r"^#? {4,}(visnmf [a-z].*)$", re.MULTILINE)


def name_of(path):
    return str(path.relative_to(ROOT))


each_page = pytest.mark.parametrize("page", PAGES, ids=name_of)
each_told = pytest.mark.parametrize("page", [*PAGES, *TUTORIAL, *EXAMPLES], ids=name_of)


def test_reference_lists_every_public_name_once():
    groups = tomllib.loads((DOCS / "reference.toml").read_text())["group"]
    listed = [name for group in groups for name in (*group["names"], *group["modules"])]
    assert sorted(listed) == sorted(visnmf.__all__)
    for group in groups:
        for name in group["modules"]:
            assert isinstance(getattr(visnmf, name), types.ModuleType)


def test_examples_are_numbered_and_listed():
    numbers = [int(path.name[:2]) for path in EXAMPLES]
    assert numbers == list(range(1, len(EXAMPLES) + 1))
    told = (ROOT / "examples" / "README.md").read_text()
    for path in EXAMPLES:
        assert f"[{path.name}]({path.name})" in told
        assert f"python examples/{path.name}" in path.read_text(), "its first lines tell how to run"


@pytest.mark.parametrize("path", [*EXAMPLES, *TUTORIAL], ids=name_of)
def test_script_begins_with_a_title(path):
    title, line, empty = path.read_text().removeprefix('"""').splitlines()[:3]
    assert line == "=" * len(title)
    assert not empty


@each_page
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        address = target.partition("#")[0]
        if address and ":" not in address:
            assert (page.parent / address).exists(), f"{target} is not there"


@each_page
def test_pictures_of_examples_are_drawn_by_them(page):
    for name in re.findall(r"^```{example-picture} (\S+)", page.read_text(), re.MULTILINE):
        example, picture = name.removesuffix(".png").split("/")
        source = (ROOT / "examples" / f"{example}.py").read_text()
        # Of "faces_curves" the first word may be the name of a set
        assert picture in source or picture.partition("_")[2] in source


@each_told
def test_commands_that_are_told_exist(page):
    known = {command.name: command for command in COMMANDS}
    for line in COMMAND.findall(page.read_text()):
        _, name, *words = shlex.split(line, comments=True)
        if name == "COMMAND":
            continue
        assert name in known, line
        options = {text for option in known[name].params for text in option.opts}
        options |= {text for option in known[name].params for text in option.secondary_opts}
        given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert given <= options | {"--help", "-h"}, line


@each_told
def test_names_that_are_told_exist(page):
    if page.name == "CHANGELOG.md":  # it tells of names that were
        return
    for name, inner in re.findall(r"\bvisnmf\.([A-Za-z_]+)(?:\.([a-z_]+))?", page.read_text()):
        if name in visnmf.__all__:
            found = getattr(visnmf, name)
            assert not inner or not isinstance(found, types.ModuleType) or hasattr(found, inner)
        else:  # a component, such as visnmf.cli
            assert any((ROOT / "visnmf").glob(f"{name}*")), f"visnmf.{name} is not there"


@each_page
def test_benchmarks_that_are_told_exist(page):
    experiments = {path.stem for path in (ROOT / "tools/bench/experiments").glob("*.py")}
    for name in re.findall(r"tools/bench ([a-z_]+)\b", page.read_text()):
        assert name in experiments | {"evidence"}, f"tools/bench {name}"
