"""The actions of a visitor on the page in these tests, and where she looks."""

import contextlib
import re

from playwright.sync_api import Locator, Page, TimeoutError, expect

from mnist_demo.settings.presets import PRESETS
from tests.browser.page import Scheme, button, element, read_steps, wait_for_state

STEPS = re.compile(r"step [\d,]+ of [\d,]+")
ATTEMPTS, LIST_MS = 20, 3000
MOST_TABS = 100
# Buttons that can do nothing; the steps of a number at its end are Streamlit’s.
IDLE_BUTTONS = ".st-key-bench button:disabled:not([data-testid*=NumberInput]):visible"
# A chart that has not been drawn yet when the theme changes stays in the one before: CONTRIBUTING.md, "To be reported".
CHARTS_ARE_THERE = """() => document.querySelector(".stApp:not([data-test-script-state=running])") &&
  [...document.querySelectorAll(".stEChartsChart[aria-busy=true]")].every(
    chart => !chart.checkVisibility() || !chart.clientWidth || !chart.clientHeight)"""
# The windows that a page is used in: on a desk, and on a phone in the dark.
LOOKS: dict[str, tuple[Scheme, int, int]] = {"desk": ("light", 1280, 800), "phone": ("dark", 390, 844)}


def set_number(page: Page, key: str, value: str) -> None:
    field = element(page, key).locator("input")
    field.fill(value)
    field.press("Tab")


def go_to(page: Page, title: str) -> None:
    """Follow the tab of the page of that title."""
    element(page, "tabs").get_by_role("link", name=title).click()


def choose_option(page: Page, key: str, title: str = "") -> None:
    """Choose the first option whose title begins so, in the list whose element has the key."""
    field, options = element(page, key).locator("input"), page.get_by_role("option")
    option = options.filter(has_text=re.compile(rf"^\s*{re.escape(title)}")).first
    for _attempt in range(ATTEMPTS):  # a list that is open closes when something above it grows, or scrolls
        field.scroll_into_view_if_needed()
        page.evaluate("() => new Promise(requestAnimationFrame)")
        field.click()
        with contextlib.suppress(TimeoutError):
            return option.click(timeout=LIST_MS)
    raise AssertionError(f"{key} offers no {title or 'option'}")


def choose_preset(page: Page, name: str) -> None:
    """Choose a preset, and see it chosen: until then the form, which a click on Start sends along, has other values."""
    choose_option(page, "preset", PRESETS[name].title)
    page.get_by_text(PRESETS[name].help).wait_for()


def open_settings(page: Page) -> None:
    """Unfold the form, unless it is unfolded."""
    if not element(page, "learning-rate").is_visible():
        unfold(page, "all-settings")
        element(page, "learning-rate").wait_for()


def unfold(page: Page, key: str) -> None:
    """Unfold what is folded at first, and wait until it has unfolded: a click on what still moves may miss it."""
    details = element(page, key).locator("details").first
    details.locator("summary").first.click()
    details.evaluate(
        "(element) => Promise.allSettled(element.getAnimations({subtree: true}).map((found) => found.finished))"
    )


def take_up(page: Page, device: str) -> None:
    """Go on in the window of ``LOOKS`` of that name."""
    show_in(page, *LOOKS[device])


def fits_on_desk_and_phone(page: Page) -> bool:
    """Tell whether nothing scrolls sideways in either window; the page is left in the last of them."""
    fits = []
    for device in LOOKS:
        take_up(page, device)
        fits.append(sideways_overflow(page) == 0)
    return all(fits)


def sideways_overflow(page: Page) -> int:
    """Return by how many pixels the page, or the part of it that scrolls, is wider than the window.

    Charts take a moment to follow a window that has another size; a page that stays too wide is.
    """
    overflow = 0
    for _attempt in range(ATTEMPTS):
        overflow = page.evaluate(
            """() => Math.max(...[document.documentElement, document.querySelector('[data-testid=stMain]')].map(
                (element) => element.scrollWidth - element.clientWidth))"""
        )
        if not overflow:
            break
        page.wait_for_timeout(200)
    return overflow


def start_with(page: Page, **numbers: str) -> None:
    """Set numbers, named by their element keys with underscores for dashes, and press Start."""
    open_settings(page)
    for name, value in numbers.items():
        set_number(page, name.replace("_", "-"), value)
    page.wait_for_timeout(200)  # until the last of them is on its way
    page.locator(".stApp:not([data-test-script-state=running])").wait_for()
    button(page, "start-training").click()


def start_long_run(page: Page) -> None:
    """Start the tutorial on the built-in digits with so many steps that it lasts for minutes on a quick machine too."""
    start_with(page, batch_size="1", epochs="1000")
    wait_for_state(page, "running")
    page.get_by_text(STEPS).first.wait_for()  # on a busy machine it says for a while that it is starting


def quick_run(page: Page) -> None:
    """Train as the button for a first try does, to the end."""
    button(page, "start-training").click()
    wait_for_state(page, "finished")


def steps_done(page: Page) -> int:
    return read_steps(page.get_by_text(STEPS).first.inner_text())


def pixels_of(locator: Locator) -> bytes:
    return locator.locator("canvas").first.screenshot()


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until `target` has the focus, as somebody does who has no mouse."""
    for _press in range(MOST_TABS):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === element.getRootNode().activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {target}")


def guess_first_option(page: Page, name: str, by_keyboard: bool = False) -> None:
    """Guess the first option of the part of the lesson with that name, and have it run what it asks about."""
    options = element(page, f"guess-{name}").get_by_role("radio")
    if by_keyboard:
        tab_to(page, options.first)
        page.keyboard.press("Space")
        expect(button(page, f"run-guess-{name}")).to_be_enabled()
        tab_to(page, button(page, f"run-guess-{name}"))
        page.keyboard.press("Enter")
        # The button is gone; the next Tab goes on from the answer, and not from the top of the page.
        expect(element(page, f"guess-{name}-box")).to_be_focused()
    else:
        element(page, f"guess-{name}").locator("label").filter(has=page.get_by_role("radio")).first.click()
        expect(button(page, f"run-guess-{name}")).to_be_enabled()
        button(page, f"run-guess-{name}").click()


def show_in(page: Page, scheme: Scheme, width: int, height: int) -> None:
    """Show `page` in that theme, in a window of that size, without motion, once all its charts are made."""
    page.wait_for_function(CHARTS_ARE_THERE)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function(
        "scheme => getComputedStyle(document.querySelector('.stApp')).colorScheme === scheme", arg=scheme
    )
