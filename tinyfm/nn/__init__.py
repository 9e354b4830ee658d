"""Layers, models, losses: Keras' names and semantics, channels last.

Read in this order: module, layers, tree, model, init, activations, losses, convolution, normalization, recurrent,
transformer, saving.
"""
from typing import TYPE_CHECKING, Any

from tinyfm.elsewhere import missing
from tinyfm.nn.convolution import (
    AveragePooling1D,
    AveragePooling2D,
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
    UpSampling2D,
    ZeroPadding2D,
)
from tinyfm.nn.layers import Activation, Dense, Dropout, Embedding
from tinyfm.nn.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from tinyfm.nn.model import Model, Sequential
from tinyfm.nn.module import Layer
from tinyfm.nn.normalization import BatchNormalization, GroupNormalization, LayerNormalization, RMSNormalization
from tinyfm.nn.rectifiers import LeakyReLU, ReLU, Softmax
from tinyfm.nn.recurrent import GRU, LSTM, MultiHeadAttention, SimpleRNN
from tinyfm.nn.reshaping import Flatten, Permute, Reshape
from tinyfm.nn.saving import load_model
from tinyfm.nn.transformer import LearnedPositions, SelfAttention, SinusoidalPositions, TransformerBlock

__all__ = [
    "GRU", "LSTM", "Activation", "AveragePooling1D", "AveragePooling2D", "BatchNormalization", "BinaryCrossentropy",
    "CategoricalCrossentropy", "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Dense", "Dropout",
    "Embedding", "Flatten", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D",
    "GlobalMaxPooling2D", "GroupNormalization", "Hinge", "Huber", "KLDivergence", "Layer", "LayerNormalization",
    "LeakyReLU", "LearnedPositions", "LogCosh", "Loss", "MaxPooling1D", "MaxPooling2D", "MeanAbsoluteError",
    "MeanSquaredError", "Model", "MultiHeadAttention", "Permute", "RMSNormalization", "ReLU", "Reshape",
    "SelfAttention", "Sequential", "SimpleRNN", "SinusoidalPositions", "Softmax", "SparseCategoricalCrossentropy",
    "TransformerBlock", "UpSampling2D", "ZeroPadding2D", "load_model",
]

if not TYPE_CHECKING:
    def __getattr__(name: str) -> Any: raise missing("module 'tinyfm.nn'", name)
