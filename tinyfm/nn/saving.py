"""A model in one file: its weights by name, and as text the architecture and all that is needed to go on training.

The text is data: classes are looked up among our layers and in custom_objects, and nothing in a file is ever run.  No
size in it is believed: weights are made for at most as many numbers as the file holds.
"""
from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tinyfm import checkpoint, metrics, optim
from tinyfm.checkpoint.contents import parse_json
from tinyfm.errors import FormatError, SettingError
from tinyfm.nn import losses
from tinyfm.nn.module import Layer, loading

PREFIX = "training."                             # of the arrays that are not weights


def save(model: Any, path: Any) -> None:
    """Weights, architecture, compilation, optimiser state, random state and counters."""
    weights = model.state_dict()
    arrays, text = checkpoint.flatten({"training": {
        "seed": model.seed, "epoch": model.epoch, "random": model.random_state(),
        "optimizer": model.optimizer.state_dict() if model.optimizer and model.optimizer.parameters else None}})
    if clash := weights.keys() & arrays.keys():
        raise ValueError(f"A weight called {min(clash)!r} clashes with the training state; name its layer differently.")
    checkpoint.save(path, weights | arrays, {"architecture": json.dumps(architecture(model)), **text})


def architecture(model: Any) -> dict[str, Any]:
    """What `load_model` needs; for a model that it cannot make again, the reason."""
    from tinyfm.nn.model import Sequential
    kind = type(model).__name__
    if type(model) is not Sequential: return {"class": kind, "reason": f"{kind} is your own code, a file holds none"}
    try:
        return {**layer_config(model), "compile": compile_config(model), "shapes": {
            path: [layer.built_for, layer.output_shape] for path, layer in model.named_layers()}}
    except SettingError as error:
        return {"class": kind, "reason": str(error)}


def layer_config(layer: Layer) -> dict[str, Any]:
    """A layer as JSON: its class and its arguments.  SettingError for what no file can hold, such as functions."""
    return {"class": type(layer).__name__, "config": layer.get_config()}


def layer_from(config: Any, classes: Mapping[str, Any]) -> Any:
    """Undo `layer_config`, in lists and nested layers too."""
    if isinstance(config, list): return [layer_from(item, classes) for item in config]
    if not isinstance(config, dict) or set(config) != {"class", "config"}: return config
    if config["class"] not in classes:
        raise FormatError(f"there is no layer {config['class']!r}; if it is your own, pass it in custom_objects")
    return classes[config["class"]](**{name: layer_from(value, classes) for name, value in config["config"].items()})


def compile_config(model: Any) -> dict[str, Any]:
    """What compile was told, as far as a file can hold it: all but classes and functions of your own."""
    try: optimizer = model.optimizer and optim.config(model.optimizer)
    except SettingError: optimizer = None
    return {"optimizer": optimizer, "loss": model.loss and losses.config(model.loss),
            "metrics": [name for name, metric in model.metrics.items() if metrics.BY_NAME.get(name) is metric]}


def load_model(path: Any, custom_objects: Mapping[str, type[Layer]] | None = None) -> Any:
    """The model that `save` wrote: layers, weights, optimiser, random state.

    custom_objects: {name: class} of layers of your own.  Raises FormatError for a damaged file, or one that holds no
    architecture: then make the model yourself and call its restore(path).
    """
    from tinyfm import nn
    arrays, metadata = checkpoint.load(path)
    found = described(path, metadata)
    if "config" not in found:
        raise FormatError(f"{os.fspath(path)!r} holds the weights of a {found['class']} but not its architecture: "
                          f"{found.get('reason')}. Make the model yourself and call its restore(path).")
    classes = {name: c for name, c in vars(nn).items() if isinstance(c, type) and issubclass(c, Layer)}
    with blaming(path), loading(sum(array.size for array in arrays.values())):
        model = layer_from({"class": found["class"], "config": found["config"]}, {**classes, **(custom_objects or {})})
        model.rebuild(found["shapes"])
        told = found["compile"]
        if told["optimizer"]: model.compile(told["optimizer"], losses.from_config(told["loss"]), told["metrics"])
        put(model, arrays, metadata)
    return model


def restore(model: Any, path: Any) -> None:
    """All that `save` wrote, into a model of the same architecture."""
    arrays, metadata = checkpoint.load(path)
    described(path, metadata)
    put(model, arrays, metadata)


def put(model: Any, arrays: dict[str, Any], metadata: Mapping[str, str]) -> None:
    """Weights, optimiser state, random state and counters, from what a file holds into the model."""
    weights, rest = parted(arrays)
    state = checkpoint.unflatten(rest, metadata)["training"]
    model.load_state_dict(weights)
    model.load_random_state(state["random"])
    model.seed, model.epoch = natural(state, "seed"), natural(state, "epoch")
    if state["optimizer"] and model.optimizer:
        model.optimizer.build(model.parameters())
        model.optimizer.load_state_dict(state["optimizer"])


def natural(state: Mapping[str, Any], name: str) -> int:
    if isinstance(value := state[name], int) and value >= 0: return value
    raise FormatError(f"its {name} is {value!r}")


def save_weights(model: Any, path: Any) -> None:
    """The weights and buffers by name."""
    checkpoint.save(path, model.state_dict())


def load_weights(model: Any, path: Any) -> None:
    """The weights of a file, whether or not it holds more."""
    arrays, metadata = checkpoint.load(path)
    model.load_state_dict(parted(arrays)[0] if "architecture" in metadata else arrays)


def parted(arrays: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the weights, the arrays of the training state)."""
    rest = {name: array for name, array in arrays.items() if name.startswith(PREFIX)}
    return {name: array for name, array in arrays.items() if name not in rest}, rest


def described(path: Any, metadata: Mapping[str, str]) -> dict[str, Any]:
    """The architecture in a file's text."""
    if "architecture" not in metadata:
        raise FormatError(f"{os.fspath(path)!r} was not written by Model.save. If it holds weights, make the model and "
                          "call its load_weights(path).")
    with blaming(path): found = parse_json(metadata["architecture"].encode())
    if not isinstance(found, dict) or "class" not in found:
        raise FormatError(f"{os.fspath(path)!r} describes no model.")
    return found


@contextmanager
def blaming(path: Any) -> Iterator[None]:
    """Whatever a forged text makes the layers raise, as one error with the file's name."""
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError) as error:
        raise FormatError(f"{os.fspath(path)!r} holds no model that can be made: {error}") from error
