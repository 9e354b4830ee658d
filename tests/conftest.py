"""What every test leaves behind is put away; how many examples hypothesis draws."""
import sys

import pytest
from hypothesis import settings

# `pytest` draws 20 examples a law, so that it stays under two minutes; the continuous integration script also draws 100
# (--hypothesis-profile=thorough).  No example has a deadline: a busy machine is not a wrong result.
settings.register_profile("plain", max_examples=20, deadline=None)
settings.register_profile("thorough", max_examples=100, deadline=None)
settings.load_profile("plain")


@pytest.fixture(autouse=True)
def no_picture_stays_open():
    """Figures that pyplot holds would add up over the tests of one run."""
    yield
    if "matplotlib.pyplot" in sys.modules: sys.modules["matplotlib.pyplot"].close("all")
