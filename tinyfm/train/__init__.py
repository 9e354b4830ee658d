"""Training: the loop behind fit, evaluate and predict, what may look on, and the line that shows how it goes.

Reading order: `loop`, `examples`, `callbacks`, `progress`.
"""
from tinyfm.train.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    History,
    LearningRateScheduler,
    ModelCheckpoint,
)
from tinyfm.train.loop import evaluate, fit, predict, train_batch

__all__ = [
    "CSVLogger", "Callback", "EarlyStopping", "History", "LearningRateScheduler", "ModelCheckpoint", "evaluate", "fit",
    "predict", "train_batch",
]
