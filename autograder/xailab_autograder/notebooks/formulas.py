r"""LaTeX formulas as pictures inside the page, drawn by matplotlib: readable without network and without scripts.

- ``picture``  a formula as an ``<img>``; where matplotlib cannot draw it, its LaTeX as text

Matplotlib knows LaTeX's mathematics but no environments: ``aligned`` and the like are taken apart into lines; ``cases``
and ``array`` stay text.
"""

import base64
import html
import io
import re
from functools import lru_cache

_POINTS = 10.0
_EM = 1 / _POINTS  # the picture's points in the em of the text around it
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{(?:equation|align|aligned|gather|gathered|split)\*?\}")
_RENAMED = {
    r"\lvert": "|",
    r"\rvert": "|",
    r"\lVert": r"\|",
    r"\rVert": r"\|",
    r"\tfrac": r"\frac",
    r"\bigl": "",
    r"\bigr": "",
    r"\Bigl": "",
    r"\Bigr": "",
    r"\big": "",
    r"\Big": "",
    r"\limits": "",
    r"\nolimits": "",
    r"\displaystyle": "",
    r"\qquad": r"\quad\quad",
    r"\intercal": r"\top",
    r"\boldsymbol": r"\mathbf",
    r"\text": r"\mathrm",
    r"\mathop": "",
    r"\coloneqq": ":=",
    r"\le": r"\leq",
    r"\ge": r"\geq",
    r"\ne": r"\neq",
    r"\bmod": r"\;\mathrm{mod}\;",
    r"\Vert": r"\|",
    r"\vert": "|",
    r"\tag": r"\quad\mathrm",
}
_BARE = re.compile(r"\\([dt]?frac)\s*(\d)\s*(\d)")
_NAMES = re.compile(r"\\[A-Za-z]+")
_WORDS = re.compile(r"\\(text|mathrm|operatorname)\{([^{}]*)\}")


def picture(latex: str, *, display: bool = False) -> str:
    """Return a formula as HTML.

    Parameters
    ----------
    latex
        Without its dollar signs.
    display
        On a line of its own.
    """
    lines = [line for line in _lines(latex) if line.strip()]
    if display:
        lines = [re.sub(r"\\frac\b", r"\\dfrac", line) for line in lines]
    drawn = [_draw(line) for line in lines]
    if not drawn or not all(drawn):
        code = f'<code class="formula">{html.escape(latex.strip())}</code>'
        return f'<div class="formula">{code}</div>' if display else code
    images = [_image(line, svg) for line, svg in zip(lines, drawn, strict=True) if svg]
    return "".join(f'<div class="formula">{image}</div>' for image in images) if display else "".join(images)


def _lines(latex: str) -> list[str]:
    """Take an environment apart into lines and rename what matplotlib calls otherwise."""
    plain = _ENVIRONMENT.sub("", latex)
    plain = _WORDS.sub(lambda found: rf"\{found[1]}{{{found[2].replace(' ', chr(92) + ' ')}}}", plain)
    plain = _BARE.sub(r"\\\1{\2}{\3}", plain)
    plain = _NAMES.sub(lambda found: _RENAMED.get(found[0], found[0]), plain)
    return [line.replace("&", "").replace("\n", " ").strip() for line in re.split(r"\\\\(?:\[[^\]]*\])?", plain)]


@lru_cache(maxsize=1024)
def _draw(line: str) -> tuple[str, float, float, float] | None:
    """Return (SVG, width, height, depth below the baseline) of one line, in points; None: matplotlib cannot draw it."""
    from matplotlib import mathtext, rc_context
    from matplotlib.font_manager import FontProperties

    buffer = io.BytesIO()
    try:
        with rc_context({"mathtext.fontset": "stix", "svg.fonttype": "path", "svg.hashsalt": "xailab"}):
            depth = mathtext.math_to_image(f"${line}$", buffer, FontProperties(size=_POINTS), dpi=72, format="svg")
    except ValueError:
        return None
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", buffer.getvalue().decode(), flags=re.DOTALL)
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg)
    if size is None:
        return None
    return svg[svg.index("<svg") :], float(size[1]), float(size[2]), float(depth)


def _image(line: str, drawn: tuple[str, float, float, float]) -> str:
    """Wrap a drawing into an image that stands on the baseline of its line."""
    svg, width, height, depth = drawn
    data = base64.b64encode(svg.encode()).decode()
    style = f"width:{width * _EM:.3f}em;height:{height * _EM:.3f}em;vertical-align:{-depth * _EM:.3f}em"
    alternative = html.escape(line, quote=True)
    return f'<img class="formula" alt="{alternative}" style="{style}" src="data:image/svg+xml;base64,{data}">'
