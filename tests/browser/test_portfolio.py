"""The portfolio's page in a real browser: sorted, filtered, without scripts, on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from reporter.analysis.portfolio import portfolio_of, without_data
from reporter.model import Brand, Customer, Look, Standing, State
from reporter.render.portfolio import write_portfolio_html
from tests.builders import make_report


def customer(name: str, state: State, rate: float, jobs: int) -> Standing:
    return Standing(
        Customer(name, name), state, success_rate=rate, target=0.95, jobs=jobs, completed=jobs,
        links=(("pdf", f"{name}/report.pdf"),),
    )  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where a portfolio with every difficulty lies."""
    path: Path = tmp_path_factory.mktemp("portfolio") / "index.html"
    standings = [
        customer("Alpha", State.HEALTHY, 1.0, 9),
        customer("beta", State.CRITICAL, 0.5, 100),
        customer("Gamma<img src=x onerror=alert(1)>", State.ATTENTION, 0.91, 20),
        customer("Very" * 40, State.HEALTHY, 0.97, 3),
        without_data(Customer("d", "Delta"), "No snapshot."),
    ]
    portfolio = portfolio_of(make_report([]).period, standings)
    write_portfolio_html(portfolio, Look(Brand("Northlight")), path)
    return path.as_uri()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page; whatever the browser complains of fails the test."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    opened.on("console", listen)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("dialog", lambda dialog: complaints.append(dialog.message))
    opened.goto(address)
    yield opened
    opened.close()
    assert complaints == []


def names(page: Page) -> list[str]:
    """The customers shown, by the beginning of their names."""
    return [text[:5] for text in page.locator("tbody tr:visible th").all_inner_texts()]


def test_the_worst_come_first(page: Page) -> None:
    """As written: by state, and those without data last."""
    assert names(page) == ["beta", "Gamma", "VeryV", "Alpha", "Delta"]
    assert page.locator("th[aria-sort=ascending]").inner_text() == "State"
    assert page.locator("#rows").inner_text() == "5 of 5 customers"


def test_columns_sort_by_keyboard(page: Page) -> None:
    """Numbers as numbers, names without regard to case, no value always last."""
    jobs = page.get_by_role("button", name="Jobs")
    jobs.focus()
    page.keyboard.press("Enter")
    assert names(page) == ["VeryV", "Alpha", "Gamma", "beta", "Delta"]
    assert page.locator("th[aria-sort]").all_inner_texts() == ["Jobs"]
    page.keyboard.press("Space")
    assert names(page) == ["beta", "Gamma", "Alpha", "VeryV", "Delta"]
    assert page.locator("th[aria-sort=descending]").count() == 1
    page.get_by_role("button", name="Customer").click()
    assert names(page) == ["Alpha", "beta", "Delta", "Gamma", "VeryV"]


def test_text_and_state_filter(page: Page) -> None:
    """Both together, with the count, and a message where nobody is left."""
    page.get_by_label("Find").fill("ALPHA")
    assert names(page) == ["Alpha"]
    assert page.get_by_role("status").inner_text() == "1 of 5 customers"
    page.get_by_label("State").select_option("critical")
    assert names(page) == []
    assert page.get_by_text("No customer fits.").is_visible()
    page.get_by_label("Find").fill("")
    assert names(page) == ["beta"]
    page.get_by_label("State").select_option("unknown")
    assert names(page) == ["Delta"]


def test_each_customer_leads_to_its_files(page: Page, address: str) -> None:
    """Relative links, under names a screen reader tells apart."""
    link = page.get_by_role("link", name="beta: pdf")
    assert link.evaluate("own => own.href") == address.replace("index.html", "beta/report.pdf")


def test_without_scripts_it_is_a_plain_table(browser: Browser, address: str) -> None:
    """All customers, and no control that would do nothing."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("tbody tr").count() == 5
    assert page.get_by_text("beta", exact=True).is_visible()
    assert not page.locator("#search").is_visible()
    assert page.locator("button").count() == 0
    context.close()


@pytest.mark.parametrize("width", [320, 375, 768, 1024, 1280])
def test_no_width_needs_sideways_scrolling(page: Page, width: int) -> None:
    """From a phone on, with the longest name."""
    page.set_viewport_size({"width": width, "height": 812})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_phone_can_sort(page: Page) -> None:
    """The heads stay as buttons, tall enough for a finger."""
    page.set_viewport_size({"width": 375, "height": 812})
    button = page.get_by_role("button", name="Jobs")
    button.click()
    assert names(page)[0] == "VeryV"
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 40


def test_text_has_contrast(page: Page) -> None:
    """Every colour of text on white is dark enough (WCAG 2, 4.5:1)."""
    worst = page.evaluate(
        """() => Math.min(...Array.from(document.querySelectorAll("main *, header *"), own => {
            const [r, g, b] = getComputedStyle(own).color.match(/\\d+/g).map(part => {
                const c = part / 255;
                return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
            });
            return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05);
        }))"""
    )
    assert worst >= 4.5
