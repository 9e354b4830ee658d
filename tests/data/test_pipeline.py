"""TableTransformer: a mixed table becomes one array, nothing is learnt from the test part, errors name the column."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm.data import (
    Imputer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    Pipeline,
    StandardScaler,
    Table,
    TableTransformer,
    read_csv,
    toy,
)
from tinyfm.errors import ShapeError

sizes = st.integers(-9999, 9999).map(lambda n: n / 8)
rows = st.lists(st.tuples(sizes, st.sampled_from(["", "a", "b", "c"]), st.integers(0, 3)), min_size=1, max_size=12)


def as_table(rows):
    return Table({"size": [r[0] for r in rows], "kind": [r[1] for r in rows], "count": [float(r[2]) for r in rows]})


@given(train=rows, test=rows)
def test_shape_and_dtype_and_finite(train, test):
    transformer = TableTransformer().fit(as_table(train))
    y = transformer.transform(as_table(test))
    assert y.dtype == np.float32 and y.shape == (len(test), len(transformer.feature_names)) and np.all(np.isfinite(y))


@given(train=rows)
def test_there_and_back_is_the_identity(train):
    table = as_table(train)
    transformer = TableTransformer()
    back = transformer.inverse_transform(transformer.fit_transform(table))
    assert back.names == table.names
    np.testing.assert_allclose(back["size"], table["size"], rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(back["count"], table["count"], rtol=1e-5, atol=1e-5)
    assert back["kind"].tolist() == [kind or "(missing)" for kind in table["kind"]]


@given(train=rows, test=rows, other=rows)
def test_nothing_of_the_test_part_is_learnt(train, test, other):
    seen, unseen = TableTransformer().fit(as_table(train)), TableTransformer().fit(as_table(train))
    seen.transform(as_table(test)), seen.inverse_transform(seen.transform(as_table(other)))
    for part in (train, test):
        np.testing.assert_array_equal(seen.transform(as_table(part)), unseen.transform(as_table(part)))


@given(train=rows, test=rows)
def test_a_row_is_transformed_as_if_it_were_alone(train, test):
    transformer = TableTransformer().fit(as_table(train))
    together = transformer.transform(as_table(test))
    for i, row in enumerate(test):
        np.testing.assert_array_equal(transformer.transform(as_table([row]))[0], together[i])


def test_the_values_and_their_names():
    train = Table({"age": [20.0, 40, np.nan, 30], "sex": ["f", "m", "", "f"], "id": [1, 2, 3, 4]})
    transformer = TableTransformer(columns={"id": None, "age": [Imputer("mean"), MinMaxScaler()]})
    assert transformer.fit(train).feature_names == ["age", "sex=(missing)", "sex=f", "sex=m"]
    test = Table({"sex": ["x", "m", ""], "age": [50, 20, np.nan], "more": ["a", "b", "c"]})    # any order, more columns
    assert transformer.transform(test).tolist() == [[1.5, 0, 0, 0], [0, 0, 0, 1], [0.5, 1, 0, 0]]


def test_the_steps_handed_in_stay_unfitted():
    scaler = StandardScaler()
    TableTransformer(numeric=[scaler]).fit(Table({"a": [1.0, 2], "b": [3.0, 5]}))
    with pytest.raises(RuntimeError, match="before fit"):
        scaler.transform([1.0])


def test_each_column_may_have_steps_of_its_own():
    train = Table({"size": ["S", "L", "M", "S"], "colour": ["red", "red", "blue", ""]})
    transformer = TableTransformer(columns={"size": [OrdinalEncoder([["S", "M", "L"]])],
                                            "colour": [Imputer("most_frequent"), OneHotEncoder()]})
    assert transformer.fit_transform(train).tolist() == [[0, 0, 1], [2, 0, 1], [1, 1, 0], [0, 0, 1]]
    with pytest.raises(ValueError, match=r"Column 'size'.*'XL'"):
        transformer.transform(train.with_columns(size=["XL"] * 4))


def test_a_pipeline_is_its_steps_one_after_the_other():
    x = np.array([[1.0, np.nan], [3, 4], [5, 8]])
    by_hand = StandardScaler().fit_transform(Imputer("median").fit_transform(x))
    np.testing.assert_array_equal(Pipeline(Imputer("median"), StandardScaler()).fit_transform(x), by_hand)
    np.testing.assert_array_equal(Pipeline().fit_transform(x), x)


mixed = Table({"age": [1.0, 2], "sex": ["f", "m"]})


@pytest.mark.parametrize("call, error, message", [
    (lambda: TableTransformer().transform(mixed), RuntimeError, "transform before fit"),
    (lambda: TableTransformer().feature_names, RuntimeError, "feature_names before fit"),
    (lambda: TableTransformer(columns={"agee": None}).fit(mixed), KeyError, "no column 'agee'"),
    (lambda: TableTransformer(columns={"age": None, "sex": None}).fit(mixed), ValueError, "no column to work on"),
    (lambda: TableTransformer().fit(Table({})), ValueError, "no column to work on"),
    (lambda: TableTransformer().fit(mixed[:0]), ValueError, "Column 'age'.*at least one row"),
    (lambda: TableTransformer().fit(mixed).transform(mixed.without("sex")), KeyError, "no column 'sex'"),
    (lambda: TableTransformer().fit(mixed).transform(mixed.with_columns(age=["x", "y"])), TypeError, "Column 'age'"),
    (lambda: TableTransformer().fit(mixed).transform(mixed.with_columns(sex=[1, 2])), TypeError, "Column 'sex'"),
    (lambda: TableTransformer().fit(mixed.with_columns(age=[np.nan, np.nan])), ValueError, "'age'.*no value at all"),
    (lambda: TableTransformer(text=[OneHotEncoder()]).fit(mixed).transform(mixed.with_columns(sex=["f", "?"])),
     ValueError, "Column 'sex'.*'\\?' in row 1"),
    (lambda: TableTransformer().fit(mixed).inverse_transform(np.zeros((1, 9))), ShapeError, r"\(rows, 3\)")])
def test_mistakes_name_the_column(call, error, message):
    with pytest.raises(error, match=message):
        call()


def logistic_accuracy(x, y, x_test, y_test, steps=2000, rate=0.1):
    """Test accuracy of logistic regression by plain gradient descent: enough to see that features carry meaning."""
    x, x_test = (np.c_[a, np.ones(len(a), a.dtype)] for a in (x, x_test))
    w, velocity = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        velocity = 0.9 * velocity - rate * x.T @ (p - y) / len(x)
        w = w + velocity
    return np.mean((x_test @ w > 0) == y_test)


def test_the_untidy_flats_can_be_learnt_from():
    train, test = toy.flats(1500, seed=3).drop_duplicates().split(0.3, stratify="let")
    transformer = TableTransformer(columns={"let": None})
    x, x_test = transformer.fit_transform(train), transformer.transform(test)
    y, y_test = train["let"] == "yes", test["let"] == "yes"
    assert logistic_accuracy(x, y, x_test, y_test) > max(y_test.mean(), 1 - y_test.mean()) + 0.15


@pytest.mark.skipif(not os.environ.get("TINYFM_DATA"), reason="TINYFM_DATA is not set: no Adult table")
def test_adult_goes_from_csv_to_features_that_a_linear_model_can_use():
    names = ["age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship",
             "race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income"]
    folder = Path(os.environ["TINYFM_DATA"]) / "adult"
    train, test = (read_csv(folder / f"adult-{part}.csv", names=names) for part in ("train", "test"))
    prepare = TableTransformer(columns={"income": None, "fnlwgt": None})
    train = train[:10_000]
    x, x_test = prepare.fit_transform(train), prepare.transform(test)
    y, y_test = (np.char.startswith(table["income"], ">50K") for table in (train, test))
    assert len(x) == 10_000 and np.all(np.isfinite(x)) and np.all(np.isfinite(x_test))
    assert logistic_accuracy(x, y, x_test, y_test, steps=150, rate=0.5) > 0.845
