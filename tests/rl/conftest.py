"""Pictures without a screen, and closed again."""

import pytest


@pytest.fixture(autouse=True)
def no_window():
    import matplotlib
    matplotlib.use("Agg")
    yield
    from matplotlib import pyplot
    pyplot.close("all")
