"""Hashes of sources: a change anywhere in the renderer is noticed."""

from pathlib import Path

from xailab.data.minibroden import sources


def copied(tmp_path: Path, monkeypatch) -> Path:
    """Let the package's sources be read from a copy that may be changed."""
    for path in sources._ROOT.rglob("*.py"):
        copy = tmp_path / path.relative_to(sources._ROOT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(sources, "_ROOT", tmp_path)
    return tmp_path


def test_a_change_of_the_renderer_changes_its_key(tmp_path, monkeypatch):
    folder = copied(tmp_path, monkeypatch)
    before = sources.renderer_key.__wrapped__()
    for name in ("surfaces.py", "things/plants.py", "things/__init__.py"):
        text = (folder / name).read_text()
        (folder / name).write_text(text + "# changed\n")
        assert sources.renderer_key.__wrapped__() != before
        (folder / name).write_text(text)
    assert sources.renderer_key.__wrapped__() == before


def test_the_data_set_s_own_files_do_not_change_the_key(tmp_path, monkeypatch):
    folder = copied(tmp_path, monkeypatch)
    before = sources.renderer_key.__wrapped__()
    (folder / "dataset.py").write_text("# changed")
    assert sources.renderer_key.__wrapped__() == before


def test_the_digest_depends_on_the_files_not_on_their_order():
    assert (
        sources.digest(("noise.py", "sky.py")) == sources.digest(("sky.py", "noise.py")) != sources.digest(("sky.py",))
    )
