"""Video: background and what moves
================================

A camera stands still, things pass by, and the light changes. Learn the scene without them.

::

    python examples/11_video_background.py
    python examples/11_video_background.py OUTPUT --video movie.mp4 --size 96x128    # your own

A frame is a column of V. A scene that does not move is the same column in every frame, as bright as
the light is; of two lights, a lamp and the sun, it is a sum of two columns, each taken more or
less. So the background is W H with as many parts as there are lights, and what moves is left over.

What moves also bends the parts, since squares of residuals are summed, and large ones rule. So the
fit is done again, with `weights=` that fall with the last residuals, some times over: then sizes of
residuals are summed, not their squares, and what is far off counts little.

The scene is made, so that the truth is known: coins, cut from the picture of them in scikit-image,
roll over gravel, under a lamp to the left that flickers and daylight that goes down.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.ndimage import binary_closing, median_filter
from skimage import data
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.transform import resize

import visnmf

SIDE, FRAMES, COIN = 128, 80, 34
ROUNDS = 8
FLOOR = 0.01  # residuals below are noise, and count alike


def main() -> None:
    """Learn the background, find what moves, draw."""
    options = parse_arguments()
    truth = moving = None
    if options.video is None:
        frames, truth, moving = roll_coins(seed=0)
        images = visnmf.load_images(frames)
    else:
        size = tuple(map(int, options.size.split("x")))
        images = visnmf.load_images(options.video, size=size, mode="gray")
    print(images)

    run = visnmf.factorize(images.V, options.lights)
    first = run.W @ run.H
    for _ in range(ROUNDS):
        weights = 1 / np.maximum(np.abs(images.V - run.W @ run.H), FLOOR)
        run = visnmf.factorize(images.V, options.lights, weights=weights, W=run.W, H=run.H)
    background = run.W @ run.H

    # What moves is far off beside the noise, and larger than a pixel.
    off = np.abs(images.V - background)
    noise = np.median(off) / 0.6745  # its standard deviation; a few large ones leave it alone
    far = images.layout.to_images((off > 4 * noise).astype(np.float32))
    found = images.layout.to_columns(median_filter(far, size=(1, 5, 5))) > 0.5

    if truth is not None:
        median = np.broadcast_to(np.median(images.V, axis=1, keepdims=True), images.V.shape)
        guesses = {"median of all frames": median, "NMF": first, "NMF, sizes summed": background}
        for name, guess in guesses.items():
            print(f"  {name:21} PSNR {psnr(truth, guess):.1f} dB of the background")
        right = (found & moving).sum()
        print(f"of the pixels that move {right / moving.sum():.0%} found;", end=" ")
        print(f"of those found {right / found.sum():.0%} move")

    options.output.mkdir(parents=True, exist_ok=True)
    shown = np.linspace(0, len(images) - 1, 6).astype(int)
    rows = {
        "frame": images.V[:, shown],
        "background": background[:, shown].clip(0, 1),
        "moving": np.where(found, images.V, 1)[:, shown],
    }
    figures = {
        "frames": (draw_rows(rows, images.layout, shown), "frames, their background, what moves"),
        "lights": (draw_lights(run, images.layout), "the parts: a light each, and when it shines"),
    }
    for name, (figure, told) in figures.items():
        figure.savefig(options.output / f"{name}.png", dpi=120)
        print(f"{options.output / name}.png: {told}")


def psnr(truth: np.ndarray, guess: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio in dB."""
    return float(-10 * np.log10(np.square(truth - guess).mean()))


def roll_coins(*, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return frames (n, h, w), and as columns the true background and which entries move."""
    rng = np.random.default_rng(seed)
    scene = resize(data.gravel()[:384, :384] / 255, (SIDE, SIDE), anti_aliasing=True)
    lamp = np.exp(-np.linspace(0, 2.5, SIDE))[None, :] * scene
    flicker = 0.75 + 0.25 * np.sin(np.arange(FRAMES) * 1.7) * rng.random(FRAMES)
    daylight = np.linspace(1, 0.35, FRAMES)
    background = np.stack(
        [0.6 * a * lamp + 0.7 * b * scene for a, b in zip(flicker, daylight, strict=True)]
    )
    coins = cut_coins()
    away = np.arange(COIN) - (COIN - 1) / 2
    disk = np.hypot(away[:, None], away) <= COIN / 2 - 1
    frames, moving = background.copy(), np.zeros(background.shape, bool)
    for number, coin in enumerate(coins):
        down, speed = 4 + 42 * number, (1.9, -1.3, 2.6)[number]
        for k in range(FRAMES):
            right = round(speed * k) % (SIDE - COIN)
            there = np.s_[k, down : down + COIN, right : right + COIN]
            light = 0.6 * flicker[k] * np.exp(-2.5 * right / SIDE) + 0.7 * daylight[k]
            frames[there] = np.where(disk, light * coin, frames[there])
            moving[there] |= disk
    frames += rng.normal(0, 0.01, frames.shape)
    columns = [stack.reshape(FRAMES, -1).T for stack in (background, moving)]
    return np.rint(255 * frames.clip(0, 1)).astype(np.uint8), *columns


def cut_coins() -> list[np.ndarray]:
    """Cut the three largest coins out of their picture."""
    picture = data.coins()
    bright = binary_closing(picture > threshold_otsu(picture), iterations=3)
    regions = sorted(regionprops(label(bright)), key=lambda region: -region.area_bbox)
    boxes = [
        r.bbox for r in regions if 0.8 < (r.bbox[2] - r.bbox[0]) / (r.bbox[3] - r.bbox[1]) < 1.25
    ]
    cuts = [picture[top:bottom, left:right] for top, left, bottom, right in boxes[:3]]
    return [resize(cut / 255, (COIN, COIN), anti_aliasing=True) for cut in cuts]


def draw_rows(rows: dict[str, np.ndarray], layout: visnmf.ImageLayout, shown: np.ndarray) -> Figure:
    """Show a row of pictures for each name."""
    figure = Figure(figsize=(1.5 * len(shown), 1.6 * len(rows)), layout="compressed")
    for axes, (name, columns) in zip(
        figure.subplots(len(rows), len(shown)), rows.items(), strict=True
    ):
        for ax, picture in zip(axes, layout.to_images(columns), strict=True):
            ax.imshow(picture, cmap="gray", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
        axes[0].set_ylabel(name)
    return figure


def draw_lights(run: visnmf.Factorization, layout: visnmf.ImageLayout) -> Figure:
    """Show each part, and how bright it is over time."""
    rank = run.W.shape[1]
    figure = Figure(figsize=(8, 2.6), layout="compressed")
    *panels, course = figure.subplots(1, rank + 1, width_ratios=[1] * rank + [1.6])
    strength = np.linalg.norm(run.W, axis=0)
    for axes, part, k in zip(panels, layout.to_images(run.W), range(rank), strict=True):
        axes.imshow(part, cmap="gray", vmin=0)
        axes.set_title(f"part {k + 1}")
        axes.set_axis_off()
        course.plot(
            run.H[k] * strength[k],
            label=f"part {k + 1}",
            color=("#0072B2", "#D55E00", "#009E73")[k % 3],
        )
    course.set(xlabel="frame", ylabel="how bright", ylim=(0, None))
    course.legend()
    return figure


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).parent / "output" / "11_video_background"
    parser.add_argument("output", nargs="?", type=Path, default=default, help="folder to write to")
    parser.add_argument(
        "--video", type=Path, help="a video, or a folder of frames, by a still camera"
    )
    parser.add_argument("--size", metavar="HxW", default="96x128", help="size to bring frames to")
    parser.add_argument("--lights", type=int, default=2, help="how many parts the scene has (2)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
