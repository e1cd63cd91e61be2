"""Mouse-up to the changed prediction in a real browser: beside an app of ten lines, in Korean, and while training."""

from collections.abc import Iterator

from playwright.sync_api import Page

from benchmarks.comparison import Comparison, Goal, Sample, at_most_times, quantile, times_better, within
from benchmarks.drivers.laboratory import ANSWER, count_refreshes, long_run_query, start_training, time_answers
from benchmarks.drivers.stopwatch import open_browser, open_timed_page
from benchmarks.pages import TEN_LINE_PAGE
from benchmarks.surroundings import Surroundings
from mnist_demo.translation import N_
from tests.browser.page import button
from tests.browser.pen import CANVAS

TEN_LINE_ANSWER = {"input": ".st-key-answer output"}
STROKES, QUICK_STROKES = 50, 3
STROKES_A_DRAWING = 5
REFRESHES_SECONDS, QUICK_SECONDS = 10, 2
MAX_RUNS = 3  # each of 50 strokes, three times
TEXTS = {
    0.5: N_("mouse-up to changed prediction, p50 of {strokes} strokes, {how}"),
    0.95: N_("mouse-up to changed prediction, p95 of {strokes} strokes, {how}"),
}
IDLE_GOALS: dict[float, Goal] = {0.5: within(40, "ms"), 0.95: within(80, "ms")}


def measure_latency(surroundings: Surroundings) -> Iterator[Comparison]:
    """Yield refreshes in Korean; p50 and p95 idle, against the ten lines, and in Korean; and while training."""
    count = QUICK_STROKES if surroundings.quick else STROKES
    idle: list[list[float]] = []
    korean: list[list[float]] = []
    small: list[list[float]] = []
    training: list[list[float]] = []
    refreshes: dict[str, list[float]] = {"en": [], "ko": []}
    with open_browser() as browser, surroundings.serve() as ours, surroundings.serve(TEN_LINE_PAGE) as theirs:
        for _run in range(min(surroundings.runs, MAX_RUNS)):
            with (
                open_timed_page(browser, ours.url) as our_page,
                open_timed_page(browser, f"{ours.url}/?lang=ko") as korean_page,
                open_timed_page(browser, theirs.url, CANVAS) as their_page,
            ):
                idle.append([])
                korean.append([])
                small.append([])
                # In turn, a drawing on each.
                for seed in range(0, count, STROKES_A_DRAWING):
                    strokes = min(STROKES_A_DRAWING, count)
                    idle[-1] += _draw_anew(our_page, strokes, ANSWER, seed)
                    korean[-1] += _draw_anew(korean_page, strokes, ANSWER, seed)
                    small[-1] += _draw_anew(their_page, strokes, TEN_LINE_ANSWER, seed)
            for language in refreshes:
                query = f"{long_run_query(surroundings)}&lang={language}"
                with open_timed_page(browser, ours.url + query) as page:
                    start_training(page)
                    refreshes[language].append(
                        count_refreshes(page, QUICK_SECONDS if surroundings.quick else REFRESHES_SECONDS)
                    )
                    if language == "en":
                        training.append([])
                        for seed in range(0, count, STROKES_A_DRAWING):
                            training[-1] += _draw_anew(page, min(STROKES_A_DRAWING, count), ANSWER, seed)
                    button(page, "stop-training").click()
                    button(page, "reset-training").wait_for()  # in whatever language
    yield Comparison(
        N_("refreshes a second while training at full speed, in Korean"),
        "",
        Sample(tuple(refreshes["ko"])),
        N_("the page in English"),
        Sample(tuple(refreshes["en"])),
        better="more",
        goal=times_better(0.9, "more"),
    )
    for share, text in TEXTS.items():
        samples = [Sample(tuple(quantile(run, share) for run in runs)) for runs in (idle, korean, small, training)]
        yield Comparison(
            text,
            "ms",
            samples[0],
            N_("ten lines with the same canvas and no model"),
            samples[2],
            goal=IDLE_GOALS[share],
            values={"strokes": len(idle[0]), "how": "idle"},
        )
        yield Comparison(
            text,
            "ms",
            samples[1],
            N_("the page in English"),
            samples[0],
            goal=at_most_times(1.1),
            values={"strokes": len(korean[0]), "how": "idle, in Korean"},
        )
        yield Comparison(
            text,
            "ms",
            samples[3],
            N_("idle"),
            samples[0],
            goal=at_most_times(1.25),
            values={"strokes": len(training[0]), "how": "training at full speed"},
        )


def _draw_anew(page: Page, count: int, answer: dict[str, str], seed: int) -> list[float]:
    """Draw on an empty canvas: from the second drawing on, of the page loaded again."""
    if seed:
        page.reload()
    return list(time_answers(page, count, answer, seed))
