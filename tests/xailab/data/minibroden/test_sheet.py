"""The contact sheet."""

import numpy as np
import pytest
from PIL import Image

from xailab.data.minibroden.__main__ import main
from xailab.data.minibroden.sheet import contact_sheet, painted
from xailab.data.minibroden.vocabulary import NUMBERS


def test_the_sheet_has_eight_columns():
    assert contact_sheet(32).size == (8 * 34 - 2, 11 * 34 - 2)


def test_color_labels_are_painted_in_their_color_and_unlabelled_pixels_black():
    labels = np.array([[0, NUMBERS["color"]["red"]]], np.uint8)
    assert painted(labels).tolist() == [[[0, 0, 0], [205, 35, 40]]]


def test_the_command_writes_a_small_picture(tmp_path):
    main([str(tmp_path / "sheet.png"), "--size", "32"])
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.size == (540, 744)


def test_the_command_explains_itself(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "where to write the PNG" in capsys.readouterr().out
