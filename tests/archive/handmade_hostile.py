"""Hostile archives made by hand: all checksums are right, so that only what they mean is wrong."""

import dataclasses
import lzma
import math
import struct
from functools import cache

import imagecodecs
import numpy as np
from handmade import framed, taken_apart

from visnmf.archive.coders import encode_near
from visnmf.archive.header import Base
from visnmf.archive.header_bytes import header_bytes
from visnmf.archive.header_fields import DTYPES
from visnmf.archive.lossy import LOSSY
from visnmf.archive.registry import Coder
from visnmf.archive.sections import SectionKind as Kind
from visnmf.archive.sheets import plan_sheets
from visnmf.archive.stated_jxl import bare_jxl
from visnmf.archive.varints import varint

FIELDS = "n height width channels rank chunk sheet_chunk columns shift step worst max_error".split()


def zstd_zeros(size, stated=None):
    """Return a Zstandard frame of many zeros: 4 bytes for each 128 KB of them."""
    blocks, left = [], size
    while left:
        some = min(left, 2**17)
        left -= some
        blocks.append((some << 3 | 2 | (left == 0)).to_bytes(3, "little") + b"\0")
    start = b"\x28\xb5\x2f\xfd\xe0" + (size if stated is None else stated).to_bytes(8, "little")
    return start + b"".join(blocks)


@cache
def packed_zeros(coder, size):
    """Return bytes that a coder of bytes unpacks to so many zeros."""
    if coder == Coder.ZSTD:
        return zstd_zeros(size)
    if coder == Coder.BROTLI:
        return bytes(imagecodecs.brotli_encode(bytes(size), level=1))
    dictionary = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 2**23}]
    return lzma.compress(bytes(size), format=lzma.FORMAT_RAW, filters=dictionary)


@cache
def coded(coder, height, width):
    """Return a black image coded as our writer codes it."""
    levels = np.zeros((height, width), np.uint8)
    if coder == Coder.JXL:
        return bare_jxl(bytes(imagecodecs.jpegxl_encode(levels, lossless=True, effort=3)))
    if coder == Coder.JPEGLS:
        return encode_near(levels, 0)
    codec = next(codec for codec in LOSSY if codec.coder == coder)
    return codec.encode(levels, (codec.best + codec.worst) // 2)


IMAGES = [Coder.JXL, Coder.JPEGLS, *(codec.coder for codec in LOSSY)]


def raw_header(header, flags=None, floats=b"", codes=(), **fields):
    """Return the bytes of a header whose fields may say anything (of a header without a mask)."""
    known = {name: getattr(header, name) for name in FIELDS} | fields
    out = bytearray(header_bytes(header)[:4])
    if flags is not None:
        out[0] = flags
    for place, value in codes:
        out[place] = value
    for name in FIELDS:
        out += known[name] if isinstance(known[name], bytes) else varint(known[name])
    return bytes(out) + floats


class Corpus:
    """Good archives, to be changed."""

    def __init__(self, folder):
        self.folder = folder

    def get(self, kind):
        """Return the header of an archive and its sections."""
        return taken_apart(self.folder / f"{kind}.vnmf")

    def changed(self, kind, *, sections=None, **fields):
        """Return an archive with other fields in its header, or other sections."""
        header, there = self.get(kind)
        for place, section in (sections or {}).items():
            at = [s[0] for s in there].index(place) if isinstance(place, Kind) else place
            there[at] = (there[at][0], *section)
        return framed(header_bytes(dataclasses.replace(header, **fields)), there)

    def sheet(self, coder, data, shape, *, bits=8, **fields):
        """Return an archive of one picture, which is one sheet."""
        header, _ = self.get("lossless noise")
        kept = {"n": 1, "height": shape[0], "width": shape[1], "kept": 0, "bits": bits}
        kept |= {"channels": shape[2] if len(shape) > 2 else 1, "dtype": f"uint{bits}"}
        kept |= {"high": 2.0**bits - 1, "sheet_chunk": 1, "columns": 1, "worst": 0}
        lossy = coder >= Coder.AVIF
        kept |= {"base": Base.SHEETS, "step": 0} if lossy else {}
        header = dataclasses.replace(header, **(kept | fields))
        kind = Kind.SHEET if lossy else Kind.RESIDUAL
        names = (Kind.NAMES, Coder.RAW, b"\x00\x01a")
        return framed(header_bytes(header), [names, (kind, coder, data)])


def giants(corpus):
    """Yield archives of some kilobytes that honestly hold far more than anyone allowed."""
    side = 2**14
    yield "a sheet of 2^28 zeros", corpus.sheet(Coder.ZSTD, zstd_zeros(side**2), (side, side))
    yield "of 16 bits", corpus.sheet(Coder.ZSTD, zstd_zeros(side**2), (side, side // 2), bits=16)
    for coder in (Coder.JXL, Coder.JPEGLS, Coder.JPEG2000):
        data = coded(coder, 1500, 1500)
        yield f"a sheet by {coder.name}", corpus.sheet(coder, data, (1500, 1500))
    header, sections = corpus.get("factors")
    wide = {"height": 2**11, "width": 2**11, "kept": 0, "rank": 64, "chunk": 20, "n": 20}
    many = [(Kind.BASIS, Coder.ZSTD, zstd_zeros(2**22)) for _ in range(64)]
    scales = (Kind.SCALES, Coder.RAW, b"\1\0" * 64)
    H = (Kind.ENCODINGS, Coder.ZSTD, zstd_zeros(64 * 20))
    big = dataclasses.replace(header, **wide)
    yield "parts of 2^28 zeros", framed(header_bytes(big), [sections[0], scales, *many, H])
    tall = dataclasses.replace(header, n=2**20, chunk=2**20, rank=256, height=1, width=1, kept=0)
    scales = (Kind.SCALES, Coder.RAW, b"\1\0" * 256)
    H = (Kind.ENCODINGS, Coder.ZSTD, zstd_zeros(2**28))
    basis = (Kind.BASIS, Coder.ZSTD, zstd_zeros(256))
    names = (Kind.NAMES, Coder.RAW, b"\x00\x010" + varint(2 * (2**20 - 1) - 1) + b"\0\1")
    yield "2^28 encodings", framed(header_bytes(tall), [names, scales, basis, H])
    n, chunk = 10**8, 2**20
    header, _ = corpus.get("lossless noise")
    pixels = {"height": 1, "width": 1, "kept": 0, "sheet_chunk": chunk, "columns": 1024}
    crowd = dataclasses.replace(header, n=n, **pixels)
    dots = [(Kind.RESIDUAL, Coder.ZSTD, zstd_zeros(chunk)) for _ in range(n // chunk)]
    rows = -(-(n % chunk) // 1024)
    dots.append((Kind.RESIDUAL, Coder.ZSTD, zstd_zeros(rows * 1024)))
    names = (Kind.NAMES, Coder.RAW, b"\x00\x010" + varint(2 * (n - 1) - 1) + b"\0\1")
    yield "10^8 pictures", framed(header_bytes(crowd), [names, *dots])
    yield "10^8 pictures without names", framed(header_bytes(crowd), dots)
    header, sections = corpus.get("masked")
    for coder in (Coder.ZSTD, Coder.BROTLI, Coder.LZMA):
        vast = dataclasses.replace(header, height=2**14, width=2**14, kept=1)
        there = [
            (kind, coder, packed_zeros(coder, 2**25)) if kind == Kind.MASK else (kind, c, data)
            for kind, c, data in sections
        ]
        yield f"a mask of 2^28 pixels by {coder.name}", framed(header_bytes(vast), there)


def bombs(corpus):
    """Yield archives whose sections give more than the header says, or say they would."""
    places = [("factors", Kind.NAMES), ("masked", Kind.MASK), ("factors", Kind.SCALES)]
    places += [("factors", Kind.BASIS), ("lossless noise", Kind.RESIDUAL)]
    places += [("factors", Kind.ENCODINGS)]
    for kind, place in places:
        for coder in (Coder.ZSTD, Coder.BROTLI, Coder.LZMA):
            if place == Kind.ENCODINGS and corpus.get(kind)[1][3][1] != coder:
                continue
            size = 2**31 if coder == Coder.ZSTD else 2**27
            data = packed_zeros(coder, size)
            yield (
                f"{place.name} by {coder.name}",
                corpus.changed(kind, sections={place: (coder, data)}),
            )
        lie = zstd_zeros(2**27, stated=20)
        yield f"{place.name} that lies", corpus.changed(kind, sections={place: (Coder.ZSTD, lie)})
        lie = zstd_zeros(20, stated=2**63)
        yield f"{place.name} that boasts", corpus.changed(kind, sections={place: (Coder.ZSTD, lie)})
    for coder in IMAGES:
        large = coded(coder, 500, 400)
        yield f"a larger {coder.name}", corpus.sheet(coder, large, (12, 12))
        good = coded(coder, 12, 12)
        for name, data in boasting(coder, good):
            yield f"{coder.name} that says {name}", corpus.sheet(coder, data, (12, 12))
            if name == "16383 x 16383":
                yield f"{coder.name}, both {name}", corpus.sheet(coder, data, (16383, 16383))
            if name == "1000 x 1000":
                yield f"{coder.name}, both {name}", corpus.sheet(coder, data, (1000, 1000))
    large = coded(Coder.JXL, 500, 400)
    for kind in ("factors", "layers"):
        place = Kind.BASIS
        yield f"parts of {kind}", corpus.changed(kind, sections={place: (Coder.JXL, large)})


def boasting(coder, good):
    """Yield coded images whose own header says another size."""
    for height, width in [(16383, 16383), (65535, 65535), (1000, 1000), (0, 12), (12, 0)]:
        name = f"{height} x {width}"
        if coder in (Coder.JPEG, Coder.JPEGLS):
            marker = b"\xff\xf7" if coder == Coder.JPEGLS else b"\xff\xc0"
            marker = marker if marker in good else b"\xff\xc2"
            at = good.index(marker) + 5
            yield name, good[:at] + struct.pack(">HH", height, width) + good[at + 4 :]
        elif coder == Coder.JPEG2000:
            size = struct.pack(">II", width, height)
            yield name, good[:8] + size + good[16:24] + size + good[32:]
        elif coder == Coder.WEBP and max(height, width) < 2**14:
            yield name, good[:26] + struct.pack("<HH", width, height) + good[30:]
        elif coder == Coder.AVIF:
            at = good.index(b"ispe") + 8
            yield name, good[:at] + struct.pack(">II", width, height) + good[at + 8 :]


def numbers(corpus):
    """Yield archives whose numbers make no sense, or only together."""
    for name, scales in {
        "zero scales": bytes(6),
        "one zero scale": b"\1\0\0\0\1\0",
        "scales too few": b"\1\0\1\0",
        "an odd byte": b"\1\0\1\0\1",
        "a model that none needs": b"\1\0" * 3 + b"model",
    }.items():
        yield name, corpus.changed("factors", sections={Kind.SCALES: (Coder.RAW, scales)})
    yield "the greatest numbers", _greatest(corpus, 64)
    yield "less than the greatest numbers", _greatest(corpus, 24)
    for shift in (41, 62):
        yield f"a shift of {shift}", corpus.changed("factors", shift=shift)
    for name, fields in {
        "a shift of 63": {"shift": 63},
        "an even step": {"step": 2},
        "a step of 2^62": {"step": 2**62},
        "a negative step": {"step": b"\xff" * 9 + b"\x01"},
        "chunks of none": {"chunk": 0},
        "sheets of none": {"sheet_chunk": 0},
        "no columns": {"columns": 0},
        "no pictures": {"n": 0},
        "no pixels": {"height": 0},
        "2^62 pictures": {"n": 2**62},
        "2^62 pixels": {"width": 2**62},
        "2^62 parts": {"rank": 2**62},
        "the worst of others": {"worst": 20},
    }.items():
        header, sections = corpus.get("factors")
        yield name, framed(raw_header(header, floats=b"", **fields), sections)
    header, sections = corpus.get("lossless noise")
    for name, low, high in [
        ("NaN", np.nan, 1.0), ("an infinity", 0.0, np.inf), ("no range", 1.0, 1.0),
        ("a range turned over", 255.0, 0.0), ("the greatest range", -1e308, 1e308),
    ]:  # fmt: skip
        floats = struct.pack("<2d", low, high)
        yield f"values of {name}", framed(raw_header(header, flags=16, floats=floats), sections)
    for name in ("float16", "float32", "float64", "int8", "int64", "uint64", "bool", "uint8"):
        for low, high in [(-8e307, 8e307), (0.0, 5e-324), (1e300, 1.1e300), (-1e300, 3.0)]:
            floats, codes = struct.pack("<2d", low, high), [(2, DTYPES.index(name))]
            other = raw_header(header, flags=16, floats=floats, codes=codes)
            yield f"{name} from {low} to {high}", framed(other, sections)


def _greatest(corpus, rank):
    """Return an archive whose scales, parts and encodings are all 65535."""
    header, sections = corpus.get("factors")
    plan = plan_sheets(rank, header.height, header.width)
    packed = [
        (Kind.SCALES, b"\xff" * 2 * rank),
        *((Kind.BASIS, b"\xff" * (2 * math.prod(plan.shape(i)))) for i in range(plan.sheets)),
        *((Kind.ENCODINGS, b"\xff" * (2 * rank * count)) for count in (8, 8, 4)),
    ]
    there = [(kind, Coder.ZSTD, bytes(imagecodecs.zstd_encode(data))) for kind, data in packed]
    changed = dataclasses.replace(header, rank=rank)
    return framed(header_bytes(changed), [sections[0], *there])


def disagreeing(corpus):
    """Yield archives whose header and sections do not fit, or that no version knows."""
    for kind in ("factors", "lossless noise"):
        header, sections = corpus.get(kind)
        for n in (header.n - 1, header.n + 1, 3 * header.n):
            yield f"{kind} of {n}", framed(raw_header(header, n=n, **_own(header)), sections)
        for place, section in enumerate(sections):
            twice = [*sections[: place + 1], *sections[place:]]
            without = [*sections[:place], *sections[place + 1 :]]
            name = f"{kind}: {section[0].name} {place}"
            yield f"{name} twice", framed(header_bytes(header), twice)
            yield f"{name} missing", framed(header_bytes(header), without)
            for coder in (*Coder, 7, 15, 21, 255):
                changed = [
                    *sections[:place],
                    (section[0], coder, section[2]),
                    *sections[place + 1 :],
                ]
                yield f"{name} by {int(coder)}", framed(header_bytes(header), changed)
            changed = [*sections[:place], (9, *section[1:]), *sections[place + 1 :]]
            yield f"{name} of kind 9", framed(header_bytes(header), changed)
        yield f"{kind} turned over", framed(header_bytes(header), sections[::-1])
        good = framed(header_bytes(header), sections)
        for version in (0, 2, 65535):
            for at in (8, good.rindex(b"MNV\x89") - 12):
                other = good[:at] + version.to_bytes(2, "little") + good[at + 2 :]
                yield f"{kind} of version {version} at {at}", other
        for flags in (3, 4, 32, 64, 128, 255):
            other = bytes([flags]) + header_bytes(header)[1:]
            yield f"{kind} with flags {flags}", framed(other, sections)
        for place, value in [(1, 0), (1, 6), (1, 255), (2, 12), (3, 0), (3, 16), (3, 255)]:
            other = bytearray(header_bytes(header))
            other[place] = value
            yield f"{kind} with {value} at {place}", framed(bytes(other), sections)
    for channels in (2, 3, 4096):
        yield f"{channels} channels", corpus.changed("factors", channels=channels)
        sides = {"channels": channels, "apart": True}
        yield f"{channels} apart", corpus.changed("factors", **sides, columns=1)
    yield "another size", corpus.changed("factors", height=7, width=10)
    yield "fewer kept", corpus.changed("masked", kept=3)
    yield "other sheets", corpus.changed("lossless noise", sheet_chunk=2, columns=2)
    header, sections = corpus.get("lossless noise")
    yield "overlapping sections", _overlapping(header, sections, 1)
    yield "sections apart", _overlapping(header, sections, -1)


def _own(header):
    return {"worst": 0, "floats": b""} if header.max_error == 0 else {"worst": 0}


def _overlapping(header, sections, by):
    """Return an archive whose first section says that it ends within the second."""
    good = framed(header_bytes(header), sections)
    first = sections[0]
    row = bytes((first[0], first[1])) + varint(len(first[2]))
    other = bytes((first[0], first[1])) + varint(len(first[2]) + by)
    assert good.count(row) == 2
    return good.replace(row, other)


NAMES = {
    "climbing": [b"../a"],
    "climbing later": [b"a/../../b"],
    "absolute": [b"/etc/passwd"],
    "of a drive": [b"C:/a", b"c:a"],
    "of a server": [b"\\\\server\\share"],
    "of another system": [b"a\\..\\b"],
    "empty": [b""],
    "of dots": [b"."],
    "with an empty folder": [b"a//b"],
    "in a folder of itself": [b"a", b"a/b"],
    "the same": [b"a", b"a"],
    "the same but for case": [b"a.png", b"A.PNG"],
    "the same but for marks": ["é".encode(), "e\u0301".encode()],
    "the same but for joiners": [b"ab", "a\u200db".encode()],
    "with a line end": [b"a\nb"],
    "with a zero": [b"a\0.png"],
    "with an escape": [b"\x1b[2J"],
    "turned to the left": ["a\u202egnp.exe".encode()],
    "of devices": [b"CON", b"aux.png", b"nul.tar.gz", b"dir/LPT1", "COM¹".encode()],
    "of streams": [b"a.png:evil"],
    "ending in a dot": [b"a."],
    "ending in a space": [b"dir /a"],
    "too long": [b"a" * 5000],
    "too long in one part": [b"a" * 256],
    "too deep": [b"a/" * 70 + b"b"],
    "no text": [b"\xff\xfe"],
    "of surrogates": [b"\xed\xa0\x80"],
    "longer than need be": [b"\xc0\xae\xc0\xae/a"],
}


def bad_names(corpus):
    """Yield archives whose names must not become files."""
    header, _ = corpus.get("lossless noise")
    for what, some in NAMES.items():
        for name in some if len(some) > 2 or what == "of a drive" else [some]:
            bad = name if isinstance(name, list) else [name]
            names = [*bad, *(b"n%d" % j for j in range(len(bad), header.n))]
            data = b"".join(b"\0" + varint(len(name)) + name for name in names)
            yield f"names {what} {bad[0]!r:.20}", _with_names(corpus, data)
    for what, data in {
        "too few": b"\0\1a",
        "too many": b"\0\1a" * 7,
        "none": b"\0",
        "cut short": b"\0\x09abc",
        "kept of nothing": b"\x10\1a",
        "counting nothing": b"\0\1a\x09\0\1",
        "counting by nothing": b"\0\0010\x09\0\0",
        "counting another number": b"\0\0010\x09\5\1",
        "counting too far": b"\0\x12" + b"9" * 18 + b"\x09\0\1",
        "counting more than there are": b"\0\0010" + varint(2**62 + 1) + b"\0\1",
        "of 2^62 bytes": b"\0" + varint(2**62),
    }.items():
        yield f"names {what}", _with_names(corpus, data)


def _with_names(corpus, data):
    return corpus.changed("lossless noise", sections={Kind.NAMES: (Coder.RAW, data)})
