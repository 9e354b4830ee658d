"""From the same weights, on the same batches, the brief's kind of network walks the same path as PyTorch's."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinyfm import optim, train
from tinyfm.nn import Conv2D, Dense, Flatten, MaxPooling2D, Sequential


@pytest.mark.reference
def test_a_convolutional_network_learns_as_in_torch() -> None:
    torch: Any = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    images, labels = rng.standard_normal((20, 8, 12, 12, 1)), rng.integers(0, 4, (20, 8))
    model = Sequential([Conv2D(5, 3, activation="relu", input_shape=(12, 12, 1)), MaxPooling2D(2), Flatten(),
                        Dense(9, "relu"), Dense(4, "softmax")], seed=0, dtype="float64")
    model.compile(optim.Adam(0.01), "sparse_categorical_crossentropy")
    model.optimizer.build(model.parameters())
    conv_kernel, conv_bias, kernel, bias, last_kernel, last_bias = (
        torch.tensor(value, requires_grad=True) for value in model.state_dict().values())
    optimizer = torch.optim.Adam([conv_kernel, conv_bias, kernel, bias, last_kernel, last_bias], lr=0.01, eps=1e-7)
    functional = torch.nn.functional
    for x, y in zip(images, labels):
        ours, _ = train.train_batch(model, (x,), y)
        maps = functional.conv2d(torch.tensor(x).permute(0, 3, 1, 2), conv_kernel.permute(3, 2, 0, 1), conv_bias)
        flat = functional.max_pool2d(maps.relu(), 2).permute(0, 2, 3, 1).reshape(8, -1)      # channels last, as ours
        logits = (flat @ kernel + bias).relu() @ last_kernel + last_bias
        loss = functional.cross_entropy(logits, torch.tensor(y))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert ours == pytest.approx(loss.item(), rel=1e-9)
    np.testing.assert_allclose(model.state_dict()["conv2d.kernel"], conv_kernel.detach().numpy(), rtol=1e-8)
