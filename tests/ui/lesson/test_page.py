"""The lesson through Streamlit's AppTest: quick, without a browser."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mnist_demo.classes.commands import ClassCommands
from mnist_demo.jobs import estimator
from mnist_demo.jobs.job import Job
from mnist_demo.lesson.parts import PAGE_COUNT, PARTS, part_named
from mnist_demo.lesson.programs import program_by_hand, program_with_torch
from mnist_demo.lesson.tutorial import LinearModel, code_of, predict_logits, same_weights
from mnist_demo.settings.presets import PRESETS, preset_of
from mnist_demo.ui import link_state, visitor
from mnist_demo.ui.lesson.deeper import WAYS
from mnist_demo.ui.resources import class_store, job_registry, visitor_store
from tests.classes.test_classes import joined, view
from tests.ui.conftest import page_alone
from tests.waiting import wait_until

PATIENCE = 90


@pytest.fixture
def lesson(_own_server: None) -> Iterator[AppTest]:
    yield AppTest.from_string(page_alone("lesson"), default_timeout=60)
    job_registry().close()


def open_part(lesson: AppTest, name: str) -> AppTest:
    lesson.query_params["part"] = str([part.name for part in PARTS].index(name) + 1)
    return lesson.run()


def said(lesson: AppTest) -> str:
    """Return what the page says of the guess."""
    return " ".join(str(box.value) for box in (*lesson.success, *lesson.warning, *lesson.info))


def html_of(lesson: AppTest) -> str:
    return " ".join(str(getattr(text, "value", "")) for text in lesson.get("html"))


def prose(lesson: AppTest) -> str:
    return " ".join(text.value for text in lesson.markdown)


def guess(lesson: AppTest, name: str, option: str) -> None:
    lesson.radio(key=f"guess-{name}").set_value(option).run()
    lesson.button(key=f"run-guess-{name}").click().run()
    assert not lesson.exception


def test_lesson_opens_at_the_first_part_and_steps_to_the_last(lesson: AppTest) -> None:
    lesson.run()
    assert lesson.button(key="previous-part").disabled
    titles = []
    for _page in range(PAGE_COUNT):
        assert not lesson.exception
        titles.append([text.value for text in lesson.markdown])
        if not lesson.button(key="next-part").disabled:
            lesson.button(key="next-part").click().run()
    for shown, part in zip(titles, PARTS, strict=False):
        assert f"# {part.title}" in shown
    assert lesson.button(key="next-part").disabled
    assert lesson.query_params["part"] in (str(PAGE_COUNT), [str(PAGE_COUNT)])
    assert job_registry().jobs() == []


def test_address_opens_a_part_and_an_address_of_no_part_opens_the_first_and_says_so(lesson: AppTest) -> None:
    open_part(lesson, "softmax")
    assert f"# {part_named('softmax').title}" in [text.value for text in lesson.markdown]
    other = AppTest.from_string(page_alone("lesson"), default_timeout=60)
    other.query_params["part"] = "99*"
    other.run()
    assert f"# {PARTS[0].title}" in [text.value for text in other.markdown]
    assert "part “99\\*”" in said(other)


def test_teacher_asks_her_class_the_question_of_a_part_and_sees_the_answers(lesson: AppTest, browser: Any) -> None:
    open_part(lesson, "rates")
    assert "ask-class-rates" not in [button.key for button in lesson.button]  # who teaches nobody
    browser("the teacher")
    teacher = ClassCommands(visitor.owner(), class_store())
    code = teacher.create("7b", {}).code
    visitor_store().keep_values(visitor.owner(), "class", {"class-taught": code})
    lesson = open_part(AppTest.from_string(page_alone("lesson"), default_timeout=60), "rates")
    lesson.button(key="ask-class-rates").click().run()
    joined(class_store(), code, "Mina").answer(code, "rates", "faster")
    lesson.run()
    assert "1 answer so far" in html_of(lesson)
    lesson.button(key="close-question-rates").click().run()
    assert not lesson.exception
    question = view(teacher, code).question
    assert question is not None
    assert (question.part, question.is_open, list(question.answers.values())) == ("rates", False, ["faster"])


def test_part_asks_first_and_tells_after_the_run_whether_the_guess_was_right(lesson: AppTest) -> None:
    lesson.run()
    words = {"data": ("**training set**", "**test set**"), "loops": ("**epoch**",)}
    for name, right in (
        ("data", "most"),
        ("linear", "(100, 10)"),
        ("softmax", "nan"),
        ("likelihood", "3"),
        ("descent", "shorter"),
        ("loops", "rounding"),
        ("wrong-loss", "negative"),
        ("overfitting", "rises"),
    ):
        lesson.segmented_control(key="lesson-page").set_value(PARTS.index(part_named(name)) + 1).run()
        assert not lesson.exception
        assert said(lesson) == ""
        assert lesson.button(key=f"run-guess-{name}").disabled
        assert all(word in prose(lesson) for word in words.get(name, ()))  # which are explained where they are needed
        guess(lesson, name, right)
        assert "You guessed right" in said(lesson)
        assert part_named(name).options[right] in said(lesson)
        assert name != "overfitting" or "**overfitting**" in prose(lesson)
        assert name != "linear" or lesson.code[-1].value == code_of(predict_logits)
        assert job_registry().jobs() == []


def test_wrong_guess_and_no_guess_are_told_apart_in_words(lesson: AppTest) -> None:
    open_part(lesson, "likelihood")
    guess(lesson, "likelihood", "20")
    assert "Not as you guessed" in said(lesson)
    lesson.button(key="next-part").click().run()
    lesson.button(key="skip-guess-descent").click().run()
    assert "It turned out" in said(lesson)
    assert "guessed" not in said(lesson)


def test_sliders_change_what_is_computed(lesson: AppTest) -> None:
    open_part(lesson, "likelihood")
    guess(lesson, "likelihood", "3")
    assert [metric.value for metric in lesson.metric] == ["0.051"]
    lesson.slider(key="probability").set_value(0.05).run()
    assert [metric.value for metric in lesson.metric] == ["2.996"]

    lesson.button(key="previous-part").click().run()
    guess(lesson, "softmax", "nan")
    assert "⚠ inf" in html_of(lesson)
    assert any(r"(x_i - m) - \log \sum_j e^{x_j - m}" in formula.value for formula in lesson.latex)
    lesson.slider(key="largest-logit").set_value(20.0).run()
    assert "⚠" not in html_of(lesson)


def test_code_that_is_shown_is_that_of_the_modules(lesson: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_state, "_visible_address", lambda: "http://class.lan:8501/lesson")
    open_part(lesson, "loops")
    whole, by_hand, with_torch = (code.value for code in lesson.code)
    assert whole == program_by_hand()
    assert by_hand == code_of(same_weights)
    assert with_torch == code_of(LinearModel)
    # Without https no button copies it.
    assert [caption.value for caption in lesson.caption if "Select the text, and copy it" in caption.value]
    lesson.segmented_control(key="program").set_value("torch")
    lesson.segmented_control(key="program-piece").set_value("Take a step downhill").run()
    whole, by_hand, with_torch = (code.value for code in lesson.code)
    assert whole == program_with_torch()
    assert "weights -= learning_rate * weights.grad" in by_hand
    assert with_torch == "optimizer.step()"


def wait_for_runs(lesson: AppTest) -> None:
    deadline = time.monotonic() + PATIENCE
    while "guessed" not in said(lesson):
        assert not lesson.error
        assert not lesson.exception
        assert time.monotonic() < deadline
        time.sleep(0.2)
        lesson.run()


def test_learning_rates_are_really_trained_beside_the_page_and_leave_the_run_on_the_page_alone(lesson: AppTest) -> None:
    open_part(lesson, "rates")
    guess(lesson, "rates", "faster")
    assert {job.hyperparameters.learning_rate for job in job_registry().jobs()} <= {0.5, 50, 0.0005}
    wait_for_runs(lesson)
    assert part_named("rates").options["worse"] in said(lesson)
    assert job_registry().jobs() == []  # what has ended is remembered by this visitor alone
    assert job_registry().jobs() == []
    # Looked at again, nothing is trained again.
    lesson.button(key="next-part").click().run()
    lesson.button(key="previous-part").click().run()
    assert part_named("rates").options["worse"] in said(lesson)
    assert job_registry().jobs() == []
    # The rate of 50 does not explode; what is offered then does.
    lesson.button(key="run-explosion").click().run()
    deadline = time.monotonic() + PATIENCE
    while not (found := [text.value for text in lesson.markdown if "is no longer a number" in text.value]):
        assert time.monotonic() < deadline
        time.sleep(0.2)
        lesson.run()
    assert found[0].startswith("At step ")


def test_run_that_was_stopped_from_outside_is_said_and_can_be_run_again(
    lesson: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_part(lesson, "rates")
    with monkeypatch.context() as busy:
        busy.setattr(Job, "go_on", lambda job: None)  # no core is free: none has ended before it is stopped
        guess(lesson, "rates", "worse")
        for job in job_registry().jobs():
            job.stop(PATIENCE)
    lesson.run()
    assert lesson.error
    assert "guessed" not in said(lesson)
    lesson.button(key="run-again-rates").click().run()
    wait_for_runs(lesson)


def test_summary_counts_the_guesses_and_begins_again(lesson: AppTest) -> None:
    open_part(lesson, "linear")
    guess(lesson, "linear", "(100, 10)")
    lesson.button(key="next-part").click().run()
    guess(lesson, "softmax", "one")
    lesson.segmented_control(key="lesson-page").set_value(PAGE_COUNT).run()
    assert not lesson.exception
    assert "**1 of 2 guesses were right.**" in " ".join(str(text.value) for text in lesson.markdown)
    lesson.button(key="lesson-again").click().run()
    lesson.button(key="next-part").click().run()
    assert lesson.button(key="run-guess-linear").disabled


def test_button_of_the_last_part_says_how_long_it_takes_sets_the_preset_and_starts_it_in_train_and_draw(
    lesson: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimator, "QUIET_SECONDS", 0)
    open_part(lesson, "deeper")
    assert all(PRESETS[name].help in prose(lesson) for name in WAYS)
    wait_until(lambda: prose(lesson.run()).count("It takes ") == len(WAYS))
    lesson.button(key="to-laboratory-small-network").click().run()
    (job,) = job_registry().jobs()
    assert preset_of(job.hyperparameters) == "small-network"
    assert lesson.selectbox(key="preset").value == "small-network"
    lesson.selectbox(key="preset").select("tutorial-pytorch").run()  # by a browser that has not heard
    assert (lesson.selectbox(key="preset").value, lesson.selectbox(key="model").value) == ("small-network", "mlp")
