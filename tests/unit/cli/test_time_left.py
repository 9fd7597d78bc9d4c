"""Time left is said once the rate is steady, and the first, slow step does not count."""

from __future__ import annotations

import pytest

from gaq.cli.time_left import TimeLeft


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def after(*reports: tuple[float, int]) -> TimeLeft:
    clock = Clock()
    left = TimeLeft(clock)
    for at, done in reports:
        clock.now = at
        left.report(done)
    return left


def test_a_first_step_of_minutes_is_no_rate():
    compiled = [(120.0, 1), *((120.0 + i, 1 + 10 * i) for i in range(1, 6))]
    assert after(*compiled[:1]).seconds(1000) is None
    assert after(*compiled).seconds(1000) == pytest.approx((1000 - 51) / 10)


@pytest.mark.parametrize(
    "reports", [[], [(5.0, 3)], [(0.0, 0), (2.0, 50)], [(0.0, 0), (60.0, 1)], [(0.0, 7), (9.0, 7)]]
)
def test_nothing_is_said_before_the_rate_is_steady(reports):
    assert after(*reports).text(1000) == ""


def test_few_steps_are_enough_where_there_are_few():
    assert after((0.0, 0), (30.0, 1), (60.0, 2)).seconds(3) == 30.0
    assert after((0.0, 0), (60.0, 3)).text(3) == ""


def test_a_new_stage_starts_again():
    assert after((0.0, 0), (50.0, 100), (51.0, 0), (52.0, 1)).seconds(100) is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s left"), (80, "80 s left"), (600, "10 min left"), (9000, "2.5 h left")]
)
def test_it_is_rounded_as_people_speak(seconds, text):
    assert after((0.0, 0), (10.0, 1000)).text(1000 + round(seconds * 100)) == text
