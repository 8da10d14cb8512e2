"""Formulas become pictures that need nothing from anywhere."""

import base64
import re
from xml.etree import ElementTree

import pytest
from xailab_autograder.notebooks.formulas import picture


def drawn(latex, **options):
    html = picture(latex, **options)
    return [base64.b64decode(data).decode() for data in re.findall(r"base64,([\w+/=]+)", html)]


@pytest.mark.parametrize(
    "latex",
    [
        r"x_1, \dots, x_n",
        r"\mathrm{IoU}_{k,c} = \frac{\sum_x |M_k(x) \cap L_c(x)|}{\sum_x |M_k(x) \cup L_c(x)|}",
        r"P(a_k > T_k) = 0.005",
        r"Q^\alpha = \exp(\alpha \log Q),\; QQ^\top = I",
        r"\operatorname{IoU} \le 1 \quad\text{on the set}",
        r"\left( \frac{a}{b} \right) \in \mathbb{R}^{K\times K}",
        r"\lVert x \rVert_2 \ge \tfrac12 \hat{x}",
    ],
)
def test_the_formulas_of_the_course_are_drawn(latex):
    (svg,) = drawn(latex)
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert "<metadata>" not in svg
    assert picture(latex) == picture(latex)


def test_environments_become_lines():
    assert len(drawn(r"\begin{aligned} a &= b \\[2pt] c &= d \end{aligned}", display=True)) == 2


def test_what_matplotlib_cannot_draw_is_shown_as_text_and_escaped():
    html = picture(r"\begin{cases} a & b < c \end{cases}", display=True)
    assert html.startswith('<div class="formula"><code')
    assert "b &lt; c" in html
    assert "<code" in picture(r"\nosuchcommand{x}")
    assert "<script" not in picture(r"<script>alert(1)</script> \nosuch")
    assert 'alt="a &lt; b"' in picture("a < b")


def test_displayed_fractions_are_larger_than_those_in_a_line():
    inline, block = (
        ElementTree.fromstring(drawn(r"\frac{a}{b}", display=d)[0]).attrib["height"] for d in (False, True)
    )
    assert float(block.rstrip("pt")) > float(inline.rstrip("pt"))
