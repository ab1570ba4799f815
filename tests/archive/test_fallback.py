"""Contact sheets as an archive: channels together or apart, whichever is nearer or smaller."""

import numpy as np
import pytest

import visnmf


def unlike(n=12, side=40):
    """Return color pictures whose channels have nothing to do with each other."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:side, :side]
    widths = np.array([3, 9, 30])[:, None, None]
    angles = rng.uniform(0, 6, (n, 3, 1, 1))
    waves = np.sin((x * np.cos(angles) + y * np.sin(angles)) / widths)
    return np.rint(128 + 80 * np.moveaxis(waves, 1, -1)).astype(np.uint8)


@pytest.mark.parametrize("target", [{"max_bytes": 6000}, {"psnr": 50}])
def test_channels_lie_apart_where_that_is_better(target, tmp_path):
    pictures = unlike()
    done = visnmf.compress(pictures, tmp_path / "a.vnmf", compare=False, **target)
    assert "channels apart" in done.held
    assert done.psnr > 50  # 49 with channels together in 6000 bytes
    assert done.nbytes <= 6000
