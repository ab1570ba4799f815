"""Names come from strangers: nothing in them runs, breaks the page, or turns its text around."""

import numpy as np
import pytest

import visnmf

EVIL = "</script><script>window.bad=1</script><img src=x onerror=window.bad=1>"
ODD = [
    EVIL,
    "\u202egnp.exe",  # turns what follows around
    "caf\u00e9 \u732b \U0001f408.png",
    "\udcff\udcfe.png",  # a file name that is no text
    "a\u2028b\x00c\x1b[31m",
    "x" * 300,
    "__proto__",
    "${alert(1)} {{script}} {{data}} \\1 \\g<0>",
    "'\"&quot;&#39;-->",
]


@pytest.fixture
def odd_page(page, faces_model, tmp_path):
    faces = visnmf.samples.load_faces()[: len(ODD)]
    images = visnmf.ImageSet(faces.V, faces.layout, names=ODD, labels=[EVIL, *"bcdefghi"])
    printable = [name if name.isprintable() and len(name) <= 200 else EVIL for name in ODD]
    told = {EVIL: EVIL, "settings": {"loss": EVIL}, "reason": EVIL, "n_iter": 3}
    model = visnmf.Model(
        faces_model.W, faces_model.layout, part_names=printable, provenance={"source": EVIL}
    )
    model.provenance.update(told | {"settings": {"seed": EVIL}})
    page.phone()
    visnmf.save_report(tmp_path / "b.html", model, images, title=EVIL + "\udcff")
    page.open(tmp_path / "b.html")
    return page


def test_nothing_in_names_runs_and_all_are_shown_as_they_are(odd_page):
    page = odd_page
    assert page.ask("return window.bad === undefined")
    assert page.ask("return document.querySelectorAll('img, main script').length") == 0
    shown = page.ask(
        "return [...document.querySelectorAll('#images bdi')]"
        ".map((t) => t.textContent.toWellFormed())"
    )
    for name in ODD:
        text = name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        assert any(told.startswith(text) for told in shown)
    page.ask("document.querySelectorAll('#parts > .tile')[0].click()")
    assert page.ask("return document.querySelector('#part input').value") == EVIL
    assert page.ask("return window.bad === undefined")


def test_a_phone_sees_no_overflow(odd_page):
    wide = "return document.documentElement.scrollWidth"
    assert odd_page.ask(wide) <= 360
    odd_page.ask("document.querySelectorAll('#parts > .tile')[5].click()")
    assert odd_page.ask(wide) <= 360


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_small_sets_of_few_parts_open(page, rank, n, tmp_path):
    rng = np.random.default_rng(0)
    layout = visnmf.ImageLayout(5, 4)
    model = visnmf.Model(rng.random((20, rank)), layout)
    images = visnmf.ImageSet(rng.random((20, n), np.float32), layout) if n else None
    visnmf.save_report(tmp_path / "s.html", model, images)
    page.open(tmp_path / "s.html")
    assert page.ask("return document.getElementById('map').hidden") == (n < 3)
    assert page.ask("return document.getElementById('pictures').hidden") == (n == 0)
    page.ask("document.querySelectorAll('#parts > .tile')[0].click()")
    if n:
        page.ask("document.getElementById('after').click()")


def test_black_pictures_and_an_empty_part_open(page, tmp_path):
    layout = visnmf.ImageLayout(5, 4)
    W = np.zeros((20, 3))
    W[:, 0] = 1
    model = visnmf.Model(W, layout)
    visnmf.save_report(tmp_path / "z.html", model, visnmf.ImageSet(np.zeros((20, 4)), layout))
    page.open(tmp_path / "z.html")
    page.ask("document.querySelectorAll('#parts > .tile')[1].click()")
    page.set_value("#sort", "similarity", "change")
    assert page.pixels()[..., 0].max() == 0
