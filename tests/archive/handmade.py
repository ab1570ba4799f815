"""Archives put together by hand, so that all checksums are right whatever they hold."""

import hashlib
import zlib

from visnmf.archive.container import Container
from visnmf.archive.frame import END_MAGIC, MAGIC, directory_state
from visnmf.archive.varints import varint


def framed(header, sections):
    """Return an archive of the bytes of a header and (kind, coder, data), every checksum right."""
    data = header + b"".join(
        bytes((kind, coder)) + varint(len(content)) + zlib.crc32(content).to_bytes(4, "little")
        for kind, coder, content in sections
    )
    state = directory_state(data)
    out = MAGIC + state + data + b"".join(content for _, _, content in sections)
    out += data + state + END_MAGIC
    return out + hashlib.sha256(out).digest()


def taken_apart(path):
    """Return the header of an archive, and its sections as `framed` takes them."""
    with Container.open(path) as file:
        sections = [(e.kind, e.coder, file.read(e.kind, e.index)[1]) for e in file.entries]
        return file.header, sections
