"""The same steps as text, as a picture, in a notebook, from the command line."""
import io
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given

import tinyfm as fm
from tests.tracing import scenes
from tests.tracing.graphs import leaves_of, programs, run
from tinyfm.cli import main
from tinyfm.tracing import layout, numbers, record, terminal
from tinyfm.tracing.payload import CELLS, payload

GOOD = "import tinyfm as fm\nw = fm.tensor(2.0, requires_grad=True)\nh = w * 3.0\nloss = h * h\nloss.backward()\n"


# ------------------------------------------------------------ text

def test_every_step_is_told_with_rule_numbers_and_sum():
    t = scenes.neuron()
    told = [terminal.describe(t, k) for k in range(len(t) + 1)]
    h = next(k for k, e in enumerate(t.events, 1) if e.phase == "backward" and t.nodes[e.node].name == "h")
    assert "0/24 start" in told[0] and "w1 = 0.5" in told[0] and "scenes.py:35: h = fm.tanh(a)" in told[h]
    assert "rule   x\u0304 += y\u0304 ⊙ (1-y^2)" in told[h]
    assert "code   x: lambda g, out: g * (1.0 - out * out)" in told[h]
    met = next(line for line in told if "multiply" in line and "adds" in line)
    assert "adds   1 + -0.2913 = 0.7087" in met and "adds   0.7087 + -0.2913 = 0.4174" in met


@given(programs())
def test_every_step_of_every_run_can_be_told_and_drawn(program):
    with np.errstate(all="ignore"), fm.trace() as t: run(program, leaves_of(program))
    for k in range(len(t) + 1): assert terminal.describe(t, k)
    json.dumps(payload(t, ""), allow_nan=False)


def test_a_pipe_gets_all_steps_and_an_old_terminal_gets_ascii(monkeypatch, capsys):
    t = scenes.neuron()
    t.step()
    out = capsys.readouterr().out
    assert out.count("\n\n") == len(t) + 1 and "⇠" in out
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    t.step(start=len(t) - 1)
    narrow.flush()
    assert b"<- 24/24 backward" in narrow.buffer.getvalue()


def test_keys_go_forth_back_and_to_a_step(monkeypatch, capsys):
    t, keys = scenes.neuron(), iter(["n", "", "p", "g7", "g", "3", "what", "gx", "q"])
    monkeypatch.setattr("builtins.input", lambda question: next(keys))
    for stream in (sys.stdin, sys.stdout): monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    t.step()
    shown = [int(k) for k in re.findall(r"^\S* ?(\d+)/24 ", capsys.readouterr().out, re.M)]
    assert shown == [0, 1, 2, 1, 7, 3, 3, 3]


# ------------------------------------------------------------ numbers

@given(programs())
def test_the_numbers_that_are_put_in_give_the_result(program):
    with np.errstate(all="ignore"), fm.trace() as t: run(program, leaves_of(program))
    seen = [numbers.forward(t, n) for n in t.nodes if n.op]
    seen += [numbers.backward(t, e, s) for e in t.events for s in e.sent]
    for n in t.nodes:
        x = numbers.forward(t, n)
        if x.get("values"):
            given = [x["values"][a] for a in n.entry.args]
            assert np.isclose(n.entry.forward(*given, **n.settings), x["result"], rtol=1e-5, atol=1e-6)
    for x in seen:
        if "terms" in x and x["count"] == len(x["terms"]):
            total = sum(np.prod(pair) for pair in x["terms"]) + x.get("plus", 0)
            assert np.isclose(total, x["result"], rtol=1e-3, atol=1e-5)


def test_both_sides_of_a_product_show_row_and_column():
    rng = np.random.default_rng(0)
    a, b = (fm.tensor(rng.normal(size=s), requires_grad=True) for s in ((3, 4), (4, 2)))
    with fm.trace() as t: fm.sum(fm.tanh(a @ b)).backward()
    e = next(e for e in t.events if e.phase == "backward" and t.nodes[e.node].op == "matmul")
    left, right = (numbers.backward(t, e, s) for s in e.sent)
    assert left["count"] == len(left["terms"]) == 2 and right["count"] == len(right["terms"]) == 3
    assert [v for v, _ in right["terms"]] == a.data[:, right["at"][0]].tolist()


def test_the_page_is_given_every_sum():
    data = payload(scenes.neuron(), "")
    h = scenes.neuron()["h"].id
    sent = [s for e in data["events"] for s in e.get("to", ()) if s["n"] == h]
    assert [s["of"] for s in sent] == [4] * 4
    assert np.isclose(data["arrays"][sent[-1]["f"]], sum(data["arrays"][s["d"]] for s in sent), rtol=1e-3)


def test_products_windows_and_stretched_axes():
    t = scenes.convolution()
    conv = numbers.forward(t, t["conv"])
    x, w = np.array(conv["window"][0]), np.array(conv["window"][1])
    assert np.isclose((x * w).sum(), conv["result"], rtol=1e-5) and conv["count"] == 9
    n, i, j, _ = conv["at"]
    assert np.array_equal(x, t["x"].value[n, i:i + 3, j:j + 3, 0]) and conv["from"] == [i, j]
    add = next(e for e in t.events if e.phase == "backward" and t.nodes[e.node].op == "add")
    bias = numbers.backward(t, add, add.sent[1])
    assert bias["summed"] == [0, 1, 2] and bias["over"] == 4 * 26 * 26
    assert np.isclose(bias["total"], add.sent[1].gradient[bias["to"]])
    moved = numbers.update(next(e for e in t.events if e.phase == "update"))
    assert moved["before"] != moved["after"] and "rate" not in moved             # Adam's step is no multiple of it
    sgd = next(e for e in scenes.perceptron().events if e.phase == "update")
    assert numbers.update(sgd)["rate"] == pytest.approx(0.1)


def test_attention_as_one_op_shows_its_weights():
    rng = np.random.default_rng(0)
    q = fm.tensor(rng.normal(size=(2, 5, 3)), requires_grad=True)
    t = fm.trace(fm.sum(fm.scaled_dot_product_attention(q, q, q, causal=True)))
    weights = numbers.forward(t, next(n for n in t.nodes if n.op == "attention"))["weights"]
    assert np.allclose(np.sum(weights, axis=1), 1) and np.allclose(np.triu(weights, 1), 0)


# ------------------------------------------------------------ page and pictures

def test_a_page_needs_nothing_else_and_large_arrays_are_sampled():
    t = scenes.convolution()
    page = t.html("A <title> & more")
    assert "<title>A &lt;title&gt; &amp; more</title>" in page and "<!--" not in page
    assert not re.search(r"(src|href)=[\"'](?!data:|#)", page) and "http" not in page.replace("http://www.w3.org/", "")
    data = payload(t, "")
    grids = [g for a in data["arrays"] if isinstance(a, dict) for g in a["grids"]]
    assert sum(len(row) for g in grids for row in g["rows"]) <= CELLS
    assert "</script" not in json.dumps(data)
    assert len(page.encode()) < 400_000 and fm.trace().html()


def test_five_hundred_nodes_are_a_small_page():
    t = scenes.large()
    assert 490 <= len(t.nodes) <= 600 and len(t.html().encode()) <= 400_000


def test_a_notebook_shows_the_page_in_a_frame():
    shown = scenes.neuron()._repr_html_()
    assert shown.startswith("<iframe srcdoc=") and "&lt;!DOCTYPE html&gt;" in shown


def test_a_picture_is_drawn_at_every_step():
    t = scenes.neuron()
    for step in (0, 3, 14, None):
        ax = t.plot(step)
        said = [text.get_text() for text in ax.texts]
        assert "h tanh" in said and ax.get_title(loc="left")
    grad = float(t.state().gradients[t["a"].id])
    assert f"∇ {grad:.4g}" in said
    assert t.plot(2, ax=ax) is ax


# ------------------------------------------------------------ the command

def step(tmp_path, source, *words):
    path = tmp_path / "lesson.py"
    path.write_text(source)
    return main(["step", str(path), *map(str, words)])


def test_the_command_steps_through_a_script(tmp_path, capsys):
    assert step(tmp_path, GOOD) == 0
    out = capsys.readouterr().out
    assert "lesson.py:4: loss = h * h" in out and "w" in out and "36" in out
    assert step(tmp_path, GOOD, "--html", tmp_path / "out.html") == 0
    assert "lesson.py, step by step" in (tmp_path / "out.html").read_text("utf-8")
    assert "5 steps" in capsys.readouterr().out


def test_the_command_says_what_is_missing(tmp_path, capsys):
    assert step(tmp_path, "import tinyfm as fm\nfm.tensor(2.0, requires_grad=True) * 3.0\n") == 2
    assert "ran to its end without a backward pass (1 op recorded). End the script with" in capsys.readouterr().err
    assert main(["step", str(tmp_path / "none.py")]) == 2 and "is no file" in capsys.readouterr().err
    assert step(tmp_path, GOOD + "1 / 0\n") == 1
    said = "stopped with ZeroDivisionError: division by zero, line 6; the steps until then follow"
    assert said in capsys.readouterr().err
    assert step(tmp_path, "import tinyfm\n1 / 0\n") == 2
    assert "by zero, line 2 before a backward pass (0 ops recorded). Mend that" in capsys.readouterr().err
    assert step(tmp_path, "= no Python\n") == 2
    assert "lesson.py is not Python that runs: SyntaxError: invalid syntax" in capsys.readouterr().err
    assert step(tmp_path, "raise SystemExit('no data')\n") == 2 and "exit code no data" in capsys.readouterr().err


def test_the_command_says_what_is_too_large(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(layout, "LARGE", 2)
    assert step(tmp_path, GOOD, "--html", tmp_path / "out.html") == 2 and not (tmp_path / "out.html").exists()
    assert "too large to draw: 3 nodes, at most 2. Trace one step" in capsys.readouterr().err
    monkeypatch.setattr(record, "MOST", 1)
    assert step(tmp_path, GOOD) == 2
    assert "too long to record: its first 1 steps hold no backward pass" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_command_marks_where_a_nan_began(tmp_path, capsys):
    assert step(tmp_path, GOOD.replace("h = w * 3.0", "h = fm.log(w * -3.0)")) == 0
    out, err = capsys.readouterr()
    assert "a number became NaN in h, lesson.py:3: h = fm.log(w * -3.0)" in err
    assert "! here a number became NaN" in out


def test_it_works_over_a_pipe_in_a_process_of_its_own(tmp_path):
    (tmp_path / "lesson.py").write_text(GOOD)
    done = subprocess.run([sys.executable, "-m", "tinyfm", "step", str(tmp_path / "lesson.py")], capture_output=True,
                          env={**os.environ, "PYTHONIOENCODING": "ascii"}, text=True)
    assert done.returncode == 0 and done.stderr == "" and "<- 3/5 backward  loss (multiply)" in done.stdout
