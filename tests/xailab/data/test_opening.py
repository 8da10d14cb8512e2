import re
import sys
import types

import pytest
from PIL import Image

from xailab.data.broden import BrodenFolder
from xailab.data.bundled import Digits, Photographs
from xailab.data.folder import ImageFolder
from xailab.data.opening import open_dataset
from xailab.errors import DataError, UnknownName


@pytest.fixture
def pictures(tmp_path):
    root = tmp_path / "digits"
    root.mkdir()
    Image.new("RGB", (30, 20)).save(root / "a.png")
    return root


@pytest.fixture
def broden(tmp_path):
    """The smallest Broden folder."""
    root = tmp_path / "broden"
    (root / "images").mkdir(parents=True)
    Image.new("RGB", (4, 4)).save(root / "images/a.png")
    (root / "index.csv").write_text("image,split,ih,iw,sh,sw,scene\na.png,val,4,4,2,2,1\n")
    (root / "label.csv").write_text("number,name,category,frequency,coverage,syns\n1,park-s,scene(1),1,1.0,\n")
    (root / "category.csv").write_text("name,first,last,count,frequency\nscene,1,1,1,1\n")
    (root / "c_scene.csv").write_text("code,number,name,frequency,coverage\n1,1,park-s,1,1.0\n")
    return root


def test_names_open_what_needs_no_files():
    assert isinstance(open_dataset("digits"), Digits)
    assert open_dataset("digits", size=16).image_size == (16, 16)
    assert isinstance(open_dataset("photographs", size=64), Photographs)
    assert open_dataset("photographs").image_size == (224, 224)


def test_minibroden_gets_its_options(monkeypatch):
    given = []
    module = types.ModuleType("xailab.data.minibroden.dataset")
    module.MiniBroden = lambda split, *, size, limit, progress: given.append((split, size, limit)) or Digits()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    open_dataset("minibroden")
    open_dataset("minibroden", split="train-objects", size=96, limit=7)
    assert given == [("probe", 64, None), ("train-objects", 96, 7)]


def test_a_folder_with_an_index_is_a_broden_folder_and_another_one_of_images(pictures, broden):
    opened = open_dataset(broden, split="val", skip_broken=True, workers=2, progress=False)
    assert isinstance(opened, BrodenFolder)
    assert len(opened) == 1
    assert isinstance(open_dataset(str(pictures)), ImageFolder)
    assert open_dataset(pictures, size=8, skip_broken=True, progress=False).read([0]).images.shape == (1, 3, 8, 8)


def test_a_name_wins_over_a_folder_of_that_name_unless_it_is_a_path(pictures, monkeypatch):
    monkeypatch.chdir(pictures.parent)
    assert isinstance(open_dataset("digits"), Digits)
    assert isinstance(open_dataset("./digits"), ImageFolder)


def test_torchvision_sets_are_opened_by_name_and_root(tmp_path):
    with pytest.raises(DataError, match=re.escape(f"{tmp_path} does not hold CIFAR10")):
        open_dataset(f"torchvision:CIFAR10:{tmp_path}")
    with pytest.raises(UnknownName, match="no split of CIFAR10 'val'"):
        open_dataset(f"torchvision:CIFAR10:{tmp_path}", split="val")
    for spec in ("torchvision:CIFAR10", "torchvision::x", "torchvision:CIFAR10:"):
        with pytest.raises(
            ValueError,
            match=re.escape(f"expected torchvision:NAME:ROOT, for example torchvision:CIFAR10:data, got {spec!r}"),
        ):
            open_dataset(spec)


def test_a_misspelt_name_is_answered_with_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownName, match=r"no data set 'mini-broden'; did you mean 'minibroden'?"):
        open_dataset("mini-broden")
    with pytest.raises(UnknownName, match="no data set 'qqq'; there are 3: minibroden, digits, photographs"):
        open_dataset("qqq")


def test_a_path_that_leads_nowhere_is_no_misspelt_name(tmp_path):
    for path in (tmp_path / "nowhere", "./nowhere", "~no-such-user/x"):
        with pytest.raises(DataError, match="no folder "):
            open_dataset(path)
    (tmp_path / "file.png").touch()
    with pytest.raises(DataError, match=r"file.png is a file, expected a Broden folder or a folder of images"):
        open_dataset(tmp_path / "file.png")


def test_options_that_would_be_ignored_are_refused(broden, pictures):
    with pytest.raises(
        ValueError, match="size=64 does not apply to Broden folder; it applies to minibroden, digits, photo"
    ):
        open_dataset(broden, size=64)
    with pytest.raises(ValueError, match="split='val' does not apply to image folder"):
        open_dataset(pictures, split="val")
    with pytest.raises(
        ValueError, match="skip_broken=True does not apply to digits; it applies to Broden folder, image fol"
    ):
        open_dataset("digits", skip_broken=True)
