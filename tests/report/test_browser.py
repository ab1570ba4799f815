"""The page in headless Chromium: a bar is dragged, and the picture is what Python rebuilds."""

import numpy as np
import pytest

import visnmf


def gray(page, canvas="rebuilt"):
    return page.pixels(canvas)[..., 0].ravel()


def test_a_dragged_bar_and_the_build_up_redraw_what_python_rebuilds(page, faces_model, tmp_path):
    faces, model = visnmf.samples.load_faces(), faces_model
    visnmf.save_report(tmp_path / "a.html", model, faces)
    page.open(tmp_path / "a.html")
    worst = int(np.argmax(model.reconstruction_error(faces)))
    h = model.encode(faces)[:, worst].astype(float)
    bars = page.find("#recipe input")
    before = gray(page)
    assert np.abs(before - np.clip(model.W @ h, 0, 1) * 255).max() <= 2
    page.ask("arguments[0].scrollIntoView({block: 'center'})", bars[0])
    page.actions().click_and_hold(bars[0]).move_by_offset(-30, 0).release().perform()
    h[int(bars[0].get_attribute("data-part"))] = float(bars[0].get_property("value"))
    assert np.abs(gray(page) - before).max() > 2
    assert np.abs(gray(page) - np.clip(model.W @ h, 0, 1) * 255).max() <= 2
    page.ask("document.getElementById('reset').click()")
    h = model.encode(faces)[:, worst].astype(float)
    order = np.argsort(-h * model.W.sum(axis=0), kind="stable")
    page.set_value("#build", 3)
    built = model.W[:, order[:3]] @ h[order[:3]]
    assert np.abs(gray(page) - np.clip(built, 0, 1) * 255).max() <= 2
    page.set_value("#build", 0)
    assert gray(page).max() == 0


def test_a_picture_is_drawn_from_black(page, faces_model, tmp_path):
    visnmf.save_report(tmp_path / "a.html", faces_model)
    page.open(tmp_path / "a.html")
    assert gray(page).max() > 100  # the usual mix
    page.ask("document.getElementById('black').click()")
    assert gray(page).max() == 0
    bar = page.find("#recipe input")[0]
    part, top = int(bar.get_attribute("data-part")), float(bar.get_attribute("max"))
    page.set_value("#recipe input", top / 2)
    expected = np.clip(faces_model.W[:, part] * top / 2, 0, 1) * 255
    assert np.abs(gray(page) - expected).max() <= 2


@pytest.mark.parametrize("channels", [3, 5])
def test_color_and_many_channels_are_rebuilt_as_in_python(page, channels, tmp_path):
    rng = np.random.default_rng(0)
    mask = np.ones((9, 8), dtype=bool)
    mask[:2, :3] = False
    layout = visnmf.ImageLayout(9, 8, channels, mask=mask)
    W, H = rng.random((layout.m, 4)), rng.random((4, 12)) / 4
    model = visnmf.Model(W, layout)
    images = visnmf.ImageSet((W @ H).astype(np.float32), layout)
    visnmf.save_report(tmp_path / "c.html", model, images)
    page.open(tmp_path / "c.html")
    title = page.ask("return document.getElementById('told').textContent")
    at = images.names.index(title)
    expected = layout.to_images(model.W @ model.encode(images))[at]
    if channels == 5:
        expected = np.repeat(expected.mean(axis=-1, keepdims=True), 3, axis=-1)
        brightest = layout.to_images(images.V).mean(axis=-1).max()
        assert brightest < 0.5  # so that it is what is shown as white
        expected = expected / brightest
    for canvas in ("rebuilt", "original"):
        found = page.pixels(canvas)
        assert np.abs(found[mask][:, :3] - np.clip(expected[mask], 0, 1) * 255).max() <= 2
        assert (found[~mask][:, 3] == 0).all()


def test_what_is_not_known_of_a_picture_is_left_out(page, faces_model, tmp_path):
    faces = visnmf.samples.load_faces()
    seen = np.ones((25, 25), dtype=bool)
    seen[15:] = False
    visnmf.save_report(tmp_path / "d.html", faces_model, faces, observed=seen)
    page.open(tmp_path / "d.html")
    at = faces.names.index(page.ask("return document.getElementById('told').textContent"))
    h = faces_model.encode(faces, observed=seen)[:, at]
    np.testing.assert_allclose(gray(page), np.clip(faces_model.W @ h, 0, 1) * 255, atol=2)
    assert (page.pixels("original")[15:, :, 3] == 0).all()
    assert (page.pixels("residual")[15:, :, 3] == 0).all()
    error = faces_model.reconstruction_error(faces, observed=seen)[at]
    assert page.ask("return document.getElementById('missed').textContent") == (
        f"{100 * error:.0f} % left over"
    )


def test_pointing_at_a_part_shows_where_it_is_used_most(page, faces_model, tmp_path):
    faces = visnmf.samples.load_faces()
    visnmf.save_report(tmp_path / "e.html", faces_model, faces)
    page.open(tmp_path / "e.html")
    page.actions().move_to_element(page.find("#parts > .tile")[4]).perform()
    assert page.ask("return !document.getElementById('card').hidden")
    names = page.ask(
        "return [...document.querySelectorAll('#card .thumbs canvas')]"
        ".map((c) => c.getAttribute('aria-label'))"
    )
    most = np.argsort(-faces_model.encode(faces)[4])[:4]
    assert names == [faces.names[i] for i in most]
    assert len(page.find("#card svg rect")) == 32
    page.press_keys("\ue00c")  # Escape
    assert page.ask("return document.getElementById('card').hidden")


def test_pictures_are_listed_by_error_a_page_at_a_time(page, faces_model, tmp_path):
    faces = visnmf.samples.load_faces()
    visnmf.save_report(tmp_path / "e.html", faces_model, faces)
    page.open(tmp_path / "e.html")
    worst = np.argsort(-faces_model.reconstruction_error(faces), kind="stable")
    listed = "return [...document.querySelectorAll('#images bdi')].map((t) => t.textContent)"
    first = page.ask(listed)
    assert first == [faces.names[i] for i in worst[:48]]
    for _ in range(2):
        page.ask("document.getElementById('next').click()")
    assert page.ask(listed) == [faces.names[i] for i in worst[96:]]
    assert page.ask("return document.getElementById('next').disabled")
    page.set_value("#list", "name", "change")
    assert page.ask(listed) == sorted(faces.names)[:48]
    page.ask("document.querySelectorAll('#images > .tile')[2].click()")
    assert page.ask("return document.getElementById('told').textContent") == faces.names[2]
    page.ask("document.getElementById('after').click()")
    assert page.ask("return document.getElementById('told').textContent") == faces.names[3]


def test_dark_is_chosen_and_the_course_of_a_loaded_model_is_drawn(page, faces_model, tmp_path):
    faces_model.save(tmp_path / "m.safetensors")
    loaded = visnmf.Model.load(tmp_path / "m.safetensors")
    visnmf.save_report(tmp_path / "f.html", loaded)
    page.open(tmp_path / "f.html")
    told = page.ask("return document.querySelector('#course svg').getAttribute('aria-label')")
    error = 100 * faces_model.provenance["relative_error"]
    assert float(told.split()[-2]) == pytest.approx(error, rel=0.06)
    paper = "return getComputedStyle(document.body).backgroundColor"
    light = page.ask(paper)
    page.ask("document.getElementById('theme').click()")
    assert page.ask(paper) != light


UNNAMED = """
const named = (e) => e.getAttribute('aria-label') || e.textContent.trim()
  || (e.labels && [...e.labels].some((l) => l.textContent.trim()));
return [...document.querySelectorAll('button, select, input, [role=img], [tabindex]')]
  .filter((e) => !e.closest('[hidden]') && !named(e)).map((e) => e.outerHTML);
"""


def test_all_that_can_be_used_or_seen_has_a_name(page, faces_model, tmp_path):
    visnmf.save_report(tmp_path / "n.html", faces_model, visnmf.samples.load_faces())
    page.open(tmp_path / "n.html")
    page.ask("document.querySelectorAll('#parts > .tile')[2].click()")
    assert page.ask(UNNAMED) == []
    silent = "return document.querySelectorAll('canvas:not([role]):not([aria-hidden])').length"
    assert page.ask(silent) == 0
    outline = (
        "const t = document.querySelector('#parts > .tile'); t.focus();"
        "return getComputedStyle(t).outlineStyle"
    )
    page.press_keys("\ue004")  # Tab: from here on the focus is seen
    assert page.ask(outline) == "solid"


def test_bars_that_the_keyboard_reaches_stay_below_what_is_above_them(page, tmp_path):
    faces = visnmf.samples.load_faces()
    model = visnmf.learn(faces, 24, max_iter=5)
    visnmf.save_report(tmp_path / "f.html", model, faces)
    page.open(tmp_path / "f.html")
    page.phone()
    page.ask("[...document.querySelectorAll('#recipe input')].at(-1).focus()")
    hidden = (
        "const box = document.activeElement.getBoundingClientRect();"
        "return box.top < document.querySelector('.top').getBoundingClientRect().bottom"
    )
    for _ in range(23):
        page.actions().key_down("\ue008").send_keys("\ue004").key_up("\ue008").perform()
        assert not page.ask(hidden)


def test_levels_of_a_flat_course_are_told_apart_and_a_sample_is_told(page, faces_model, tmp_path):
    rows = [["sample", 1, 0.1, 9.0, None], ["sample", 30, 0.2, 8.0, None]]
    rows += [["V", k, 0.3 + k, 100.4 - k / 10, None] for k in range(1, 5)]
    told = {"history": rows, "relative_error": 0.1084, "settings": {"loss": "frobenius"}}
    model = visnmf.Model(faces_model.W, faces_model.layout, provenance=told)
    visnmf.save_report(tmp_path / "f.html", model)
    page.open(tmp_path / "f.html")
    texts = "return [...document.querySelectorAll('#course text')].map((t) => t.textContent)"
    words = page.ask(texts)
    levels = [word for word in words if word.endswith("%")]
    assert len(set(levels)) == 3
    assert "31, after 30 on a sample" in words
