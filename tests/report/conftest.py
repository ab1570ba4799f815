"""Headless Chromium for tests of the page; they skip, with a reason, where there is none."""

import shutil

import pytest

import visnmf


@pytest.fixture(scope="session")
def faces_model():
    return visnmf.learn(visnmf.samples.load_faces(), 9, max_iter=20)


@pytest.fixture(scope="session")
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


@pytest.fixture
def page(browser):
    """Return what opens a page; afterwards, that nothing was told or asked for is checked."""
    opened = Page(browser)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    yield opened
    assert opened.requests() == []
    assert browser.get_log("browser") == []


class Page:
    """A page in the browser, and what tests ask of it."""

    def __init__(self, browser):
        self.browser = browser

    def open(self, path):
        from selenium.webdriver.support.ui import WebDriverWait

        self.browser.get(path.as_uri())
        WebDriverWait(self.browser, 20).until(
            lambda b: b.execute_script("return document.body.dataset.ready === 'yes'")
        )

    def phone(self, width=360):
        metrics = {"width": width, "height": 740, "deviceScaleFactor": 1, "mobile": True}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def ask(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def find(self, selector):
        return self.browser.find_elements("css selector", selector)

    def actions(self):
        from selenium.webdriver import ActionChains

        return ActionChains(self.browser)

    def press_keys(self, *keys):
        self.actions().send_keys(*keys).perform()

    def set_value(self, selector, value, event="input"):
        self.ask(
            "const e = document.querySelector(arguments[0]); e.value = arguments[1];"
            "e.dispatchEvent(new Event(arguments[2]))",
            selector,
            value,
            event,
        )

    def pixels(self, canvas="rebuilt"):
        import numpy as np

        height, width, values = self.ask(
            "const c = document.getElementById(arguments[0]);"
            "return [c.height, c.width,"
            " [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]",
            canvas,
        )
        return np.array(values).reshape(height, width, 4)

    def requests(self):
        names = self.ask("return performance.getEntriesByType('resource').map((e) => e.name)")
        return [name for name in names if not name.startswith("data:")]
