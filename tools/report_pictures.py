"""Take the pictures of the explorer in tools/docs/report, with headless Chromium.

.venv/bin/python tools/report_pictures.py
"""

import shutil
import tempfile
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

import visnmf

FOLDER = Path(__file__).parent / "docs" / "report"
SIZES = {"desktop": (1100, 1500), "phone": (360, 1100)}
FLAGS = (
    "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-sync "
    "hide-scrollbars disable-background-networking disable-component-update"
)


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
                    take(browser, page, size, scheme)


def take(browser, page, size, scheme):
    width, height = SIZES[size]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    browser.get(page.as_uri())
    WebDriverWait(browser, 20).until(
        lambda b: b.execute_script("return document.body.dataset.ready === 'yes'")
    )
    file = FOLDER / f"{size}-{scheme}.png"
    browser.save_screenshot(str(file))
    Image.open(file).convert("RGB").save(file, optimize=True)


if __name__ == "__main__":
    main()
