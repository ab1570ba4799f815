"""Take the pictures of the explorer in tools/docs/report, with headless Chromium.

.venv/bin/python tools/report_pictures.py
"""

import shutil
import tempfile
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.support.ui import WebDriverWait

import visnmf

FOLDER = Path(__file__).parent / "docs" / "report"
SIZES = {"desktop": (1200, 940), "phone": (390, 940)}
FLAGS = (
    "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-sync "
    "hide-scrollbars disable-background-networking disable-component-update"
)
DETAILS = """
document.querySelectorAll('#parts > .tile')[5].click();
document.getElementById('gallery').scrollIntoView();
"""
MAP = "document.getElementById('map').scrollIntoView()"


def main():
    faces = visnmf.samples.load_faces()
    model = visnmf.learn(faces, 25)
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "faces.html"
        visnmf.save_report(page, model, faces, title="100 faces")
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in [*FLAGS.split(), f"user-data-dir={scratch}/profile"]:
            options.add_argument(f"--{flag}")
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        with webdriver.Chrome(options=options, service=service) as browser:
            for size in SIZES:
                for scheme in ("light", "dark"):
                    show(browser, page, size, scheme)
                    take(browser, f"{size}-{scheme}")
            show(browser, page, "desktop", "light")
            tile = browser.find_elements("css selector", "#parts > .tile")[9]
            ActionChains(browser).move_to_element(tile).perform()
            take(browser, "pointing")
            for script, scheme, name in ((DETAILS, "light", "part"), (MAP, "dark", "map")):
                show(browser, page, "phone", scheme)
                browser.execute_script(script)
                take(browser, name)


def show(browser, page, size, scheme):
    width, height = SIZES[size]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    browser.get(page.as_uri())
    WebDriverWait(browser, 20).until(
        lambda b: b.execute_script("return document.body.dataset.ready === 'yes'")
    )


def take(browser, name):
    file = FOLDER / f"{name}.png"
    browser.save_screenshot(str(file))
    # Half the bytes; the rare colors of residuals stay
    few = Image.open(file).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=0)
    few.save(file, optimize=True)


if __name__ == "__main__":
    main()
