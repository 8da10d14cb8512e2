from xailab.data.broden.index import Row
from xailab.data.broden.listing import digest_files, find_missing


def row(image: str) -> Row:
    return Row(2, image, "val", (4, 4), (2, 2), {}, {})


def test_digest_follows_size_and_time_and_knows_absent_files(tmp_path):
    before = digest_files(tmp_path, [row("a/x.png")])
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.png").write_bytes(b"1")
    after = digest_files(tmp_path, [row("a/x.png")])
    (tmp_path / "a/x.png").write_bytes(b"12")
    assert len({before, after, digest_files(tmp_path, [row("a/x.png")])}) == 3


def test_a_link_that_leads_nowhere_is_a_missing_file(tmp_path):
    (tmp_path / "x.png").symlink_to(tmp_path / "gone.png")
    assert [broken.file for broken in find_missing(tmp_path, [row("x.png")])] == ["x.png"]
    assert digest_files(tmp_path, [row("x.png")]) != digest_files(tmp_path, [row("y.png")])
    (tmp_path / "folder.png").mkdir()
    assert find_missing(tmp_path, [row("folder.png")])
