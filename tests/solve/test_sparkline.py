import re

import numpy as np

import visnmf
from visnmf.solve.result import Record
from visnmf.solve.sparkline import course, spark_svg, spark_text

RUN = visnmf.factorize(np.random.default_rng(0).random((30, 20)), 4, max_iter=40)


class Printer:
    def __init__(self):
        self.written = ""

    def text(self, text):
        self.written += text


def record(phase, objective):
    return Record(phase, 1, 0.0, objective, np.nan)


def test_only_what_is_of_v_and_positive_counts():
    history = [record("low rank", 9), record("V", 4), record("V", np.nan), record("V", 0),
               record("closing", 2)]  # fmt: skip
    np.testing.assert_allclose(course(history), np.log([4, 2]))


def test_text_goes_from_full_to_empty_blocks():
    assert spark_text([3, 2, 1]) == "█▅▁"
    assert spark_text(np.arange(100.0)[::-1])[0] == "█"
    assert len(spark_text(np.arange(100.0), width=10)) == 10
    assert spark_text([1, 1]) == "▁▁"
    assert spark_text([1]) == spark_text([]) == spark_svg([]) == ""


def test_the_line_falls_as_the_objective_does():
    page = RUN._repr_html_()
    (places,) = re.findall(r'points="([^"]+)"', page)
    y = [float(place.split(",")[1]) for place in places.split()]
    assert y[0] == 2  # from above
    assert y[-1] == max(y) == 26
    assert page.startswith("<code>Factorization(30 x 20, rank 4: objective")


def test_ipython_shows_it_in_one_line_and_repr_is_ascii():
    printer = Printer()
    RUN._repr_pretty_(printer, False)
    assert printer.written.startswith(repr(RUN) + " █")
    assert "\n" not in printer.written
    assert repr(RUN).isascii()


def test_a_run_without_history():
    bare = visnmf.Factorization(RUN.W, RUN.H, 1.0, 0.0, [], "picked", 0)
    printer = Printer()
    bare._repr_pretty_(printer, False)
    assert printer.written == repr(bare)
    assert "<svg" not in bare._repr_html_()


def test_a_long_course_is_drawn_from_its_first_to_its_last_value():
    values = np.concatenate([[50.0], np.full(998, 20.0), [10.0]])
    (places,) = re.findall(r'points="([^"]+)"', spark_svg(values))
    points = [tuple(map(float, place.split(","))) for place in places.split()]
    assert len(points) < 200
    assert (points[0][1], points[-1][1]) == (2, 26)
    assert {y for _, y in points[1:-1]} == {20.0}  # three quarters of the way down
    text = spark_text(values)
    assert (text[0], text[-1]) == ("█", "▁")
