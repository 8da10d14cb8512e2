import pytest

from xailab.data import scanning
from xailab.data.scanning import Broken, find_broken, first_reasons, map_in_order


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_the_order_of_the_items_and_the_first_error_is_raised(workers):
    assert map_in_order(lambda number: number**2, range(50), workers) == [number**2 for number in range(50)]

    def fail(number):
        if number in (3, 7):
            raise ValueError(str(number))

    with pytest.raises(ValueError, match="3"):
        map_in_order(fail, range(10), workers)


def test_an_interrupted_scan_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(scanning, "SCAN_STEP", 4)
    seen: list[int] = []

    def check(index):
        if index == 9 and 9 not in seen:
            seen.append(9)
            raise KeyboardInterrupt
        seen.append(index)
        return Broken(f"{index}.png", "bad") if index % 5 == 0 else None

    options = {"memory": tmp_path / "notes.json", "progress": False}
    with pytest.raises(KeyboardInterrupt):
        find_broken(check, 12, **options)
    del seen[:]
    seen.append(9)
    assert [broken.file for broken in find_broken(check, 12, **options)] == ["0.png", "5.png", "10.png"]
    assert seen == [9, 8, 9, 10, 11]
    assert len(find_broken(check, 12, **options)) == 3
    assert len(seen) == 5


@pytest.mark.parametrize("notes", ["", "[]", '{"done": 99, "broken": []}', '{"done": 2, "broken": [{"page": 1}]}'])
def test_notes_that_make_no_sense_are_ignored(tmp_path, notes):
    (tmp_path / "notes.json").write_text(notes)
    found = find_broken(lambda _: Broken("a", "bad"), 3, memory=tmp_path / "notes.json", progress=False)
    assert len(found) == 3


def test_only_the_first_reasons_are_told():
    broken = [Broken(f"{number}.png", "bad", number if number else None) for number in range(5)]
    assert first_reasons(broken) == "0.png: bad; line 1 (1.png): bad; line 2 (2.png): bad; and 2 more"
    assert first_reasons(broken[:1]) == "0.png: bad"
