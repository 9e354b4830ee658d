"""Debug mode names the op, the line and the numbers."""
import numpy as np
import pytest

import tinyfm as fm
from tinyfm.debug import ChangedInPlaceError, NotFiniteError
from tinyfm.engine import state
from tinyfm.errors import MixedPrecisionWarning
from tinyfm.nn import Dense, Sequential


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_first_op_that_makes_a_nan_is_named_with_its_line_and_input():
    x = fm.tensor([1.0, -0.25, 2.0], requires_grad=True)
    told = r"log returned NaN .*test_debug\.py:\d+: y = fm\.log\(x\)[\s\S]*x\[1\] = -0\.25"
    with pytest.raises(NotFiniteError, match=told):
        with fm.debug():
            y = fm.log(x)
            fm.sum(y)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_gradient_that_becomes_infinite_is_traced_to_its_forward_line():
    x = fm.tensor([0.0, 4.0], requires_grad=True)
    with pytest.raises(NotFiniteError, match=r"gradient of sqrt with respect to x became inf .*root = fm\.sqrt\(x\)"):
        with fm.debug():
            root = fm.sqrt(x)
            fm.sum(root).backward()


def test_infinities_that_were_given_are_not_blamed_on_the_op():
    with fm.debug():
        fm.softmax(fm.where(np.array([True, False]), fm.tensor([1.0, 2.0], requires_grad=True), -np.inf))


def test_an_array_changed_before_backward_is_named():
    w = fm.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ChangedInPlaceError, match=r"which multiply kept .*loss = fm\.sum\(w \* w\)"):
        with fm.debug():
            loss = fm.sum(w * w)
            w.data -= 0.1
            loss.backward()


def test_debug_changes_no_gradient_and_leaves_no_trace():
    x = fm.tensor([0.5, -1.0], requires_grad=True)
    with fm.debug(): fm.sum(fm.tanh(x) * x).backward()
    plain = fm.grad(lambda x: fm.sum(fm.tanh(x) * x))(x.numpy())
    np.testing.assert_array_equal(x.grad, plain)
    assert state.watch is None


def test_mixed_precision_is_pointed_out():
    w, x = fm.tensor([[1.0], [2.0]], requires_grad=True), np.ones((3, 2), np.float32)
    told = r"linear mixes float32 and float64.*x: float32 \(3, 2\), w: float64.*y = fm\.linear"
    with pytest.warns(MixedPrecisionWarning, match=told):
        with fm.debug(): y = fm.linear(x, w)
    assert y.dtype == np.float64


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_layer_is_named_by_its_path():
    model = Sequential([Dense(3, "tanh", kernel_initializer="ones", name="first"),
                        Dense(2, fm.log, kernel_initializer="ones", name="second")], name="net")
    with pytest.raises(NotFiniteError, match=r"log returned NaN in layer net/second, at .*model\(-np\.ones"):
        with fm.debug(): model(-np.ones((4, 5), np.float32))
