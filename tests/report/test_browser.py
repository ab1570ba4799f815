"""The page in headless Chromium: a bar is dragged, and the picture is what Python rebuilds."""

import json
import shutil
import time

import numpy as np
import pytest

import visnmf


@pytest.fixture(scope="module")
def model():
    return visnmf.learn(visnmf.samples.load_faces(), 9, max_iter=20)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no browser: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    flags = "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-sync "
    flags += "disable-background-networking disable-component-update window-size=1200,900"
    for flag in flags.split():
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(driver)
    with webdriver.Chrome(options=options, service=service) as opened:
        yield opened


def open_page(browser, path):
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get(path.as_uri())
    WebDriverWait(browser, 20).until(
        lambda b: b.execute_script("return document.body.dataset.ready === 'yes'")
    )


def pixels(browser):
    return np.array(
        browser.execute_script(
            "const c = document.getElementById('rebuilt');"
            "return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
        )
    ).reshape(-1, 4)[:, 0]


def test_a_dragged_bar_and_the_build_up_redraw_what_python_rebuilds(browser, model, tmp_path):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    faces = visnmf.samples.load_faces()
    visnmf.save_report(tmp_path / "a.html", model, faces)
    open_page(browser, tmp_path / "a.html")
    worst = int(np.argmax(model.reconstruction_error(faces)))
    h = model.encode(faces)[:, worst].astype(float)
    bars = browser.find_elements(By.CSS_SELECTOR, "#recipe input")
    before = pixels(browser)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", bars[0])
    ActionChains(browser).click_and_hold(bars[0]).move_by_offset(-30, 0).release().perform()
    h[int(bars[0].get_attribute("data-part"))] = float(bars[0].get_property("value"))
    expected = np.clip(model.W @ h, 0, 1) * 255
    assert np.abs(pixels(browser) - before).max() > 2
    assert np.abs(pixels(browser) - expected).max() <= 2
    browser.execute_script(
        "const b = document.getElementById('build'); b.value = 0;"
        "b.dispatchEvent(new Event('input'))"
    )
    assert pixels(browser).max() == 0
    network = "return performance.getEntriesByType('resource').map((e) => e.name)"
    assert [n for n in browser.execute_script(network) if not n.startswith("data:")] == []
    assert browser.get_log("browser") == []


def test_hostile_names_do_not_run_and_a_phone_sees_no_overflow(browser, model, tmp_path):
    evil = "</script><script>window.bad=1</script><img src=x onerror=window.bad=1>"
    names = [evil] * 9
    hostile = visnmf.Model(model.W, model.layout, part_names=names, provenance={evil: evil})
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True},
    )
    visnmf.save_report(tmp_path / "b.html", hostile, title=evil)
    open_page(browser, tmp_path / "b.html")
    assert browser.execute_script("return window.bad === undefined")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
    assert browser.get_log("browser") == []


def test_parts_are_merged_hidden_and_told_in_a_selection(browser, model, tmp_path):
    from visnmf.report.content import digest_of

    visnmf.save_report(tmp_path / "c.html", model, visnmf.samples.load_faces())
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    open_page(browser, tmp_path / "c.html")
    paper = "return getComputedStyle(document.body).backgroundColor"
    light = browser.execute_script(paper)
    browser.execute_script("document.getElementById('theme').click()")
    assert browser.execute_script(paper) != light
    browser.execute_script(
        "document.querySelectorAll('#parts button')[4].click();"
        "const s = document.getElementById('sort'); s.value = 'similarity';"
        "s.dispatchEvent(new Event('change'));"
    )
    nearest = browser.execute_script("return document.querySelector('#parts span').textContent")
    assert nearest == "part 5"
    browser.execute_script(
        "const s = document.getElementById('sort'); s.value = 'order';"
        "s.dispatchEvent(new Event('change'));"
    )
    press = (
        "for (const text of ['Merge into the one before', 'Hide']) {"
        "  document.querySelectorAll('#parts button')[1].click();"
        "  [...document.querySelectorAll('#part > button')]"
        "    .find((b) => b.textContent === text).click(); }"
        "document.getElementById('download').click()"
    )
    browser.execute_script(press)
    file = tmp_path / "selection.json"
    for _ in range(100):
        if file.exists():
            break
        time.sleep(0.1)
    told = json.loads(file.read_text())
    assert told["model"] == {"rank": 9, "digest": digest_of(model)}
    assert told["parts"][0] == {"from": [0, 1], "name": "part 1", "hidden": False}
    assert told["parts"][1] == {"from": [2], "name": "part 3", "hidden": True}
    assert browser.get_log("browser") == []
