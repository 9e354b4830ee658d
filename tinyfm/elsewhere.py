"""What somebody who knows PyTorch tries first, and what to write here instead.

A name that an error message or `tinyfm explain` finds in this table is answered with what stands beside it.  The ops
that PyTorch calls otherwise are all in `reference.names`.
"""
from __future__ import annotations

ARRAYS = dict.fromkeys(("zeros", "ones", "full", "empty", "eye", "arange", "linspace"), "tinyfm.tensor(numpy.{}(...))")
DRAWS = dict.fromkeys(("rand", "randn", "randint", "randperm", "normal", "manual_seed"),
                      "rng = numpy.random.default_rng(seed), and draw from it")
NOTHING = dict.fromkeys(("cpu", "cuda", "device", "contiguous"), "nothing: all are NumPy arrays, on the processor")
DTYPES = dict.fromkeys(("float32", "float64", "int64", "bool"), "numpy.{}, or its name as a string")

WRITE = {
    **ARRAYS, **DRAWS, **NOTHING, **DTYPES,
    # of a tensor
    "ravel": "x.flatten()",
    "view": "x.reshape(...)", "permute": "x.transpose(...)", "t": "x.T",
    "unsqueeze": "tinyfm.expand_dims(x, axis=...)", "expand": "tinyfm.broadcast_to(x, shape=...)", "numel": "x.size",
    "dim": "axis=, or x.ndim for the method", "float": 'x.astype("float32")', "double": 'x.astype("float64")',
    "long": "x.astype(int)", "to": "x.astype(dtype) for a dtype; nothing for a device, there is the processor only",
    "tolist": "x.numpy().tolist()", "masked_fill": "tinyfm.where(mask, value, x)",
    "retain_grad": "with tinyfm.trace() as t: every gradient is in it",
    "register_hook": "with tinyfm.trace() as t: every gradient is in it", "keepdim": "keepdims=",
    "gather": "tinyfm.take_along_axis(x, index, axis=...)", "chunk": "tinyfm.split(x, ...)", "add_": "x.data += ...",
    "requires_grad_": "tinyfm.tensor(data, requires_grad=True)", "zero_": "x.grad = None",
    # of the package
    "cat": "tinyfm.concat([...], axis=...)", "clamp": "tinyfm.clip(x, min=..., max=...)", "mm": "x @ y",
    "bmm": "x @ y", "from_numpy": "tinyfm.tensor(array)", "as_tensor": "tinyfm.tensor(array)",
    "autograd": "tinyfm.gradients or tinyfm.grad", "cross_entropy": "tinyfm.softmax_cross_entropy(logits, labels)",
    "mse_loss": "tinyfm.mean_squared_error(x, y)", "save": "tinyfm.checkpoint.save(file, model.state_dict())",
    "load": "tinyfm.checkpoint.load(file)", "utils": "tinyfm.data.batches(n, size, rng), or model.fit",
    "DataLoader": "tinyfm.data.batches(n, size, rng), or model.fit",
    "functional": "tinyfm.relu, tinyfm.conv2d ...: all functions are ops",
    "set_grad_enabled": "with tinyfm.no_grad():", "enable_grad": "with tinyfm.no_grad(): where you want none",
    "inference_mode": "with tinyfm.no_grad():",
    # of nn; a layer is told its outputs only, and sees its inputs in the first batch
    "Module": "nn.Layer, with call(self, x) for forward", "Parameter": "tinyfm.tensor(data, requires_grad=True)",
    "ModuleList": "a list", "ModuleDict": "a dict", "Identity": 'nn.Activation("linear")',
    "Linear": "nn.Dense(outputs)", "Conv1d": "nn.Conv1D(outputs, size)",
    "Conv2d": "nn.Conv2D(outputs, size), channels last", "MaxPool2d": "nn.MaxPooling2D(size)",
    "AvgPool2d": "nn.AveragePooling2D(size)", "BatchNorm1d": "nn.BatchNormalization()",
    "BatchNorm2d": "nn.BatchNormalization()", "LayerNorm": "nn.LayerNormalization()",
    "RMSNorm": "nn.RMSNormalization()", "GroupNorm": "nn.GroupNormalization(groups)", "RNN": "nn.SimpleRNN(units)",
    "MultiheadAttention": "nn.MultiHeadAttention(...)", "Tanh": 'nn.Activation("tanh")',
    "Sigmoid": 'nn.Activation("sigmoid")', "GELU": 'nn.Activation("gelu")', "SiLU": 'nn.Activation("silu")',
    "CrossEntropyLoss": "nn.SparseCategoricalCrossentropy(from_logits=True)", "MSELoss": "nn.MeanSquaredError()",
    "L1Loss": "nn.MeanAbsoluteError()", "BCELoss": "nn.BinaryCrossentropy()",
    "BCEWithLogitsLoss": "nn.BinaryCrossentropy(from_logits=True)",
    # of a layer, of an optimiser
    "train": "model(x, training=True)", "eval": "model(x): training only where training=True is said",
    "forward": "call(self, x)", "modules": "model.named_layers()", "register_buffer": "model.buffer(...)",
    "lr": "learning_rate=", "lr_scheduler": "tinyfm.schedules, as learning_rate=",
}


def instead(name: str) -> str:
    """A sentence for PyTorch's `name`, or nothing."""
    return f"For PyTorch's {name} write: {WRITE[name].format(name)}" if name in WRITE else ""


def missing(owner: str, name: str) -> AttributeError:
    """What to raise when `owner` was asked for a name that it does not have."""
    return AttributeError(f"{owner} has no attribute {name!r}" + (f". {instead(name)}" if name in WRITE else ""))
