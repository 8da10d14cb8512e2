"""The results folder: a key is made once, a misspelt folder is not made, files are whole."""

import stat

import pytest
from xailab_autograder.classroom.place import KEY, Place, opened, place_key, write_file
from xailab_autograder.command import KEY_VARIABLE

from xailab.errors import XailabError


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    place = Place(tmp_path)
    key, notes = place_key(place, None)
    assert len(key) >= 32
    assert stat.S_IMODE((tmp_path / KEY).stat().st_mode) == 0o600
    assert any("keep it" in note for note in notes)
    assert place_key(place, None) == (key, ())
    assert [file.name for file in tmp_path.iterdir()] == [KEY]


def test_a_given_key_goes_before_the_kept_one(tmp_path, monkeypatch):
    place_key(Place(tmp_path), None)
    file = tmp_path / "other.key"
    file.write_text("another key that is long enough")
    assert place_key(Place(tmp_path), file)[0] == b"another key that is long enough"
    monkeypatch.setenv(KEY_VARIABLE, "the key of the environment, long enough")
    assert place_key(Place(tmp_path), None)[0] == b"the key of the environment, long enough"


def test_a_key_that_could_be_guessed_is_refused(tmp_path):
    (tmp_path / KEY).write_text("short")
    with pytest.raises(XailabError, match="5 bytes; expected 16"):
        place_key(Place(tmp_path), None)


def test_a_misspelt_results_folder_is_an_error_and_is_not_made(tmp_path):
    with pytest.raises(XailabError, match=r"no gradebook.db in .*reults"), opened(Place(tmp_path / "reults")):
        pass
    assert not list(tmp_path.iterdir())


def test_csv_gets_a_byte_order_mark_and_half_characters_do_not_stop_it(tmp_path):
    assert write_file(tmp_path / "a.csv", "x\ud800").read_bytes() == b"\xef\xbb\xbfx?"
    assert write_file(tmp_path / "a.jsonl", "ä").read_bytes() == "ä".encode()
    assert write_file(tmp_path / "a.bin", b"\x00").read_bytes() == b"\x00"


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(tmp_path):
    with pytest.raises(XailabError, match="nowhere"):
        write_file(tmp_path / "nowhere" / "a.csv", "")
