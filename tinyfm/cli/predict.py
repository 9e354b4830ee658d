"""tinyfm predict MODEL IMAGE...: what a trained model sees in pictures of any size."""
from __future__ import annotations

from argparse import Namespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinyfm.cli import table
from tinyfm.errors import ShapeError


def add(commands: Any) -> None:
    """Declare the arguments."""
    parser = commands.add_parser("predict", help="say what a saved model sees in pictures", description=(
        "Say which digit a saved model sees in each picture. A picture may have any size, dark on light or light on "
        "dark: what is drawn is scaled and centred as MNIST has it."))
    parser.add_argument("model", metavar="MODEL", help="a file that `tinyfm train --save` or Model.save wrote")
    parser.add_argument("images", metavar="IMAGE", nargs="+", help="PNG, PGM or PPM files")
    parser.set_defaults(run=predict)


def predict(arguments: Namespace) -> int:
    """Print, for each image, the class and the probability of every class."""
    from tinyfm.nn import load_model
    model = load_model(arguments.model)
    probabilities = classify(model, np.stack([as_digit(path) for path in arguments.images]))
    head = ["image", "class", *(f"p({i})" for i in range(probabilities.shape[1]))]
    rows = [[path, str(p.argmax()), *(f"{share:.3f}" for share in p)]
            for path, p in zip(arguments.images, probabilities)]
    print(*table.lines([head, *rows]), sep="\n")
    return 0


def classify(model: Any, images: NDArray[np.float32]) -> NDArray[Any]:
    """(n, classes).  Raises ShapeError for a model that does not give one row of probabilities for an image."""
    try: rows: NDArray[Any] = model.predict(images)
    except ShapeError as error:
        raise ShapeError(f"this model does not take grey images of 28 x 28: {str(error).splitlines()[0]}") from None
    if rows.ndim != 2 or rows.shape[1] < 2 or not np.allclose(rows.sum(axis=1), 1, atol=1e-3):
        raise ShapeError(f"this model gives an output of shape {rows.shape[1:]} for an image; expected probabilities "
                         "of two classes or more. Does it end in Dense(classes, activation='softmax')?")
    return rows


def as_digit(path: str) -> NDArray[np.float32]:
    """The picture in a file as MNIST would have it; errors name the file."""
    from tinyfm.data import read_image, to_digit
    image = read_image(path)
    try: return to_digit(image)
    except ValueError as error: raise ValueError(f"{path}: {error}") from None
