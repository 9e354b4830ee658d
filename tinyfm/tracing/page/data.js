// The trace, and what is known after t of its events.  Nothing here draws.

const T = JSON.parse(document.getElementById("data").textContent);
const N = T.nodes.length;
const PHASE = ["forward", "backward", "update"];
const GLYPH = {add: "+", subtract: "−", multiply: "×", divide: "÷", matmul: "@", negative: "−"};

// After t events: the place of each node's value and gradient in T.arrays (-1: not yet), what was added up to the
// gradient, what each leaf holds in .grad, and which event made the value.  overwrite: `=` in place of `+=`.
function stateAt(t, overwrite = false) {
  const value = T.nodes.map(n => n.k === "o" ? -1 : n.v), made = T.nodes.map(n => n.k !== "o");
  let grad = new Array(N).fill(-1), parts = new Array(N).fill(null), spoilt = new Array(N).fill(false), walk = -1;
  const leaf = new Array(N).fill(-1);
  for (let i = 0; i < t; i++) {
    const e = T.events[i];
    if (e.p === 0) { value[e.n] = e.v ?? T.nodes[e.n].v; made[e.n] = true; }
    if (e.p === 2) value[e.n] = e.v;
    if (e.p !== 1) continue;
    if (e.w !== walk) {
      walk = e.w;
      grad = new Array(N).fill(-1); parts = new Array(N).fill(null); spoilt = new Array(N).fill(false);
    }
    if (grad[e.n] < 0) grad[e.n] = e.g;
    for (const s of e.to) {
      (parts[s.n] ??= []).push({event: i, from: e.n, arg: s.a, d: s.d, sum: s.f ?? s.d, wrong: s.wrong, of: s.of ?? 1});
      const wrong = overwrite && s.wrong !== undefined;
      grad[s.n] = wrong ? s.wrong : s.f ?? s.d;
      spoilt[s.n] = wrong;
    }
    if (T.nodes[e.n].k === "i") leaf[e.n] = e.f ?? e.g;
  }
  return {t, value, made, grad, parts, spoilt, leaf, walk, overwrite};
}

// ---------------------------------------------------------------- numbers and names

function fmt(v, digits = 4) {
  if (typeof v === "string") return v === "NaN" ? v : v.startsWith("-") ? "−∞" : "∞";
  if (v === 0) return "0";
  const size = Math.abs(v);
  let s = size >= 1e6 || size < 1e-4 ? v.toExponential(2).replace("e+", "e") : String(Number(v.toPrecision(digits)));
  return s.replaceAll("-", "−");
}

const isNumber = i => i >= 0 && (typeof T.arrays[i] !== "object");
const single = i => isNumber(i) ? T.arrays[i] : i >= 0 && T.arrays[i].s.every(k => k === 1)
    ? T.arrays[i].grids[0].rows[0][0] : null;
const shapeText = s => s.length === 1 ? `(${s[0]},)` : `(${s.join(", ")})`;
const shapeOf = i => isNumber(i) ? [] : T.arrays[i].s;

// One array in a few characters: the number, or the shape.
function short(i) {
  if (i < 0) return "";
  const one = single(i);
  const {s} = T.arrays[i];
  return one !== null ? fmt(one) : s.length === 1 ? shapeText(s) : s.join("×");
}

// The same, with the numbers of a short vector: [0.3, 0, 0.45].
const isListed = i => i >= 0 && (single(i) !== null || T.arrays[i].s.length === 1 && T.arrays[i].s[0] < 6);
const listed = i => !isListed(i) || single(i) !== null ? short(i) :
  `[${T.arrays[i].grids[0].rows[0].map(v => fmt(v, 3)).join(", ")}]`;

function largest(i) {
  const a = T.arrays[i];
  return Math.max(Math.abs(Number(a.lo)), Math.abs(Number(a.hi)));
}

const isZero = i => i >= 0 && (isNumber(i) ? T.arrays[i] === 0
    : T.arrays[i].zero === T.arrays[i].s.reduce((p, k) => p * k, 1));

// The name in the student's code, or the op.
function title(n) {
  const node = T.nodes[n];
  return node.n || (node.o ? opText(n) : node.k === "c" ? short(node.v) || "?" : `input ${n}`);
}

// "h (tanh)", "add", "x".
const fullName = n => T.nodes[n].n && T.nodes[n].o ? `${T.nodes[n].n} (${T.nodes[n].o})` : title(n);

// An op with the plain numbers it was given: "power 2".
function opText(n) {
  const node = T.nodes[n];
  const plain = (node.p ?? []).filter(i => i !== null && T.nodes[i].hide).map(i => short(T.nodes[i].v) || "?");
  return [node.o, ...plain].join(" ");
}

const users = T.nodes.map(() => []);
T.nodes.forEach((n, i) => new Set(n.p ?? []).forEach(p => { if (p !== null) users[p].push(i); }));

// The values that stand in an op's formulas, {a: 2, out: 6, g: 1}, where all are single numbers; else null.
function scalars(n, g) {
  const node = T.nodes[n], found = {}, op = T.ops[node.o];
  if (single(node.v) === null) return null;
  found.out = single(node.v);
  for (let k = 0; k < op.args.length; k++) {
    if (node.p[k] === null || node.p[k] === undefined) continue;
    const v = single(T.nodes[node.p[k]].v);
    if (v === null) return null;
    found[op.args[k]] = v;
  }
  if (g !== undefined && g >= 0) found.g = single(g);
  return found;
}

// What happened in event i, in one sentence.
function sentence(i) {
  if (i < 0) return T.events.length ? "The start: the inputs and weights are there, nothing has been computed."
      : "Nothing was recorded.";
  const e = T.events[i], n = T.nodes[e.n];
  if (e.p === 0) return `${opText(e.n)} computes ${n.n || "a value"}: ${describe(n.v)}.`;
  if (e.p === 2) return `${title(e.n)} moves from ${describe(e.b)} to ${describe(e.v)}.`;
  const first = T.events[i - 1]?.p !== 1 || T.events[i - 1].w !== e.w, g = describe(e.g);
  const sends = e.to.map(s => `${describe(s.d)} to ${title(s.n)}`).join(" and ");
  if (first) return `The backward pass begins at ${title(e.n)} with the gradient ${g}. It sends ${sends || "nothing"}.`;
  if (sends) return `${fullName(e.n)} has its gradient ${g} and sends ${sends}.`;
  if (e.x) return `The gradient of ${title(e.n)} is complete: ${g}.`;
  if (e.b !== undefined) return `${title(e.n)} adds ${g} to the .grad that it had, ${describe(e.b)}: ${describe(e.f)}.`;
  if (n.k === "i") return `The gradient of ${title(e.n)} is complete and goes into its .grad: ${g}.`;
  return `${fullName(e.n)} sends nothing on.`;
}

const describe = i => i < 0 ? "a value that was not kept" : isListed(i) ? listed(i)
    : `a ${T.arrays[i].s.join(" × ")} array`;

// Every node that lies on a way from node n to the node the backward pass began at.
function onTheWay(n) {
  const ahead = new Set([n]);
  for (const k of ahead) for (const u of users[k]) ahead.add(u);
  const back = new Set(T.root >= 0 ? [T.root] : []);
  for (const k of back) for (const p of T.nodes[k].p ?? []) if (p !== null) back.add(p);
  return new Set([...ahead].filter(k => back.has(k)));
}
