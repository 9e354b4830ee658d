"""What is timed: one file for one workload, and in it one function for each engine, as its own users would write it.

A workload has a NAME, its CASES, how many STEPS make one timing, a UNIT, the TARGETS that we set ourselves (the ratio
of our time to an engine's, or to the "fastest"), `inputs(rng, **case)` with the arrays that all engines get, and for
each engine `with_<engine>(a)`: it prepares everything and returns `step()`, which does the work once and returns the
loss, or a handle of it that float() reads.
"""
from importlib import import_module
from types import ModuleType

FILES = {"W1": "chain", "W2": "small_mlp", "W3": "mlp", "W4": "cnn", "W5": "gpt", "W6": "lstm",
         "W7": "generation", "W8": "cold",
         "W9": "autoencoder", "W10": "attention"}
ENGINES = {"tinyfm": "numpy", "other": "numpy", "torch": "torch", "jax": "jax", "keras": "tensorflow_cpu",
           "autograd": "autograd", "micrograd": "micrograd"}         # and the package whose version counts


def workload(key: str) -> ModuleType: return import_module(f"workloads.{FILES[key]}")
