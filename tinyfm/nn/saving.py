"""A model in one file: its weights by name, and as text the architecture and all that is needed to go on training.

The text is data: classes are looked up among our layers and in custom_objects, and nothing in a file is ever run.
"""
from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tinyfm import checkpoint, optim
from tinyfm.errors import FormatError, SettingError
from tinyfm.nn import losses
from tinyfm.nn.module import Layer

PREFIX = "training."                             # of the arrays that are not weights


def layer_config(layer: Layer) -> dict[str, Any]:
    """A layer as JSON: its class and its arguments.  SettingError for what no file can hold, such as functions."""
    return {"class": type(layer).__name__, "config": layer.get_config()}


def layer_from(config: Any, classes: Mapping[str, Any]) -> Any:
    """Undo `layer_config`, in lists and nested layers too."""
    if isinstance(config, list): return [layer_from(item, classes) for item in config]
    if not isinstance(config, dict) or set(config) != {"class", "config"}: return config
    if config["class"] not in classes:
        raise FormatError(f"there is no layer {config['class']!r}; if it is your own, pass it in custom_objects.")
    return classes[config["class"]](**{name: layer_from(value, classes) for name, value in config["config"].items()})


def compile_config(model: Any) -> dict[str, Any]:
    """What compile was told, as far as a file can hold it."""
    return {"optimizer": model.optimizer and optim.config(model.optimizer),
            "loss": model.loss and losses.config(model.loss), "metrics": list(model.metrics)}


def save(model: Any, path: Any) -> None:
    """Weights, architecture, compilation, optimiser state, random state and counters."""
    weights = model.state_dict()
    arrays, text = checkpoint.flatten({"training": {
        "seed": model.seed, "epoch": model.epoch, "random": model.random_state(),
        "optimizer": model.optimizer.state_dict() if model.optimizer else None}})
    if clash := weights.keys() & arrays.keys():
        raise ValueError(f"A weight called {min(clash)!r} clashes with the training state; name its layer differently.")
    checkpoint.save(path, weights | arrays, {"architecture": json.dumps(architecture(model)), **text})


def architecture(model: Any) -> dict[str, Any]:
    """What `load_model` needs; for a model that it cannot make again, the reason."""
    from tinyfm.nn.model import Sequential
    kind = type(model).__name__
    if type(model) is not Sequential: return {"class": kind, "reason": f"{kind} is your own code, a file holds none"}
    try:
        return {**layer_config(model), "built_for": model.built_for, "compile": compile_config(model)}
    except SettingError as error:
        return {"class": kind, "reason": str(error)}


def load_model(path: Any, custom_objects: Mapping[str, type[Layer]] | None = None) -> Any:
    """The model that `save` wrote: layers, weights, optimiser, random state.

    custom_objects: {name: class} of layers of your own.  Raises FormatError for a damaged file, or one that holds no
    architecture: then make the model yourself and call its restore(path).
    """
    found = parsed(path, checkpoint.load_metadata(path))
    if "config" not in found:
        raise FormatError(f"{path} holds the weights of a {found['class']} but not its architecture: "
                          f"{found.get('reason')}. Make the model yourself and call its restore({str(path)!r}).")
    from tinyfm import nn
    classes = {name: c for name, c in vars(nn).items() if isinstance(c, type) and issubclass(c, Layer)}
    with checkpoint_errors(path):
        model = layer_from({"class": found["class"], "config": found["config"]}, {**classes, **(custom_objects or {})})
        if not model.built and found["built_for"] is not None: model.build_for(tuple(found["built_for"]))
        told = found["compile"]
        if told["optimizer"]: model.compile(told["optimizer"], losses.from_config(told["loss"]), told["metrics"])
    restore(model, path)
    return model


def checkpoint_errors(path: Any) -> Any:
    from tinyfm.checkpoint.contents import blaming
    return blaming(path)


def parsed(path: Any, metadata: Mapping[str, str]) -> dict[str, Any]:
    if "architecture" not in metadata:
        raise FormatError(f"{path} was not written by Model.save. If it holds weights, make the model and call its "
                          f"load_weights({str(path)!r}).")
    with checkpoint_errors(path): found = json.loads(metadata["architecture"])
    if not isinstance(found, dict) or "class" not in found: raise FormatError(f"{path} describes no model.")
    return found


def restore(model: Any, path: Any) -> None:
    """All that `save` wrote, into a model of the same architecture."""
    arrays, metadata = checkpoint.load(path)
    parsed(path, metadata)
    extra = {name: array for name, array in arrays.items() if name.startswith(PREFIX)}
    with checkpoint_errors(path): state = checkpoint.unflatten(extra, metadata)["training"]
    model.load_state_dict({name: array for name, array in arrays.items() if name not in extra})
    model.load_random_state(state["random"])
    model.seed, model.epoch = state["seed"], state["epoch"]
    if state["optimizer"] and model.optimizer:
        model.optimizer.build(model.parameters())
        model.optimizer.load_state_dict(state["optimizer"])


def save_weights(model: Any, path: Any) -> None:
    """The weights and buffers by name."""
    checkpoint.save(path, model.state_dict())


def load_weights(model: Any, path: Any) -> None:
    """The weights of a file, whether or not it holds more."""
    arrays, metadata = checkpoint.load(path)
    full = "architecture" in metadata
    model.load_state_dict({name: array for name, array in arrays.items() if not (full and name.startswith(PREFIX))})
