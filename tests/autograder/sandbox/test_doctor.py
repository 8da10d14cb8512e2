"""The doctor finds a sandbox that holds, and notices one that does not."""

import dataclasses
import io

import pytest
from rich.console import Console
from xailab_autograder.sandbox import doctor
from xailab_autograder.sandbox.attacks import CORPUS
from xailab_autograder.sandbox.attacks.attack import ALWAYS, FILE_WALLS
from xailab_autograder.sandbox.attacks.firing_range import Range
from xailab_autograder.sandbox.doctor import FAILS, HOLDS, IMPOSSIBLE, self_test
from xailab_autograder.sandbox.honest import HONEST
from xailab_autograder.sandbox.levels import Layer, Level
from xailab_autograder.sandbox.zygote import SandboxError, Zygote

READ = next(attack for attack in CORPUS if attack.name == "read-a-secret")


def examined(**options: object) -> tuple[int, str]:
    text = io.StringIO()
    status = doctor.run(console=Console(file=text, width=200), **options)  # type: ignore[arg-type]
    return status, text.getvalue()


@pytest.mark.parametrize(("name", "source"), HONEST, ids=[name for name, _ in HONEST])
def test_honest_code_works_behind_all_walls(zygote: Zygote, name: str, source: str) -> None:
    assert doctor._work(zygote, name, source).fault == ""


def test_honest_code_that_does_not_work_is_reported(zygote: Zygote) -> None:
    work = doctor._work(zygote, "broken", "import socket\ndef answer(x):\n    return socket.socket()")
    assert work.fault.startswith("PermissionError: [Errno 1]")


def test_the_doctor_prints_a_line_for_each_and_ends_well() -> None:
    status, text = examined(zygote=Zygote(), corpus=[READ])
    assert status == HOLDS
    assert text.startswith(str(Level.L3)[:2])
    assert "stopped        read-a-secret" in text
    assert f"{len(HONEST)} of {len(HONEST)} honest programs work; 1 of 1 attacks are stopped" in text


def test_the_doctor_ends_badly_where_an_attack_gets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "HONEST", HONEST[:1])
    claimed = dataclasses.replace(READ, walls=ALWAYS)  # as if a wall of this level should stop it
    zygote = Zygote(without=frozenset({Layer.NAMESPACES, Layer.LANDLOCK, Layer.SECCOMP, Layer.OTHER_USER}))
    status, text = examined(zygote=zygote, corpus=[claimed])
    assert status == FAILS
    assert "BREACH         read-a-secret" in text
    assert "Do not grade on this machine" in text


def test_the_doctor_says_what_a_low_level_does_not_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "HONEST", HONEST[:1])
    zygote = Zygote(without=frozenset({Layer.NAMESPACES, Layer.LANDLOCK, Layer.SECCOMP, Layer.OTHER_USER}))
    status, text = examined(zygote=zygote, corpus=[READ])
    assert status == HOLDS
    assert "not stopped    read-a-secret" in text
    assert "1 cannot be stopped at this level" in text
    assert "without landlock: left out on request" in text
    assert Level.L1.honestly in text


def test_the_doctor_runs_nothing_below_the_minimum() -> None:
    zygote = Zygote(Level.L2, without=frozenset({Layer.SECCOMP}))
    status, text = examined(zygote=zygote, corpus=[READ])
    assert status == IMPOSSIBLE
    assert "L2 Landlock + seccomp + limits is asked for" in text


def test_an_attack_that_does_not_work_is_no_proof(zygote: Zygote) -> None:
    slip = dataclasses.replace(READ, source="def answer(x):\n    return undefined_name", walls=FILE_WALLS)
    with Range(zygote) as place:
        verdict = place.fire(slip)
    assert (verdict.outcome, verdict.detail[:7]) == ("unclear", "broken:")


def test_the_self_test_passes_where_the_walls_hold(zygote: Zygote) -> None:
    self_test(zygote)


@pytest.mark.parametrize("wall", [Layer.LANDLOCK, Layer.SECCOMP])
def test_the_self_test_notices_a_wall_that_is_promised_and_missing(
    wall: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Zygote(without=frozenset({Layer.NAMESPACES, wall})) as zygote:
        self_test(zygote)
        promised = zygote.layers | {wall}
        monkeypatch.setattr(Zygote, "layers", property(lambda self: promised))
        with pytest.raises(SandboxError, match=r"does not hold on this machine|did not run"):
            self_test(zygote)
