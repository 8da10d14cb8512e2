"""Write the contact sheet: ``python -m xailab.data.minibroden docs/pictures/minibroden.png``."""

import argparse
from pathlib import Path

from PIL import Image

from xailab.data.minibroden.sheet import contact_sheet
from xailab.files import write_beside


def main(arguments: list[str] | None = None) -> None:
    """Render the contact sheet and write it twice enlarged, as a PNG of 256 colors, which keeps it small."""
    parser = argparse.ArgumentParser(prog="python -m xailab.data.minibroden", description=__doc__)
    parser.add_argument("path", type=Path, help="where to write the PNG")
    parser.add_argument("--size", type=int, default=64, help="pixels per side of each picture (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="where the seeds begin (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    sheet = contact_sheet(chosen.size, seed=chosen.seed).quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
    sheet = sheet.resize((2 * sheet.width, 2 * sheet.height), Image.Resampling.NEAREST)
    with write_beside(chosen.path) as temporary:
        sheet.save(temporary, format="PNG", optimize=True)


if __name__ == "__main__":
    main()
