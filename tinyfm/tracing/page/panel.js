// The right side: what this step does, in symbols, in numbers and in code; and all that is known of the chosen node.

const $ = id => document.getElementById(id);

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes))
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  element.append(...children.filter(c => c !== null && c !== undefined && c !== ""));
  return element;
}

const fill = (box, ...children) => box.replaceChildren(...children.filter(Boolean));
const number = v => h("span", {class: "num"}, typeof v === "object" ? "?" : fmt(v));
const nodeLink = n => h("button", {type: "button", class: "link", "data-node": n}, fullName(n));

function formula(mml, className = "rule") {
  const p = h("div", {class: className});
  p.innerHTML = mml;
  return p;
}

// The formula with a number in the place of every value; null where a value has none.
function withNumbers(mml, values, result) {
  const p = formula(mml, "rule numbers");
  for (const slot of p.querySelectorAll("[data-v]")) {
    const v = values[slot.dataset.v === "gout" ? "g" : slot.dataset.v];
    if (v === undefined) return null;
    const low = Number(v) < 0 && (slot.previousElementSibling || slot.parentElement.localName !== "mrow");
    const mn = document.createElementNS("http://www.w3.org/1998/Math/MathML", "mn");
    mn.textContent = low ? `(${fmt(v)})` : fmt(v);
    mn.setAttribute("class", slot.dataset.v === "gout" ? "gradient" : "value");
    slot.replaceWith(mn);
  }
  for (const mo of p.querySelectorAll("mo")) if (mo.hasAttribute("data-t")
      || mo.textContent === "⊙") mo.textContent = "·";
  if (result !== undefined) p.append(h("span", {class: "equals"}, " = "), number(result));
  return p;
}

// x̄ += rule
function receiving(arg, mml, overwrite) {
  const p = formula(mml);
  if (!mml.includes("<mo>=</mo>")) p.prepend(h("span", {class: "into"},
      h("i", {}, arg.length === 1 ? `${arg}\u0304` : `gradient of ${arg}`), overwrite ? " = " : " += "));
  return p;
}

// a·b + c·d + … = result
function terms(x) {
  const p = h("div", {class: "terms"});
  x.terms.forEach((pair, k) => {
    if (k) p.append(" + ");
    p.append(h("span", {class: "pair"}, pair.map((v, i) => Number(v) < 0 && (k || i) ? `(${fmt(v)})` : fmt(v))
        .join(" · ")));
  });
  if (x.count > x.terms.length) p.append(` + … (${x.count} terms)`);
  if (x.plus) p.append(` + ${Number(x.plus) < 0 ? `(${fmt(x.plus)})` : fmt(x.plus)}`);
  p.append(" = ", number(x.result));
  return p;
}

const bracketed = v => Number(v) < 0 ? `(${fmt(v)})` : fmt(v);
const where = at => at && at.length ? `[${at.join(", ")}]` : "";
const element = at => at && at.length ? h("p", {class: "at"}, "for the element ", h("b", {}, where(at)),
    ", where the most flows:") : null;

function code(text) { return text ? h("pre", {class: "code", tabindex: "0", role: "region",
    "aria-label": "Code of the op table"}, h("code", {}, text)) : null; }

// ---------------------------------------------------------------- the step

function showStep(t, state) {
  const i = t - 1, e = T.events[i], box = $("step");
  if (!e) return showStart(box);
  const n = T.nodes[e.n], tag = h("span", {class: `tag ${PHASE[e.p]}`}, ["→ forward", "⇠ backward", "⟳ update"][e.p]);
  const place = n.at && e.p < 2 && n.k === "o" ? h("button",
      {type: "button", class: "link line", "data-line": `${n.at[0]}:${n.at[1]}`}, `${n.at[0]}:${n.at[1]}`) : null;
  const parts = [h("p", {class: "top"}, tag, place), h("h2", {}, ...headline(e, i)),
    e.broke ? h("p", {class: "warning"}, `Here a number became ${e.broke} for the first time on this way.`) : null];
  if (e.p === 0) parts.push(...forwardStep(e));
  if (e.p === 1) parts.push(...backwardStep(e, i, state));
  if (e.p === 2) parts.push(...updateStep(e));
  fill(box, ...parts);
}

function showStart(box) {
  const kbd = key => h("kbd", {}, key), hint = (...said) => h("li", {}, ...said), bold = said => h("b", {}, said);
  fill(box, h("h2", {}, "The start"),
    h("p", {}, "The inputs and weights are there; nothing has been computed yet. Go on with ", kbd("▶"),
      " at the end of the page or the key ", kbd("→"), "; the dark button or ", kbd("Space"), " plays: first the values flow ",
      h("span", {class: "forward"}, "forward"), ", then the gradients flow ", h("span", {class: "backward"}, "back"), "."),
    h("ul", {class: "hints"},
      hint("Press a node for its numbers, its gradient and the line that made it."),
      hint(bold("Σ2"), " on a node: two contributions meet there and are added."),
      hint(bold("Predict"), " asks for each gradient before it shows it."),
      hint(bold("= for +="), " shows what a forgotten sum does.")),
    T.full ? h("p", {class: "warning"}, "The run was longer than a trace can hold; its end is missing.") : null,
    T.root < 0 ? h("p", {class: "warning"}, "This run has no backward pass: no gradient will flow.") : null);
}

function headline(e, i) {
  const n = T.nodes[e.n];
  if (e.p === 0) return [nodeLink(e.n), " is computed"];
  if (e.p === 2) return [nodeLink(e.n), " moves against its gradient"];
  const first = T.events[i - 1]?.p !== 1 || T.events[i - 1].w !== e.w;
  if (first) return ["The backward pass begins at ", nodeLink(e.n)];
  if (e.to.length) return [nodeLink(e.n), " sends its gradient on"];
  return [nodeLink(e.n), n.k === "i" ? " has its gradient" : " sends nothing on"];
}

function forwardStep(e) {
  const n = T.nodes[e.n], op = T.ops[n.o], x = T.forward[e.n] ?? {}, own = scalars(e.n);
  const values = own ?? x.values;
  const inputs = h("p", {class: "legend-line"}, ...op.args.flatMap((a, k) => n.p[k] === null || n.p[k] === undefined
      ? [] : [h("span", {}, h("i", {}, a), " = ", T.nodes[n.p[k]].hide ? short(T.nodes[n.p[k]].v) : nodeLink(n.p[k]),
    T.nodes[n.p[k]].hide || single(T.nodes[n.p[k]].v) === null ? "" : ` = ${short(T.nodes[n.p[k]].v)}`)]));
  const put = values && Object.keys(values).length ? withNumbers(op.f, values) : null;
  return [h("h3", {}, "Rule"), formula(op.f), inputs, settings(n),
    put || x.terms || x.of ? h("h3", {}, "With the numbers") : null, own ? null : put || x.terms || x.of
        ? element(x.at) : null, put,
    x.terms ? terms(x) : null, x.of ? h("div", {class: "terms"},
        `${n.o} of ${x.of.map(v => fmt(v)).join(", ")}${x.count > x.of.length ? `, … (${x.count})` : ""} gives `,
        number(x.result)) : null,
    x.window ? convolved(x) : null, x.weights ? h("div", {},
        h("h3", {}, "Who looks where: weights, a query in each row, a key in each column"), weights(x.weights))
        : null, h("h3", {}, "In the op table"), code(op.code)];
}

// The part of the picture under the kernel, and the kernel, of the first channel.
function convolved(x) {
  const [rows, columns] = [x.window[0].length, x.window[0][0].length], [r, c] = x.from;
  const table = (part, name) => {
    const top = Math.max(1e-12, ...part.flat().map(v => Math.abs(Number(v))));
    return h("table", {class: "cells"}, h("caption", {}, name),
        h("tbody", {}, ...part.map(row => h("tr", {}, ...row.map(v => cell(v, top))))));
  };
  return h("div", {class: "window"}, table(x.window[0], `x[${x.at[0]}, ${r}:${r + rows}, ${c}:${c + columns}, 0]`),
      h("span", {class: "by", "aria-hidden": "true"}, "·"), table(x.window[1], `w[:, :, 0, ${x.at.at(-1)}]`));
}

const weights = rows => h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "Attention weights"},
    h("table", {class: "cells"}, h("tbody", {}, ...rows.map(row => h("tr", {}, ...row.map(v => cell(v, 1)))))));

function cell(v, top) {
  const c = colour(Number(v), top), light = (c[0] * 299 + c[1] * 587 + c[2] * 114) / 1000 > 130;
  return h("td", {style: `background:rgb(${c});color:${light ? "#111" : "#fff"}`}, fmt(v, 3));
}

function settings(n) {
  return n.set ? h("p", {class: "settings"}, Object.entries(n.set).map(([k, v]) => `${k}=${v}`).join(", ")) : null;
}

function backwardStep(e, i, state) {
  const n = T.nodes[e.n], parts = [];
  if (!e.to.length && n.k === "i") {
    if (e.b !== undefined) parts.push(h("h3", {}, "Added to .grad"), sums([["it had", e.b], ["this pass", e.g]], e.f));
    else {
      const g = state.grad[e.n], one = single(g);
      parts.push(h("p", {}, "Its gradient is complete", e.x ? "" : " and is put into .grad", one !== null ? ": "
          : "; it is shown below.", one !== null ? h("b", {class: "gradient"}, fmt(one)) : ""));
    }
    return parts;
  }
  const op = T.ops[n.o];
  parts.push(h("p", {class: "legend-line"}, h("span", {}, h("i", {}, "ȳ"), " = ",
      h("b", {class: "gradient"}, single(e.g) !== null ? short(e.g)
      : `gradient of ${title(e.n)}, ${shapeText(shapeOf(e.g))}`)),
    single(n.v) !== null ? h("span", {}, h("i", {}, "y"), ` = ${short(n.v)}`) : null,
    ...op.args.flatMap((a, k) => n.p[k] === null || n.p[k] === undefined || single(T.nodes[n.p[k]].v) === null ? []
        : [h("span", {}, h("i", {}, a), ` = ${short(T.nodes[n.p[k]].v)}`)])));
  if (!e.to.length) parts.push(h("p", {}, `${n.o} has no input that asks for a gradient.`));
  if (state.spoilt[e.n]) parts.push(h("p", {class: "warning"},
      "With = the gradient that arrives here is wrong already; below stand the numbers of the right run."));
  const own = scalars(e.n, e.g);
  for (const s of e.to) parts.push(contribution(e, i, s, own, state));
  return parts;
}

function contribution(e, i, s, own, state) {
  const op = T.ops[T.nodes[e.n].o], [mml, line] = op.rules[s.a], x = s.x ?? {}, values = own ?? x.values;
  const put = values && Object.keys(values).length ? withNumbers(mml, values, own ? single(s.d) ?? undefined
      : x.result) : null;
  const body = [h("h3", {class: "to"}, "to ", nodeLink(s.n), h("span", {class: "as"}, ` as ${s.a}`)),
      receiving(s.a, mml, state.overwrite), own || !(put || x.terms || x.said) ? null : element(x.at), put, x.terms
      ? terms(x) : null,
    x.said ? h("div", {class: "terms"},
        `${fmt(x.said[0])} · (${fmt(x.said[1])} − ${bracketed(x.said[2])}) = `, number(x.result),
        ", with ⟨ȳ, y⟩ summed over the axis") : null,
    x.summed?.length ? h("p", {class: "note"},
        `${s.a} was stretched along axis ${x.summed.join(" and ")}, so its gradient is the sum of ${x.over} numbers: `,
        `at ${where(x.to) || "()"} `, number(x.total), ".") : null, code(line)];
  if (s.of > 1) {
    const parts = (state.parts[s.n] ?? []).filter(p => p.event < i || (p.event === i && p.arg <= s.a || p.event === i));
    const upto = parts.findIndex(p => p.event === i && p.arg === s.a) + 1;
    body.push(h("h4", {}, `Contribution ${upto} of ${s.of}: `, h("code", {}, state.overwrite ? "=" : "+=")),
        accumulation(s.n, parts.slice(0, upto), state.overwrite));
  }
  return h("section", {class: "contribution"}, ...body.filter(Boolean));
}

// What met at a node: each contribution, the running sum, and what `=` would have kept.
function accumulation(n, parts, overwrite) {
  const last = parts.at(-1), head = ["contribution", "adds", "sum so far"].map(said => h("th", {scope: "col"}, said));
  const rows = parts.map(p => h("tr", {class: overwrite && p !== last ? "lost" : ""},
    h("th", {scope: "row"}, `from ${title(p.from)} as ${p.arg}`), h("td", {}, listed(p.d)),
    h("td", {}, listed(p.sum))));
  const table = h("table", {class: "sums running"}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows));
  return h("div", {}, table, parts.length < 2 ? null : last.wrong === undefined ?
    h("p", {class: "note"}, "Here = would by chance give the same.") : lost(last, overwrite));
}

function lost(last, overwrite) {
  const said = isListed(last.wrong) ? [h("b", {}, listed(last.wrong)), `; right is ${listed(last.sum)}.`] : ["this:"];
  return h("div", {class: overwrite ? "warning" : "note"}, h("code", {}, "="), " in place of ", h("code", {}, "+="),
    " would leave ", ...said, isListed(last.wrong) ? null : heat(last.wrong, "With = in place of +="));
}

function sums(rows, total) {
  return h("table", {class: "sums"}, h("tbody", {},
      ...rows.map(([name, i]) => h("tr", {}, h("th", {scope: "row"}, name), h("td", {}, short(i)))),
      h("tr", {class: "total"}, h("th", {scope: "row"}, "sum"), h("td", {}, short(total)))));
}

function updateStep(e) {
  const x = e.x ?? {}, n = T.nodes[e.n], one = single(e.v);
  const before = one !== null ? single(e.b) : x.before, after = one !== null ? one : x.after, g = one !== null
      && e.g >= 0 ? single(e.g) : x.gradient;
  const rate = x.rate;
  return [e.rule ? h("p", {}, `by ${e.rule}`) : null, h("h3", {}, "Rule"),
    h("div", {class: "rule"}, ...(rate !== undefined ? [`${title(e.n)} ← ${title(e.n)} − η · gradient`]
        : [`${title(e.n)} ← ${title(e.n)} + step`])),
    h("h3", {}, "With the numbers"), one === null ? element(x.at) : null,
    h("div", {class: "terms"}, rate !== undefined
        ? `${fmt(before)} − ${fmt(rate)} · ${Number(g) < 0 ? `(${fmt(g)})` : fmt(g)} = `
        : `${fmt(before)} + ${fmt(Number(after) - Number(before), 3)} = `, number(after)),
    rate === undefined && g !== undefined ? h("p", {class: "note"},
        `The gradient here is ${fmt(g)}; the step is not a fixed multiple of it.`) : null];
}

// ---------------------------------------------------------------- the node

function showNode(n, state, followed) {
  const box = $("node"), first = viewer.first === "node" && !followed;
  if ((box.nextElementSibling !== null) !== first) $("panel").insertBefore(box, first ? $("step") : null);
  if (n < 0) { box.replaceChildren(); return; }
  const node = T.nodes[n], v = state.value[n], g = state.grad[n], parts = state.parts[n];
  const facts = [node.o ? `op ${opText(n)}` : node.k === "i" ? "input that asks for a gradient" : "constant", node.l
      ? `in ${node.l}` : "", v >= 0 ? shapeText(node.s ?? []) : "", v >= 0 && !isNumber(v) ? T.arrays[v].t
      : ""].filter(Boolean).join(" · ");
  const children = [h("div", {class: "node-head"}, h("h2", {}, title(n)), followed ? null
      : h("button", {type: "button", class: "quiet", id: "follow"}, "Follow the steps")),
      h("p", {class: "facts"}, facts),
    node.at ? h("p", {}, "made by ", h("button", {type: "button", class: "link line",
        "data-line": `${node.at[0]}:${node.at[1]}`}, `${node.at[0]}:${node.at[1]}`), " ",
        h("code", {class: "inline"}, lineText(node.at))) : usedIn(n),
    h("h3", {}, "Value"), v >= 0 ? picture(v, `Value of ${title(n)}`, node.w)
        : h("p", {class: "muted"}, state.made[n] ? "The rules did not need it, so it was not kept."
        : "Not computed yet. ", state.made[n] ? null : arrival(n, 0)),
    h("h3", {}, "Gradient"), g >= 0 ? picture(g, `Gradient of ${title(n)}`, node.w, true) : arrival(n, 1)
        ? h("p", {class: "muted"}, "No gradient has reached it yet. ", arrival(n, 1))
        : h("p", {class: "muted"}, "No gradient ever reaches it."),
    parts && parts[0].of > 1 ? accumulation(n, parts, state.overwrite) : null, whyBox(n, state),
        check(n, state.spoilt[n])];
  fill(box, ...children);
}

// A link to the step in which the value (phase 0) or the whole gradient (phase 1) of a node is there.
function arrival(n, phase) {
  const t = T.events.findIndex(e => e.p === phase && e.n === n) + 1;
  return t ? h("button", {type: "button", class: "link", "data-step": t}, `Go to step ${t}`) : null;
}

// The line that made a node, or the first that used it.
const lineOf = n => T.nodes[n].at ?? users[n].map(u => T.nodes[u].at).find(Boolean);

// An input is made by no line of the run: the lines that use it.
function usedIn(n) {
  const at = [...new Set(users[n].map(u => T.nodes[u].at?.join(":")).filter(Boolean))].slice(0, 3);
  return at.length ? h("p", {}, "no op made it; used in ", ...at.flatMap((key, k) => [k ? ", " : "",
      h("button", {type: "button", class: "link line", "data-line": key}, key)]), " ",
      h("code", {class: "inline"}, lineText(lineOf(n)))) : null;
}

const lineText = ([file, line]) => (T.sources[file]?.[1][line - T.sources[file][0]] ?? "").trim();

function picture(i, name, shown, gradient = false) {
  const one = single(i);
  return one !== null ? h("p", {class: `big ${gradient ? "gradient" : ""}`}, fmt(one)) : heat(i, name, shown);
}

function whyBox(n, state) {
  if (T.root < 0) return null;
  const zero = T.why[n] !== undefined;
  return h("p", {}, h("button", {type: "button", id: "why", class: "ask", "aria-pressed": viewer.path ? "true"
      : "false"}, zero ? "Why is this gradient zero?" : "Where does this gradient come from?"),
      ...(viewer.path ? [h("span", {class: "because", id: "because"}, ...because(n))] : []));
}

function because(n) {
  if (T.why[n] !== undefined) return T.why[n].map(([, said]) => h("span", {class: "reason"}, said));
  if (n === T.root) return [h("span", {class: "reason"},
      "The backward pass begins here, with 1: the loss changes by 1 when it changes by 1.")];
  const from = T.events.filter(e => e.p === 1
      && e.w === 0).flatMap(e => e.to.filter(s => s.n === n).map(s => [e.n, s]));
  return [h("span", {class: "reason"}, from.length === 1 ? "One contribution, from "
      : `${from.length} contributions meet here and are added: `,
      ...from.flatMap(([k, s], j) => [j ? ", " : "", nodeLink(k), single(s.d) !== null ? ` ${short(s.d)}` : ""]),
      ". The marked way leads from the loss to here.")];
}

function check(n, spoilt) {
  const rows = T.checks[n];
  if (!rows) return T.root >= 0 && T.nodes[n].k !== "c" && Object.keys(T.checks).length
      ? h("p", {class: "muted"}, "Not checked by a central difference: the graph is large, or no gradient arrives.")
      : null;
  const all = rows.every(r => r[3] < 1e-4), kink = rows.some(r => r[4] && r[3] >= 1e-4);
  return h("details", {class: "check", open: true}, h("summary", {}, "Check: ", spoilt
      ? h("span", {class: "odd"}, "✗ with = the gradient is not the slope") : all
      ? h("span", {class: "good"}, "✓ a central difference agrees") : kink
      ? h("span", {class: "odd"}, "≈ at a kink: two slopes")
      : h("span", {class: "odd"}, "✗ a central difference disagrees")),
    h("table", {class: "sums"}, h("thead", {}, h("tr", {}, h("th", {scope: "col"}, "element"),
        h("th", {scope: "col"}, "backward"), h("th", {scope: "col"}, "(L(+h) − L(−h)) / 2h"),
        h("th", {scope: "col"}, "rel. error"))),
      h("tbody", {}, ...rows.map(([at, a, b, error]) => h("tr", {}, h("th", {scope: "row"}, where(at) || "()"),
          h("td", {}, fmt(a)), h("td", {}, fmt(b)), h("td", {}, fmt(error, 2)))))),
    kink ? h("p", {class: "note"},
        "Left and right of this point the slope differs (as of relu at 0): here stands the mean of both.") : null);
}
