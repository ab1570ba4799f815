"""What the page downloads is what `Selection` reads; names and hidden parts go both ways."""

import json
import re
import shutil
import time

import numpy as np
import pytest

import visnmf


@pytest.fixture(scope="module")
def curated():
    faces = visnmf.samples.load_faces()
    model = visnmf.learn(faces, 6, max_iter=20)
    selection = visnmf.Selection.of(model).named({1: 'a "b" </script> é'}).hide([2, 4])
    return visnmf.edit_parts(model, selection).model


def test_the_page_is_told_of_names_hidden_parts_and_the_digest(curated, tmp_path):
    visnmf.save_report(tmp_path / "a.html", curated)
    page = (tmp_path / "a.html").read_text("utf-8")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    parts = json.loads(data[1])["parts"]
    assert parts["names"] == curated.part_names
    assert parts["hidden"] == [False, False, True, False, True, False]
    assert parts["digest"] == curated.digest


def test_what_is_downloaded_is_read_and_applied(curated, tmp_path):
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no browser: apt-get install chromium chromium-driver")
    faces = visnmf.samples.load_faces()
    visnmf.save_report(tmp_path / "a.html", curated, faces)
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("headless=new", "no-sandbox", "disable-gpu", f"user-data-dir={tmp_path / 'me'}"):
        options.add_argument(f"--{flag}")
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as browser:
        browser.execute_cdp_cmd(
            "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
        )
        browser.get((tmp_path / "a.html").as_uri())
        until(lambda: browser.execute_script("return document.body.dataset.ready === 'yes'"))
        dimmed = "return document.querySelectorAll('#parts button.off').length"
        assert browser.execute_script(dimmed) == 2
        browser.execute_script("document.getElementById('download').click()")
        file = tmp_path / "selection.json"
        until(file.exists)
    selection = visnmf.Selection.read(file)
    assert selection == visnmf.Selection.of(curated)
    edited = visnmf.edit_parts(curated, selection.merged([0, 3]), faces)
    assert edited.model.rank == 5
    np.testing.assert_array_equal(edited.model.hidden, [False, False, True, True, False])


def until(true):
    for _ in range(200):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError("it took more than 20 s")
