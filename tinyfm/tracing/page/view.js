// What of the graph is in view, and going through it with the keyboard.

function setView(v) {
  graph.view = v;
  svg.setAttribute("viewBox", `${v.x} ${v.y} ${v.w} ${v.h}`);
}

function fit() {
  const r = svg.getBoundingClientRect(), b = graph.whole, ratio = (r.width || 800) / (r.height || 500);
  const least = Math.max(r.width || 800, 10) / 1.15;           // never larger than 1.15 pixels to a unit
  const w = Math.max(b.w, b.h * ratio, least), hgt = w / ratio;
  setView({x: b.x - (w - b.w) / 2, y: b.y - (hgt - b.h) / 2, w, h: hgt});
}

// Show everything if it can be read, else the start at a readable size.
function home() {
  fit();
  const r = svg.getBoundingClientRect(), scale = r.width / graph.view.w;
  if (scale >= 0.62) return;
  zoom(0.8 / scale);
  const {x, y} = graph.whole, v = graph.view, all = [...graph.rects.values()];
  const start = all.filter(b => graph.upright ? b.y < y + v.h : b.x < x + v.w);       // those that the view begins with
  const middle = (at, size) => start.reduce((sum, b) => sum + b[at] + b[size] / 2, 0) / start.length - v[size] / 2;
  setView({...v, x: graph.upright ? middle("x", "w") : x, y: graph.upright ? y : middle("y", "h")});
}

function zoom(factor, cx, cy) {
  const v = graph.view;
  cx ??= v.x + v.w / 2; cy ??= v.y + v.h / 2;
  const w = v.w / factor, hgt = v.h / factor;
  setView({x: cx - (cx - v.x) / factor, y: cy - (cy - v.y) / factor, w, h: hgt});
}

function follow(n) { reveal(n); }

// Move the view so that a node is in it.
function reveal(n) {
  const r = graph.rects.get(shownAs(n)), v = graph.view;
  if (!r || !v) return;
  const mx = v.w * 0.12, my = v.h * 0.12;
  let {x, y} = v;
  if (r.x < x + mx) x = r.x - v.w * 0.3; else if (r.x + r.w > x + v.w - mx) x = r.x + r.w - v.w * 0.7;
  if (r.y < y + my) y = Math.min(r.y - my, r.y + r.h / 2 - v.h * 0.4);
      else if (r.y + r.h > y + v.h - my) y = Math.max(r.y + r.h - v.h + my, r.y + r.h / 2 - v.h * 0.6);
  graph.ticket = {};                                           // whatever was moving stops
  if (x === v.x && y === v.y) return;
  if (calm()) { setView({...v, x, y}); return; }
  const from = {...v}, begin = performance.now(), ticket = graph.ticket = {};
  const tick = now => {
    if (graph.ticket !== ticket) return;
    const k = Math.min(1, (now - begin) / 180), ease = 1 - (1 - k) ** 3;
    setView({...from, x: from.x + (x - from.x) * ease, y: from.y + (y - from.y) * ease});
    if (k < 1) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

function toggle(box, open) {
  if (open ?? !graph.open.has(box)) graph.open.add(box); else graph.open.delete(box);
  redraw();
}

function redraw(whole = false) {
  const old = graph.view;
  draw();
  render();
  if (old && !whole) setView(old); else home();
  $("open").hidden = $("close").hidden = !T.layout.blocks.length;
  rove(0);
}

// ---------------------------------------------------------------- keyboard within the graph: one stop for Tab

const stops = () => [...svg.querySelectorAll("[data-node], [data-block]")];

function rove(step) {
  const all = stops(), here = Math.max(0, all.findIndex(s => s.getAttribute("tabindex") === "0")),
      to = all[(here + step + all.length) % all.length];
  all.forEach(s => s.setAttribute("tabindex", s === to ? "0" : "-1"));
  if (step && to) { to.focus({preventScroll: true}); if (to.dataset.node) reveal(+to.dataset.node); }
}

function press(target) {
  const card = target.closest?.("[data-node], [data-block]");
  if (!card) return false;
  if (card.dataset.block) {
    const box = card.dataset.block;
    toggle(box);
    (svg.querySelector(`[data-block="${box}"]`) ?? svg).focus({preventScroll: true});
  } else { const n = +card.dataset.node; select(n === viewer.selected && svg.contains(card) ? -1 : n); }
  return true;
}
