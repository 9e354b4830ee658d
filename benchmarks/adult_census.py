"""Who earned more than 50,000 dollars a year?  From the raw CSV files of UCI's Adult census to a test accuracy."""
import os
from pathlib import Path

import numpy as np

from tinyfm.data import TableTransformer, read_csv
from tinyfm.nn import Dense, Dropout, Sequential

NAMES = ["age", "workclass", "weight", "education", "years", "marital", "occupation", "relationship", "race", "sex",
         "gain", "loss", "hours", "country", "income"]
folder = Path(os.environ.get("TINYFM_DATA", "."), "adult")                            # UCI's adult.data and adult.test
train, test = (read_csv(folder / f"adult-{part}.csv", names=NAMES) for part in ("train", "test"))
train = train.drop_duplicates()

prepare = TableTransformer(columns={"income": None, "weight": None}).fit(train)       # the training part, nothing else
x, x_test = prepare.transform(train), prepare.transform(test)                         # gaps filled, scaled, one-hot
y, y_test = (np.char.startswith(part["income"], ">50K").astype(int) for part in (train, test))

model = Sequential([Dense(64, activation="relu"), Dropout(0.3), Dense(2, activation="softmax")], seed=0)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=64, epochs=10)
print(f"Test accuracy: {model.evaluate(x_test, y_test, verbose=0)[1]:.4f}")
