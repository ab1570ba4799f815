import importlib.util
from pathlib import Path

import pytest

MADE_OF = {
    "compiled": ["copy", "row_residual", "row_step"],
    "compiled_columns": ["add_outer", "load_row", "row_residual", "step_lanes"],
    "compiled_sampling": ["add_rows", "row_dot"],
}


def compilation_is_off():
    if importlib.util.find_spec("numba") is None:
        return False
    import numba

    return bool(numba.config.DISABLE_JIT)


@pytest.fixture(autouse=True, scope="session")
def _vector_code_has_a_stand_in():
    """With NUMBA_DISABLE_JIT=1, put NumPy in the place of what can only be compiled."""
    if not compilation_is_off():
        yield
        return
    spec = importlib.util.spec_from_file_location(
        "uncompiled", Path(__file__).with_name("uncompiled.py")
    )
    uncompiled = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(uncompiled)
    with pytest.MonkeyPatch.context() as patch:
        for module, names in MADE_OF.items():
            kernels = importlib.import_module(f"visnmf.kernels.{module}")
            for name in names:
                patch.setattr(kernels, name, getattr(uncompiled, name))
        yield
