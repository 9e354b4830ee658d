"""A trace is the run: replayed it gives the same bits, and stepping backwards is the same as not having gone on."""
import gc
import json
import re
import weakref

import numpy as np
import pytest
from hypothesis import given, settings

import tinyfm as fm
from tests.tracing import scenes
from tests.tracing.graphs import leaves_of, programs, run
from tinyfm.engine import state
from tinyfm.errors import FormatError, GraphError
from tinyfm.nn import (
    LSTM,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    LayerNormalization,
    MaxPooling2D,
    Sequential,
)
from tinyfm.optim import SGD
from tinyfm.tracing import load, written
from tinyfm.tracing.events import State
from tinyfm.tracing.replay import checks, overwritten, replay
from tinyfm.tracing.written import from_json, to_json


def same(a, b):
    """Equal bits, NaN included, and the same dtype."""
    return np.asarray(a).dtype == np.asarray(b).dtype and np.array_equal(a, b, equal_nan=True)


def traced(program):
    leaves = leaves_of(program)
    with fm.trace() as t: run(program, leaves)
    return t, leaves


def gradients_of(t, leaves):
    """[(gradient of the run, the one in the trace, the one computed anew)] of every leaf that got one."""
    told, anew = t.state().grads, replay(t)
    inputs = [n.id for n in t.nodes if n.kind == "input"]
    used = [leaf for leaf in leaves if leaf.grad is not None]
    assert sorted(told) == sorted(anew) and len(told) == len(used) <= len(inputs)
    match = []
    for leaf in used:
        found = [i for i in told if same(told[i], leaf.grad)]
        assert found, "a gradient of the run is not in the trace"
        match.append((leaf.grad, told[found[0]], anew[found[0]]))
    return match


def check_replay(program):
    t, leaves = traced(program)
    for run_, told, anew in gradients_of(t, leaves): assert same(run_, told) and same(run_, anew)


@settings(max_examples=50, deadline=None)
@given(programs())
def test_a_replay_has_the_gradients_of_the_run(program): check_replay(program)


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None)
@given(programs(most=20))
def test_a_thousand_replays_have_the_gradients_of_the_run(program): check_replay(program)


@given(programs())
def test_tracing_does_not_change_what_is_computed(program):
    plain, leaves = leaves_of(program), leaves_of(program)
    loss = run(program, plain)
    with fm.trace(): traced_loss = run(program, leaves)
    assert same(loss.data, traced_loss.data) and state.watch is None
    for a, b in zip(plain, leaves): assert same(a.data, b.data) and (a.grad is None) == (b.grad is None)
    for a, b in zip(plain, leaves): assert a.grad is None or same(a.grad, b.grad)


@given(programs())
def test_stepping_backwards_gives_the_state_of_before(program):
    t, _ = traced(program)
    going, seen = State({n.id: n.value for n in t.nodes if n.kind != "op"}), []
    for event in t.events:
        seen.append((dict(going.values), dict(going.gradients), dict(going.grads)))
        going.advance(event)
    for step in reversed(range(len(t))):
        then = t.state(step)
        for now, before in zip((then.values, then.gradients, then.grads), seen[step]):
            assert now.keys() == before.keys() and all(same(now[k], before[k]) for k in now)


@given(programs())
def test_json_keeps_every_bit(program):
    t, leaves = traced(program)
    text = json.dumps(to_json(t), allow_nan=False)
    back = from_json(json.loads(text))
    assert json.dumps(to_json(back), allow_nan=False) == text
    assert all(same(g, t.state().grads[i]) for i, g in replay(back).items())
    assert len(replay(back)) == sum(leaf.grad is not None for leaf in leaves)


def test_the_schema_in_the_docstring_names_the_keys_that_are_written():
    data = to_json(scenes.perceptron())
    event = max(data["events"], key=lambda e: len(e["sent"]))
    node = next(n for n in data["nodes"] if n["place"])
    parts = [data, data["arrays"][0], node, node["place"], event, event["sent"][0]]
    written_ = {key for part in parts for key in part}
    told = set(re.findall(r'"(\w+)":', written.__doc__.split("`value`")[0]))
    assert told - {"axis"} == written_                                          # axis: the example of a setting
    assert all(part.keys() == data["events"][0].keys() for part in data["events"])
    assert all(part.keys() == node.keys() for part in data["nodes"])


@given(programs())
def test_the_sum_of_what_was_sent_is_what_arrives(program):
    t, _ = traced(program)
    for k, e in enumerate(t.events):
        if e.phase != "backward": continue
        before = t.state(k)
        if before.walk == e.walk: assert same(before.gradients[e.node], e.gradient)


# ------------------------------------------------------------ what is recorded

def perceptron():
    """The README's example with its trace: two inputs, one hidden layer, a loss; h is used twice."""
    x = np.array([0.5, -1.0])
    W = fm.tensor([[0.8, -0.4, 0.3], [0.2, 0.9, -0.5]], requires_grad=True)
    b = fm.tensor([0.1, 0.0, -0.2], requires_grad=True)
    optimizer = SGD(0.1, parameters=[W, b])
    with fm.trace() as t:
        h = fm.relu(x @ W + b)
        y = fm.sum(h * h) + fm.sum(h)
        loss = (y - 1.0) ** 2
        loss.backward()
        optimizer.step()
    return t, loss, {"W": W, "b": b, "x": x}


def test_names_lines_and_rules_come_from_the_users_code():
    t, _, tensors = perceptron()
    assert {n.name for n in t.nodes} >= {"x", "W", "b", "h", "y", "loss"} and t.root().name == "loss"
    assert t["h"].place.code == "h = fm.relu(x @ W + b)" and t["h"].place.file == "test_trace.py"
    moves = [e for e in t.events if e.phase == "update"]
    assert {t.nodes[e.node].name for e in moves} == {"W", "b"}
    assert {e.rule for e in moves} == {"SGD, learning rate 0.1"}
    assert all(same(e.value, tensors[t.nodes[e.node].name].data) for e in moves)
    assert same(t.gradients()["b"], tensors["b"].grad)
    with pytest.raises(KeyError, match="No node is called 'q'; there is"): t["q"]
    with pytest.raises(IndexError, match="steps 0 to 22"): t.state(23)


def test_layers_are_named_and_fused_ops_are_seen_in_parts():
    model = Sequential([Conv2D(2, (3, 3), activation="relu"), MaxPooling2D(2), Flatten(), Dense(1)], seed=0)
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype(np.float32)
    with fm.trace() as t: fm.mean(model(x) ** 2).backward()
    assert [n.op for n in t.nodes if n.layer == "sequential/conv2d"] == ["conv", "add", "relu"]
    assert [n.op for n in t.nodes if n.layer == "sequential/max_pooling2d"] == ["max_pool"]
    with fm.trace() as parts: fm.dense(x[:, 0, :, 0], model.layers[-1].kernel[:8], activation="tanh")
    assert [n.op for n in parts.nodes if n.op] == ["getitem", "linear", "tanh"]
    assert fm.dense(x[:, 0, :, 0], model.layers[-1].kernel[:8], activation="tanh").node.op.name == "dense"


def test_a_second_pass_adds_to_grad_and_a_second_trace_starts_anew():
    w = fm.tensor(3.0, requires_grad=True)
    with fm.trace() as t:
        (w * w).backward()
        (w * 2.0).backward()
    last = t.events[-1]
    assert float(last.before) == 6.0 and float(t.state().grads[last.node]) == 8.0 == float(w.grad)
    assert [e.walk for e in t.events if e.phase == "backward"] == [0, 0, 1, 1]
    with fm.trace() as again: (w * w).backward()
    assert len(again) == 3


def test_gradients_that_are_only_asked_for_are_not_put_into_grad():
    w = fm.tensor(3.0, requires_grad=True)
    with fm.trace() as t: fm.gradients(w * w, [w])
    assert [e.phase for e in t.events] == ["forward", "backward", "backward"] and not t.state().grads and w.grad is None


def test_what_a_rule_computes_for_itself_is_not_recorded():
    x = fm.tensor([0.3, 0.4], requires_grad=True)
    with fm.trace() as t: fm.sum(fm.norm(x) * fm.logsumexp(x)).backward()
    assert [n.op for n in t.nodes if n.op] == ["norm", "logsumexp", "multiply", "sum"]
    with fm.trace() as second: fm.grad(fm.grad(lambda v: fm.sin(v)))(0.5)
    assert {"sin", "cos"} <= {n.op for n in second.nodes}


def test_forward_mode_leaves_no_steps_of_its_own():
    with fm.trace() as t: fm.jvp(lambda v: fm.sum(fm.softmax(v)), (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    assert [n.op for n in t.nodes if n.op] == ["softmax", "sum"] and {e.phase for e in t.events} == {"forward"}


def test_arrays_keep_their_order_in_memory():
    x, w = np.asfortranarray(np.arange(6.0).reshape(2, 3)), fm.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with fm.trace() as t: fm.sum(x @ w).backward()
    for seen in (t, from_json(to_json(t))):
        value = next(n.value for n in seen.nodes if n.kind == "constant")
        assert value.flags.f_contiguous and not value.flags.c_contiguous and same(value, x)


def test_a_nan_is_marked_where_it_began():
    x = fm.tensor([1.0, -1.0], requires_grad=True)
    with np.errstate(invalid="ignore"), fm.trace() as t:
        y = fm.log(x) * 2.0
        fm.sum(y).backward()
    assert [t.nodes[e.node].op for e in t.events if e.broke] == ["log"] and t.events[0].broke == "NaN"
    assert "NaN" in json.dumps(to_json(t), allow_nan=False) and "NaN" in t.html()


def test_a_trace_ends_with_the_block_even_if_it_raises():
    with pytest.raises(ZeroDivisionError), fm.trace() as t:
        fm.sum(fm.tensor([1.0], requires_grad=True))
        raise ZeroDivisionError
    assert len(t) == 1 and state.watch is None
    fm.sum(fm.tensor([1.0], requires_grad=True))
    assert len(t) == 1


def test_a_trace_keeps_the_numbers_not_the_tensors():
    def scene():
        w = fm.tensor([2.0], requires_grad=True)
        with fm.trace() as t: fm.sum(w * w).backward()
        return t, weakref.ref(w)
    t, alive = scene()
    gc.collect()
    assert alive() is None and same(t["w"].value, np.array([2.0]))


def test_the_name_survives_the_import_of_the_room():
    import tinyfm.tracing
    assert fm.trace is tinyfm.tracing.trace and callable(fm.trace)


# ------------------------------------------------------------ the run that made a loss

def test_a_loss_alone_shows_its_graph_and_leaves_grad_alone():
    x, w = np.array([1.0, 2.0]), fm.tensor([[0.5], [0.25]], requires_grad=True)
    loss = fm.sum(fm.exp(x @ w) + 3.0)
    t = fm.trace(loss)
    assert w.grad is None and t.root().name == "loss"
    expected, = fm.gradients(loss, [w])
    assert same(t.gradients()["w"], expected)
    assert [n.op for n in t.nodes if n.op and n.value is None] == ["add"]       # its rule asked for nothing
    with pytest.raises(GraphError, match="not kept"): replay(t)
    assert "not kept" in t.html()
    kept = fm.trace(fm.sum(fm.exp(fm.sum(w) + 3.0)))
    assert same(kept["exp"].value, np.exp(np.sum(w.data) + 3.0))                   # its own rule asks for it
    loss.backward()
    with pytest.raises(GraphError, match=r"Call trace\(loss\) before"): fm.trace(loss)
    with pytest.raises(GraphError, match="takes the tensor"): fm.trace(3.0)


# ------------------------------------------------------------ questions

def test_equals_in_place_of_plus_equals_loses_a_contribution():
    a = fm.tensor(2.0, requires_grad=True)
    with fm.trace() as t:
        b = a * 3.0
        (b * 4.0 + b * 5.0).backward()
    wrong = {t.nodes[t.events[k].sent[i].to].title: float(g) for (k, i), g in overwritten(t).items()}
    assert float(a.grad) == 27.0 and wrong == {"b": 4.0, "a": 12.0}
    with fm.trace() as twice:
        for _ in range(2): fm.sin(a * 3.0).backward()
    assert overwritten(twice) == {}                                                # a new pass starts from nothing
    with fm.trace() as straight: fm.sin(a * 3.0).backward()
    assert overwritten(straight) == {}


def test_central_differences_agree_or_a_kink_is_named():
    t, _, _ = perceptron()
    found = checks(t)
    assert {t.nodes[i].title for i in found} >= {"W", "b", "h", "loss"}
    assert max(c.error for rows in found.values() for c in rows if not c.kink) < 1e-7
    x = fm.tensor([0.0, 1.0], requires_grad=True)
    with fm.trace() as kinked: fm.sum(fm.abs(x)).backward()
    assert [c.kink for c in checks(kinked)[kinked["x"].id]] == [False, True]
    assert sum(map(len, checks(t, work=20).values())) < sum(map(len, found.values()))


def test_why_names_the_place_where_a_gradient_became_zero():
    w, unused = fm.tensor(2.0, requires_grad=True), fm.tensor(1.0, requires_grad=True)
    with fm.trace() as t:
        closed = fm.relu(w * -1.0)
        beside = unused * 2.0  # noqa: F841
        cut = fm.stop_gradient(w * 3.0)
        loss = closed * 5.0 + cut + (w - w)
        loss.backward()
    said = " ".join(t.why("closed"))
    assert "One contribution" in said and "from multiply" in said
    assert "relu lets a gradient through only where its result is positive" in " ".join(t.why(t["closed"].inputs[0]))
    assert "no path leads to the loss" in " ".join(t.why("unused"))
    assert "Nothing was computed from" in " ".join(t.why("beside"))
    assert "stop_gradient is made for that" in " ".join(t.why(t["cut"].inputs[0]))
    assert "cancel" in " ".join(t.why("w")) and "begins" in t.why("loss")[0]


# ------------------------------------------------------------ files

def test_json_is_read_back_and_anything_else_is_refused(tmp_path):
    t, _, _ = perceptron()
    t.save(tmp_path / "run.json")
    back = load(tmp_path / "run.json")
    assert [n.title for n in back.nodes] == [n.title for n in t.nodes] and back.html("x") == t.html("x")
    good = json.loads((tmp_path / "run.json").read_text())
    for change in ({"version": 2}, {"format": "other"}, {"arrays": []}, {"nodes": good["nodes"][:3]}, {"events": [{}]},
                   {"nodes": [{**good["nodes"][0], "op": "no_such_op"}]}, {"nodes": None},
                   {"arrays": [{**good["arrays"][0], "shape": [10**9]}, *good["arrays"][1:]]},
                   {"arrays": [{**good["arrays"][0], "dtype": "object"}, *good["arrays"][1:]]}):
        (tmp_path / "bad.json").write_text(json.dumps(good | change))
        with pytest.raises(FormatError): load(tmp_path / "bad.json")
    (tmp_path / "bad.json").write_text("[" * 100_000)
    with pytest.raises(FormatError, match="not JSON"): load(tmp_path / "bad.json")
    with pytest.raises(ValueError, match=r"saved as \.html"): t.save(tmp_path / "run.txt")


LAYERS = {
    "lstm": ([LSTM(3), Dense(2)], (2, 4, 3)),
    "normalised": ([Dense(4), BatchNormalization(), Dropout(0.5), LayerNormalization(), Dense(1, "sigmoid")], (6, 3)),
    "convolution": ([Conv2D(2, (3, 3), padding="same", activation="tanh"), MaxPooling2D(2), Flatten(), Dense(2)],
                    (2, 6, 6, 1)),
    "words": ([Embedding(10, 3), Flatten(), Dense(2, "softmax")], (2, 4)),
}


@pytest.mark.parametrize("layers, shape", LAYERS.values(), ids=LAYERS)
def test_networks_are_replayed_from_their_file_and_drawn(layers, shape, tmp_path):
    rng = np.random.default_rng(0)
    words = len(shape) == 2 and isinstance(layers[0], Embedding)
    x = rng.integers(0, 10, shape) if words else rng.normal(size=shape).astype(np.float32)
    model = Sequential(layers, seed=0)
    with fm.trace() as t:
        y = model(x, training=True)
        fm.mean(y * y).backward()
    t.save(tmp_path / "run.json")
    found, told = replay(load(tmp_path / "run.json")), t.state().grads
    assert len(told) == len(model.parameters()) and all(same(found[i], told[i]) for i in told)
    assert "</html>" in t.html() and t.root() is not None
