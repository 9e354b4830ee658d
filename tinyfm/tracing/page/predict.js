// Predict, then see: the next gradient is asked before it is shown, judged with a tolerance, and counted.

const quizOn = () => viewer.predicting && viewer.asked === viewer.t;

// {from, to, mml, truth, at}: the first contribution of an event that is a question worth asking; else null.
function question(e) {
  if (e.p !== 1) return null;
  for (const s of e.to) {
    const one = single(s.d), x = s.x ?? {}, truth = one ?? x.result;
    if (typeof truth === "number" && (one !== null || x.values || x.terms)) return {from: e.n, to: s.n, arg: s.a,
        truth, at: one === null ? x.at : [], own: scalars(e.n, e.g), x, mml: T.ops[T.nodes[e.n].o].rules[s.a][0]};
  }
  return null;
}

function showQuiz() {
  const box = $("quiz"), score = viewer.score[1] ? `${viewer.score[0]} of ${viewer.score[1]} right` : "";
  box.hidden = !viewer.predicting;
  if (!quizOn()) { box.dataset.at = ""; box.replaceChildren(h("p", {class: "score"}, h("b", {}, "Predict. "), score
      || "Go on to the backward pass: each gradient is asked before it is shown.")); return; }
  if (box.dataset.at === String(viewer.t)) return;
  box.dataset.at = String(viewer.t);
  const q = question(T.events[viewer.t]), values = q.own ?? q.x.values ?? {};
  const known = Object.entries(values).map(([k,
      v]) => `${k === "g" ? "ȳ" : k === "out" ? "y" : k} = ${fmt(v)}`).join(",  ");
  const answer = h("input", {id: "answer", type: "text", inputmode: "decimal", autocomplete: "off",
      "aria-label": "Your prediction"}), told = h("p", {id: "verdict", role: "status"});
  const tell = right => {
    viewer.score[0] += right; viewer.score[1] += 1;
    told.replaceChildren(right ? "✓ Right: " : "✗ It is ", number(q.truth), right ? "."
        : ". Look at the rule with the numbers, then go on.");
    told.className = right ? "good" : "odd";
    for (const b of box.querySelectorAll("form button, form input")) b.disabled = true;
    const on = h("button", {type: "button", class: "primary", onclick: () => next()}, "Go on");
    told.append(" ", on);
    on.focus();
    box.querySelector(".score").textContent = `${viewer.score[0]} of ${viewer.score[1]} right`;
  };
  const form = h("form", {}, answer, h("button", {type: "submit", class: "primary"}, "Check"),
      h("button", {type: "button", class: "quiet", onclick: () => tell(false)}, "Show me"));
  form.addEventListener("submit", event => {
    event.preventDefault();
    const given = Number(answer.value.trim().replace("−", "-").replace(",", "."));
    if (!answer.value.trim() || Number.isNaN(given)) { told.textContent = "Type a number, such as -0.25."; return; }
    tell(Math.abs(given - q.truth) <= 0.01 * Math.abs(q.truth) + 5e-4);
  });
  fill(box, h("p", {class: "score"}, score), h("h2", {}, "Predict"),
      h("p", {}, "Which gradient does ", h("b", {}, fullName(q.from)), " send to ", h("b", {}, title(q.to)),
      q.at?.length ? ` at ${where(q.at)}` : "", "?"),
    formula(q.mml), h("p", {class: "legend-line"}, known || (q.x.terms ? `a sum of ${q.x.count} products` : "")),
        q.x.terms && !q.own ? h("p", {class: "terms"}, q.x.terms.map(p => p.map(v => fmt(v)).join(" · ")).join(" + ")
        + (q.x.count > q.x.terms.length ? " + …" : "")) : null, form, told);
  answer.focus({preventScroll: true});
}
