"""Ctrl-C waits for a safe moment."""

import signal
import threading

import pytest

from xailab.interrupts import interrupts_deferred


def test_the_first_interrupt_waits_and_the_second_does_not():
    with pytest.raises(KeyboardInterrupt), interrupts_deferred() as interrupted:
        assert not interrupted()
        signal.raise_signal(signal.SIGINT)
        assert interrupted()
        signal.raise_signal(signal.SIGINT)
        pytest.fail("the second interrupt waited too")


def test_the_handler_before_is_put_back():
    before = signal.getsignal(signal.SIGINT)
    with interrupts_deferred():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_leave_signals_alone():
    before, seen = signal.getsignal(signal.SIGINT), []

    def work():
        with interrupts_deferred() as interrupted:
            seen.append((signal.getsignal(signal.SIGINT), interrupted()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(before, False)]
