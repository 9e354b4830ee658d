"""What every test leaves behind is put away."""
import sys

import pytest


@pytest.fixture(autouse=True)
def no_picture_stays_open():
    """Figures that pyplot holds would add up over the tests of one run."""
    yield
    if "matplotlib.pyplot" in sys.modules: sys.modules["matplotlib.pyplot"].close("all")
