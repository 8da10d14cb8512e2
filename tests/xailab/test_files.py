"""Nothing is half-written: whole files or none, and clear words when a place cannot be written to."""

import errno
from pathlib import Path

import pytest

from xailab.errors import UnknownName, XailabError, nearest
from xailab.files import cache_folder, writable_folder, write_beside


def test_write_beside_replaces_the_target_only_when_the_block_succeeds(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")
    with write_beside(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
        assert temporary.suffix == ".csv"
    assert target.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt])
def test_an_error_or_interrupt_leaves_the_old_file_and_no_temporary(tmp_path: Path, stop: type[BaseException]) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(stop), write_beside(target) as temporary:
        temporary.write_text("half")
        raise stop
    assert target.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(XailabError, match=r"cannot write .*table\.csv: No space left.*unchanged"), write_beside(target):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert target.read_text() == "old"


def test_other_errors_of_the_block_keep_their_own_words(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="input"), write_beside(tmp_path / "table.csv"):
        (tmp_path / "input").read_text()


def test_a_folder_that_does_not_exist_is_refused_before_the_block_runs(tmp_path: Path) -> None:
    ran = False
    with pytest.raises(XailabError, match=r"cannot write .*missing"), write_beside(tmp_path / "missing" / "x.csv"):
        ran = True
    assert not ran


def test_writable_folder_creates_it_and_refuses_a_file(tmp_path: Path) -> None:
    assert writable_folder(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(XailabError, match="cannot write to the folder"):
        writable_folder(tmp_path / "file")


def test_the_cache_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAILAB_CACHE", str(tmp_path))
    assert cache_folder("minibroden", "key") == tmp_path / "minibroden" / "key"


def test_an_unknown_name_suggests_the_nearest_whatever_its_case() -> None:
    assert nearest("Layer5", ["layer1", "layer4", "fc"]) in ("layer4", "layer1")
    assert nearest("zzz", ["layer1"]) is None
    with pytest.raises(UnknownName, match=r"no layer 'conv55'; did you mean 'conv5'\? \(named_modules lists all 2\)"):
        raise UnknownName("layer", "conv55", ["conv5", "fc6"], "named_modules")


def test_an_unknown_name_that_resembles_nothing_lists_what_there_is() -> None:
    with pytest.raises(UnknownName, match="no model 'qqq'; there are 2: tags, objects"):
        raise UnknownName("model", "qqq", ["tags", "objects"])
