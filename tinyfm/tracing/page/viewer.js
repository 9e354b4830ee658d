// The page: one number t says which step is shown; everything on the page follows from it.

const viewer = {t: 0, selected: -1, path: null, asked: null, playing: 0, overwrite: false, predicting: false,
    score: [0, 0], line: null, first: "step"};
const last = T.events.length;
const broke = new Map();
T.events.forEach((e, i) => { if (e.broke && !broke.has(e.n)) broke.set(e.n, i); });

const isDark = () => (document.documentElement.dataset.theme
    ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// ---------------------------------------------------------------- going

function go(t, {say = true} = {}) {
  viewer.t = Math.max(0, Math.min(last, t));
  const e = T.events[viewer.t - 1];
  viewer.first = "step";
  if (!quizOn()) viewer.asked = null;
  render();
  if (e) follow(e.n);
  const phase = e ? `, ${PHASE[e.p]}` : "";
  if (say) $("said").textContent = `Step ${viewer.t} of ${last}${phase}: ${sentence(viewer.t - 1)}`;
  remember();
}

function next() {
  const e = T.events[viewer.t];
  if (viewer.predicting && e && viewer.asked !== viewer.t && question(e)) { viewer.asked = viewer.t; render(); return; }
  viewer.asked = null;
  go(viewer.t + 1);
}

function render() {
  const e = T.events[viewer.t - 1], state = stateAt(viewer.t, viewer.overwrite), now = e ? e.n : -1;
  const node = viewer.selected >= 0 ? viewer.selected : now;
  if (viewer.path) viewer.path = pathOf(node);
  show(state, {selected: viewer.selected, path: viewer.path, line: viewer.line, broke});
  showStep(viewer.t, state);
  showNode(node, state, viewer.selected < 0);
  showQuiz();
  showSource(node);
  for (const p of document.querySelectorAll(".panel .rule")) if (p.scrollWidth > p.clientWidth + 1) { p.tabIndex = 0;
      p.setAttribute("role", "group"); p.setAttribute("aria-label", "Formula"); }
  $("slider").value = viewer.t;
  $("slider").setAttribute("aria-valuetext", `step ${viewer.t} of ${last}`);
  $("count").textContent = `${viewer.t} / ${last}`;
  for (const [id, off] of [["first", viewer.t === 0], ["back", viewer.t === 0], ["next", viewer.t === last],
      ["last", viewer.t === last]]) $(id).disabled = off;
}

function pathOf(n) {
  if (n < 0) return null;
  if (T.why[n] !== undefined) return new Set(T.why[n].flatMap(([path]) => path).concat([n]));
  return onTheWay(n);
}

function remember() {
  const hash = `#t=${viewer.t}${viewer.selected >= 0 ? `&n=${viewer.selected}` : ""}`;
  try { history.replaceState(null, "", hash); } catch { /* a frame without an address */ }
}

function recall() {
  const found = new URLSearchParams(location.hash.slice(1)), n = Number(found.get("n") ?? -1);
  viewer.selected = Number.isInteger(n) && n >= 0 && n < N ? n : -1;
  go(Number(found.get("t") ?? 0) || 0, {say: false});
  if (viewer.selected >= 0) { viewer.first = "node"; render(); }
}

function select(n) {
  viewer.selected = n;
  viewer.path = null;
  viewer.line = null;
  viewer.first = "node";
  if (n >= 0 && shownAs(n) !== n) toggle(boxOf(n), true);
  render();
  $("panel").scrollTop = 0;
  if (n >= 0) { reveal(n); $("said").textContent = `${fullName(n)} chosen.`; }
  remember();
}

function play(on) {
  clearInterval(viewer.playing);
  viewer.playing = 0;
  if (on && viewer.t === last) go(0);
  if (on) viewer.playing = setInterval(() => { if (viewer.t < last && viewer.asked === null) next();
      if (viewer.t === last) play(false); }, Number($("speed").value));
  $("play").setAttribute("aria-pressed", String(on));
  $("play").setAttribute("aria-label", on ? "Pause" : "Play");
}

// ---------------------------------------------------------------- source

const byLine = new Map();
T.nodes.forEach((n, i) => { if (n.at) { const key = n.at.join(":"); byLine.set(key, [...byLine.get(key) ?? [], i]);
    } });

function buildSource() {
  const box = $("source"), files = Object.entries(T.sources);
  box.hidden = !files.length;
  box.replaceChildren(...files.map(([file, [first, lines]]) => h("div", {class: "file"}, h("h2", {}, file),
      h("ol", {start: first, style: `--digits:${String(first + lines.length).length}`}, ...lines.map((text, k) => {
    const key = `${file}:${first + k}`, has = byLine.has(key);
    return h("li", {"data-line": key}, h("span", {class: "nr", "aria-hidden": "true"}, String(first + k)), has
        ? h("button", {type: "button",
        "aria-label": `Line ${first + k}: ${text.trim()}; its ${byLine.get(key).length} nodes`},
        text.match(/^\s*/)[0], h("u", {}, text.trim())) : h("code", {}, text || " "));
  })))));
}

function showSource(n) {
  const at = n >= 0 ? lineOf(n)?.join(":") ?? "" : "", e = T.events[viewer.t - 1];
  for (const li of document.querySelectorAll("#source li.here")) li.className = "";
  const li = at ? document.querySelector(`#source li[data-line="${CSS.escape(at)}"]`) : null;
  if (!li) return;
  li.className = `here ${e ? PHASE[e.p] : ""}`;
  const box = $("source"), top = li.offsetTop;
  if (top < box.scrollTop + 30 || top > box.scrollTop
      + box.clientHeight - 40) box.scrollTop = top - box.clientHeight / 2;
}

function chooseLine(key) {
  const nodes = byLine.get(key) ?? [];
  if (!nodes.length) return;
  const next = nodes[(nodes.indexOf(viewer.selected) + 1) % nodes.length];
  select(next);
  viewer.line = new Set(nodes);
  render();
  $("said").textContent = `${key} made ${nodes.map(fullName).join(", ")}.`;
}

// ---------------------------------------------------------------- wiring

function switchTo(id, key) {
  viewer[key] = !viewer[key];
  $(id).setAttribute("aria-pressed", String(viewer[key]));
}

function equals() {
  switchTo("equals", "overwrite");
  const differs = T.events.some(e => e.to?.some(s => s.wrong !== undefined)), banner = $("banner");
  banner.hidden = !viewer.overwrite;
  banner.textContent = differs ? "Shown: the gradients that = in place of += gives. What is struck through is wrong."
      : "In this run no gradient changes: nowhere do two different contributions meet.";
  $("said").textContent = viewer.overwrite ? banner.textContent : "Shown: the right gradients.";
  render();
}

function predict() { switchTo("predict", "predicting"); viewer.asked = null; render(); }

function find(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return;
  const from = viewer.selected, order = [...T.nodes.keys()].map(k => (k + from + 1) % N);
  const hit = order.find(k => [T.nodes[k].n, T.nodes[k].o, fullName(k)].some(name => name?.toLowerCase() === wanted))
      ?? order.find(k => !T.nodes[k].hide && `${fullName(k)} ${T.nodes[k].l ?? ""}`.toLowerCase().includes(wanted));
  if (hit === undefined) $("said").textContent = `Nothing is called ${text}.`; else select(hit);
  $("search").setAttribute("aria-invalid", String(hit === undefined));
}

function wire() {
  for (const [id, act] of [["first", () => go(0)], ["back", () => go(viewer.t - 1)], ["next", next],
      ["last", () => go(last)], ["play", () => play(!viewer.playing)], ["equals", equals], ["predict", predict],
    ["in", () => zoom(1.3)], ["out", () => zoom(1 / 1.3)], ["fit", fit], ["help", () => $("keys").showModal()],
    ["open", () => { T.layout.blocks.forEach((_, k) => graph.open.add(`g${k}`)); redraw(true); }],
        ["close", () => { graph.open.clear(); redraw(true); }],
    ["theme", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; thumbs.clear(); redraw();
        }]]) $(id).addEventListener("click", act);
  $("slider").addEventListener("input", () => go(+$("slider").value));
  $("speed").addEventListener("change", () => { if (viewer.playing) play(true); });
  $("search").addEventListener("keydown", event => { if (event.key === "Enter") find($("search").value); });
  $("search").addEventListener("change", () => find($("search").value));
  document.addEventListener("click", event => {
    const t = event.target;
    if (t.closest("#follow")) { select(-1); return; }
    const step = t.closest("[data-step]");
    if (step) { go(+step.dataset.step); return; }
    if (t.closest("#why")) { const e = T.events[viewer.t - 1]; viewer.path = viewer.path ? null
        : pathOf(viewer.selected >= 0 ? viewer.selected : e ? e.n : -1); render(); $("why")?.focus();
        $("said").textContent = $("because")?.textContent ?? ""; return; }
    const line = t.closest("[data-line]");
    if (line) { chooseLine(line.dataset.line); return; }
    if (!graph.moved) press(t);
  });
  document.addEventListener("keydown", keys);
  drag();
  new ResizeObserver(() => { const up = innerWidth < 700; if (up !== graph.upright) { graph.upright = up;
      redraw(true); } else if (graph.view) keepShape(); }).observe(svg);
  addEventListener("hashchange", recall);
  addEventListener("beforeprint", fit);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { thumbs.clear(); redraw(); });
}

// After the window changed: the same scale and centre.
function keepShape() {
  const r = svg.getBoundingClientRect(), v = graph.view;
  if (!r.height) return;
  const hgt = v.w * r.height / r.width;
  setView({...v, y: v.y + (v.h - hgt) / 2, h: hgt});
}

function keys(event) {
  const typing = event.target.closest?.("input, select, textarea, dialog"),
      button = event.target.closest?.("button, [role=button]");
  if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
  const inGraph = svg.contains(event.target);
  const act = {ArrowRight: next, ArrowLeft: () => go(viewer.t - 1), Home: () => go(0), End: () => go(last),
      "/": () => $("search").focus(), e: equals, q: predict, "?": () => $("keys").showModal(), 0: fit,
      "+": () => zoom(1.3), "-": () => zoom(1 / 1.3),
    Escape: () => select(-1), " ": button ? (inGraph ? () => press(event.target) : null)
        : () => play(!viewer.playing), ArrowDown: inGraph ? () => rove(1) : null, ArrowUp: inGraph ? () => rove(-1)
        : null, Enter: inGraph ? () => press(event.target) : null}[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function drag() {
  let start = null;
  svg.addEventListener("pointerdown", event => { graph.moved = false; graph.ticket = {};
      start = {x: event.clientX, y: event.clientY, view: graph.view}; });
  addEventListener("pointermove", event => {
    if (!start || !event.buttons) return;
    const scale = start.view.w / svg.getBoundingClientRect().width, dx = event.clientX - start.x,
        dy = event.clientY - start.y;
    if (Math.hypot(dx, dy) > 4) graph.moved = true;
    if (graph.moved) setView({...start.view, x: start.view.x - dx * scale, y: start.view.y - dy * scale});
  });
  addEventListener("pointerup", () => { start = null; setTimeout(() => { graph.moved = false; }, 0); });
  svg.addEventListener("wheel", event => {
    event.preventDefault();
    const r = svg.getBoundingClientRect(), v = graph.view;
    zoom(Math.exp(-event.deltaY / 500), v.x + (event.clientX - r.x) / r.width * v.w, v.y
        + (event.clientY - r.y) / r.height * v.h);
  }, {passive: false});
}

function begin() {
  $("title").textContent = T.title;
  $("slider").max = last;
  const spans = [];
  T.events.forEach(e => { if (spans.length && spans.at(-1)[0] === e.p) spans.at(-1)[1]++; else spans.push([e.p, 1]); });
  $("phases").replaceChildren(...spans.map(([p, count]) => h("span", {class: PHASE[p], style: `flex:${count}`})));
  $("names").replaceChildren(...[...new Set(T.nodes.filter(n => !n.hide).map((_, k) => k).map(k => T.nodes[k].n
      || T.nodes[k].o).filter(Boolean))].map(n => h("option", {value: n})));
  graph.upright = innerWidth < 700;
  buildSource();
  draw();
  wire();
  redraw(true);
  recall();
}

begin();
