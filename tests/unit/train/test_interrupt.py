"""The first Ctrl-C is noted, the second one stops, and afterwards signals are as before."""

from __future__ import annotations

import signal
import threading

import pytest

from gaq.train.interrupt import graceful_interrupt


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_is_noted_and_the_second_stops(number):
    before = signal.getsignal(number)
    with graceful_interrupt() as interrupt:
        assert not interrupt.asked
        signal.raise_signal(number)
        assert interrupt.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_handlers_are_put_back_after_an_error():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(RuntimeError, match="inside"), graceful_interrupt():
        raise RuntimeError("inside")
    assert signal.getsignal(signal.SIGINT) is before


def test_off_the_main_thread_it_hands_out_a_flag():
    found = []

    def run():
        with graceful_interrupt() as interrupt:
            found.append(interrupt.asked)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [False]
