"""The explorer: size, time over learning, encoding and a montage, and redraws in Chromium."""

import shutil
import tempfile
from pathlib import Path

import numpy as np

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
const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
return {ms: Math.max(...times), part: Number(bar.dataset.part), amount: Number(bar.value),
  name: document.getElementById('told').textContent,
  pixels: [...pixels].filter((_, j) => j % 4 === 0)};
"""
EDIT = """
document.querySelector('#parts > .tile').click();
const start = performance.now();
[...document.querySelectorAll('#part button')].find((b) => b.textContent === 'Delete').click();
return performance.now() - start;
"""


def run(options):
    """Print a row a set; the redraw is the slowest of 50, the edit takes a part away."""
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
            told = {"MB": page.stat().st_size / 1e6, "ratio": writing / took}
            told |= in_browser(page, folder, model, images) or {}
        kept[name] = told
        ms = [
            f"{told[key]:.0f}" if key in told else "no browser" for key in ("open", "drag", "edit")
        ]
        levels = f"{told['levels']:.2f}" if "levels" in told else ""
        size, ratio = f"{told['MB']:.1f} MB", f"{told['ratio']:.2f}"
        rows.append([name, len(images), model.rank, size, ratio, *ms, levels])
    heads = ["set", "images", "rank", "size", "time ratio", "open ms", "redraw ms", "edit ms"]
    table("the page", [*heads, "gray levels off"], rows)
    keep("report_page", kept)


def in_browser(page, folder, model, images):
    """Return times in milliseconds, and how far a picture is from Python's after a drag."""
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
        opened = browser.execute_script("return Number(document.body.dataset.took)")
        dragged = browser.execute_script(DRAG)
        edited = browser.execute_script(EDIT)
    h = model.encode(images[[images.names.index(dragged["name"])]])[:, 0]
    h[dragged["part"]] = dragged["amount"]
    off = np.abs(np.clip(model.W @ h, 0, 1) * 255 - dragged["pixels"]).max()
    return {"open": opened, "drag": dragged["ms"], "edit": edited, "levels": float(off)}
