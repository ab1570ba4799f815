"""The map of the pictures: zoomed and moved by wheel, pointer and keys."""

import numpy as np
import pytest

import visnmf

ZOOM = "return parseFloat(document.getElementById('zoomed').textContent)"


@pytest.fixture
def plane(page, faces_model, tmp_path):
    visnmf.save_report(tmp_path / "m.html", faces_model, visnmf.samples.load_faces())
    page.open(tmp_path / "m.html")
    page.ask("document.getElementById('plane').scrollIntoView({block: 'center'})")
    return page


def drawn(page):
    return page.ask("return document.getElementById('plane').toDataURL()")


def test_keys_zoom_move_and_reset(plane):
    canvas, whole = plane.find("#plane")[0], drawn(plane)
    canvas.send_keys("+")
    assert plane.ask(ZOOM) == 1.5
    zoomed = drawn(plane)
    assert zoomed != whole
    canvas.send_keys("\ue014")
    assert drawn(plane) != zoomed
    canvas.send_keys("0")
    assert plane.ask(ZOOM) == 1
    assert drawn(plane) == whole
    canvas.send_keys("-")
    assert plane.ask(ZOOM) == 1


def test_the_wheel_zooms_where_the_pointer_is_and_scrolls_on_when_all_is_seen(plane):
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    origin = ScrollOrigin.from_element(plane.find("#plane")[0])
    plane.actions().scroll_from_origin(origin, 0, -300).perform()
    assert plane.ask(ZOOM) > 1.3
    top = plane.ask("return scrollY")
    plane.actions().scroll_from_origin(origin, 0, 2000).perform()
    assert plane.ask(ZOOM) == 1
    assert plane.ask("return scrollY") == top
    plane.actions().scroll_from_origin(origin, 0, 200).perform()
    assert plane.ask("return scrollY") >= top


def test_a_pinch_zooms(plane):
    plane.ask(
        """const plane = document.getElementById('plane'), box = plane.getBoundingClientRect();
        const send = (type, pointerId, x, y) => plane.dispatchEvent(new PointerEvent(type, {
          pointerId, clientX: box.left + x, clientY: box.top + y, bubbles: true}));
        plane.setPointerCapture = () => {};
        send('pointerdown', 1, 100, 100); send('pointerdown', 2, 200, 100);
        send('pointermove', 2, 400, 100);
        send('pointerup', 1, 100, 100); send('pointerup', 2, 400, 100);"""
    )
    assert plane.ask(ZOOM) == 3.0


def test_a_picture_is_opened_and_axes_are_told(plane, faces_model):
    faces = visnmf.samples.load_faces()
    H = faces_model.encode(faces) * np.linalg.norm(faces_model.W, axis=0)[:, None]
    variances = np.linalg.eigvalsh(np.cov(H))[::-1]
    share = 100 * variances[0] / variances.sum()
    told = plane.ask("return document.getElementById('across').textContent")
    assert told == f"axis 1: {share:.0f} % of the variance"
    before = plane.ask("return document.getElementById('told').textContent")
    canvas = plane.find("#plane")[0]
    canvas.send_keys("+")
    canvas.send_keys("\ue007")  # Enter
    assert plane.ask("return document.getElementById('told').textContent") != before


def test_umap_says_what_it_is(page, faces_model, tmp_path):
    pytest.importorskip("umap", reason="no umap-learn: pip install 'visnmf[umap]'")
    visnmf.save_report(tmp_path / "u.html", faces_model, visnmf.samples.load_faces(), map="umap")
    page.open(tmp_path / "u.html")
    assert page.ask("return document.getElementById('across').textContent").startswith("UMAP")


@pytest.mark.parametrize(("labels", "colors"), [(7, 7), (8, 0)])
def test_labels_that_are_too_many_to_color_are_told(page, faces_model, tmp_path, labels, colors):
    faces = visnmf.samples.load_faces()
    named = faces.replace(labels=np.arange(len(faces)) % labels)
    visnmf.save_report(tmp_path / "m.html", faces_model, named)
    page.open(tmp_path / "m.html")
    assert len(page.find("#legend i")) == colors
    told = "there are 8, and no more than 7 can be told apart"
    assert (told in page.find("#legend")[0].text) == (not colors)
