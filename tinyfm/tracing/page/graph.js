// The graph: where each box stands, and how it looks at step t.  The order of the boxes comes from the trace; here they
// get their sizes, because a layer can be opened and closed.

const NS = "http://www.w3.org/2000/svg";
const SIZE = {w: 156, h: 64}, BLOCK = {w: 172, h: 76}, GAP = {main: 92, upright: 74, cross: 22}, PAD = 18, HEAD = 30;
const svg = document.getElementById("graph");

function make(name, attributes = {}, ...children) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const graph = {
  open: new Set(), cards: new Map(), wires: [], view: null, upright: false, whole: null,
  blockOf: new Map(T.layout.blocks.flatMap((b, k) => b.nodes.map(n => [n, `g${k}`]))),
};
if (!T.layout.closed) T.layout.blocks.forEach((_, k) => graph.open.add(`g${k}`));

// ---------------------------------------------------------------- where

// The nearest places to the wanted ones that keep the order and the distances: isotonic regression.
function spread(wanted, sizes, gap) {
  const shift = [0];
  for (let k = 1; k < wanted.length; k++) shift.push(shift[k - 1] + (sizes[k - 1] + sizes[k]) / 2 + gap);
  const pools = [];
  wanted.forEach((w, k) => {
    pools.push([w - shift[k], 1]);
    while (pools.length > 1 && pools.at(-2)[0] / pools.at(-2)[1] >= pools.at(-1)[0] / pools.at(-1)[1]) {
      const [sum, count] = pools.pop();
      pools.at(-1)[0] += sum; pools.at(-1)[1] += count;
    }
  });
  const flat = pools.flatMap(([sum, count]) => new Array(count).fill(sum / count));
  return flat.map((f, k) => f + shift[k]);
}

// {box: {main, cross, m, c}}: centres and sizes along and across the flow.
function place(drawing, sizeOf) {
  const before = new Map(), after = new Map(), at = new Map();
  const add = (map, key, value) => map.has(key) ? map.get(key).push(value) : map.set(key, [value]);
  for (const r of drawing.routes) for (let k = 1; k < r.length; k++) { add(before, r[k], r[k - 1]);
      add(after, r[k - 1], r[k]); }
  let along = 0;
  for (const layer of drawing.layers) {
    const sizes = layer.map(sizeOf), thick = Math.max(0, ...sizes.map(s => s.m));
    let across = 0;
    layer.forEach((box, k) => {
      at.set(box, {...sizes[k], main: along + thick / 2, cross: across + sizes[k].c / 2});
      if (isDummy(box)) at.get(box).m = thick;
      across += sizes[k].c + GAP.cross;
    });
    for (const box of layer) at.get(box).cross -= across / 2;
    along += thick + (graph.upright ? GAP.upright : GAP.main);
  }
  for (let sweep = 0; sweep < 6; sweep++) {
    const near = sweep % 2 ? after : before, layers = sweep % 2 ? [...drawing.layers].reverse() : drawing.layers;
    for (const layer of layers) {
      const wanted = layer.map(box => {
        const others = near.get(box) ?? [];
        return others.length ? others.reduce((s, o) => s + at.get(o).cross, 0) / others.length : at.get(box).cross;
      });
      spread(wanted, layer.map(box => at.get(box).c), GAP.cross).forEach((c, k) => { at.get(layer[k]).cross = c; });
    }
  }
  return at;
}

const turned = s => graph.upright ? {m: s.h, c: s.w} : {m: s.w, c: s.h};
const isDummy = box => typeof box === "string" && box[0] === "d";

function extent(at) {
  const boxes = [...at.values()];
  return {m0: Math.min(...boxes.map(b => b.main - b.m / 2)), m1: Math.max(...boxes.map(b => b.main + b.m / 2)),
          c0: Math.min(...boxes.map(b => b.cross - b.c / 2)), c1: Math.max(...boxes.map(b => b.cross + b.c / 2))};
}

// Rectangles of all that is visible, and for each pair of boxes the points that lead from one to the other.
function arrange() {
  const inner = new Map(), rects = new Map(), routes = new Map();
  const rect = (main, cross, m, c) => graph.upright ? {x: cross - c / 2, y: main - m / 2, w: c, h: m}
      : {x: main - m / 2, y: cross - c / 2, w: m, h: c};
  const sizeOf = box => {
    if (isDummy(box)) return {m: 0, c: 8};
    if (typeof box === "number") return turned(SIZE);
    if (!graph.open.has(box)) return turned(BLOCK);
    const at = place(T.layout.blocks[+box.slice(1)], b => isDummy(b) ? {m: 0, c: 8} : turned(SIZE)), e = extent(at);
    inner.set(box, {at, e});
    const m = e.m1 - e.m0 + 2 * PAD, c = e.c1 - e.c0 + 2 * PAD;
    return graph.upright ? {m: m + HEAD, c} : {m, c: c + HEAD};
  };
  const outer = place(T.layout.outer, sizeOf);
  // Along a layer a wire runs straight: behind no box.
  const past = (b, main, cross) => [main - b.m / 2, main + b.m / 2].map(m => graph.upright ? [cross, m] : [m, cross]);
  for (const [box, b] of outer) {
    if (isDummy(box)) continue;
    rects.set(box, rect(b.main, b.cross, b.m, b.c));
    if (!inner.has(box)) continue;
    const {at, e} = inner.get(box), shift = graph.upright ? {m: HEAD / 2, c: 0} : {m: 0, c: HEAD / 2};
    const m0 = b.main + shift.m - (e.m0 + e.m1) / 2, c0 = b.cross + shift.c - (e.c0 + e.c1) / 2;
    for (const [k, a] of at) if (!isDummy(k)) rects.set(k, rect(a.main + m0, a.cross + c0, a.m, a.c));
    for (const r of T.layout.blocks[+box.slice(1)].routes) {
      const [from, to] = [isDummy(r[0]) ? "in" : r[0], isDummy(r.at(-1)) ? "out" : r.at(-1)];
      const through = r.filter(isDummy).map(d => at.get(d));
      routes.set(`${from},${to}`, through.flatMap(d => past(d, d.main + m0, d.cross + c0)));
    }
  }
  for (const r of T.layout.outer.routes)
    routes.set(`${r[0]},${r.at(-1)}`, r.slice(1, -1).map(d => outer.get(d)).flatMap(d => past(d, d.main, d.cross)));
  return {rects, routes};
}

const boxOf = n => graph.blockOf.get(n) ?? n;
const shownAs = n => { const b = boxOf(n); return typeof b === "number" || graph.open.has(b) ? n : b; };

// ---------------------------------------------------------------- drawing

function curve(points) {
  let d = `M${points[0].map(Math.round)}`;
  for (let k = 1; k < points.length; k++) {
    const [a, b] = [points[k - 1], points[k]], half = graph.upright ? (b[1] - a[1]) / 2 : (b[0] - a[0]) / 2;
    const [p, q] = graph.upright ? [[a[0], a[1] + half], [b[0], b[1] - half]]
        : [[a[0] + half, a[1]], [b[0] - half, b[1]]];
    d += `C${p.map(Math.round)} ${q.map(Math.round)} ${b.map(Math.round)}`;
  }
  return d;
}

function marker(id, d, start) {
  return make("marker", {id, viewBox: "0 0 10 10", refX: start ? 1 : 9, refY: 5, markerWidth: 9, markerHeight: 9,
      orient: "auto", markerUnits: "userSpaceOnUse"}, make("path", {d, class: id}));
}

function draw() {
  const {rects, routes} = arrange();
  graph.rects = rects;
  graph.cards.clear();
  graph.wires = [];
  const wires = make("g", {class: "wires"}), frames = make("g"), cards = make("g"),
      labels = make("g", {class: "labels", "aria-hidden": "true"});
  for (const [box, r] of rects) if (typeof box === "string" && graph.open.has(box)) frames.append(frame(box, r));
  const seen = new Map();
  for (const [a, b] of T.layout.edges) {
    const from = shownAs(a), to = shownAs(b), key = `${from},${to}`;
    if (from === to) continue;
    if (!seen.has(key)) seen.set(key, {from, to, pairs: []});
    seen.get(key).pairs.push([a, b]);
  }
  const entering = new Map();
  for (const w of seen.values()) entering.set(w.to, [...entering.get(w.to) ?? [], w]);
  for (const [to, list] of entering) {
    const r = rects.get(to);
    const middle = w => { const f = rects.get(w.from); return graph.upright ? f.x + f.w / 2 : f.y + f.h / 2; };
    list.sort((v, w) => middle(v) - middle(w)).forEach((w, k) => {
      w.enter = (k - (list.length - 1) / 2) * Math.min(16, (graph.upright ? r.w : r.h) / (list.length + 1));
    });
  }
  for (const w of seen.values()) {
    const a = rects.get(w.from), b = rects.get(w.to), same = boxOf(w.pairs[0][0]) === boxOf(w.pairs[0][1]);
    const via = same ? routes.get(`${w.from},${w.to}`) ?? [] : [...routes.get(`${w.from},out`) ?? [],
        ...routes.get(`${boxOf(w.pairs[0][0])},${boxOf(w.pairs[0][1])}`) ?? [], ...routes.get(`in,${w.to}`) ?? []];
    const ends = side => graph.upright ? [[a.x + a.w / 2 + side, a.y + a.h], [b.x + b.w / 2 + w.enter + side, b.y]]
        : [[a.x + a.w, a.y + a.h / 2 + side], [b.x, b.y + b.h / 2 + w.enter + side]];
    const [s, e] = ends(-3), [sb, eb] = ends(4);
    w.forward = make("path", {d: curve([s, ...via, e]), class: "forward", "marker-end": "url(#tip)"});
    w.backward = make("path", {d: curve([sb, ...via.map(p => graph.upright ? [p[0] + 7, p[1]] : [p[0], p[1] + 7]),
        eb]), class: "backward", "marker-start": "url(#tail)"});
    w.label = make("text", {class: "carried", "text-anchor": "middle"});
    const [m, n] = via.length ? [via[(via.length >> 1) - 1], via[via.length >> 1]] : [sb, eb];
    const mid = [(m[0] + n[0]) / 2, (m[1] + n[1]) / 2], rises = !graph.upright && n[1] < m[1] - 4;
    w.label.setAttribute("x", mid[0]);
    w.label.setAttribute("y", graph.upright || via.length ? mid[1] + 18 : n[1] + (rises ? -11 : 20));
    w.group = make("g", {class: "wire"}, w.forward, w.backward);
    wires.append(w.group); labels.append(w.label);
    graph.wires.push(w);
  }
  for (const [box, r] of rects) {
    if (typeof box === "number") cards.append(card(box, r));
    else if (!graph.open.has(box)) cards.append(blockCard(box, r));
  }
  svg.replaceChildren(make("defs", {}, marker("tip", "M0 1 9 5 0 9z", false),
      marker("tail", "M10 1 1 5 10 9z", true)), frames, wires, cards, labels);
  const all = [...rects.values()];
  const x = Math.min(...all.map(r => r.x)) - 20, y = Math.min(...all.map(r => r.y)) - 20;
  graph.whole = {x, y, w: Math.max(...all.map(r => r.x + r.w)) + 20 - x, h: Math.max(...all.map(r => r.y + r.h))
      + 20 - y};
}

function frame(box, r) {
  const b = T.layout.blocks[+box.slice(1)];
  const g = make("g", {class: "frame", transform: `translate(${r.x},${r.y})`},
      make("rect", {width: r.w, height: r.h, rx: 14}));
  const head = make("g", {class: "head", role: "button", tabindex: "-1", "aria-expanded": "true",
      "aria-label": `Layer ${b.name}, open. Close it.`, "data-block": box},
    make("rect", {x: 8, y: 6, width: Math.min(r.w - 16, 30 + 7.5 * b.name.length), height: 22, rx: 6}),
        make("text", {x: 16, y: 21}, `▾ ${b.name}`));
  g.append(head);
  return g;
}

function card(n, r) {
  const node = T.nodes[n], kind = {i: "input", c: "constant", o: "op"}[node.k];
  const g = make("g", {class: `card ${kind}`, transform: `translate(${r.x},${r.y})`, role: "button", tabindex: "-1",
      "data-node": n},
    make("rect", {width: r.w, height: r.h, rx: kind === "op" ? 10 : 4, class: "body"}));
  const parts = {g, kind, name: make("text", {x: 12, y: 20, class: "name"}),
      op: make("text", {x: r.w - 11, y: 20, class: "kind", "text-anchor": "end"}),
    value: make("text", {x: 12, y: 38, class: "value"}), grad: make("text", {x: 12, y: 55, class: "grad"}),
    picture: make("image", {x: r.w - 58, y: 27, width: 46, height: 14, preserveAspectRatio: "none", class: "thumb"}),
    shadow: make("image", {x: r.w - 58, y: 44, width: 46, height: 14, preserveAspectRatio: "none", class: "thumb"}),
        seen: {}};
  const own = node.n ? node.n.length > 13 && node.n.includes(".") ? "…" + node.n.slice(-13) : node.n : "";
  parts.name.textContent = own ? own.slice(0, 15) : node.o ? GLYPH[node.o]
      ? `${GLYPH[node.o]} ${opText(n)}`.slice(0, 18) : opText(n).slice(0, 18) : title(n);
  const room = Math.floor((r.w - 34 - 7.9 * parts.name.textContent.length) / 7);
  const kindText = own && node.o ? opText(n) : node.k === "i" ? "input" : node.k === "c" && own ? "constant" : "";
  parts.op.textContent = kindText.length <= room ? kindText
      : GLYPH[node.o] ?? (room > 3 ? `${kindText.slice(0, room - 1)}…` : "");
  parts.met = make("text", {x: r.w - 24, y: r.h + 4.5, "text-anchor": "middle"});
  parts.badge = make("g", {class: "badge none"}, make("rect", {x: r.w - 42, y: r.h - 9, width: 36, height: 18, rx: 9}),
    parts.met);
  g.append(parts.badge, parts.name, parts.op, parts.value, parts.grad, parts.picture, parts.shadow);
  graph.cards.set(n, parts);
  return g;
}

function blockCard(box, r) {
  const b = T.layout.blocks[+box.slice(1)], ops = b.nodes.filter(n => T.nodes[n].k === "o").length;
  const g = make("g", {class: "card block", transform: `translate(${r.x},${r.y})`, role: "button", tabindex: "-1",
      "aria-expanded": "false", "data-block": box},
    make("rect", {x: 5, y: 5, width: r.w, height: r.h, rx: 10, class: "behind"}),
        make("rect", {width: r.w, height: r.h, rx: 10, class: "body"}));
  const parts = {g, kind: "block", block: b, value: make("text", {x: 12, y: 44, class: "value"}),
      grad: make("text", {x: 12, y: 62, class: "grad"}), seen: {}};
  g.append(make("text", {x: 12, y: 22, class: "name"}, `▸ ${b.name.slice(0, 18)}`), parts.value, parts.grad,
    make("text", {x: r.w - 11, y: 62, class: "kind", "text-anchor": "end"}, `${ops} op${ops === 1 ? "" : "s"}`));
  graph.cards.set(box, parts);
  return g;
}

// ---------------------------------------------------------------- how it looks at step t

function show(state, marks) {
  const e = T.events[state.t - 1], now = e ? e.n : -1, phase = e ? PHASE[e.p] : "";
  const near = new Set(now >= 0 ? [...(T.nodes[now].p ?? []).filter(p => p !== null), ...users[now]].map(shownAs) : []);
  for (const [box, c] of graph.cards) {
    if (c.kind === "block") showBlock(c, state, now, phase, marks);
    else showCard(box, c, state, now, phase, near, marks);
  }
  for (const w of graph.wires) showWire(w, state, e, now, marks);
}

function showCard(n, c, state, now, phase, near, marks) {
  const g = state.grad[n], v = state.value[n], broke = marks.broke.get(n);
  const classes = ["card", c.kind, state.made[n] ? "made" : "", g >= 0 ? "graded" : "", n === now ? `now ${phase}`
      : near.has(n) && now >= 0 ? "near" : "",
    n === marks.selected ? "selected" : "", marks.path?.has(n) ? "path" : "", marks.line?.has(n) ? "line" : "",
        state.spoilt[n] ? "spoilt" : "",
    broke !== undefined && broke < state.t ? "broke" : "", g >= 0 && isZero(g) ? "zero" : ""].filter(Boolean).join(" ");
  const value = v >= 0 ? short(v) : state.made[n] ? "not kept" : "";
  const one = g >= 0 ? single(g) : null, parts = state.parts[n];
  const grad = g < 0 ? "" : `∇ ${one !== null ? fmt(one) : isZero(g) ? "0" : `≤ ${fmt(largest(g), 2)}`}`;
  const met = !parts || parts[0].of < 2 ? "" : (parts.length < parts[0].of ? `${parts.length}/` : "Σ") + parts[0].of;
  set(c, "class", classes, () => c.g.setAttribute("class", classes));
  set(c, "value", value, () => { c.value.textContent = value; });
  set(c, "grad", grad, () => { c.grad.textContent = grad; });
  set(c, "met", met, () => { c.met.textContent = met; c.badge.setAttribute("class", met ? "badge" : "badge none"); });
  const label = [fullName(n), value ? `value ${value}` : "not computed yet", grad ? `gradient ${grad.slice(2)}` : "",
    met.startsWith("Σ") ? `the sum of ${met.slice(1)} contributions` : met ? `${met} contributions so far` : ""]
    .filter(Boolean).join(", ");
  set(c, "label", label, () => c.g.setAttribute("aria-label", label));
  if (graph.cards.size > 120) return;
  const picture = v >= 0 && single(v) === null ? thumbnail(v) : "", shadow = g >= 0 && one === null && !isZero(g)
      ? thumbnail(g) : "";
  set(c, "picture", picture, () => c.picture.setAttribute("href", picture));
  set(c, "shadow", shadow, () => c.shadow.setAttribute("href", shadow));
  if (!picture) c.picture.setAttribute("visibility", "hidden"); else c.picture.removeAttribute("visibility");
  if (!shadow) c.shadow.setAttribute("visibility", "hidden"); else c.shadow.removeAttribute("visibility");
}

function showBlock(c, state, now, phase, marks) {
  const ops = c.block.nodes.filter(n => T.nodes[n].k === "o"), last = ops.at(-1), inside = c.block.nodes.includes(now);
  const made = ops.filter(n => state.made[n]).length, graded = c.block.nodes.filter(n => state.grad[n] >= 0).length;
  const has = set => set && c.block.nodes.some(n => set.has(n));
  const classes = ["card block", made ? "made" : "", graded ? "graded" : "", inside ? `now ${phase}` : "",
      has(marks.path) ? "path" : "", has(marks.line) ? "line" : "",
    c.block.nodes.includes(marks.selected) ? "selected" : "", c.block.nodes.some(n => state.spoilt[n]) ? "spoilt"
        : ""].filter(Boolean).join(" ");
  const value = made === ops.length ? short(state.value[last]) : made ? `${made} of ${ops.length} computed` : "";
  const grad = graded ? `∇ reached ${graded}` : "";
  set(c, "class", classes, () => c.g.setAttribute("class", classes));
  set(c, "value", value, () => { c.value.textContent = value; });
  set(c, "grad", grad, () => { c.grad.textContent = grad; });
  const label = `Layer ${c.block.name}, closed, ${ops.length} ops. Open it.`;
  set(c, "label", label, () => c.g.setAttribute("aria-label", label));
}

function showWire(w, state, e, now, marks) {
  const flowed = w.pairs.some(([a, b]) => state.made[b]), nowForward = e && e.p === 0
      && w.pairs.some(([a, b]) => b === now);
  const sent = w.pairs.flatMap(([a, b]) => (state.parts[a] ?? []).filter(p => p.from === b));
  const nowBackward = e && e.p === 1 && w.pairs.some(([a, b]) => b === now && e.to.some(s => s.n === a));
  const onPath = marks.path && w.pairs.some(([a, b]) => marks.path.has(a) && marks.path.has(b));
  const classes = ["wire", flowed ? "flowed" : "", sent.length ? "sent" : "", nowForward ? "forwarding" : "",
      nowBackward ? "backing" : "", onPath ? "path" : ""].filter(Boolean).join(" ");
  set(w, "class", classes, () => w.group.setAttribute("class", classes));
  const wanted = nowBackward || w.pairs.some(([a]) => a === marks.selected && (state.parts[a]?.length ?? 0) > 1);
  const said = wanted ? sent.map(p => single(p.d) !== null ? (single(p.d) < 0 ? "" : "+") + fmt(single(p.d), 3)
      : isZero(p.d) ? "0" : "").filter(Boolean) : [];
  const carried = said.length > 1 && new Set(said).size === 1 ? `${said.length} × ${said[0].replace("+", "")}`
      : said.join("  ");
  set(w, "text", carried, () => { w.label.textContent = carried; });
}

// Touch the page only where something changed: a step stays fast in large graphs.
function set(owner, key, value, apply) {
  owner.seen ??= {};
  if (owner.seen[key] === value) return;
  owner.seen[key] = value;
  apply();
}
