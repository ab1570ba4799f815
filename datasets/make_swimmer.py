"""Write the swimmer set, and its 17 true parts, as PNG files.

    python datasets/make_swimmer.py FOLDER

makes FOLDER/pictures (256 files) and FOLDER/parts (17 files). `visnmf.samples` draws them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from visnmf.samples import make_swimmer, make_swimmer_parts


def main() -> None:
    """Write both folders."""
    parser = argparse.ArgumentParser(description="Write the swimmer set as PNG files.")
    parser.add_argument("folder", type=Path, help="folder to write into; made if missing")
    folder = parser.parse_args().folder
    for name, images in (("pictures", make_swimmer()), ("parts", make_swimmer_parts())):
        images.save(folder / name)
        print(f"{folder / name}: {len(images)} pictures")


if __name__ == "__main__":
    main()
