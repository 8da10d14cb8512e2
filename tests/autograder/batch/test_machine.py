"""How many processes a machine can carry."""

import pytest
from xailab_autograder.batch import machine


def test_there_is_room_for_at_least_one(monkeypatch):
    monkeypatch.setattr(machine, "memory", lambda: 0)
    assert machine.fitting() == 1
    assert machine.fitting() <= machine.processors()


@pytest.mark.parametrize(("free", "fits"), [(None, 8), (3 << 30, 3), (100 << 30, 8)])
def test_processors_and_memory_both_bound_it(monkeypatch, free, fits):
    monkeypatch.setattr(machine, "memory", lambda: free)
    monkeypatch.setattr(machine, "processors", lambda: 8)
    assert machine.fitting() == fits


def test_a_container_sees_its_own_share(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "_CGROUPS", tmp_path)
    whole, free = machine.processors(), machine.memory()
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    (tmp_path / "memory.max").write_text(f"{3 << 20}\n")
    (tmp_path / "memory.current").write_text(f"{1 << 20}\n")
    assert (machine.processors(), machine.memory()) == (1, 2 << 20)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.processors() == whole
    assert machine.memory() == pytest.approx(free, rel=0.2)


def test_too_many_processes_are_warned_about(monkeypatch):
    monkeypatch.setattr(machine, "memory", lambda: 4 << 30)
    monkeypatch.setattr(machine, "processors", lambda: 2)
    assert machine.too_many(2) == ""
    assert "share 2 processors" in machine.too_many(3)
    assert "right answers are marked as failed" in machine.too_many(5)
