"""The explorer: size, time over learning, encoding and a montage, and a drag in Chromium."""

import shutil
import tempfile
from pathlib import Path

import visnmf

import datasets
from timing import keep, seconds, table

RANKS = {"cbcl": 49, "orl": 100, "digits": 16}
SHAPES = {"cbcl": (19, 19), "orl": (112, 92), "digits": (8, 8)}
FLAGS = "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-sync"
DRAG = """
const bar = document.querySelector('#recipe input'), canvas = document.getElementById('rebuilt');
const times = Array.from({length: 50}, (_, k) => {
  bar.value = bar.max * k / 50;
  const start = performance.now();
  bar.dispatchEvent(new Event('input'));
  canvas.getContext('2d').getImageData(0, 0, 1, 1);
  return performance.now() - start;
});
return Math.max(...times);
"""


def run(options):
    """Print a row a set; the drag is the slowest of 50 redraws."""
    rows, kept = [], {}
    names = [name for name in options.sets if name in RANKS]
    for name, (X, _) in datasets.at_hand(names):
        images = visnmf.load_images(X.reshape(-1, *SHAPES[name]))
        with tempfile.TemporaryDirectory() as folder:
            page, sheet = Path(folder) / "page.html", Path(folder) / "sheet.png"

            def learned(images=images, sheet=sheet, rank=RANKS[name]):
                model = visnmf.learn(images, rank)
                model.encode(images)
                visnmf.plots.save_montage(sheet, model)
                return model

            took, model = seconds(learned)
            writing, _ = seconds(lambda: visnmf.save_report(page, model, images))  # noqa: B023
            size, drag = page.stat().st_size / 1e6, dragged(page, folder)
        kept[name] = {"MB": size, "ratio": writing / took, "drag ms": drag}
        told = "no browser" if drag is None else f"{drag:.1f} ms"
        rows.append(
            [name, len(images), model.rank, f"{size:.1f} MB", f"{writing / took:.2f}", told]
        )
    table("the page", ["set", "images", "rank", "size", "time ratio", "slowest redraw"], rows)
    keep("report_page", kept)


def dragged(page, folder):
    """Return the slowest redraw in milliseconds, or None without a browser."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        return None
    from selenium import webdriver
    from selenium.webdriver.support.ui import WebDriverWait

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in [*FLAGS.split(), f"user-data-dir={folder}/profile"]:
        options.add_argument(f"--{flag}")
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as browser:
        browser.get(page.as_uri())
        WebDriverWait(browser, 30).until(
            lambda b: b.execute_script("return document.body.dataset.ready === 'yes'")
        )
        return browser.execute_script(DRAG)
