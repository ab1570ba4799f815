"""How far compressing is: what a run of known phases says, and what real runs do."""

import itertools

import numpy as np
import pytest

import visnmf
from visnmf.archive.progress import CompressionProgress, Course


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def told():
    return []


def a_course(told, **expected):
    clock = Clock()
    return Course(expected, told.append, clock), clock


def test_says_what_was_expected_where_all_goes_as_expected(told):
    course, clock = a_course(told, search=30.0, sheets=10.0)
    tell = course.enter("search")
    for second in (0.0, 10.0, 20.0):
        clock.now = second
        tell("rank 4", second / 30.0)
        assert told[-1].seconds_left == pytest.approx(40.0 - second)
        assert told[-1].fraction == pytest.approx(second / 40.0)
    clock.now = 30.0
    course.enter("sheets")("AVIF", 0.0)
    assert told[-1].seconds_left == pytest.approx(10.0)


def test_a_slow_machine_stretches_what_is_to_come(told):
    course, clock = a_course(told, search=100.0, sheets=100.0)
    course.enter("search")
    clock.now = 300.0
    course.enter("sheets")("AVIF")
    assert told[-1].seconds_left == pytest.approx(300.0, rel=0.03)


def test_within_a_phase_its_share_is_believed(told):
    course, clock = a_course(told, search=1.0)
    tell = course.enter("search")
    clock.now = 50.0
    tell("rank 7", 0.5)
    assert told[-1].seconds_left == pytest.approx(50.0)


def test_phases_that_are_left_out_take_no_time(told):
    course, clock = a_course(told, guess=1.0, search=1000.0, sheets=1.0)
    course.enter("guess")
    clock.now = 1.0
    course.enter("sheets")("JPEG")
    assert told[-1].seconds_left == pytest.approx(1.0)


def test_an_overdue_phase_still_takes_some_time(told):
    course, clock = a_course(told, search=1.0)
    course.enter("search")
    clock.now = 100.0
    course.tell("rank 9")
    assert 1.0 < told[-1].seconds_left < 100.0


def test_the_fraction_never_falls(told):
    course, clock = a_course(told, search=1.0, sheets=1.0)
    tell = course.enter("search")
    clock.now = 0.9
    tell("rank 2")
    clock.now = 5.0
    tell("rank 3", 0.1)
    assert told[1].seconds_left > told[0].seconds_left
    assert told[1].fraction == told[0].fraction
    course.end()
    assert told[-1].fraction == 1.0
    assert told[-1].seconds_left == 0.0


def test_is_a_line_for_people():
    line = str(CompressionProgress("rank 30", 0.404, 10.0, 74.2))
    assert line == "rank 30 · 40% · about 1:15 left"


@pytest.mark.parametrize(
    "target", [{"psnr": 24}, {"max_bytes": 4000}, {"lossless": True}, {"max_error": 3}, {"rank": 4}]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_mode_tells_how_far_it_is(tmp_path, told, target, channels):
    seeds = np.random.default_rng(3)
    parts = seeds.random((3, 12, 12, channels)) ** 3
    levels = np.rint(80 * np.tensordot(seeds.random((40, 3)), parts, 1)).astype(np.uint8)
    pictures = levels if channels == 3 else levels[..., 0]
    visnmf.compress(pictures, tmp_path / "set.vnmf", progress=told.append, **target)
    assert len(told) >= 3
    fractions = [each.fraction for each in told]
    assert all(a <= b for a, b in itertools.pairwise(fractions))
    assert told[-1] == CompressionProgress("done", 1.0, told[-1].seconds, 0.0)
    assert all(np.isfinite(each.seconds_left) and each.seconds_left >= 0 for each in told)
    assert all(each.words for each in told)
