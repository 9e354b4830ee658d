"""Tables and CSV: what is written is read, what is broken is named by its line, nothing is changed in place."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyfm.data import Table, read_csv
from tinyfm.errors import FormatError, ShapeError

needs_data = pytest.mark.skipif(not os.environ.get("TINYFM_DATA"), reason="TINYFM_DATA is not set: no real tables")
FOLDER = Path(os.environ.get("TINYFM_DATA") or ".")


def table():
    return Table({"age": [30, np.nan, 30, 51, np.nan], "city": ["Bern", "Ulm", "Bern", "", "Ulm"],
                  "id": [1, 2, 1, 3, 2]})


def same(a, b):
    return a.names == b.names and all(
        np.array_equal(a[name], b[name], equal_nan=a[name].dtype.kind == "f") for name in a)


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


# -- reading ---------------------------------------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]), max_size=6)
texts = words.map(lambda word: f"x{word}, \"{word}\"\ny")     # commas, quotes, newlines inside, and never a number
numbers = st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("csv")


@given(st.lists(st.tuples(numbers | st.none(), texts | st.just("")), min_size=1, max_size=8))
def test_write_then_read_is_the_identity(folder, rows):
    with open(folder / "a.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "text", "one"])
        writer.writerows([("?" if n is None else repr(n)), t, 1] for n, t in rows)
    back = read_csv(folder / "a.csv", text=["text"])
    np.testing.assert_array_equal(back["number"], [np.nan if n is None else n for n, _ in rows])
    assert back["text"].tolist() == [t for _, t in rows]


def test_types_missing_values_and_blanks(tmp_path):
    path = written(tmp_path, "\ufeffage , city,zip, note,all\n 39, Bern, 01234, 1_000,\n"
                             "?, \"Ulm, west\", ,x,?\n\n50,?,7,y,\n")
    read = read_csv(path)
    assert read.names == ["age", "city", "zip", "note", "all"] and len(read) == 3
    assert read.numeric() == ["age", "zip", "all"] and read.text() == ["city", "note"]
    np.testing.assert_array_equal(read["age"], [39, np.nan, 50])
    assert read["city"].tolist() == ["Bern", "Ulm, west", ""] and read["note"].tolist() == ["1_000", "x", "y"]
    assert read.missing() == {"age": 1, "city": 1, "zip": 1, "note": 0, "all": 3}
    assert read_csv(written(tmp_path, "a\n1_000\n")).text() == ["a"]        # Python's float would take it
    path = written(tmp_path, "age,city,zip\n39,Bern,01234\n?,Ulm,\n50,?,7\n")
    assert read_csv(path, text=["zip"])["zip"].tolist() == ["01234", "", "7"]
    assert read_csv(path, missing=["Bern"])["age"].tolist() == ["39", "?", "50"]


def test_names_stand_in_for_a_header_and_delimiters_vary(tmp_path):
    path = written(tmp_path, "1;2\n3;4\n")
    assert same(read_csv(path, names=["a", "b"], delimiter=";"), Table({"a": [1, 3], "b": [2, 4]}))
    assert same(read_csv(path, delimiter=";"), Table({"1": [3], "2": [4]}))


@pytest.mark.parametrize("text, message", [
    ("", "need names"),
    ("\n\n", "need names"),
    ("a,b\n", "no rows below its header"),
    ("a,b\n1,2\n3\n", "line 3: 1 cells, expected 2"),
    ("a,b\n1,2\n\n\n3,4,5\n", "line 5: 3 cells, expected 2"),
    ("a,b\n1,\"2\n3,4\n", "unexpected end of data"),
    ("a,b\n1,\"2\"x\n", "line 2.*expected after"),
    ("a,b,a\n1,2,3\n", "a twice"),
    ("a\n" + "x" * 200_000, "line 2.*field limit"),
    ("a,b\n1,2", None)])
def test_a_broken_file_is_a_format_error_that_names_the_line(tmp_path, text, message):
    path = written(tmp_path, text)
    if message is None:                                    # the last line needs no newline
        assert len(read_csv(path)) == 1
    else:
        with pytest.raises(FormatError, match=f"table.csv.*{message}"):
            read_csv(path)


def test_other_encodings_folders_and_missing_files(tmp_path):
    with pytest.raises(FormatError, match="utf-8"):
        read_csv(written(tmp_path, "a\nZürich\n", "latin-1"))
    with pytest.raises(FormatError, match="UTF-8"):
        read_csv(written(tmp_path, "a,b\n1,2\n", "utf-16"))
    with pytest.raises(FormatError, match="not a file"):
        read_csv(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_csv(tmp_path / "nowhere.csv")
    with pytest.raises(KeyError, match="has the columns a"):
        read_csv(written(tmp_path, "a\n1\n"), text=["b"])
    with pytest.raises(FormatError, match="no rows"):
        read_csv(written(tmp_path, ""), names=["a"])


# -- cleaning --------------------------------------------------------------------------------------------------------

def test_missing_and_duplicate_rows_are_dropped():
    assert table().missing() == {"age": 2, "city": 1, "id": 0}
    assert same(table().drop_missing(), table()[[0, 2]])
    assert same(table().drop_missing("city"), table()[[0, 1, 2, 4]])
    assert same(table().drop_duplicates(), table()[[0, 1, 3]])       # NaN equals NaN here
    assert same(table().drop_duplicates("age"), table()[[0, 1, 3]])
    assert same(table().drop_duplicates("city"), table()[[0, 1, 3]])


@given(rows=st.lists(st.tuples(st.sampled_from([0.0, 1.0, np.nan]), st.sampled_from(["", "a", "b"])),
                     min_size=1, max_size=30))
def test_dropping_is_idempotent_and_keeps_the_first_of_each(rows):
    full = Table({"n": [n for n, _ in rows], "t": [t for _, t in rows]})
    once = full.drop_duplicates()
    assert same(once, once.drop_duplicates())
    key = lambda row: (repr(row[0]), row[1])
    assert [key(row) for row in zip(once["n"], once["t"], strict=True)] == list(dict.fromkeys(
        key(row) for row in zip(full["n"], full["t"], strict=True)))
    complete = full.drop_missing()
    assert len(complete) == sum(n == n and t != "" for n, t in rows) and set(complete.missing().values()) == {0}


def test_columns_and_rows_are_taken():
    assert table().select("id", "age").names == ["id", "age"] and table().without("city").names == ["age", "id"]
    assert table().with_columns(twice=table()["id"] * 2)["twice"].tolist() == [2, 4, 2, 6, 4]
    assert len(table()[1:3]) == 2 and len(table()[0]) == 1 and len(table()[table()["id"] > 1]) == 3
    assert len(table()) == 5 and list(table()) == ["age", "city", "id"] and "city" in table()
    np.testing.assert_array_equal(table().array("id", "id"), np.stack([table()["id"]] * 2, axis=1))
    assert np.asarray(table().select("age", "id"), dtype=np.float32).dtype == np.float32
    train, test = table().split(2, stratify="id")
    assert len(train) == 3 and len(test) == 2


def test_nothing_is_changed_in_place():
    before, now = table(), table()
    now.drop_missing(), now.drop_duplicates(), now.select("age"), now.with_columns(age=[0] * 5), now.split(2)
    given_array = np.array([1.0, 2.0])
    Table({"a": given_array})["a"][0] = 9
    assert same(before, now) and given_array[0] == 1


def test_it_prints_as_a_table():
    lines = repr(table()).splitlines()
    assert lines == ["age  city  id", " 30  Bern   1", "nan   Ulm   2", " 30  Bern   1", " 51         3",
                     "nan   Ulm   2", "5 rows x 3 columns"]
    assert "..." in repr(Table({"a": range(6)}))


@pytest.mark.parametrize("call, error, message", [
    (lambda: Table({"a": [1], "b": [1, 2]}), ShapeError, "'a': 1, 'b': 2"),
    (lambda: Table({"a": [[1]]}), ShapeError, r"'a'.*\(1, 1\)"),
    (lambda: Table({"a": [1j]}), ShapeError, "complex"),
    (lambda: Table({"a": np.array(["x", 1.0], object)}), TypeError, "mixture"),
    (lambda: table()["agee"], KeyError, "no column 'agee'; it has age, city, id"),
    (lambda: table().drop_missing("x"), KeyError, "no column 'x'"),
    (lambda: table().array(), TypeError, "city: text cannot stand in one array with the numbers of age, id"),
    (lambda: np.asarray(table()), TypeError, "TableTransformer")])
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_none_means_missing_in_lists_of_objects():
    made = Table({"a": np.array([1.5, None], object), "b": np.array(["x", None], object)})
    assert made.missing() == {"a": 1, "b": 1}


@needs_data
def test_adult_is_read_as_its_description_says():
    names = [f"c{i}" for i in range(15)]
    train = read_csv(FOLDER / "adult" / "adult-train.csv", names=names)
    test = read_csv(FOLDER / "adult" / "adult-test.csv", names=names)
    assert (len(train), len(test)) == (32_561, 16_281)
    assert len(train.numeric()) == 6 and len(train.text()) == 9
    assert {name: n for name, n in train.missing().items() if n} == {"c1": 1836, "c6": 1843, "c13": 583}
    assert sum(test.missing().values()) == 2203 and set(test["c14"].tolist()) == {"<=50K.", ">50K."}


@needs_data
def test_iris_is_read_as_its_description_says():
    iris = read_csv(FOLDER / "iris" / "iris.csv", names=["sl", "sw", "pl", "pw", "species"])
    assert len(iris) == 150 and iris.text() == ["species"]
    np.testing.assert_allclose(iris.array(*iris.numeric()).mean(axis=0), [5.84, 3.05, 3.76, 1.20], atol=0.01)
