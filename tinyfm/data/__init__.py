"""Data: reading it, finding it, preparing it, splitting it.

Read in this order: toy (no file at all), split, preprocess, encode, table, pipeline, idx, fetch, images,
augmentation.
"""

from tinyfm.data import augmentation, fashion_mnist, mnist, toy
from tinyfm.data.encode import LabelEncoder, OneHotEncoder, OrdinalEncoder
from tinyfm.data.idx import read_idx, write_idx
from tinyfm.data.images import read_image, to_digit, to_floats
from tinyfm.data.pipeline import Pipeline, TableTransformer
from tinyfm.data.preprocess import Imputer, MinMaxScaler, RobustScaler, StandardScaler
from tinyfm.data.split import batches, kfold, train_test_split
from tinyfm.data.table import Table, read_csv

__all__ = [
    "Imputer", "LabelEncoder", "MinMaxScaler", "OneHotEncoder", "OrdinalEncoder", "Pipeline", "RobustScaler",
    "StandardScaler", "Table", "TableTransformer", "augmentation", "batches", "fashion_mnist", "kfold", "mnist",
    "read_csv", "read_idx", "read_image", "to_digit", "to_floats", "toy", "train_test_split", "write_idx",
]
