"""The commands in a made-up language: no text has bypassed the catalogue."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from mnist_demo.exports.formats import EXPORTS
from mnist_demo.settings.architectures import ARCHITECTURES
from mnist_demo.settings.fields import FIELDS
from mnist_demo.settings.presets import PRESETS
from mnist_demo.translation import languages
from tests.cli.conftest import Run
from tests.marked_language import CODE, bare_words

COMMANDS = ("train", "evaluate", "classify", "calibrate", "runs", "cluster", "page")
ACTIONS = ("list", "show", "export", "delete", "restore")
CLUSTER_ACTION = "check"
# What is typed, and what stands for it: the names of commands, flags, settings and files.
TYPED = {
    *COMMANDS,
    *ACTIONS,
    CLUSTER_ACTION,
    *re.findall("[A-Za-z]+", " ".join((*PRESETS, *ARCHITECTURES, *FIELDS, *EXPORTS))),
    *re.findall("[A-Za-z]+", " ".join(export.file_name for export in EXPORTS.values())),
    *[
        "python",
        "m",
        "mnist_demo",
        "mnist",
        "demo",
        "h",
        "N",
        "X",
        "all",
        "auto",
        "cpu",
        "cuda",
        "mps",
        "builtin",
        "openml",
        "starter",
        "sgd",
        "momentum",
        "adam",
        "adamw",
    ],
    *["run", "id", "no"],
}


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch, marked_locale: Path, tmp_path: Path) -> None:
    monkeypatch.setattr(languages, "LOCALE_FOLDER", marked_locale)
    monkeypatch.setenv("MNIST_DEMO_LANGUAGE", CODE)
    monkeypatch.setenv("MNIST_DEMO_HOME", str(tmp_path / "home"))


def bare(text: str, *names: str) -> set[str]:
    return set(bare_words(text)) - TYPED - set(names)


@pytest.mark.usefixtures("marked")
def test_help_of_every_command_has_no_unmarked_text(run: Run) -> None:
    for arguments in [
        [],
        *[[name] for name in COMMANDS],
        *[["runs", action] for action in ACTIONS],
        ["cluster", CLUSTER_ACTION],
    ]:
        output = io.StringIO()
        with contextlib.redirect_stdout(output), pytest.raises(SystemExit):
            run(*arguments, "--help")
        assert bare(output.getvalue()) == set(), arguments


@pytest.mark.usefixtures("marked")
def test_commands_and_their_errors_say_nothing_unmarked(run: Run, tmp_path: Path) -> None:
    said = [run("train", "--data", "builtin", "--epochs", 1, "--output", tmp_path / "model")]
    run_id = run("runs", "list")[1].splitlines()[-1].split()[0]
    said += [
        run("runs", "list"),
        run("runs", "export", run_id),
        run("runs", "delete", run_id),
        run("runs", "restore", run_id),
        run("evaluate", tmp_path / "model", "--data", "builtin"),
    ]
    for wrong in (
        ["train", "--epochs", "x"],
        ["train", "--learning-rate", "50000000", "--optimizer", "x"],
        ["train", "--data", tmp_path / "nowhere"],
        ["train", "--nonsense"],
        ["evaluate"],
        ["evaluate", tmp_path / "nowhere"],
        ["classify", "starter", tmp_path / "nowhere"],
        ["runs", "show", "nowhere"],
        ["runs", "export", run_id, "nowhere"],
        ["runs", "restore", "nowhere"],
        ["nowhere"],
    ):
        said.append(run(*wrong))
        assert said[-1][0] == 2
    said.append((0, re.sub("^  .*", "", run("runs", "show", run_id)[1], flags=re.MULTILINE), ""))  # names and values
    for _status, out, err in said:
        text = (out + err).replace(str(tmp_path), "").replace(run_id, "")
        assert bare(text, "x", "nowhere", "nonsense", "model", "safetensors") == set()
