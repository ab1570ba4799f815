"""Figures of merit, as plain numbers from arrays.

The error of V ~ W H, the likeness of rebuilt pictures to the originals (PSNR, SSIM),
the sparseness of parts or encodings, and how much parts overlap.
"""

from visnmf.measure.factors import hoyer_sparseness, part_overlap, relative_error
from visnmf.measure.pictures import psnr, ssim

__all__ = ["hoyer_sparseness", "part_overlap", "psnr", "relative_error", "ssim"]
