"""A Python script of its own that repeats a run, and prints the same metrics.

It is put together from this project's own source: the model, the augmentation and whatever else the run used as they
are (`source_bundle`), the settings (`script_settings`), and a plain training loop (`script_template`) of which only the
lines remain that the run needs.
"""

import ast
import importlib.metadata
import inspect
import re

from mnist_demo.data.dataset import MNIST
from mnist_demo.errors import ExportError
from mnist_demo.exports import script_settings, script_template
from mnist_demo.exports.exported_run import ExportedRun
from mnist_demo.exports.script_parts import format_row
from mnist_demo.exports.source_bundle import Bundle, bundle_sources
from mnist_demo.models.classifiers import OF_LEARNING, ConvolutionalNetwork, Network
from mnist_demo.settings.architectures import Architecture
from mnist_demo.settings.changes import changeable_names
from mnist_demo.translation import _, translate_comments

# How the template builds the model that stands there for any other.
_TEMPLATE_IMPORT = "from mnist_demo.models.classifiers import MLP"
_TEMPLATE_CALL = "MLP(HIDDEN_SIZES, ACTIVATION, DROPOUT)"
# At the end of a line: "# [mark]", or "[mark]" after a comment that stays.
_MARK = re.compile(r"(?P<line>.*#.*?) \[(?P<negated>not )?(?P<mark>[a-z-]+)\]")


def build_script(run: ExportedRun) -> str:
    """Return the source of a script that repeats `run`; raise ExportError as `bundle_run` does."""
    code = translate_comments(str(bundle_run(run)))
    return f'"""{_introduction(run, code)}"""\n\n{code}\n\n\nif __name__ == "__main__":\n    main()\n'


def bundle_run(run: ExportedRun) -> Bundle:
    """Return what a program that repeats `run` is made of, its ``main()`` last.

    Raises
    ------
    ExportError
        When the run's settings alone do not bring it back, or it has not begun.
    """
    if not run.is_repeatable:
        raise ExportError(_("A run that went on from another model, or learned from drawings, cannot be repeated."))
    if run.history.started is None:
        raise ExportError(_("This run has not begun yet: export the script when it has."))
    architecture = run.hyperparameters.architecture
    template = _build_model_of(architecture, inspect.getsource(script_template))
    # A loop that calls backward() itself needs no such methods; a model with a formula of its own keeps it. The errors
    # of a script are of one language.
    class_name = architecture.class_path.partition(":")[2]
    unused = {"Network.backpropagate", "ConvolutionalNetwork.backpropagate", "MnistDemoError.__str__"}
    unused |= set() if _has_formula(architecture) else {f"{class_name}.backpropagate"}
    return bundle_sources(
        [f"{script_settings.__name__}:SEED", f"{script_template.__name__}:main"],
        changed={
            script_settings.__name__: _fill_in(inspect.getsource(script_settings), _settings(run)),
            script_template.__name__: _keep_marked(template, _marks(run)),
        },
        omitted=unused,
    )


def _build_model_of(architecture: Architecture, template: str) -> str:
    """Return the source of the template with the model of `architecture` in the place of the one that it builds."""
    module, _colon, class_name = architecture.class_path.partition(":")
    arguments = ", ".join(name.upper() for name in architecture.hyperparameters if name not in OF_LEARNING)
    imports = f"from {module} import {class_name}"
    if arguments:  # the template has those of its own model
        imports += f"\nfrom {script_settings.__name__} import {arguments}"
    return template.replace(_TEMPLATE_IMPORT, imports).replace(_TEMPLATE_CALL, f"{class_name}({arguments})")


def _has_formula(architecture: Architecture) -> bool:
    """Return whether the model computes its gradient by a formula of its own, and not through autograd.

    The model from scratch does too, but there the script shows what the tutorial shows: loss.backward().
    """
    own = architecture.load_class().backpropagate is not Network.backpropagate
    return own and not architecture.is_from_scratch and not _learns_halves(architecture)


def _learns_halves(architecture: Architecture) -> bool:
    """Return whether the model takes a batch in two halves."""
    return bool(architecture.load_class().backpropagate is ConvolutionalNetwork.backpropagate)


def expected_output(run: ExportedRun) -> str:
    """Return what a script that repeats `run` prints, as far as the run has come, in the reader's language."""
    history = run.history
    rows: list[list[str | int | float]] = [[_("epoch"), _("train loss"), _("test loss"), _("test accuracy")]]
    if run.hyperparameters.validation_size:
        rows[0] += [_("val. loss"), _("accuracy")]
    for event in ([history.started] if history.started else []) + history.epochs:
        measured = [event.test_loss, event.test_accuracy]
        if event.validation_loss is not None and event.validation_accuracy is not None:
            measured += [event.validation_loss, event.validation_accuracy]
        rows.append([getattr(event, "epoch", 0), getattr(event, "train_loss", ""), *measured])
    if history.diverged:
        rows.append([_("step {step}").format(step=history.diverged.step), _("no number")])
    if history.stopped:
        stopped = history.stopped
        rows.append([_("step {step}").format(step=stopped.step), "", stopped.test_loss, stopped.test_accuracy])
    return "".join(f"{format_row(*row)}\n" for row in rows)


def _marks(run: ExportedRun) -> set[str]:
    """Return the marks of the lines that `run` needs."""
    hyperparameters, history = run.hyperparameters, run.history
    is_mnist = run.dataset_digest == MNIST.train_sha256
    architecture = hyperparameters.architecture
    formula, halves = _has_formula(architecture), _learns_halves(architecture)
    plain = not formula and not halves
    changed = {change.setting for change in history.changes}
    has_other_rates, has_other_sizes = "learning_rate" in changed, "batch_size" in changed
    # Without labels, as with smoothed ones, the loss that is learned from is another one than the model's.
    smoothing = hyperparameters.uses("label_smoothing") and (
        hyperparameters.label_smoothing or "label_smoothing" in changed or hyperparameters.learned_non_digits
    )
    hard = hyperparameters.uses("hard_share") and hyperparameters.hard_share < 1
    optimizer = (
        "sgd-decay"
        if hyperparameters.optimizer == "sgd" and hyperparameters.weight_decay
        else hyperparameters.optimizer
    )
    conditions = {
        "mnist": is_mnist,
        "folder": run.dataset_name == "folder" and not is_mnist,
        "builtin": run.dataset_name == "builtin",
        "validation": hyperparameters.validation_size,
        "subset": hyperparameters.training_size is not None,
        "others": hyperparameters.training_size is None and hyperparameters.validation_size,
        "synthetic": hyperparameters.synthetic_digits,
        "copies": hyperparameters.builtin_copies and run.dataset_name != "builtin",
        "non-digits": hyperparameters.learned_non_digits,
        "by-hand": architecture.is_from_scratch,
        optimizer: not architecture.is_from_scratch,
        "formula": formula,
        "same-halves": halves and "label_smoothing" not in changed,
        "new-halves": halves and "label_smoothing" in changed,
        "smoothing": plain and smoothing,
        "autograd": plain and not smoothing,
        "same-smoothing": "label_smoothing" not in changed and plain and smoothing,
        "other-smoothing": "label_smoothing" in changed and plain and smoothing,
        "new-smoothing": "label_smoothing" in changed,
        "dropout": hyperparameters.uses("dropout") and (hyperparameters.dropout or "dropout" in changed),
        "new-dropout": "dropout" in changed,
        "new-decay": "weight_decay" in changed,
        "one-cycle": hyperparameters.one_cycle,
        "plain-cycle": hyperparameters.one_cycle and not (has_other_rates or has_other_sizes),
        "changed-cycle": hyperparameters.one_cycle and (has_other_rates or has_other_sizes),
        "resized-cycle": hyperparameters.one_cycle and has_other_sizes,
        "new-peak": hyperparameters.one_cycle and has_other_rates,
        "new-rate": not hyperparameters.one_cycle and has_other_rates,
        "resized": has_other_sizes,
        "halves": halves,
        "hard": hard,
        "shuffled-hard": hard and hyperparameters.shuffle,
        "ordered-hard": hard and not hyperparameters.shuffle,
        "shuffle": hyperparameters.shuffle,
        "same-shuffle": hyperparameters.shuffle and not hard,
        "variation": hyperparameters.augmentation or hyperparameters.pen_variation,
        "augmentation": hyperparameters.augmentation,
        "pen": hyperparameters.pen_variation,
        "stopped": history.stopped,
        "diverged": history.diverged,
        "counted": history.stopped or history.diverged or changed,
    }
    return {mark for mark, holds in conditions.items() if holds}


def _settings(run: ExportedRun) -> dict[str, object]:
    hyperparameters = run.hyperparameters
    return {
        **{name.upper(): getattr(hyperparameters, name) for name in hyperparameters.as_dict()},
        **{f"{name.upper()}S": _values_by_step(run, name) for name in changeable_names(hyperparameters)},
        "STOPPED_AFTER_STEP": run.history.stopped.step if run.history.stopped else 0,
        "DIGEST": run.dataset_digest,
    }


def _values_by_step(run: ExportedRun, name: str) -> dict[int, float]:
    """Return the values of a setting that was changed while the run went on, by how many steps had been made."""
    begin = {0: getattr(run.hyperparameters, name)} if name == "batch_size" else {}
    changes = (changed.change for changed in run.history.changes)
    return begin | {change.step: change.value for change in changes if change.name == name}


def _fill_in(source: str, values: dict[str, object]) -> str:
    """Return the settings' source with the run's values; comments stay."""

    def fill_in(match: re.Match[str]) -> str:
        name, _default, comment = match.groups()
        # What this model has not has no value, and is used nowhere.
        return f"{name} = {_literal(values[name])}{comment}" if name in values else match[0]

    return re.sub(r"^([A-Z_]+) = (.*?)((?:  #.*)?)$", fill_in, source, flags=re.MULTILINE)


def _literal(value: object) -> str:
    """Return `value` as this project writes it: 60_000, "text"."""
    if isinstance(value, str):
        return f'"{value}"'  # hexadecimal digits
    return f"{value:_}" if isinstance(value, int) else repr(value)


def _keep_marked(source: str, marks: set[str]) -> str:
    """Return the template's source without the lines whose mark does not hold, and without marks."""
    kept = []
    for line in source.splitlines():
        found = _MARK.fullmatch(line)
        if found is None:
            kept.append(line)
        elif (found["mark"] in marks) != bool(found["negated"]):
            kept.append(found["line"].removesuffix("  #"))
    return "\n".join(kept)


def _introduction(run: ExportedRun, code: str) -> str:
    """Return the docstring of the script: what it repeats, what it needs, and what the run printed."""
    marks = _marks(run)
    folder = " FOLDER" if "folder" in marks else " [FOLDER]" if "mnist" in marks else ""
    lines = [
        title_of(run),
        "",
        _("Set up and run:"),
        "",
        f"    pip install {' '.join(requirements_of(code))}",
        f"    python repeat_run.py{folder}",
        "",
    ]
    if folder:
        files = (
            _("FOLDER has the four IDX files, as MNIST was published in; without one, it is downloaded from OpenML.")
            if "mnist" in marks
            else _("FOLDER has the four IDX files, as MNIST was published in.")
        )
        lines += [files, ""]
    lines += [
        _("On the same machine it prints what the run printed; others, and other versions, may round differently:"),
        "",
    ]
    return "\n".join(lines) + "\n" + expected_output(run)


def title_of(run: ExportedRun) -> str:
    """Return what a program that repeats `run` is called."""
    # Whatever a person typed must stay text: no quotes, no backslashes, no lines of its own.
    name = "".join(letter if letter.isalnum() or letter in " .,;:!?()+-–" else " " for letter in run.name[:80]).strip()
    sentence = _("Repeats a run of “{model}”, called “{name}”.") if name else _("Repeats a run of “{model}”.")
    return sentence.format(model=run.hyperparameters.model_title, name=name)


def requirements_of(code: str) -> list[str]:
    """Return what pip has to install for the imports in `code`, with the versions that are installed here."""
    modules = set()
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Import():
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            case ast.ImportFrom():
                modules.add((node.module or "").partition(".")[0])
    if "fetch_openml" in code:
        modules.add("pandas")  # which scikit-learn reads the file with
    distributions = importlib.metadata.packages_distributions()
    names = {distributions[module][0] for module in modules if module in distributions}
    return [f"{name}=={importlib.metadata.version(name).partition('+')[0]}" for name in sorted(names, key=str.lower)]
