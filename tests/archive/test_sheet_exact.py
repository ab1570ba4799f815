"""Contact sheets that keep every level, or every level within a bound."""

import numpy as np
import pytest

import visnmf
from visnmf.archive.coders import Coder
from visnmf.archive.header import Base
from visnmf.archive.sheet_exact import bound_error, lossless
from visnmf.archive.sheet_trial import Laid
from visnmf.archive.sheet_ways import Divided, Layered, Near, seek_layered, size_of


def smooth(n=6, side=48, channels=()):
    """Return waves of all directions with a little noise: what transforms are good at."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:side, :side]
    waves = np.stack([np.sin((x * np.cos(a) + y * np.sin(a)) / 7) for a in rng.uniform(0, 6, n)])
    if channels:
        waves = np.stack([waves, -waves, 0.5 * waves], axis=-1)
    return np.rint(128 + 60 * waves + rng.normal(0, 1.5, waves.shape)).astype(np.uint8)


@pytest.mark.parametrize("error", [1, 2, 5, 12])
@pytest.mark.parametrize("way", [Divided, Near, Layered])
def test_every_way_keeps_the_bound(way, error):
    pictures = smooth()
    made = {Divided: Divided(2 * error + 1), Near: Near(error), Layered: Layered(2 * error + 1, 50)}
    sheet = Laid(pictures, False, 255).sheet(0)
    back = made[way].read(*made[way].write(sheet), sheet)
    assert 0 < np.abs(back.astype(int) - sheet).max() <= error


def test_a_residual_over_avif_is_sought_where_it_pays():
    laid = Laid(smooth(), False, 255)
    way = seek_layered(laid, 5)
    assert size_of(laid, way) < 0.8 * size_of(laid, Divided(11))
    step = 8  # of quality: farther off it is no better
    for quality in (way.quality - step, way.quality + step):
        assert size_of(laid, way) < size_of(laid, Layered(11, quality))


def test_a_residual_over_avif_is_not_sought_where_it_cannot_be():
    gray, color = smooth(), smooth(channels=(3,))
    assert seek_layered(Laid(gray, False, 255), 0) is None  # nothing may be lost
    assert seek_layered(Laid(gray.astype(np.uint16), False, 65535), 5) is None
    assert seek_layered(Laid(color, False, 255), 5) is None  # color is not the same everywhere
    assert seek_layered(Laid(color, True, 255), 5) is not None
    dots = (255 * (np.random.default_rng(0).random(gray.shape) > 0.9)).astype(np.uint8)
    assert seek_layered(Laid(dots, False, 255), 2) is None  # hopeless


@pytest.mark.parametrize("channels", [(), (3,)], ids=["gray", "rgb"])
def test_layered_sheets_in_an_archive(channels, tmp_path):
    # Each is another: parts do not pay.
    pictures = smooth(n=5, side=64, channels=channels)
    fit = bound_error(pictures, 6)
    assert fit.under
    assert fit.nbytes == sum(map(len, (*fit.under, *fit.data)))
    done = visnmf.compress(pictures, tmp_path / "a.vnmf", max_error=6, compare=False)
    assert "a residual" in done.held
    with visnmf.Archive.open(tmp_path / "a.vnmf") as archive:
        assert archive.header.base == Base.SHEETS
        assert archive.header.step == 13
        off = np.abs(archive[:].astype(int) - pictures)
        assert 0 < off.max() == done.max_error <= 6
        np.testing.assert_array_equal(archive[2], archive[:][2])
    with pytest.raises(visnmf.errors.InvalidInputError, match="lossy"):
        visnmf.append(tmp_path / "a.vnmf", pictures[:1])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lossless_sheets(dtype):
    pictures = smooth().astype(dtype) * (1 if dtype == np.uint8 else 211)
    fit = lossless(pictures)
    assert fit.psnr == np.inf
    assert fit.step == 1
    assert not fit.under
    assert set(fit.coders) <= {Coder.JXL, Coder.JPEGLS}


def test_samples_of_two_layouts_are_compared_by_their_share(monkeypatch):
    from visnmf.archive import sheet_exact

    pictures = np.random.default_rng(0).integers(0, 256, (8, 40, 40, 3)).astype(np.uint8)
    some = Laid(pictures[:2], True, 255)
    monkeypatch.setattr(Laid, "sample", lambda laid: some if laid.apart else laid)
    # Noise without a header: it does not matter how channels lie.
    monkeypatch.setattr(sheet_exact, "size_of", lambda laid, way: laid.levels.size)
    found = [(Laid(pictures, apart, 255), Divided(1)) for apart in (False, True)]
    assert sheet_exact._promising(found) == found
