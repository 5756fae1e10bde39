"""The two forms of a test: a short one in every run, and one of minutes that carries the marker `soak` and the real numbers.

HUBD_SOAK_SCALE   what times and counts of the long forms are multiplied with; the default is 1
"""

import os
from types import SimpleNamespace

import pytest

SCALE = float(os.environ.get("HUBD_SOAK_SCALE", "1"))


def scaled(number: int, least=1) -> int:
    """A time or a count of a long form."""
    return max(least, round(number * SCALE))


def forms(short: dict, long: dict, limit=900):
    """Runs a test in both forms; it finds their values in `form`, and `form.is_long`. `limit` is the long form's, in seconds."""
    marks = [pytest.mark.soak, pytest.mark.timeout(limit)]
    return pytest.mark.parametrize(
        "form",
        [
            pytest.param(SimpleNamespace(is_long=False, **short), id="short"),
            pytest.param(SimpleNamespace(is_long=True, **long), id="long", marks=marks),
        ],
    )


def percentile(values, share: float) -> float:
    """The value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
