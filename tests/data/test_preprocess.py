"""Scalers, encoders and imputers: the way back leads back, and only the training part is learnt from."""

from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinyfm.data import (
    Imputer,
    LabelEncoder,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    Pipeline,
    RobustScaler,
    StandardScaler,
)
from tinyfm.errors import ShapeError

SCALERS = [MinMaxScaler, lambda: MinMaxScaler(-1, 3), StandardScaler, RobustScaler]
ENCODERS = [OrdinalEncoder, OneHotEncoder, lambda: OneHotEncoder(unknown="ignore")]
each_scaler = pytest.mark.parametrize("make", SCALERS, ids=["minmax", "minmax(-1,3)", "standard", "robust"])
each_encoder = pytest.mark.parametrize("make", ENCODERS, ids=["ordinal", "onehot", "onehot(ignore)"])

shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=8)
floats = st.integers(-10**6, 10**6).map(lambda n: n / 64)      # float32 holds them exactly
matrices = st.sampled_from([np.float32, np.float64]).flatmap(lambda dtype: hnp.arrays(dtype, shapes, elements=floats))
words = st.text("abcß", min_size=1, max_size=3)
categories = st.one_of(
    hnp.arrays("U3", hnp.array_shapes(min_dims=1, max_dims=2, max_side=8), elements=words),
    hnp.arrays(np.int64, hnp.array_shapes(min_dims=1, max_dims=2, max_side=8), elements=st.integers(-3, 3)))


def state(preprocessor):
    """All that fit has learnt, as comparable bytes."""
    return {name: [np.asarray(item).tobytes() for item in (value if isinstance(value, list | tuple) else [value])]
            for name, value in vars(preprocessor).items()}


# -- laws ------------------------------------------------------------------------------------------------------------

@each_scaler
@given(x=matrices)
def test_scaling_there_and_back_is_the_identity(make, x):
    scaler = make()
    y = scaler.fit_transform(x)
    assert y.dtype == x.dtype and y.shape == x.shape and np.all(np.isfinite(y))
    size = np.abs(x).max() + 1e-30
    np.testing.assert_allclose(scaler.inverse_transform(y), x, rtol=0, atol=8 * np.finfo(x.dtype).eps * size)


@each_scaler
@given(x=matrices, a=st.sampled_from([0.25, 2.0, 1024.0]))
def test_scaling_does_not_depend_on_the_unit(make, x, a):
    np.testing.assert_allclose(make().fit_transform(a * x), make().fit_transform(x), rtol=1e-4, atol=1e-4)


@each_encoder
@given(x=categories)
def test_encoding_there_and_back_is_the_identity(make, x):
    encoder = make().fit(x)
    back = encoder.inverse_transform(encoder.transform(x))
    assert back.shape == x.shape
    np.testing.assert_array_equal(back, x)


@given(x=categories)
def test_a_one_hot_row_has_one_1_per_column(x):
    encoder = OneHotEncoder()
    y = encoder.fit_transform(x)
    assert y.dtype == np.float32 and set(np.unique(y)) <= {0, 1}
    assert y.shape == (len(x), sum(map(len, encoder.categories)))
    np.testing.assert_array_equal(y.sum(axis=1), np.prod(x.shape[1:], dtype=int))


@given(x=categories)
def test_codes_count_the_sorted_categories(x):
    codes = OrdinalEncoder().fit_transform(x)
    for column, coded in zip(x.reshape(len(x), -1).T, codes.reshape(len(x), -1).T, strict=True):
        np.testing.assert_array_equal(coded, np.unique(column, return_inverse=True)[1])


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent"])
@given(x=hnp.arrays(np.float64, (6, 3), elements=st.floats(-1e3, 1e3)), gaps=hnp.arrays(bool, (6, 3)))
def test_imputing_keeps_what_is_there_and_leaves_no_gap(strategy, x, gaps):
    gaps[0] = False
    holed = np.where(gaps, np.nan, x)
    filled = Imputer(strategy).fit_transform(holed)
    np.testing.assert_array_equal(filled[~gaps], x[~gaps])
    assert np.all(filled >= np.nanmin(holed, axis=0) - 1e-9) and np.all(filled <= np.nanmax(holed, axis=0) + 1e-9)
    assert not np.any(np.isnan(filled))


FITTED = [*SCALERS, *ENCODERS, lambda: Imputer("mean"), lambda: Imputer("most_frequent"), LabelEncoder,
          lambda: Pipeline(Imputer("median"), StandardScaler())]


@pytest.mark.parametrize("make", FITTED)
@given(data=st.data())
def test_transform_learns_nothing(make, data):
    train = data.draw(hnp.arrays(np.float64, 6, elements=st.integers(0, 3)))
    test = data.draw(hnp.arrays(np.float64, 4, elements=st.sampled_from(train.tolist())))
    fitted = make().fit(train)
    before, on_train = deepcopy(state(fitted)), fitted.transform(train)
    fitted.inverse_transform(fitted.transform(test))
    assert state(fitted) == before
    np.testing.assert_array_equal(fitted.transform(train), on_train)


@pytest.mark.parametrize("make", FITTED)
def test_what_was_learnt_does_not_hang_on_the_callers_array(make):
    train = np.array([3.0, 1, 2, 2])
    fitted = make().fit(train)
    before = fitted.transform([1.0, 2, 3])
    train[:] = 7
    np.testing.assert_array_equal(fitted.transform([1.0, 2, 3]), before)


@pytest.mark.parametrize("make", FITTED)
def test_fitting_anew_forgets_the_old(make):
    new = np.array([5.0, 6, 7, 7])
    again = make().fit(np.array([1.0, 2, 2]))
    np.testing.assert_array_equal(again.fit(new).transform(new), make().fit(new).transform(new))


# -- values ----------------------------------------------------------------------------------------------------------

X = np.array([[0.0, 5], [1, 5], [2, 5], [3, 5], [100, 5]])


@pytest.mark.parametrize("scaler, expected", [
    (MinMaxScaler(), [0, 0.01, 0.02, 0.03, 1]),
    (MinMaxScaler(-1, 1), [-1, -0.98, -0.96, -0.94, 1]),
    (StandardScaler(), (X[:, 0] - 21.2) / np.sqrt(np.mean((X[:, 0] - 21.2) ** 2))),
    (RobustScaler(), [-1, -0.5, 0, 0.5, 49])])
def test_the_formulas(scaler, expected):
    y = scaler.fit_transform(X)
    np.testing.assert_allclose(y[:, 0], expected)
    np.testing.assert_array_equal(y[:, 1], getattr(scaler, "low", 0))      # a constant column, finite


def test_a_column_that_is_constant_but_for_rounding_does_not_explode():
    x = np.full((1000, 1), 0.1)
    assert x.std() > 0                                     # the mean of many 0.1 is not 0.1
    np.testing.assert_array_equal(np.abs(StandardScaler().fit_transform(x)) < 1e-12, True)


def test_a_column_of_which_half_is_one_value_is_scaled_too():
    x = np.array([[0.0, 0, 0, 0, 100_000]]).T              # its quartiles are equal
    np.testing.assert_allclose(RobustScaler().fit_transform(x)[:, 0], [0, 0, 0, 0, 2.5])


def test_integers_become_floats_and_float32_stays():
    assert StandardScaler().fit_transform(np.arange(4, dtype=np.uint8)).dtype == np.float64
    assert StandardScaler().fit_transform([True, False]).dtype == np.float64
    assert StandardScaler().fit_transform(np.arange(4, dtype=np.float16)).dtype == np.float64
    images = np.random.default_rng(0).random((10, 4, 4, 1), dtype=np.float32)
    assert StandardScaler().fit_transform(images).dtype == np.float32


@pytest.mark.parametrize("strategy, fill", [("mean", 3.0), ("median", 2.0), ("most_frequent", 1.0)])
def test_what_imputers_fill_in(strategy, fill):
    x = np.array([[1, 1, 2, 4, 7, np.nan]]).T
    y = Imputer(strategy).fit_transform(x)
    assert y[-1, 0] == fill
    assert Imputer("constant", -1).fit_transform(x)[-1, 0] == -1


def test_text_is_imputed_too():
    x = np.array([["a", ""], ["", "yes"], ["a", "no"], ["b", "no"]])
    assert Imputer("most_frequent").fit_transform(x)[:, 0].tolist() == ["a", "a", "a", "b"]
    assert Imputer("most_frequent").fit_transform(x)[0, 1] == "no"
    assert Imputer("constant", "a long word").fit_transform(x)[0, 1] == "a long word"
    assert Imputer("constant", "?").fit_transform(np.array(["a", None], object)).tolist() == ["a", "?"]


def test_categories_may_have_an_order_of_their_own():
    encoder = OrdinalEncoder([["low", "middle", "high"]])
    assert encoder.fit_transform([["high"], ["low"]]).tolist() == [[2], [0]]
    assert encoder.inverse_transform([[1]]).tolist() == [["middle"]]
    with pytest.raises(ValueError, match="'huge'"):
        encoder.fit([["huge"]])


def test_labels():
    encoder = LabelEncoder()
    assert encoder.fit_transform(["no", "yes", "no"]).tolist() == [0, 1, 0] and encoder.classes == ["no", "yes"]
    assert encoder.inverse_transform(np.array([1.0, 0])).tolist() == ["yes", "no"]


def test_an_unknown_category_becomes_zeros_where_that_is_asked_for():
    encoder = OneHotEncoder(unknown="ignore").fit([["a", "x"], ["b", "y"]])
    y = encoder.transform([["c", "y"], ["b", ""], ["", "x"]])
    assert y.tolist() == [[0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]]
    assert encoder.inverse_transform(y).tolist() == [["", "y"], ["b", ""], ["", "x"]]
    numbers = OneHotEncoder(unknown="ignore").fit([1, 2])
    assert encoder.transform([[1.0, 2.0]]).tolist() == [[0, 0, 0, 0]]
    assert numbers.transform(["1"]).tolist() == [[0, 0]]
    with pytest.raises(ValueError, match="no category"):
        numbers.inverse_transform(numbers.transform([3]))


def test_the_way_back_takes_the_most_likely_category():
    encoder = OneHotEncoder().fit(["a", "b", "c"])
    assert encoder.inverse_transform([[0.1, 0.7, 0.2]]).tolist() == ["b"]


# -- mistakes --------------------------------------------------------------------------------------------------------

text, nan = np.array([["a"], ["b"]]), np.array([[1.0], [np.nan], [3.0]])


@pytest.mark.parametrize("make", FITTED)
def test_mistakes_that_all_of_them_name(make):
    name = type(make()).__name__
    for method in ("transform", "inverse_transform"):
        with pytest.raises(RuntimeError, match=f"{name}.{method} before fit"):
            getattr(make(), method)([1.0])
    for empty in (np.zeros((0, 2)), np.zeros((2, 0)), []):
        with pytest.raises(ValueError, match=f"{name}.fit needs at least one row"):
            make().fit(empty)
    with pytest.raises(ValueError, match=r"received shape \(\)"):
        make().fit(3.0)
    with pytest.raises(ShapeError, match=rf"{name}.transform expects.*received shape \(1, 3\)"):
        make().fit([1.0, 2.0]).transform([[1.0, 2.0, 3.0]])
    with pytest.raises(TypeError, match="mixture"):
        make().fit(np.array(["a", 1.0], object))


@pytest.mark.parametrize("call, error, message", [
    (lambda: StandardScaler().fit(nan), ValueError, r"nan in row 1, column 0 \(1 such values\).*Imputer"),
    (lambda: StandardScaler().fit([1, 2]).transform([np.inf]), ValueError, "inf in row 0"),
    (lambda: MinMaxScaler().fit(text), TypeError, "needs numbers.*OneHotEncoder"),
    (lambda: MinMaxScaler(1, 1), ValueError, "low < high"),
    (lambda: MinMaxScaler().fit([-1.7e308, 1.7e308]), ValueError, "overflows"),
    (lambda: Imputer("modus"), ValueError, "'modus'"),
    (lambda: Imputer("constant"), ValueError, "fill_value"),
    (lambda: Imputer("mean", 3), ValueError, "fill_value=3"),
    (lambda: Imputer("median").fit(text), TypeError, "text"),
    (lambda: Imputer("constant", 0).fit(text), TypeError, "text"),
    (lambda: Imputer().fit([[np.nan], [np.nan]]), ValueError, "column 0 has no value"),
    (lambda: Imputer("most_frequent").fit(text).transform(nan), TypeError, "fitted on <U1, received float64"),
    (lambda: OneHotEncoder().fit(nan), ValueError, "nan in row 1, column 0"),
    (lambda: OneHotEncoder().fit(["a", ""]), ValueError, "'' in row 1 "),
    (lambda: OneHotEncoder().fit(text).transform([["c"]]), ValueError, "'c' in row 0, column 0.*not in the training"),
    (lambda: OneHotEncoder().fit(text).transform([[1.0]]), ValueError, "1.0 in row 0"),
    (lambda: OneHotEncoder(unknown="drop"), ValueError, "'drop'"),
    (lambda: OneHotEncoder().fit(np.zeros((2, 2, 2))), ShapeError, r"\(2, 2, 2\)"),
    (lambda: OneHotEncoder().fit(text).inverse_transform([[1, 0, 0]]), ShapeError, r"\(rows, 2\)"),
    (lambda: OrdinalEncoder([["a"], ["b"]]).fit(text), ShapeError, "for 2 columns"),
    (lambda: OrdinalEncoder().fit(text).inverse_transform([[2]]), ValueError, "0 to 1, received 2 to 2"),
    (lambda: OrdinalEncoder().fit(text).inverse_transform([[-1]]), ValueError, "0 to 1"),
    (lambda: OrdinalEncoder().fit(text).inverse_transform([[0.5]]), ValueError, "whole numbers"),
    (lambda: LabelEncoder().fit([["a"]]), ShapeError, r"\(rows,\), received shape \(1, 1\)"),
    (lambda: LabelEncoder().fit(["a", "b"]).transform(["z"]), ValueError, "'z' in row 0")])
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_failed_fit_leaves_no_half_fitted_state():
    with pytest.raises(ValueError):
        StandardScaler().fit(nan)
    encoder = OneHotEncoder()
    with pytest.raises(ValueError):
        encoder.fit(["a", ""])
    with pytest.raises(RuntimeError, match="before fit"):
        encoder.transform(["a"])


def test_no_rows_are_transformed_to_no_rows():
    for make in SCALERS + ENCODERS:
        fitted = make().fit(np.array([[1.0, 2], [3, 4]]))
        assert fitted.transform(np.zeros((0, 2))).shape[0] == 0
