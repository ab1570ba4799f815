"""The structure that ARCHITECTURE.md tells: layers, light imports, small files, a tidy root.

The rules are read from the source, so that a new module is held to them at once.
"""

import ast
import fnmatch
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "visnmf"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 320

# A component is a file or folder right under visnmf/. It imports itself and lower layers only.
LAYERS = [
    {"errors"},
    {"arguments", "files", "machine"},
    {"images"},
    {"faces", "measure"},
    {"kernels"},
    {"matrices"},
    {"losses"},
    {"terms"},
    {"updates", "starts"},
    {"solve"},
    {"kin"},
    {"recipes"},
    {"samples"},
    {"ranks"},
    {"model", "estimator"},
    {"trust"},
    {"features"},
    {"tasks"},
    {"archive"},
    {"plots"},
    {"curate"},
    {"report"},
    {"cli"},
]
LEVEL = {component: level for level, layer in enumerate(LAYERS) for component in layer}
# They get arrays and know no picture.
NUMERICAL = {"matrices", "losses", "kernels", "updates", "starts"}

# Libraries that cost time to import, and where alone they may be imported at module level.
HEAVY = {
    "IPython": set(),
    "PIL": {"images"},  # in what `load_images` imports when it is called
    "click": {"cli"},
    "cv2": set(),
    "dask": set(),
    "distributed": set(),
    "h5py": set(),
    "imagecodecs": set(),
    "joblib": set(),
    "matplotlib": {"plots"},
    "numba": {"kernels"},
    "rich": {"cli"},
    "safetensors": {"model"},
    "scipy": {"matrices", "starts", "solve", "estimator"},
    "pyarrow": set(),
    "roifile": set(),
    "skimage": set(),
    "sklearn": {"estimator", "features"},
    "tifffile": set(),
    "zarr": set(),
}

ROOT_NAMES = {
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "datasets",
    "examples",
    "pyproject.toml",
    "tests",
    "tools",
    "visnmf",
}


def name_of(path):
    return str(path.relative_to(ROOT))


def component_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_names(nodes):
    """Dotted names that the nodes load: by import, or as visnmf.NAME, which is lazy."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "visnmf":
            yield f"visnmf.{node.attr}"


def nodes_run_at_import(tree):
    """Nodes that run when the module is imported: no function bodies, no TYPE_CHECKING."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


each_module = pytest.mark.parametrize("path", MODULES, ids=name_of)
each_component_module = pytest.mark.parametrize(
    "path", [path for path in MODULES if path != PACKAGE / "__init__.py"], ids=name_of
)


def test_every_component_has_a_layer():
    found = {component_of(path) for path in MODULES} - {"__init__"}
    assert found <= set(LEVEL), "a new component needs a layer, here and in ARCHITECTURE.md"


@each_component_module
def test_imports_go_only_down_the_layers(path):
    component = component_of(path)
    for name in imported_names(ast.walk(ast.parse(path.read_text()))):
        package, target = [*name.split("."), ""][:2]
        if package != "visnmf" or target in {"", "__version__", component}:
            continue
        assert target in LEVEL, f"{name}: import from the module that defines it"
        assert LEVEL[target] < LEVEL[component], f"{component} may not import {name}"
        assert not (component in NUMERICAL and target == "images"), f"{component} knows no picture"


@each_module
def test_heavy_libraries_are_imported_where_they_are_used(path):
    tree = ast.parse(path.read_text())
    for name in imported_names(nodes_run_at_import(tree)):
        allowed = HEAVY.get(name.partition(".")[0])
        assert allowed is None or component_of(path) in allowed, (
            f"import {name} inside the function that needs it"
        )


def test_importing_visnmf_loads_no_heavy_library():
    code = "import sys; import visnmf; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = set(done.stdout.split())
    assert "visnmf" in loaded
    assert loaded.isdisjoint(HEAVY)


@each_module
def test_a_file_is_one_idea(path):
    lines = len(path.read_text().splitlines())
    assert lines <= MAX_LINES, f"{lines} lines; split it (about 300 at most)"


@each_module
def test_the_library_does_not_print(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"line {node.lineno} prints"


def test_the_root_holds_only_what_belongs_there():
    ignored = [
        line.strip("/")
        for line in (ROOT / ".gitignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    found = {
        path.name
        for path in ROOT.iterdir()
        if not path.name.startswith(".")
        and not any(fnmatch.fnmatch(path.name, pattern) for pattern in ignored)
    }
    assert found <= ROOT_NAMES
