"""The drawing: edges lead onwards, boxes do not overlap, every block can be opened, crossings are few."""
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinyfm as fm
from tests.tracing.graphs import leaves_of, programs, run
from tinyfm.errors import GraphError
from tinyfm.tracing import layout
from tinyfm.tracing.events import Node, Trace
from tinyfm.tracing.payload import payload


@st.composite
def dags(draw):
    """(how many boxes, edges from lower to higher numbers)."""
    n = draw(st.integers(1, 30))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] < p[1])
    return n, draw(st.lists(pairs, max_size=60)) if n > 1 else []


@given(dags())
def test_edges_lead_from_layer_to_layer_and_boxes_keep_their_distance(dag):
    n, edges = dag
    made = layout.layout(range(n), edges)
    assert sorted(b for layer in made.layers for b in layer if isinstance(b, int)) == list(range(n))
    for (a, b), route in made.routes.items():
        assert route[0] == a and route[-1] == b
        assert all(made.place[v][0] == made.place[u][0] + 1 for u, v in pairwise(route)) or len(route) == 2
        assert made.place[a][0] < made.place[b][0]
    for layer in made.layers:
        assert all(made.place[v][1] - made.place[u][1] >= 1 - 1e-9 for u, v in pairwise(layer))


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_spread_is_the_nearest_order_keeping_place(wanted):
    got = layout.spread(wanted, 1.0)
    assert all(b - a >= 1 - 1e-9 for a, b in pairwise(got))
    cost = sum((g - w) ** 2 for g, w in zip(got, wanted))
    rng = np.random.default_rng(0)
    for _ in range(20):                            # no other permitted place is nearer
        other = np.sort(np.array(wanted) + rng.normal(size=len(wanted)))
        other = np.maximum.accumulate(other - np.arange(len(wanted))) + np.arange(len(wanted))
        assert cost <= float(((other - wanted) ** 2).sum()) + 1e-6


def test_an_input_stands_just_before_its_first_use():
    made = layout.layout([4, 0, 1, 2, 3], [(0, 1), (1, 2), (2, 3), (4, 3)])
    assert made.place[4][0] == made.place[3][0] - 1 and made.place[0][0] == 0


def test_crossings_are_counted_and_removed():
    after = {0: [3], 1: [2]}
    assert layout.crossings([[0, 1], [2, 3]], after) == 1 and layout.inversions([3, 1, 2]) == 2
    assert layout.inversions(list(range(300, 0, -1))) == 300 * 299 // 2
    made = layout.layout(range(4), [(0, 3), (1, 2)])
    assert layout.crossings(made.layers, after) == 0


@given(programs())
def test_every_box_and_edge_of_a_run_is_placed(program):
    with fm.trace() as t: run(program, leaves_of(program))
    drawn = payload(t, "")["layout"]
    boxes = [b for layer in drawn["outer"]["layers"] for b in layer if isinstance(b, int)]
    inside = [b for block in drawn["blocks"] for layer in block["layers"] for b in layer if isinstance(b, int)]
    assert sorted(boxes + inside) == [n.id for n in t.nodes if layout.is_drawn(n)]
    assert all(a in boxes + inside and b in boxes + inside for a, b in drawn["edges"])


def chain(n, layers=0):
    """A trace of n ops in a row, in so many layers."""
    t = Trace()
    named = lambda i: f"net/{i * layers // (n + 1)}" if layers else ""
    ops = (Node(i, "op", "tanh", "", named(i), (i - 1,), value=np.float64(1)) for i in range(1, n + 1))
    t.nodes = [Node(0, "input", value=np.float64(1)), *ops]
    return t


def test_layers_are_blocks_and_large_graphs_start_closed():
    groups, closed = layout.blocks(chain(20, layers=4))
    assert [name for name, _ in groups] == ["0", "1", "2", "3"] and not closed
    assert layout.blocks(chain(20)) == ([], False)
    groups, closed = layout.blocks(chain(1_000))
    assert closed and 1 < len(groups) <= layout.FEW
    assert sorted(i for _, ids in groups for i in ids) == list(range(1_001))


@given(dags(), st.lists(st.integers(0, 3), min_size=30, max_size=30))
def test_no_path_leaves_a_block_and_comes_back(dag, of):
    """Blocks that are runs of the order of creation make a graph without cycles, so the boxes have an order."""
    n, edges = dag
    runs = layout.runs_by([Node(i, "op", layer=str(of[i])) for i in range(n)], lambda node: node.layer)
    where = {i: k for k, (_, ids) in enumerate(runs) for i in ids}
    assert all(where[a] <= where[b] for a, b in edges)


def test_a_graph_too_large_to_draw_is_refused_with_advice():
    told = r"too large to draw: 6,101 nodes, at most 6,000.*fewer examples"
    with pytest.raises(GraphError, match=told): chain(6_100).html()
    with pytest.raises(GraphError, match="too large for one picture"): chain(200).plot()
