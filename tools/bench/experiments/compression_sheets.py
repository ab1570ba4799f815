"""The best contact sheet, sought apart from the search of the archive: slowly, and everywhere.

Each codec of visnmf/archive/lossy.py with its settings there; channels together and apart; in the
tiles of the archive and, where there are several, on one sheet of all pictures.
"""

import math

import imagecodecs
import numpy as np

from visnmf.archive.coders import decode_image, encode_near
from visnmf.archive.dials import dial_of
from visnmf.archive.lossy import LOSSY
from visnmf.archive.sheets import SheetPlan, cut, lay, plan_sheets

_FAR = 1.3  # where lossy codecs take so many times the bytes at an error, they do at a lesser one
_STEP = {True: 8, False: 1}  # notches of a dial of thousands that are tried


class Sheets:
    """One set on contact sheets in all ways; what was tried is kept."""

    def __init__(self, levels):
        self.levels = levels
        self.peak = int(np.iinfo(levels.dtype).max)
        self.kept, self.laid, self.coarse, self.exact = {}, {}, {}, {}
        channels = levels.shape[3] if levels.ndim == 4 else 1
        ways = {1: (False,), 3: (False, True)}.get(channels, (True,))
        self.plans = []
        for apart in ways:
            tiled = plan_sheets(*levels.shape[:3], channels, apart=apart)
            self.plans.append(tiled)
            if tiled.sheets > 1:
                self.plans.append(_on_one(tiled))

    def psnr(self, goal):
        """Return (bytes, what) of the smallest sheets of a PSNR."""
        exact = min((size, f"{way}, lossless") for way, size in self.lossless().items())
        return min(self._least(lambda tried: min(tried["psnr"], 150.0) - goal), exact)

    def bound(self, error):
        """Return (bytes, what) of the smallest sheets whose levels are all within an error."""
        found = []
        for plan in self.plans:
            if error <= (127 if self.peak == 255 else 255):
                near = sum(len(encode_near(sheet, error)) for sheet in self._sheets(plan))
                found.append((near, "JPEG-LS" + _way(plan)))
            step = 2 * error + 1
            found.append((self._jxl(plan, step), "JPEG XL of steps" + _way(plan)))
        near = min(found)
        if all(over < _FAR for more, over in self.coarse.items() if more > error):
            lossy = self._least(lambda tried: error - tried["error"])
            self.coarse[error] = lossy[0] / near[0]
            return min(near, lossy)
        return near

    def lossless(self):
        """Return bytes by coder of sheets that keep every level."""
        if self.exact:
            return self.exact
        found = self.exact
        for plan in self.plans:
            way = _way(plan)
            found["JPEG XL" + way] = self._jxl(plan, 1)
            found["JPEG-LS" + way] = sum(len(encode_near(s, 0)) for s in self._sheets(plan))
            found["PNG" + way] = self._sum(plan, lambda s: imagecodecs.png_encode(s, level=9))
            found["JPEG 2000" + way] = self._sum(plan, _jpeg2000)
            if self.peak == 255 and max(plan.shape(0)) <= 16383:
                found["WebP" + way] = self._sum(plan, _webp)
        return found

    def within(self, nbytes):
        """Return (PSNR, what) of the best sheets of at most so many bytes."""
        best = (-math.inf, "none")
        for plan, codec in self._ways():
            for tried in self._seek(plan, codec, lambda t: math.log2(t["bytes"] / (nbytes + 0.5))):
                if tried["bytes"] <= nbytes:
                    best = max(best, (tried["psnr"], codec.name + _way(plan)))
        exact = min(self.lossless().items(), key=lambda pair: pair[1])
        return max(best, (math.inf, exact[0])) if exact[1] <= nbytes else best

    def _least(self, above):
        """Return the fewest bytes for which `above`, which grows with quality, is 0 or more."""
        best = (math.inf, "none")
        for plan, codec in self._ways():
            for tried in self._seek(plan, codec, above):
                if above(tried) >= 0:
                    best = min(best, (tried["bytes"], codec.name + _way(plan)))
        return best

    def _seek(self, plan, codec, above):
        """Try qualities until those on both sides of above = 0 are neighbors; return all tried."""
        dial = dial_of(codec.coder)
        known = {k: above(self.kept[plan, codec.name, quality])
                 for k, quality in enumerate(dial.qualities)
                 if (plan, codec.name, quality) in self.kept}  # fmt: skip
        low = max((k for k, off in known.items() if off < 0), default=-1)
        high = min((k for k, off in known.items() if off >= 0 and k > low),
                   default=len(dial.qualities))  # fmt: skip
        turn = 0
        while high - low > _STEP[dial.fine]:
            at = (low + high) // 2
            if low in known and high in known and turn % 3 < 2:  # false position, then a half
                share = known[low] / (known[low] - known[high])
                at = min(max(round(low + share * (high - low)), low + 1), high - 1)
            known[at] = above(self._try(plan, codec, dial.qualities[at]))
            low, high = (low, at) if known[at] >= 0 else (at, high)
            turn += 1
        return [self._try(plan, codec, dial.qualities[k]) for k in known]

    def _ways(self):
        for plan in self.plans:
            empty = np.broadcast_to(self.levels.reshape(-1)[:1], plan.shape(0))
            for codec in LOSSY:
                if codec.takes(empty):
                    yield plan, codec

    def _try(self, plan, codec, quality):
        key = (plan, codec.name, quality)
        if key not in self.kept:
            size, error, most, count = 0, 0.0, 0, 0
            for i, sheet in enumerate(self._sheets(plan)):
                data = codec.encode(sheet, quality)
                back = cut(decode_image(codec.coder, data, sheet.shape, sheet.dtype), plan, i)
                off = back.astype(np.int32) - self.levels[plan.pictures(i)]
                size, count = size + len(data), count + off.size
                error += float(np.square(off, dtype=np.float64).sum())
                most = max(most, int(abs(off).max()))
            psnr = math.inf if error == 0 else 10 * math.log10(self.peak**2 * count / error)
            self.kept[key] = {"bytes": size, "psnr": psnr, "error": most}
        return self.kept[key]

    def _sheets(self, plan):
        if plan not in self.laid:
            self.laid[plan] = [
                np.ascontiguousarray(lay(self.levels[plan.pictures(i)], plan, i))
                for i in range(plan.sheets)
            ]
        return self.laid[plan]

    def _jxl(self, plan, step):
        key = (plan, "JPEG XL of steps", step)
        if key not in self.kept:
            self.kept[key] = self._sum(plan, lambda sheet: _jxl(_divided(sheet, step)))
        return self.kept[key]

    def _sum(self, plan, encode):
        return sum(len(encode(sheet)) for sheet in self._sheets(plan))


def _on_one(plan):
    """Return the plan with all pictures on one near-square sheet."""
    cells = plan.n * plan.planes
    columns = max(1, round(math.sqrt(cells * plan.height / plan.width)))
    return SheetPlan(plan.n, plan.height, plan.width, plan.channels, plan.n, columns, plan.apart)


def _way(plan):
    apart = ", apart" if plan.apart and plan.channels > 1 else ""
    return apart + (", one sheet" if plan.sheets == 1 and plan.pixels >= 2**21 else "")


def _divided(sheet, step):
    return ((sheet.astype(np.int32) + step // 2) // step).astype(sheet.dtype)


def _jxl(sheet):
    return min((imagecodecs.jpegxl_encode(sheet, lossless=True, effort=effort, numthreads=1)
                for effort in (7, 9)), key=len)  # fmt: skip


def _jpeg2000(sheet):
    return imagecodecs.jpeg2k_encode(sheet, codecformat="j2k", reversible=True, level=0)


def _webp(sheet):
    rgb = np.repeat(sheet[..., None], 3, axis=2) if sheet.ndim == 2 else sheet
    return imagecodecs.webp_encode(rgb, lossless=True, level=100, method=6)
