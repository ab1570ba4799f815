"""A reader written from tools/docs/archive-format.md alone: nothing of visnmf.archive in it."""

import hashlib
import lzma
import math
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from handmade import framed, varint

import visnmf

LZMA2 = {"id": lzma.FILTER_LZMA2, "dict_size": 2**23, "lc": 3, "lp": 0, "pb": 2}
IMAGES = {
    2: imagecodecs.jpegxl_decode,
    3: imagecodecs.jpegls_decode,
    16: imagecodecs.avif_decode,
    17: imagecodecs.jpegxl_decode,
    18: imagecodecs.webp_decode,
    19: imagecodecs.jpeg8_decode,
    20: imagecodecs.jpeg2k_decode,
}
NUMBERS = "rank chunk sheet_chunk columns shift step worst max_error".split()


class Bytes:
    """Bytes that are taken one thing after another."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self):
        number = shift = 0
        while True:
            (byte,) = self.take(1)
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number


class Reader:
    """The levels of an archive, read as the page says."""

    def __init__(self, data):
        assert data[:8] == b"\x89VNM\r\n\x1a\n"
        version, zero, size, crc = struct.unpack_from("<HHII", data, 8)
        directory = data[20 : 20 + size]
        assert (version, zero, zlib.crc32(data[8:16] + directory)) == (1, 0, crc)
        assert hashlib.sha256(data[:-32]).digest() == data[-32:]
        assert data[-36:-32] == b"MNV\x89"
        self.header(Bytes(directory))
        for kind, coder, at, length, crc in self.rows:
            assert zlib.crc32(data[at : at + length]) == crc
            self.sections.setdefault(kind, []).append((coder, data[at : at + length]))
        self.read_mask()

    def header(self, take):
        self.sections, self.rows = {}, []
        flags, mode, self.dtype, self.bits = take.take(4)
        self.base, self.apart, masked = flags & 3, bool(flags & 4), flags & 8
        self.n, self.height, self.width, self.channels = (take.varint() for _ in range(4))
        self.kept = take.varint() if masked else self.height * self.width
        for name in NUMBERS:
            setattr(self, name, take.varint())
        take.take(8 * (2 * bool(flags & 16) + (mode <= 3) + 2 * bool(self.max_error)))
        self.planes = self.channels if self.apart else 1
        self.peak = 2**self.bits - 1
        at = 20 + len(take.data)
        while take.at < len(take.data):
            kind, coder = take.take(2)
            length = take.varint()
            (crc,) = struct.unpack("<I", take.take(4))
            self.rows.append((kind, coder, at, length, crc))
            at += length

    def read_mask(self):
        self.mask = np.ones(self.height * self.width, bool)
        if 2 in self.sections:
            bits = np.frombuffer(unpacked(*self.sections[2][0]), np.uint8)
            self.mask = np.unpackbits(bits)[: self.height * self.width] == 1
            assert self.mask.sum() == self.kept

    def names(self):
        take, before, names = Bytes(unpacked(*self.sections[1][0])), b"", []
        while take.at < len(take.data):
            t = take.varint()
            if t % 2 == 0:
                before = before[: t // 2] + take.take(take.varint())
                names.append(before.decode())
                continue
            which, by = take.varint(), take.varint()
            for _ in range((t + 1) // 2):
                before = counted(before, which, by)
                names.append(before.decode())
        return names

    def levels(self):
        """All pictures, (n, height, width, channels)."""
        base = stored = None
        if self.base == 1:
            base = self.pictures(7)
        elif self.base == 2:
            base = self.rebuilt()
        if not self.step:
            return base
        stored = self.pictures(8).astype(np.int64)
        if base is None:
            return np.minimum(self.step * stored, self.peak)
        over = self.step * (stored - (self.peak + 1) // 2) + base
        return over % (self.peak + 1) if self.step == 1 else np.clip(over, 0, self.peak)

    def pictures(self, kind):
        cells = []
        color = 1 if self.apart else self.channels
        for i, section in enumerate(self.sections[kind]):
            first = i * self.sheet_chunk
            count = (min(self.n, first + self.sheet_chunk) - first) * self.planes
            columns = min(self.columns, count)
            shape = (math.ceil(count / columns) * self.height, columns * self.width, color)
            sheet = image(*section, shape, self.bits)
            cells += [self.cell(sheet, k, columns) for k in range(count)]
        return self.together(np.array(cells))

    def cell(self, sheet, k, columns):
        top, left = k // columns * self.height, k % columns * self.width
        return sheet[top : top + self.height, left : left + self.width]

    def together(self, cells):
        """Cells to pictures with their channels last."""
        if not self.apart:
            return cells
        return cells[..., 0].reshape(self.n, self.planes, self.height, self.width).transpose(
            0, 2, 3, 1
        )  # fmt: skip

    def rebuilt(self):
        scales = np.frombuffer(unpacked(*self.sections[4][0])[: 2 * self.rank], "<u2")
        weights = self.parts().astype(object) * scales.astype(object)[:, None]
        rounding = 1 << (self.shift - 1) if self.shift else 0
        color = self.channels // self.planes
        cells = []
        for i, (coder, data) in enumerate(self.sections[6]):
            count = (min(self.n, (i + 1) * self.chunk) - i * self.chunk) * self.planes
            Q = image(coder, data, (self.rank, count, 1), None)[..., 0].astype(object)
            for j in range(count):  # in Python's own whole numbers: exact beyond doubt
                sums = [(int(s) + rounding) >> self.shift for s in Q[:, j] @ weights]
                whole = np.zeros((self.height * self.width, color), np.int64)
                whole[self.mask] = np.minimum(sums, self.peak).reshape(-1, color)
                cells.append(whole.reshape(self.height, self.width, color))
        return self.together(np.array(cells))

    def parts(self):
        color = self.channels // self.planes
        cells, left = [], self.rank
        per, columns = plan(self.rank, self.height, self.width)
        for section in self.sections[5]:
            count = min(per, left)
            across = min(columns, count)
            shape = (math.ceil(count / across) * self.height, across * self.width, color)
            sheet = image(*section, shape, None)
            cells += [self.cell(sheet, k, across) for k in range(count)]
            left -= count
        assert left == 0
        return np.array(cells).reshape(self.rank, -1, color)[:, self.mask].reshape(self.rank, -1)


def counted(name, which, by):
    """One number of a name, counted from its end, made larger."""
    runs, at = [], 0
    while at < len(name):
        end = at
        while end < len(name) and name[end : end + 1].isdigit():
            end += 1
        if end > at:
            runs.append((at, end))
        at = max(end, at + 1)
    begin, end = runs[-1 - which]
    number = str(int(name[begin:end]) + by).zfill(end - begin)
    return name[:begin] + number.encode() + name[end:]


def unpacked(coder, data):
    if coder == 1:
        return imagecodecs.zstd_decode(data)
    if coder == 5:
        return imagecodecs.brotli_decode(data)
    if coder == 6:
        return lzma.decompress(data, lzma.FORMAT_RAW, filters=[LZMA2])
    assert coder == 0
    return data


def image(coder, data, shape, bits):
    """An image (height, width, channels); of unknown bits where `bits` is None."""
    if coder in IMAGES:
        found = IMAGES[coder](data)
        found = found[..., 1:2] if coder == 18 and shape[2] == 1 else found
    else:
        data = unpacked(coder, data)
        wide = len(data) > math.prod(shape) if bits is None else bits > 8
        found = np.frombuffer(data, "<u2" if wide else np.uint8)
    return found.reshape(shape)


def columns_of(c, height, width):
    ideal = math.sqrt(c * height / width)
    low, high = max(1, math.ceil(0.75 * ideal)), max(1, math.floor(1.34 * ideal))
    found = None
    for k in range(min(low, c), min(max(high, low), c) + 1):
        rows = math.ceil(c / k)
        short, long = sorted((k * width, rows * height))
        waste = (rows * k - c) / c + 0.02 * (long / short - 1)
        if found is None or waste < found[0]:
            found = waste, k
    return found[1]


def plan(N, height, width):
    most = min(N, 2**20)
    for s in range(max(1, N * height * width // 2**20), 0, -1):
        per = math.ceil(N / s)
        if per > most:
            break
        if s > 1:
            k = columns_of(per, height, width)
            per = min(most, max(1, math.ceil(per / k) * k))
        if N % per == 0 or 2 * (N % per) >= per:
            break
    per = min(per, most)
    return per, columns_of(per, height, width)


def mixed(n, height, width, rank=4, channels=1, dtype=np.uint8, noise=2):
    """Pictures that are sums of few parts, and a little noise."""
    rng = np.random.default_rng(3)
    parts = rng.random((rank, height * width * channels)) ** 4
    amounts = rng.random((n, rank)) * (rng.random((n, rank)) < 0.6)
    V = amounts @ parts
    peak = np.iinfo(dtype).max
    V = V / V.max() * 0.9 * peak + rng.integers(0, noise + 1, V.shape) * (peak // 255)
    shape = (n, height, width, channels) if channels > 1 else (n, height, width)
    return V.astype(dtype).reshape(shape)


def check(path):
    """See that both readers give the same; return ours."""
    reader, archive = Reader(path.read_bytes()), visnmf.Archive.open(path)
    ours, levels = archive[:], reader.levels()
    kept = reader.mask.reshape(reader.height, reader.width)
    assert reader.names() == archive.names
    assert np.array_equal(levels.reshape(ours.shape)[:, kept], ours[:, kept])
    return reader


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("target", [{"psnr": 36}, {"lossless": True}, {"max_error": 3}])
def test_factors(tmp_path, channels, dtype, target):
    V = mixed(300, 9, 11, channels=channels, dtype=dtype, noise=0 if "psnr" in target else 2)
    path = tmp_path / "a.vnmf"
    visnmf.compress(V, path, compare=False, **target)
    reader = check(path)
    if "lossless" in target:
        assert np.array_equal(reader.levels().reshape(V.shape), V)
    if dtype == np.uint8:
        assert reader.base == 2
        assert reader.step == {"psnr": 0, "lossless": 1, "max_error": 7}[next(iter(target))]
        assert len(reader.sections[6]) == 2


@pytest.mark.parametrize("channels", [1, 3])
def test_factors_by_hand_painted_and_whole(tmp_path, channels):
    V = mixed(40, 9, 11, channels=channels)
    for quality in (None, 90):
        path = tmp_path / "a.vnmf"
        visnmf.compress(V, path, rank=5, step=6, quality=quality, compare=False)
        reader = check(path)
        assert (reader.base, reader.rank, reader.sections[5][0][0] == 16) == (2, 5, bool(quality))


@pytest.mark.parametrize("shape", [(30, 20, 24), (3, 20, 24, 3), (9, 10, 8, 5)])
@pytest.mark.parametrize("target", [{"psnr": 30}, {"lossless": True}, {"max_error": 1}])
def test_sheets(tmp_path, shape, target):
    V = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    path = tmp_path / "a.vnmf"
    visnmf.compress(V, path, compare=False, **target)
    assert check(path).base != 2


def test_sheets_under_a_residual(tmp_path):
    y, x = np.mgrid[:64, :64]
    waves = [np.sin((x * np.cos(a) + y * np.sin(a)) / 7) for a in range(5)]
    noise = np.random.default_rng(0).normal(0, 1.5, (5, 64, 64))
    V = np.rint(128 + 60 * np.stack(waves) + noise).astype(np.uint8)
    path = tmp_path / "a.vnmf"
    visnmf.compress(V, path, max_error=6, compare=False)
    reader = check(path)
    assert (reader.base, reader.step) == (1, 13)
    assert np.abs(reader.levels().reshape(V.shape).astype(int) - V).max() <= 6


def test_a_mask(tmp_path):
    mask = np.hypot(*(np.mgrid[:12, :10] - np.array([5.5, 4.5])[:, None, None])) < 5.4
    images = visnmf.load_images(mixed(200, 12, 10), mask=mask)
    path = tmp_path / "a.vnmf"
    for target in ({"psnr": 36}, {"lossless": True}):
        visnmf.compress(images, path, compare=False, **target)
        reader = check(path)
        assert reader.kept == mask.sum()


@pytest.mark.parametrize(("size", "rank", "channels"), [((1050, 1000), 2, 1), ((600, 500), 9, 3)])
def test_parts_on_several_sheets(tmp_path, size, rank, channels):
    """Parts of 2^21 pixels and more are spread over sheets, of which the last may hold fewer."""
    rng = np.random.default_rng(0)
    height, width = size
    per, columns = plan(rank, height, width)
    scales = rng.integers(1, 900, rank).astype("<u2").tobytes()
    sections = [(1, 0, b"\0\0010\1\0\1"), (4, 0, scales)]  # names 0 and 1
    for first in range(0, rank, per):
        across = min(columns, rank - first)
        rows = math.ceil(min(per, rank - first) / across)
        sheet = np.zeros((rows * height, across * width, channels), np.uint8)
        sheet[::50, ::3] = rng.integers(0, 99, sheet[::50, ::3].shape)
        sections.append((5, 1, imagecodecs.zstd_encode(sheet.tobytes(), level=1)))
    assert len(sections) > 3
    Q = rng.integers(0, 9, (rank, 2)).astype(np.uint8)
    sections.append((6, 1, imagecodecs.zstd_encode(Q.tobytes())))
    # factors, by hand, uint8, 8 bits; n and the rest, with a shift of 10 bits
    header = bytes([2, 5, 1, 8, 2]) + varint(height) + varint(width) + varint(channels)
    header += varint(rank) + bytes([2, 2, 1, 10, 0, 0, 0])
    path = tmp_path / "a.vnmf"
    path.write_bytes(framed(header, sections))
    reader = check(path)
    assert reader.rank == rank
    assert len(reader.sections[5]) == math.ceil(rank / per)
    assert reader.levels().any()


def test_the_same_plan_for_any_parts():
    from visnmf.archive.sheets import plan_sheets

    for N, height, width in [(1, 9, 5), (72, 19, 19), (49, 1000, 7), (3000, 28, 28), (7, 600, 700),
                             (40, 900, 1300), (5, 2000, 2000), (11, 2000, 600)]:  # fmt: skip
        ours = plan_sheets(N, height, width)
        assert plan(N, height, width) == (ours.per_sheet, ours.columns)
