import base64

import numpy as np
import pytest
from sklearn.decomposition import PCA

import visnmf
from visnmf.errors import InvalidInputError, MissingDependencyError
from visnmf.report.choose import chosen_images
from visnmf.report.facts import facts_of, fit_of, summary_of
from visnmf.report.packing import quantized
from visnmf.report.partfacts import _along, _whites, parts_of
from visnmf.report.plane import plane_of
from visnmf.report.view import view_of


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
    named = page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert "http" not in named


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


def test_a_map_by_umap_is_the_same_each_time_or_tells_what_it_needs(tmp_path, monkeypatch):
    faces = visnmf.samples.load_faces()[:6]
    model = visnmf.Model(np.ones((625, 1)), faces.layout)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="umap-learn"):
        visnmf.save_report(tmp_path / "r.html", model, faces, map="umap")
    monkeypatch.undo()
    pytest.importorskip("umap", reason="no umap-learn: pip install 'visnmf[umap]'")
    with pytest.raises(InvalidInputError, match="5 pictures"):
        visnmf.save_report(tmp_path / "r.html", model, faces[:4], map="umap")
    H = np.random.default_rng(0).random((3, 6)).astype(np.float32)
    first, second = (plane_of(H, np.arange(6), "umap") for _ in range(2))
    assert first == second
    assert np.shape(first["points"]) == (6, 2)
    assert np.min(first["points"]) >= 0
    assert np.max(first["points"]) <= 1


def test_the_map_is_that_of_principal_components():
    H = np.random.default_rng(0).random((4, 30)).astype(np.float32)
    plane = plane_of(H, np.arange(30), "pca")
    fitted = PCA(2).fit(H.T)
    np.testing.assert_allclose(plane["explained"], fitted.explained_variance_ratio_, rtol=1e-4)
    points = np.array(plane["points"])
    expected = fitted.transform(H.T)
    for axis in range(2):
        assert abs(np.corrcoef(points[:, axis], expected[:, axis])[0, 1]) > 0.9999


def test_a_part_is_told_along_the_set():
    assert _along(np.array([[0, 1, 2], [0, 0, 0]], np.float32)) == [[0, 128, 255], [0, 0, 0]]
    long = np.repeat(np.arange(160, dtype=np.float32), 100)[None]
    assert _along(long) == [[round(255 * i / 159) for i in range(160)]]


def test_channels_of_a_part_are_told_where_they_are_no_colors():
    mask = np.array([[True, False], [True, True]])
    layout = visnmf.ImageLayout(2, 2, 4, mask=mask)
    W = np.tile([0.0, 1, 2, 4], 3)[:, None]
    view = view_of(layout, 1)
    assert parts_of(visnmf.Model(W, layout), view, None)["spectra"] == [[0, 64, 128, 255]]
    layout = visnmf.ImageLayout(2, 2, 3)
    told = parts_of(visnmf.Model(np.ones((12, 1)), layout), view_of(layout, 1), None)
    assert told["spectra"] is None


def test_a_bright_pixel_does_not_darken_the_part():
    rows = np.full((2, 1000), 0.5, np.float32)
    rows[0, 0] = 10
    rows[1] = 0
    rows[1, 3] = 9
    np.testing.assert_allclose(_whites(rows), [10 / 3, 3])


def test_an_error_of_each_record_follows_from_the_last_one():
    faces = visnmf.samples.load_faces()
    model = visnmf.learn(faces, 4, max_iter=6)
    told = fit_of(model)
    norm = np.linalg.norm(faces.V.astype(float))
    expected = [np.sqrt(2 * row[3]) / norm for row in told["history"]]
    np.testing.assert_allclose(told["errors"], expected, rtol=1e-4)
    model = visnmf.learn(faces, 4, max_iter=6, loss="kullback-leibler")
    assert fit_of(model)["errors"] is None
    assert fit_of(model)["history"]


@pytest.mark.parametrize(
    "odd", [3, None, [1], {"a": [float(3)]}, "x" * 10_000, 10**400, -1], ids=range(7)
)
def test_a_provenance_of_any_shape_is_told(odd):
    keys = "settings versions history relative_error n_iter seconds reason source date".split()
    model = visnmf.Model(
        np.ones((4, 1)), visnmf.ImageLayout(2, 2), provenance=dict.fromkeys(keys, odd)
    )
    assert fit_of(model)["history"] is None
    assert all(len(text) <= 300 for _, text in [*summary_of(model), *facts_of(model)])


@pytest.mark.parametrize("bits", [8, 16])
def test_whole_numbers_are_within_half_a_step(bits):
    rows = np.random.default_rng(0).random((3, 50)).astype(np.float32)
    rows[1] = 0
    told = quantized(rows, bits)
    raw = base64.b64decode(told["values"])
    whole = np.frombuffer(raw, "<u2" if bits == 16 else np.uint8).reshape(3, 50)
    off = np.abs(whole * np.array(told["scales"])[:, None] - rows).max(axis=1)
    assert (off <= rows.max(axis=1) / (2**bits - 1) / 2 * 1.001).all()


def test_large_sets_are_cut_down_and_the_page_says_so(tmp_path):
    layout = visnmf.ImageLayout(6, 5)
    rng = np.random.default_rng(0)
    model = visnmf.Model(rng.random((30, 4)), layout)
    images = visnmf.ImageSet(rng.random((30, 20_000), np.float32), layout)
    visnmf.save_report(tmp_path / "r.html", model, images)
    assert (tmp_path / "r.html").stat().st_size < 2e6
    assert "3,000 of 20,000 pictures" in (tmp_path / "r.html").read_text()
