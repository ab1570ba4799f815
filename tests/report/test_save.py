import numpy as np
import pytest

import visnmf
from visnmf.errors import InvalidInputError
from visnmf.report.choose import chosen_images


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_it_is_written_for_any_channels_and_a_mask(tmp_path, channels):
    mask = np.ones((6, 7), dtype=bool)
    mask[0] = False
    layout = visnmf.ImageLayout(6, 7, channels, mask=mask)
    rng = np.random.default_rng(0)
    model = visnmf.Model(rng.random((layout.m, 3)), layout)
    images = visnmf.ImageSet(rng.random((layout.m, 8)), layout)
    visnmf.save_report(tmp_path / "r.html", model, images, max_images=5)
    page = (tmp_path / "r.html").read_text()
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_worst_are_among_those_chosen():
    errors = np.linspace(0, 1, 1000)
    chosen = chosen_images(errors, np.ones((4, 1000), np.float32), 100)
    assert len(chosen) == 100
    assert set(range(975, 1000)) <= set(chosen)


def test_what_does_not_fit_is_told(tmp_path):
    faces = visnmf.samples.load_faces()
    model = visnmf.learn(faces, 4, max_iter=5)
    with pytest.raises(InvalidInputError, match="no folder"):
        visnmf.save_report(tmp_path / "no" / "r.html", model)
    with pytest.raises(InvalidInputError, match="channels"):
        visnmf.save_report(tmp_path / "r.html", model, channels=4)
    with pytest.raises(InvalidInputError, match="H"):
        visnmf.save_report(tmp_path / "r.html", model, faces, H=np.ones((4, 3)))
