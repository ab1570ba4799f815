"""Figures of merit, as plain numbers from arrays.

The error of V ~ W H, the likeness of rebuilt pictures to the originals (PSNR, SSIM),
the sparseness of parts or encodings, how much parts overlap, and which parts of two
factorizations go together.
"""

from visnmf.measure.factors import hoyer_sparseness, part_overlap, relative_error
from visnmf.measure.matching import Matching, match_parts, part_cosines
from visnmf.measure.pictures import psnr, ssim

__all__ = [
    "Matching",
    "hoyer_sparseness",
    "match_parts",
    "part_cosines",
    "part_overlap",
    "psnr",
    "relative_error",
    "ssim",
]
