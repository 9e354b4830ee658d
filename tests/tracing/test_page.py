"""The page in a real browser: every control, no error, no request, no serious problem for a screen reader, and fast."""
import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.tracing import scenes

pytestmark = pytest.mark.browser
webdriver = pytest.importorskip("selenium.webdriver")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

CHROMIUM = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
            "--disable-component-update", "--disable-sync", "--force-prefers-reduced-motion", "--hide-scrollbars"]
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for word in [*CHROMIUM, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]: options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


class Page:
    """One trace, opened from disk."""

    def __init__(self, browser, trace, path, size="wide", dark=False):
        self.browser, self.trace, self.path = browser, trace, path
        trace.save(path)
        width, height = SIZES[size]
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "narrow"})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}]})
        browser.get("about:blank")
        self.logs()
        browser.get(path.as_uri())

    def logs(self):
        """(messages of the console, addresses that were asked for) since the last look."""
        asked = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        return ([entry["message"] for entry in self.browser.get_log("browser")],
                [m["params"]["request"]["url"] for m in asked if m["method"] == "Network.requestWillBeSent"])

    def js(self, script, *arguments): return self.browser.execute_script(script, *arguments)
    def find(self, css): return self.browser.find_element(By.CSS_SELECTOR, css)
    def all(self, css): return self.browser.find_elements(By.CSS_SELECTOR, css)
    def text(self, css): return self.js("return document.querySelector(arguments[0]).innerText", css)
    def press(self, css):
        self.js("document.querySelector(arguments[0]).dispatchEvent(new MouseEvent('click', {bubbles: true}))", css)

    def type(self, *keys): self.find("body").send_keys(*keys)

    @property
    def t(self): return self.js("return viewer.t")

    def go(self, t): self.js("go(arguments[0])", t)

    def card(self, name):
        """The class and the text of a node's card."""
        n = self.trace[name].id
        return self.js("const g = document.querySelector(`[data-node='${arguments[0]}']`); return [g.getAttribute("
                       "'class'), [...g.querySelectorAll('text')].map(t => t.textContent).join(' | ')]", n)

    def select(self, name): self.press(f"[data-node='{self.trace[name].id}']")
    def step_of(self, phase, name):
        n = self.trace[name].id
        return next(k for k, e in enumerate(self.trace.events, 1) if e.phase == phase and e.node == n)


@pytest.fixture
def open_page(browser, tmp_path):
    opened = []
    def open_(scene, *arguments, **how):
        trace = getattr(scenes, scene)(*arguments) if isinstance(scene, str) else scene
        opened.append(Page(browser, trace, tmp_path / f"page{len(opened)}.html", **how))
        return opened[-1]
    yield open_
    for page in opened[-1:]:
        errors, asked = page.logs()
        assert errors == []
        assert [url for url in asked if not url.startswith(("data:", "blob:", page.path.as_uri()))] == []


# ------------------------------------------------------------ 1, 2: the timeline and the phases

def test_the_timeline_goes_both_ways_by_buttons_keys_slider_and_address(open_page):
    page = open_page("neuron")
    last = len(page.trace)
    for css, t in (("#next", 1), ("#next", 2), ("#back", 1), ("#last", last), ("#first", 0)):
        page.press(css)
        assert page.t == t and page.text("#count") == f"{t} / {last}"
    page.type(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    assert page.t == 1
    page.type(Keys.END); assert page.t == last
    page.type(Keys.HOME); assert page.t == 0
    page.js("const s = document.querySelector('#slider'); s.value = 5; s.dispatchEvent(new Event('input'))")
    assert page.t == 5 and page.js("return location.hash") == "#t=5"
    page.js("location.hash = '#t=7&n=2'; window.dispatchEvent(new HashChangeEvent('hashchange'))")
    assert page.t == 7 and page.js("return viewer.selected") == 2
    page.browser.get(page.path.as_uri() + "#t=9")
    page.browser.refresh()
    assert page.t == 9 and page.all("#next[disabled]") == []


def test_it_plays_and_pauses_at_the_chosen_speed(open_page):
    page = open_page("neuron")
    page.js("document.querySelector('#speed').value = '120'")
    page.type(Keys.SPACE)
    assert page.find("#play").get_attribute("aria-label") == "Pause"
    page.browser.set_script_timeout(5)
    assert page.browser.execute_async_script("const done = arguments[0]; setTimeout(() => done(viewer.t), 900)") >= 3
    page.press("#play")
    assert page.find("#play").get_attribute("aria-label") == "Play" and page.t < len(page.trace)


def test_phases_differ_in_line_and_word_and_neighbours_stand_out(open_page):
    page = open_page("perceptron")
    page.go(page.step_of("forward", "h"))
    assert page.text("#step .tag") == "→ forward" and "now forward" in page.card("h")[0]
    assert page.js("return document.querySelectorAll('.wire.forwarding').length") == 1
    page.go(page.step_of("backward", "h"))
    assert page.text("#step .tag") == "⇠ backward" and "now backward" in page.card("h")[0]
    assert "near" in page.card("multiply")[0] and "near" not in page.card("loss")[0]
    dash = "return getComputedStyle(document.querySelector(arguments[0])).strokeDasharray"
    assert page.js(dash, ".wire.backing .backward") != "none" and page.js(dash, ".wire .forward") == "none"
    page.go(page.step_of("update", "b"))
    assert page.text("#step .tag") == "⟳ update" and "SGD" in page.text("#step") and "now update" in page.card("b")[0]


def test_the_browser_and_python_agree_on_every_step(open_page):
    page = open_page("neuron")
    for t in reversed(range(len(page.trace) + 1)):
        state = page.trace.state(t)
        shown = page.js("const s = stateAt(arguments[0]); "
                        "return [s.value, s.grad].map(a => a.map(i => i < 0 ? null : single(i)))", t)
        for ours, theirs in zip((state.values, state.gradients), shown):
            assert {i for i, v in enumerate(theirs) if v is not None} == set(ours)
            assert all(np.isclose(float(v), theirs[i], rtol=1e-4) for i, v in ours.items())


# ------------------------------------------------------------ 3, 4: the rule and the sum

def test_the_panel_has_symbols_numbers_and_code(open_page):
    page = open_page("neuron")
    page.go(page.step_of("backward", "h"))
    panel = page.text("#step")
    assert "lambda g, out: g * (1.0 - out * out)" in panel
    assert page.all("#step .rule math") and page.all("#step .numbers mn")
    grad = float(page.trace.state().gradients[page.trace["a"].id])
    assert f"{grad:.4g}".replace("-", "−") in page.text("#step .numbers")
    page.go(page.step_of("forward", "h"))
    assert "def tanh(x): return np.tanh(x)" in page.text("#step")


def test_contributions_meet_visibly_and_equals_shows_what_is_lost(open_page):
    page = open_page("neuron")
    page.go(len(page.trace))
    page.select("h")
    assert len(page.all("#node .sums tbody tr")) >= 4 and "sum so far" in page.text("#node")
    assert "Σ4" in page.card("h")[1] and "Σ" not in page.card("a")[1]
    right = page.card("w1")[1]
    page.press("#equals")
    assert page.find("#equals").get_attribute("aria-pressed") == "true" and "=" in page.text("#banner")
    assert "with = the gradient is not the slope" in page.text(".check")
    assert page.card("w1")[1] != right and "spoilt" in page.card("w1")[0] and page.all("#node tr.lost")
    page.type("e")
    assert page.card("w1")[1] == right and not page.find("#banner").is_displayed()


# ------------------------------------------------------------ 5, 6: the source and the arrays

def test_a_node_leads_to_the_step_in_which_its_gradient_arrives(open_page):
    page = open_page("perceptron")
    page.select("b")
    assert "No gradient has reached it yet" in page.text("#node")
    page.press("#node [data-step]")
    assert page.t == page.step_of("backward", "b")


@pytest.mark.parametrize("size", SIZES)
def test_what_was_asked_for_last_is_on_top(open_page, size):
    page = open_page("perceptron", size=size)
    page.go(len(page.trace))
    first = "return [...document.querySelectorAll('#panel > div')].find(d => d.id !== 'quiz').id"
    assert page.js(first) == "step"
    page.select("W")
    assert page.js(first) == "node" and "no op made it; used in scenes.py:19" in page.text("#node")
    assert "h = fm.relu(x @ W + b)" in page.text("#source li.here")
    page.press("#back")
    assert page.js(first) == "step"


def test_source_and_graph_are_linked_both_ways(open_page):
    page = open_page("perceptron")
    page.select("h")
    assert "h = fm.relu(x @ W + b)" in page.text("#source li.here") and "scenes.py" in page.text("#node .line")
    key = page.js("return document.querySelector('#source li.here').dataset.line")
    page.press(f"#source li[data-line='{key}'] button")
    assert page.js("return document.querySelectorAll('.card.line').length") == 3        # matmul, add, relu
    page.press(f"#source li[data-line='{key}'] button")
    assert page.js("return document.querySelectorAll('.card.selected').length") == 1


def test_arrays_have_shape_range_heat_map_and_numbers(open_page):
    page = open_page("perceptron")
    page.go(len(page.trace))
    page.select("W")
    node = page.text("#node")
    assert "(2, 3)" in node and "float64" in node and "min" in node and "mean" in node and "max" in node
    page.press("#node .maps")
    assert page.find("#cells").get_attribute("open") is not None and len(page.all("#cells td")) == 7
    page.press("#cells form button")
    page.go(page.step_of("backward", "matmul"))
    assert "·" in page.text("#step .terms") and "[1, 2]" in page.text("#step .at")


def test_a_convolution_shows_its_window_and_a_product_row_times_column(open_page):
    page = open_page("convolution")
    page.go(page.step_of("forward", "conv"))
    assert "9 terms" in page.text("#step .terms") and page.all("#step .window")
    made = {k: page.trace[e.node].op for k, e in enumerate(page.trace.events, 1) if e.phase == "forward"}
    page.go(min(k for k, op in made.items() if op == "linear"))
    assert "5408 terms" in page.text("#step .terms")
    page.go(page.step_of("backward", "add"))
    assert "stretched along axis 0 and 1 and 2" in page.text("#step")


def test_attention_shows_its_weights(open_page):
    page = open_page("attention")
    page.go(page.step_of("forward", "mixed"))
    page.select("weights")
    rows = page.js("return T.arrays[T.nodes[arguments[0]].v].grids[0].rows", page.trace["weights"].id)
    assert np.allclose(np.sum(rows, axis=1), 1, atol=1e-3) and page.all("#node canvas")


# ------------------------------------------------------------ 7: layers, search, why

def test_layers_close_and_open(open_page):
    page = open_page("convolution")
    assert page.js("return document.querySelectorAll('.frame').length") >= 2
    page.press("#close")
    assert page.js("return document.querySelectorAll('.frame').length") == 0
    blocks = page.js("return document.querySelectorAll('.card.block').length")
    page.press(".card.block")
    assert page.js("return document.querySelectorAll('.card.block').length") == blocks - 1
    page.press(".head")
    assert page.js("return document.querySelectorAll('.card.block').length") == blocks
    page.press("#open")
    assert page.js("return document.querySelectorAll('.card.block').length") == 0


@pytest.mark.parametrize("size", SIZES)
def test_boxes_do_not_overlap_open_or_closed(open_page, size):
    page = open_page("convolution", size=size)
    for css in ("#close", "#open"):
        page.press(css)
        boxes = page.js("return [...document.querySelectorAll('.card .body')].map(b => { "
                        "const r = b.getBoundingClientRect(); return [r.x, r.y, r.right, r.bottom]; })")
        for i, a in enumerate(boxes):
            for b in boxes[:i]: assert a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]


BEHIND = """
    const bodies = [...document.querySelectorAll('.card')].map(c => [c.dataset.node ?? c.dataset.block,
        c.querySelector('.body').getBoundingClientRect()]), found = [];
    for (const w of graph.wires) for (const path of [w.forward, w.backward]) {
        const to = path.getScreenCTM(), length = path.getTotalLength();
        for (let s = 0; s <= length; s += 3) {
            const p = path.getPointAtLength(s).matrixTransform(to);
            for (const [name, r] of bodies)
                if (![w.from, w.to].map(String).includes(name) && p.x > r.x + 1 && p.x < r.right - 1 && p.y > r.y + 1
                    && p.y < r.bottom - 1) found.push(`${w.from} to ${w.to} behind ${name}`);
        }
    }
    return [...new Set(found)]"""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scene", ["neuron", "convolution", "attention"])
def test_no_wire_runs_behind_a_box_that_it_does_not_join(open_page, scene, size):
    page = open_page(scene, size=size)
    assert page.js(BEHIND) == []
    if page.find("#close").is_displayed():
        page.press("#close")
        assert page.js(BEHIND) == []


def test_search_finds_by_name_op_and_layer(open_page):
    page = open_page("convolution")
    for words, n in (("p", page.trace["p"].id), ("max_pool", page.trace["max_pool"].id)):
        page.find("#search").clear()
        page.find("#search").send_keys(words, Keys.ENTER)
        assert page.js("return viewer.selected") == n
    page.find("#search").clear()
    page.find("#search").send_keys("nothing like it", Keys.ENTER)
    assert page.find("#search").get_attribute("aria-invalid") == "true"


def test_why_is_this_gradient_zero(open_page):
    page = open_page("neuron")
    page.go(len(page.trace))
    page.select("unused")
    assert page.text("#why") == "Why is this gradient zero?"
    page.press("#why")
    assert "relu, with which it is multiplied, is 0" in page.text("#because")
    assert "path" in page.card("unused")[0] and "path" in page.card("closed")[0] and "path" not in page.card("a")[0]
    page.select("b")
    page.press("#why")
    assert "One contribution" in page.text("#because") and "path" in page.card("loss")[0]


# ------------------------------------------------------------ 8, 9: predict, check

def test_predictions_are_asked_judged_and_counted(open_page):
    page = open_page("neuron")
    page.press("#predict")
    page.go(page.step_of("backward", "h") - 1)
    truth = float(page.trace.events[page.step_of("backward", "h") - 1].sent[0].gradient)
    for answer, told, score in ((truth * 1.005, "✓ Right", "1 of 1 right"), (truth + 1, "✗ It is", "1 of 2 right")):
        page.type(Keys.ARROW_RIGHT)
        before = page.t
        assert page.t == page.step_of("backward", "h") - 1 and "Which gradient" in page.text("#quiz")
        assert f"∇ {truth:.4g}".replace("-", "−") not in page.card("a")[1]
        page.find("#answer").send_keys(f"{answer:.6g}", Keys.ENTER)
        assert told in page.text("#verdict") and score in page.text("#quiz")
        page.press("#verdict button")
        assert page.t == before + 1
        page.go(before)
    page.type("q")
    assert not page.find("#quiz").is_displayed()


@pytest.mark.parametrize("size", SIZES)
def test_what_a_new_user_asks_is_found_by_what_the_page_shows(open_page, size):
    page = open_page("neuron", size=size)
    def press(name):
        shown = [b for b in page.all("button") if b.is_displayed() and b.accessible_name.startswith(name)]
        page.js("arguments[0].scrollIntoView({block: 'nearest'})", shown[0])
        shown[0].click()                                         # a real press: it fails where something lies on top
    def look_for(name):
        page.find("#search").clear()
        page.find("#search").send_keys(name, Keys.ENTER)
        return page.text("#panel")
    assert "no op made it; used in scenes.py:34" in look_for("b")                   # which gradient reaches b?
    press("Go to step")
    assert "0.382" in page.text("#panel")
    look_for("unused")
    press("Why is this gradient zero?")
    assert "relu, with which it is multiplied, is 0" in page.text("#panel")
    press("To the end")                                          # where do two contributions meet?
    names = [g.accessible_name for g in page.all("#graph [role=button]")]
    assert next(name for name in names if "the sum of 4 contributions" in name).startswith("h (tanh)")
    press("= for +=")
    assert "w1, value 0.5, gradient 0" in [g.accessible_name for g in page.all("#graph [role=button]")]
    assert "made by scenes.py:36 closed = fm.relu(h) * unused" in look_for("closed")    # which line made this node?


def test_every_gradient_stands_beside_a_central_difference(open_page):
    page = open_page("perceptron")
    page.go(len(page.trace))
    page.select("b")
    assert "✓ a central difference agrees" in page.text(".check") and len(page.all(".check tbody tr")) == 3


# ------------------------------------------------------------ 10: for everyone

def test_the_keyboard_reaches_everything(open_page):
    page = open_page("convolution")
    page.js("document.querySelector('#graph [tabindex=\"0\"]').focus()")
    seen = set()
    for _ in range(6):
        page.browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
        seen.add(page.js("return document.activeElement.dataset.node ?? document.activeElement.dataset.block"))
    assert len(seen) == 6
    page.browser.switch_to.active_element.send_keys(Keys.ENTER)
    page.type("/"); assert page.js("return document.activeElement.id") == "search"
    page.browser.switch_to.active_element.send_keys(Keys.TAB)
    page.type("?")
    assert page.find("#keys").get_attribute("open") is not None
    page.browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    width = page.js("return graph.view.w")
    page.type("+"); assert page.js("return graph.view.w") < width
    page.press("#out"); page.press("#in"); page.type("0")
    assert len(page.all("#graph [tabindex='0']")) == 1


def test_each_step_is_said_aloud(open_page):
    page = open_page("neuron")
    page.press("#next")
    assert page.js("return document.querySelector('#said').textContent").startswith("Step 1 of 24, forward: multiply")


def test_the_theme_follows_the_system_and_can_be_switched(open_page):
    page = open_page("neuron", dark=True)
    background = "return getComputedStyle(document.body).backgroundColor"
    assert page.js(background) == "rgb(18, 21, 27)"
    page.press("#theme")
    assert page.js(background) == "rgb(250, 249, 246)"


def test_it_prints_dark_on_white_with_the_number_of_the_step(open_page):
    page = open_page("neuron", dark=True)
    page.go(5)
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": [
        {"name": "prefers-color-scheme", "value": "dark"}]})
    colours = page.js("const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]")
    assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"] and page.find("#count").is_displayed()
    assert not page.find("#play").is_displayed() and page.find("#step").is_displayed()
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("scene, size, dark", [("perceptron", "wide", False), ("convolution", "wide", True),
                                               ("neuron", "narrow", False), ("convolution", "narrow", True)])
def test_axe_finds_nothing_serious(open_page, scene, size, dark):
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None: pytest.skip("axe-core is not installed")
    page = open_page(scene, size=size, dark=dark)
    page.js((Path(found.origin).parent / "axe.min.js").read_text("utf-8"))
    for prepare in ("go(3)", "go(T.events.length); select(1)",
                    "predict(); go(T.events.findIndex(e => e.p === 1)); next()", "predict(); equals()",
                    "graph.open.clear(); redraw(true)", "select(0); document.querySelector('#why')?.click()",
                    "document.querySelector('#keys').showModal()"):
        page.js(prepare)
        result = page.browser.execute_async_script("axe.run().then(arguments[0])")
        serious = [(v["id"], v["impact"], v["nodes"][0]["html"][:200], v["nodes"][0].get("failureSummary"))
                   for v in result["violations"] if v["impact"] in ("serious", "critical")]
        assert serious == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scene", ["perceptron", "convolution"])
def test_nothing_is_wider_than_the_window(open_page, scene, size):
    page = open_page(scene, size=size)
    for t in (0, 3, len(page.trace) - 3, len(page.trace)):
        page.go(t)
        assert page.js("return document.documentElement.scrollWidth") <= SIZES[size][0]


def test_five_hundred_nodes_start_closed_and_every_step_is_drawn(open_page):
    page = open_page("large")
    assert page.js("return document.querySelectorAll('.card.block').length") > 10
    page.press("#open")
    assert page.js("return document.querySelectorAll('.card').length") == len(page.trace.nodes) - page.js(
        "return T.nodes.filter(n => n.hide).length")
    for t in (1, 400, 600, len(page.trace)): page.go(t)
    assert page.path.stat().st_size <= 400_000
