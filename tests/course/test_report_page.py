"""The report in a real browser: nothing is asked for, nothing complains, nothing sticks out, by day and by night."""
import pytest

from tests.tracing.test_page import SIZES, browser  # noqa: F401
from tinyfm.course.page import page
from tinyfm.course.report import Report, Row

pytestmark = pytest.mark.browser
EVIL = "<script>alert(1)</script>"
ROWS = [Row(f"s{i}", f"t/{name}.py", name, i % 2, 1, bool(i % 2), name == EVIL, "zero", EVIL * 5, "") for i in range(9)
        for name in ("one", EVIL, "a_long_name_without_any_space" * 4)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True])
def test_the_report_is_quiet_and_fits(browser, tmp_path, size, dark):  # noqa: F811
    path, (width, height) = tmp_path / "r.html", SIZES[size]
    path.write_text(page(Report(EVIL, ROWS)), "utf-8")
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "narrow"})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
        {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    browser.get(path.as_uri())
    assert not browser.get_log("browser")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    color = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, color[4:-1].split(","))) < 200) == dark
    assert len(browser.find_elements("css selector", "svg rect")) >= 3
