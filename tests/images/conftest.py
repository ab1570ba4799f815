import numpy as np
import pytest

import visnmf


@pytest.fixture(scope="session")
def assert_alike():
    """Hold a lazy set to the eager one: every column, and all that is known."""

    def assert_alike(lazy, eager):
        assert isinstance(lazy, visnmf.LazyImages)
        found = lazy.columns.read(0, len(lazy))
        np.testing.assert_array_equal(found, eager.V)
        assert found.dtype == lazy.columns.dtype == np.float32
        assert found.flags.f_contiguous
        assert lazy.shape == lazy.columns.shape == eager.V.shape
        assert lazy.layout == eager.layout
        assert lazy.names == eager.names
        assert lazy.preparation == eager.preparation
        assert lazy.source == eager.source or not isinstance(lazy.source, str)
        if eager.labels is None:
            assert lazy.labels is None
        else:
            np.testing.assert_array_equal(lazy.labels, eager.labels)

    return assert_alike


@pytest.fixture(scope="session")
def video(tmp_path_factory):
    """Forty frames, each of its own brightness."""
    import cv2

    path = str(tmp_path_factory.mktemp("video") / "movie.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 10, (32, 24))
    for i in range(40):
        writer.write(np.full((24, 32, 3), (6 * i, 3 * i, i), np.uint8))
    writer.release()
    return path
