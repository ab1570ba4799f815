"""Parts as regions of interest that ImageJ and Fiji open: outlines in a zip file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["outlines_of", "roi_of", "roi_set"]

_MOVE, _LINE, _CLOSE = 0.0, 1.0, 4.0  # segments of a path, as java.awt.geom has them
_NEAREST = 0.1
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same parts give the same bytes


def outlines_of(brightness: NDArray[Any], level: float) -> list[NDArray[np.float32]]:
    """Return the closed outlines of where a part is brighter than a level.

    Parameters
    ----------
    brightness : ndarray, shape (h, w)
        The part, not negative.
    level : float
        Not negative.

    Returns
    -------
    list of ndarray, shape (points, 2)
        (x, y) as ImageJ counts: the middle of the first pixel is (0.5, 0.5). They lie between
        pixels, so that just those have their middle inside which are brighter. By the even-odd
        rule holes are outside.
    """
    from skimage.measure import find_contours

    over = brightness.astype(np.float64) - level
    largest = float(np.abs(over).max()) or 1.0
    # No pixel is so near the level that its middle would lie on an outline
    sizes = np.clip(np.abs(over), _NEAREST * largest, None)
    # At the rim of the picture the outline follows the rim, halfway to what is not there
    signed = np.pad(np.where(over > 0, sizes, -sizes), 1, constant_values=0)
    signed = np.where(signed == 0, -np.pad(sizes, 1, mode="edge"), signed)
    found = find_contours(signed, 0.0)
    return [(contour[:-1, ::-1] - 0.5).astype(np.float32) for contour in found]


def roi_of(outlines: Sequence[NDArray[np.float32]], name: str) -> bytes:
    """Return outlines as one region: a polygon, or several and holes as a composite.

    Parameters
    ----------
    outlines : sequence of ndarray, shape (points, 2)
        At least one.
    name : str
        What ImageJ shows.

    Returns
    -------
    bytes
        The content of a ``.roi`` file.
    """
    from roifile import ROI_TYPE, ImagejRoi

    if len(outlines) == 1:
        return ImagejRoi.frompoints(outlines[0], name=name).tobytes()
    path: list[float] = []
    for outline in outlines:
        for place, (x, y) in enumerate(outline.tolist()):
            path += [_LINE if place else _MOVE, x, y]
        path.append(_CLOSE)
    points = np.concatenate(list(outlines))
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int)
    roi = ImagejRoi(
        roitype=ROI_TYPE.RECT,
        name=name,
        left=int(left),
        top=int(top),
        right=int(right),
        bottom=int(bottom),
        shape_roi_size=len(path),
        multi_coordinates=np.array(path, np.float32),
    )
    return roi.tobytes()


def roi_set(rois: Sequence[tuple[str, bytes]]) -> bytes:
    """Return regions as the zip file that ImageJ's ROI Manager opens.

    Parameters
    ----------
    rois : sequence of (str, bytes)
        The name in the zip, without its ending, and the content of each.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in rois:
            entry = zipfile.ZipInfo(f"{name}.roi", _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return content.getvalue()
