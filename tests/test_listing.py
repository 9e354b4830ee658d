"""A listing written for Keras, given only our imports, runs to the letter on the real MNIST."""
import os
import re
import time
from functools import partial
from pathlib import Path

import pytest

from tinyfm import nn

LISTING = '''
from tinyfm.nn import Dense, Flatten, Conv2D, MaxPooling2D, Sequential
from tinyfm.data import mnist
model = Sequential([
    Conv2D(32, (3, 3), activation='relu', input_shape=(28, 28, 1)),
    MaxPooling2D((2, 2)),
    Flatten(),
    Dense(128, activation='relu'),
    Dense(10, activation='softmax')
])
model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
(train_images, train_labels), (test_images, test_labels) = mnist.load_data()
train_images = train_images / 255.0
test_images = test_images / 255.0
model.fit(train_images, train_labels, epochs=5)
test_loss, test_acc = model.evaluate(test_images, test_labels)
print(f"Test accuracy: {test_acc}")
'''
SEED = 2
DATA = Path(os.environ.get("TINYFM_DATA", "."), "mnist")


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="needs TINYFM_DATA with the folder mnist")
def test_the_listing_runs_to_the_letter(monkeypatch, capsys):
    monkeypatch.setattr(nn, "Sequential", partial(nn.Sequential, seed=SEED))      # else every run begins elsewhere
    started = time.perf_counter()
    exec(LISTING, {})
    out = capsys.readouterr().out
    accuracy = float(re.fullmatch(r"Test accuracy: (\S+)", out.strip().splitlines()[-1])[1])
    print(f"test accuracy {accuracy} in {time.perf_counter() - started:.0f} s")
    assert len(re.findall(r"^epoch \d/5  1875/1875", out, re.M)) == 5
    assert accuracy >= 0.985
