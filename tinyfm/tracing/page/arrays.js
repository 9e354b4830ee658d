// Arrays as heat maps, as thumbnails on the cards, and as tables of numbers.

function colour(v, top) {
  const dark = isDark(), zero = dark ? [38, 44, 54] : [248, 247, 244], plus = dark ? [255, 157, 92] : [196, 80, 10],
      minus = dark ? [109, 179, 242] : [0, 96, 168];
  if (!Number.isFinite(v)) return [200, 0, 120];
  const k = top ? Math.min(1, Math.abs(v) / top) : 0, end = v < 0 ? minus : plus;
  return zero.map((z, i) => Math.round(z + (end[i] - z) * Math.sqrt(k)));
}

function paint(rows, top, scale = 1) {
  const canvas = document.createElement("canvas"), w = Math.max(...rows.map(r => r.length));
  canvas.width = w; canvas.height = rows.length;
  const image = new ImageData(w, rows.length);
  rows.forEach((row, i) => row.forEach((v, j) => image.data.set([...colour(Number(v), top), 255], 4 * (i * w + j))));
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

const thumbs = new Map();
function thumbnail(i) {
  if (!thumbs.has(i)) { const g = T.arrays[i].grids[0]; thumbs.set(i, g ? paint(g.rows, largest(i)).toDataURL() : ""); }
  return thumbs.get(i);
}

function reshaped(g, shown) {
  if (!shown || shown.length !== 2 || g.rows.length !== 1 || g.rows[0].length !== shown[0] * shown[1]) return g;
  return {...g, rows: Array.from({length: shown[0]}, (_, k) => g.rows[0].slice(k * shown[1], (k + 1) * shown[1]))};
}

// A heat map with its facts; a press opens the numbers.
function heat(i, name, shown) {
  const a = T.arrays[i], grids = a.grids.map(g => reshaped(g, shown)), total = a.s.reduce((p, k) => p * k, 1);
  const maps = grids.map(g => {
    const c = paint(g.rows, largest(i)), rows = g.rows.length, columns = g.rows[0]?.length ?? 0,
        cell = Math.max(1, Math.min(22, Math.floor((grids.length > 1 ? 84 : 320) / columns), Math.floor(160 / rows)));
    c.style.width = `${Math.max(cell * columns, 14)}px`; c.style.height = `${Math.max(cell * rows, 14)}px`;
    return c;
  });
  return h("figure", {class: "heat"}, h("button", {type: "button", class: "maps",
      "aria-label": `${name}: heat map of ${a.s.join(" by ")} numbers. Show the numbers.`,
      onclick: () => cells(i, name, grids)}, ...maps),
    h("figcaption", {}, h("span", {class: "scale", "aria-hidden": "true"}, `−${fmt(largest(i), 2)} `,
        h("i", {class: "ramp"}), ` +${fmt(largest(i), 2)}`),
      h("span", {}, [shapeText(a.s), `min ${fmt(a.lo)}`, `mean ${fmt(a.mean, 3)}`, `max ${fmt(a.hi)}`,
        a.zero ? `${a.zero} of ${total} zero` : "", a.bad ? `${a.bad} not finite` : ""].filter(Boolean).join(" · ")),
      grids.some(g => g.at || g.step) ? h("span", {class: "muted"}, grids.map(g => g.at).filter(Boolean).join("  "),
          grids[0].step ? ` every ${grids[0].step[0]}. row, every ${grids[0].step[1]}. column` : "") : null));
}

function cells(i, name, grids) {
  const top = largest(i), dialog = $("cells");
  $("cells-title").textContent = `${name}, ${shapeText(T.arrays[i].s)}`;
  const tables = grids.map(g => h("div", {}, g.at ? h("p", {class: "muted"}, g.at) : null, h("table", {class: "cells"},
    h("thead", {}, h("tr", {}, h("td", {}), ...(g.rows[0]
        ?? []).map((_, j) => h("th", {scope: "col"}, String(j * (g.step?.[1] ?? 1)))))),
    h("tbody", {}, ...g.rows.map((row, r) => h("tr", {}, h("th", {scope: "row"}, String(r * (g.step?.[0] ?? 1))),
        ...row.map(v => cell(v, top))))))));
  dialog.querySelector(".scroll").replaceChildren(...tables);
  dialog.showModal();
}
