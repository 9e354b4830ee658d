"""What PyTorch users try first is answered with what there is here."""
import re
from functools import reduce

import numpy as np
import pytest

import tinyfm as fm
from tinyfm import nn, optim, reference
from tinyfm.elsewhere import WRITE, instead

x = fm.tensor(np.ones((2, 3)), requires_grad=True)
ROOTS = {"tinyfm": fm, "nn": nn, "x": x, "numpy": np, "model": nn.Sequential([nn.Dense(2, input_shape=(3,))])}


@pytest.mark.parametrize("name", WRITE)
def test_what_it_says_exists_and_what_it_replaces_does_not(name):
    said = instead(name)
    for root, path in re.findall(r"\b(tinyfm|nn|x|numpy|model)((?:\.\w+)+)", said):
        reduce(getattr, path[1:].split("."), ROOTS[root])
    if name not in ("save", "train"):            # which something else of ours is called
        assert not any(name in dir(owner) for owner in (fm, nn, x, ROOTS["model"]))


@pytest.mark.parametrize(("owner", "name", "said"), [
    (x, "view", r"write: x\.reshape"), (fm, "cat", r"write: tinyfm\.concat"), (nn, "Linear", r"write: nn\.Dense"),
    (ROOTS["model"], "eval", r"write: model\(x\)"), (fm, "zeros", r"tensor\(numpy\.zeros"),
    (x, "nonsense", r"'Tensor' object has no attribute 'nonsense'$"), (nn, "nonsense", "'nonsense'$"),
    (ROOTS["model"], "nonsense", r"'Sequential' object has no attribute 'nonsense'$"),
])
def test_an_attribute_of_pytorch_is_answered(owner, name, said):
    with pytest.raises(AttributeError, match=said): getattr(owner, name)


def test_an_error_within_a_property_is_not_hidden():
    class Net(nn.Layer):
        @property
        def width(self): return self.not_there

    with pytest.raises(AttributeError, match="not_there"): Net().width  # noqa: B018


def test_arguments_of_pytorch_are_answered():
    with pytest.raises(TypeError, match="axis="): fm.softmax(x, dim=1)
    with pytest.raises(ValueError, match="outputs only"): nn.Dense(3, 4)
    with pytest.raises(ValueError, match="parameters="): optim.Adam([x])


@pytest.mark.parametrize(("name", "first"), [("cat", "concat("), ("torch.nn.functional.conv2d", "conv2d("),
                                             ("clamp", "clip(")])
def test_explain_knows_the_names_of_others(name, first):
    assert reference.explain(name).startswith(first)


@pytest.mark.parametrize(("name", "said"), [("Linear", "nn.Dense"), ("Adam", "optim.Adam"), ("lr", "learning_rate"),
                                            ("Dense", "tinyfm.nn.Dense"), ("F.pad", "pad, pad_constant")])
def test_explain_says_what_is_no_op(name, said):
    with pytest.raises(KeyError, match=re.escape(said)): reference.explain(name)
