"""The page that compares runs, through AppTest."""

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mnist_demo.data.builtin_digits import load_builtin
from mnist_demo.insight.comparison import ComparedRun, validation_accuracy
from mnist_demo.jobs.messages import Assignment
from mnist_demo.jobs.observed_run import new_job_id
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.ui import visitor
from mnist_demo.ui.compare.page import LOOK_SECONDS
from mnist_demo.ui.compare.state import comparable_runs
from mnist_demo.ui.ownership import run_commands
from mnist_demo.ui.resources import job_registry, run_store
from mnist_demo.ui.runs.page import REFRESH_SECONDS
from tests.ui.actions import wait_until_saved

# Under the guard, because a training process imports the script again.
PAGE = """
if __name__ == "__main__":
    from mnist_demo.ui.frame import render_frame
    from mnist_demo.ui.widgets.notices import render_notices
    from mnist_demo.ui.train_and_draw.settings import render_settings
    from mnist_demo.ui.compare.page import render_compare

    render_frame([], None)
    render_notices()
    render_compare()
    render_settings(is_first=False)
"""


def open_compare(**parameters: str) -> AppTest:
    opened = AppTest.from_string(PAGE, default_timeout=60)
    for name, value in {"speed": "full", **parameters}.items():
        opened.query_params[name] = value
    opened.run()
    assert not opened.exception
    return opened


@pytest.fixture
def compare(_own_server: None) -> AppTest:
    return open_compare()


def jobs() -> list[Any]:
    return job_registry().jobs()


def train_with(page: AppTest, **numbers: float) -> Any:
    for key, value in numbers.items():
        page.number_input(key=key.replace("_", "-")).set_value(value)
    page.button(key="start-training").click().run()
    return jobs()[-1]


def table_of(page: AppTest) -> str:
    documents = [str(getattr(text, "value", "")) for text in page.get("html")]
    return next((document for document in documents if 'class="figures comparison' in document), "")


def fork_value(page: AppTest) -> Any:
    return next(text for text in page.text_input if str(text.key).startswith("fork-value-"))


def pills(page: AppTest) -> Any:
    return next(group for group in page.button_group if str(group.key).startswith("compared-runs"))


def pulses(page: AppTest) -> list[str]:
    ids = [element.proto.id for element in page.get("bidi_component")]
    return [key for key in ("compare-pulse", "other-tabs-pulse") if any(name.endswith(f"-{key}") for name in ids)]


def test_without_a_run_the_page_says_what_to_do(compare: AppTest) -> None:
    assert "train a model on “Train and draw”" in compare.info[0].value


def test_runs_of_the_session_are_overlaid_with_what_differs(compare: AppTest) -> None:
    for rate in (0.5, 0.05):
        assert train_with(compare, learning_rate=rate).wait(60) == "finished"
    compare.run()
    assert compare.segmented_control(key="compared-figure").value == "accuracy"
    document = table_of(compare)
    assert '<th scope="row">Learning rate</th><td>0.5</td><td>0.05</td>' in document
    assert "Batch size" not in document
    assert document.count("finished") == 2
    first = jobs()[0].id
    pills(compare).set_value([first]).run()
    assert "What differs" not in table_of(compare)  # from what
    assert "Results" in table_of(compare)
    assert not compare.exception


def test_fork_changes_one_thing_runs_beside_its_run_and_fills_in_the_form(compare: AppTest) -> None:
    base = train_with(compare, epochs=1000, batch_size=10)
    fork_value(compare).set_value("0.01").run()
    compare.button(key="start-fork").click().run()
    fork = jobs()[-1]
    assert fork is not base
    assert fork.hyperparameters == base.hyperparameters.replace(learning_rate=0.01)
    assert base.state in ("queued", "running")
    assert compare.number_input(key="learning-rate").value == 0.01
    assert compare.number_input(key="batch-size").value == 10
    # An ordinary start stops them all.
    third = train_with(compare, epochs=1)
    assert base.wait(60) == fork.wait(60) == "stopped"
    assert third.wait(60) == "finished"


def test_fork_that_changes_nothing_or_cannot_be_says_so_and_starts_nothing(compare: AppTest) -> None:
    train_with(compare).wait(60)
    compare.run()
    for value, sentence in (
        ("0.5", "Change the value"),
        ("-1", "Learning rate must be a number from"),
        ("0.1, much, 0.2", "but is “much”"),
        ("", "Learning rate must be a number from"),
        (", ".join(map(str, range(1, 10))), "At most 8 values of a setting can be tried at once, but"),
    ):
        fork_value(compare).set_value(value).run()
        compare.button(key="start-fork").click().run()
        assert len(jobs()) == 1
        assert sentence in compare.error[0].value
        assert not compare.exception


def test_fork_is_prefilled_with_another_value_than_the_run_has(compare: AppTest) -> None:
    train_with(compare, learning_rate=0.05).wait(60)
    compare.run()
    assert fork_value(compare).value == "0.025"
    compare.button(key="start-fork").click().run()
    assert not compare.error
    assert jobs()[-1].hyperparameters.learning_rate == 0.025


def test_grid_of_two_settings_is_seen_in_one_table_that_names_the_best(compare: AppTest) -> None:
    base = train_with(compare, epochs=1, validation_size=100)
    base.wait(60)
    compare.run()
    fork_value(compare).set_value("1e-9, 0.05, 0.1").run()
    assert compare.button(key="start-fork").label == "Start 3 runs"
    compare.selectbox(key="second-setting").select("shuffle").run()
    assert compare.button(key="start-fork").label == "Start 6 runs"
    compare.button(key="start-fork").click().run()
    assert not compare.error
    started = jobs()[1:]
    tried = [(job.hyperparameters.learning_rate, job.hyperparameters.shuffle) for job in started]
    shuffle = base.hyperparameters.shuffle
    assert tried == [(rate, value) for rate in (1e-9, 0.05, 0.1) for value in (shuffle, not shuffle)]
    assert base.hyperparameters.replace(learning_rate=0.1) == started[4].hyperparameters
    for job in started:
        assert job.wait(60) == "finished"
    compare.run()
    document = table_of(compare)
    assert document.count("<tr") == 8  # a line each, and the head
    accuracies: dict[str, float] = {job.id: validation_accuracy(job.history) or 0.0 for job in jobs()}
    highest = max(accuracies.values())
    sentence = next(text.value for text in compare.markdown if "Best by validation accuracy" in text.value)
    assert f"{100 * highest:.2f} %" in sentence
    for letter, job in zip("ABCDEFG", jobs(), strict=True):
        assert (f"{letter} (" in sentence) == (accuracies[job.id] == highest)
    # They are kept besides the runs that are started one after another.
    train_with(compare, learning_rate=0.2).wait(60)
    assert len(jobs()) == 8


def test_several_values_are_tried_at_once_and_the_best_is_named(compare: AppTest) -> None:
    train_with(compare, epochs=2, batch_size=50).wait(60)
    compare.run()
    fork_value(compare).set_value("0.05; 0.1; 0.000001").run()
    compare.button(key="start-fork").click().run()
    assert [job.wait(60) for job in jobs()] == ["finished"] * 4
    compare.run()
    assert table_of(compare).count("finished") == 4
    best = r"Best by test accuracy: [A-D] \(.*\), with [\d.]+\s%"
    assert any(re.search(best, text.value) for text in compare.markdown)


def test_runs_of_a_grid_that_go_on_are_stopped_together(compare: AppTest) -> None:
    train_with(compare, epochs=1000, batch_size=10)
    fork_value(compare).set_value("0.1, 0.2, 0.3").run()
    compare.button(key="start-fork").click().run()
    compare.button(key="stop-all-runs").click().run()
    assert [job.wait(60) for job in jobs()] == ["stopped"] * 4
    compare.run()
    assert not any(button.key == "stop-all-runs" for button in compare.button)
    assert not compare.exception


def test_fork_of_a_choice_offers_the_others_only(compare: AppTest) -> None:
    train_with(compare).wait(60)
    compare.run()
    compare.selectbox(key="fork-setting").select("optimizer").run()
    offered = next(box for box in compare.multiselect if str(box.key).startswith("fork-value-"))
    assert "SGD" not in offered.options
    offered.set_value(["adam"]).run()
    compare.button(key="start-fork").click().run()
    assert jobs()[-1].hyperparameters.optimizer == "adam"


def test_saved_runs_are_compared_with_those_of_the_session(compare: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "_token", lambda: "mine")
    compare.run()
    saved = train_with(compare, learning_rate=0.05)
    assert saved.wait(60) == "finished"
    wait_until_saved(saved.id, "finished")
    run_store().rename(saved.id, "slow *one*")

    # The same visitor, later: a session that knows nothing of the run.
    later = open_compare()
    assert table_of(later) == ""
    assert "slow *one* · Learning rate 0.05" in later.multiselect(key="compared-saved-runs").options[0]
    later.multiselect(key="compared-saved-runs").select(saved.id).run()
    assert "Results" in table_of(later)
    assert train_with(later, learning_rate=0.5).wait(60) == "finished"
    later.run()
    document = table_of(later)
    assert '<th scope="row">Learning rate</th><td>0.5</td><td>0.05</td>' in document
    assert pills(later).options[1] == "**A** slow \\*one\\*"
    later.multiselect(key="compared-saved-runs").unselect(saved.id).run()
    assert "0.05" not in table_of(later)
    assert not later.exception


def test_run_that_begins_in_another_tab_is_shown_while_it_trains_and_afterwards(
    compare: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitor, "_token", lambda: "mine")
    settings = Hyperparameters(batch_size=10, epochs=1000)

    def look_before_one_begins() -> list[ComparedRun]:
        found = comparable_runs()
        if not jobs():
            run_commands().start(new_job_id(), Assignment(settings, load_builtin()), "another session")
        return found

    monkeypatch.setattr("mnist_demo.ui.compare.page.comparable_runs", look_before_one_begins)
    compare.run()  # once: the page finds by itself that a run has begun since
    assert "Results" in table_of(compare)
    assert compare.selectbox(key=f"fork-run-1-{jobs()[0].id}").options == ["Run A"]
    assert pulses(compare) == ["compare-pulse", "other-tabs-pulse"]
    jobs()[0].stop(30)
    assert "stopped" in table_of(compare.run())
    assert pulses(compare) == ["other-tabs-pulse"]  # for the next run
    # Within two seconds, here and on “Runs”: one to look, and one for the answer.
    assert max(LOOK_SECONDS, REFRESH_SECONDS) <= 1

    monkeypatch.setattr(visitor, "_token", lambda: "somebody else")
    assert not table_of(open_compare())


def test_damaged_saved_run_is_told_in_a_sentence(compare: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "_token", lambda: "mine")
    compare.run()
    saved = train_with(compare)
    saved.wait(60)
    wait_until_saved(saved.id, "finished")
    for file in run_store().folder.rglob("history.csv"):
        file.write_text("nonsense")
    later = open_compare()
    later.multiselect(key="compared-saved-runs").select(saved.id).run()
    assert len(later.error) == 1
    assert not later.exception


def test_fork_offers_nothing_that_a_shared_link_has_locked(compare: AppTest) -> None:
    locked = open_compare(locked="learning-rate,model")
    train_with(locked).wait(60)
    locked.run()
    offered = locked.selectbox(key="fork-setting").options
    assert "Learning rate" not in offered
    assert "Model" not in offered
    assert "Batch size" in offered
