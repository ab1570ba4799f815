"""Whole pictures by overlapping patches: noise taken out, holes filled, defects found."""

import numpy as np
from skimage import data
from skimage.metrics import peak_signal_noise_ratio
from skimage.restoration import denoise_nl_means, inpaint_biharmonic

import visnmf

from timing import keep, seconds, table

SIGMA = 25 / 255
PHOTOS = ("camera", "coins", "page", "brick")
HALF = 0.5  # of the pixels are hidden


def run(options):
    """Compare with scikit-image and OpenCV, each photo against itself."""
    photos = PHOTOS[:1] if options.quick else PHOTOS
    kept = {"denoising": denoising(photos), "filling": filling(photos[:2])}
    keep("restoring", kept)


def denoising(photos):
    """Print the PSNR after noise of sigma 25 of 255 was taken out."""
    rows, kept = [], {}
    for name in photos:
        truth = load(name)
        noise = np.random.default_rng(0).standard_normal(truth.shape)
        noisy = (truth + SIGMA * noise).astype(np.float32)
        took_theirs, theirs = seconds(lambda noisy=noisy: best_nl_means(noisy))
        took, ours = seconds(lambda noisy=noisy: without_noise(noisy))
        found = {"noisy": noisy, "ours": ours, "ours, sigma estimated": without_noise(noisy, None)}
        found |= {f"NL-means, h={h} sigma": picture for h, picture in theirs.items()}
        kept[name] = {label: psnr(truth, picture) for label, picture in found.items()}
        kept[name]["time over one NL-means"] = took / (took_theirs / len(theirs))
        rows.append([name, *(f"{value:.2f}" for value in kept[name].values())])
    table("noise of sigma 25: PSNR in dB", ["photo", *kept[photos[0]]], rows)
    return kept


def without_noise(noisy, sigma=SIGMA):
    """Return a picture without its noise, by parts learned from itself."""
    known = SIGMA if sigma is None else sigma
    encoder = visnmf.PatchEncoder(128, patch_size=8, floor=2 * known, sparsity=0.15, max_iter=5)
    return encoder.fit([noisy]).denoise([noisy], sigma)[0]


def best_nl_means(noisy):
    """Return what scikit-image's non-local means make of it, by filter strength."""
    options = {"patch_size": 5, "patch_distance": 6, "fast_mode": True, "sigma": SIGMA}
    return {h: denoise_nl_means(noisy, h=h * SIGMA, **options) for h in (0.6, 0.8)}


def filling(photos):
    """Print the PSNR after half of the pixels were filled in."""
    import cv2

    rows, kept = [], {}
    for name in photos:
        truth = load(name)
        known = np.random.default_rng(0).random(truth.shape) > HALF
        holed = np.where(known, truth, 0).astype(np.float32)
        bytes_, holes = np.rint(255 * holed).astype(np.uint8), (~known).astype(np.uint8)
        encoder = visnmf.PatchEncoder(128, patch_size=8).fit([load("brick"), load("moon")])
        found = {
            "ours, parts of other photos": encoder.inpaint([holed], known)[0],
            "biharmonic": inpaint_biharmonic(holed, ~known).astype(np.float32),
            "Telea (OpenCV)": cv2.inpaint(bytes_, holes, 3, cv2.INPAINT_TELEA) / 255,
        }
        kept[name] = {label: psnr(truth, picture) for label, picture in found.items()}
        rows.append([name, *(f"{value:.2f}" for value in kept[name].values())])
    table("half of the pixels filled in: PSNR in dB", ["photo", *kept[photos[0]]], rows)
    return kept


def load(name):
    """Return a photo inside scikit-image."""
    return getattr(data, name)().astype(np.float32) / 255


def psnr(truth, found):
    """Return the peak signal-to-noise ratio in dB."""
    return float(peak_signal_noise_ratio(truth, found.astype(np.float32), data_range=1))
