"""``mnist-demo runs list | show | export | delete | restore``: runs that were kept."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_demo.cli.common import BAD_INPUT, tell, to_json
from mnist_demo.errors import ExportError, RunError
from mnist_demo.files import write_whole
from mnist_demo.translation import N_, _, format_decimal, format_list, format_percent, padded, translated

if TYPE_CHECKING:
    from mnist_demo.saved_runs.records import RunRecord
    from mnist_demo.saved_runs.store import RunStore

COLUMNS = {
    N_("Id"): 22,
    N_("Created"): 18,
    N_("Model"): 16,
    N_("Digits"): 9,
    N_("Epochs"): 8,
    N_("Test accuracy"): 15,
    N_("State"): 10,
    N_("Name"): 0,
}


def add_runs_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the commands about saved runs, each with its own flags."""
    commands = parser.add_subparsers(title=_("actions"), metavar=_("ACTION"), required=True, parser_class=type(parser))

    def add(name: str, act: object, text: str, ids: str = "") -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        command.set_defaults(act=act)
        if ids:
            text = _("the id of a run, or its beginning, as “runs list” shows it")
            name = "run_ids" if ids == "+" else "run_id"
            command.add_argument(name, metavar=_("ID"), nargs=ids if ids == "+" else None, help=text)
        return command

    listing = add("list", _list, _("Show all saved runs, the newest first."))
    listing.add_argument("--json", action="store_true", help=_("print one JSON object a line for each run"))
    show = add("show", _show, _("Show everything about a run."), "1")
    show.add_argument("--json", action="store_true", help=_("print one JSON object"))
    export = add("export", _export, _("Save a run in formats that other programs read."), "1")
    export.add_argument("formats", nargs="*", metavar=_("FORMAT"), help=_("leave it out to list all formats"))
    export.add_argument("--output", metavar=_("FOLDER"), default=".", help=_("where to write (default: here)"))
    export.add_argument("--json", action="store_true", help=_("print one JSON object a line for each file"))
    add("delete", _delete, _("Delete runs; for a day, “runs restore” brings them back."), "+")
    add("restore", _restore, _("Bring deleted runs back."), "+")


def run_runs(arguments: argparse.Namespace) -> int:
    """Carry out the action that was asked for."""
    from mnist_demo.saved_runs.store import RunStore  # here: it brings numpy, which --help need not wait for

    status: int = arguments.act(arguments, RunStore())
    return status


def _list(arguments: argparse.Namespace, store: "RunStore") -> int:
    from mnist_demo.jobs.messages import STATE_WORDS

    records = store.runs()
    if arguments.json:
        for record in records:
            print(to_json(_summary(record, store)))
        return 0
    if not records:
        tell(_("There are no saved runs in {folder} yet.").format(folder=store.folder))
        return 0
    print("".join(padded(_(title), width) for title, width in COLUMNS.items()).rstrip())
    for record in records:
        accuracy = record.metrics.get("test_accuracy")
        cells = (
            record.id,
            f"{record.created.astimezone():%Y-%m-%d %H:%M}",
            record.hyperparameters.model,
            record.dataset.name,
            format_decimal(record.metrics.get("epochs", 0), "g"),
            "–" if accuracy is None else format_percent(accuracy, 2),
            _(STATE_WORDS[_state(record, store)]),  # type: ignore[index]
            record.name,
        )
        print("".join(map(padded, cells, COLUMNS.values())).rstrip())
    return 0


def _show(arguments: argparse.Namespace, store: "RunStore") -> int:
    record = _find(arguments.run_id, store)
    if arguments.json:
        print(to_json({**record.as_dict(), "state": _state(record, store), "bytes": store.size(record.id)}))
        return 0
    about = _summary(record, store)
    settings = {name: value for name, value in record.hyperparameters.as_dict().items() if name != "model"}
    changes = {str(number): str(change) for number, change in enumerate(record.changes, 1)}
    for title, values in (
        (_("Run"), about),
        (_("Settings"), settings),
        *([(_("Changed during the run, as for “train --change”"), changes)] if changes else []),
        (_("Metrics"), record.metrics),
        (_("Versions"), record.versions),
        (_("Machine"), record.machine),
    ):
        print(title)
        for name, value in values.items():
            print(f"  {name:<20}{value if value not in ('', None) else '–'}")
    if record.detail:
        print(translated(record.detail))
    print(_("On the page: ?run={id}").format(id=record.id))
    return 0


def _export(arguments: argparse.Namespace, store: "RunStore") -> int:
    from mnist_demo.exports.formats import EXPORTS, build_export
    from mnist_demo.saved_runs.exporting import exported_run, file_name_of

    if not arguments.formats:
        for export in EXPORTS.values():
            print(f"{export.name:<16}{_(export.help)}")
        return 0
    for name in arguments.formats:
        if name not in EXPORTS:
            message = _("There is no format “{name}”; choose from {names}.")
            raise RunError(message.format(name=name[:60], names=format_list(EXPORTS)))
    record, content = store.load(_find(arguments.run_id, store).id)
    run = exported_run(record, content)
    status = 0
    for name in arguments.formats:
        try:
            built = build_export(run, name)
        except ExportError as error:
            tell(str(error))
            status = BAD_INPUT
            continue
        path = Path(arguments.output) / file_name_of(record, EXPORTS[name])
        try:
            write_whole(path, built)
        except OSError as error:
            message = _("{path} cannot be written ({reason}): choose another folder, or make room there.")
            raise RunError(message.format(path=path, reason=error.strerror or error)) from error
        print(to_json({"format": name, "file": str(path), "bytes": len(built)}) if arguments.json else path)
    return status


def _delete(arguments: argparse.Namespace, store: "RunStore") -> int:
    for record in _find_all(arguments.run_ids, store):
        store.delete(record.id)
    return 0


def _restore(arguments: argparse.Namespace, store: "RunStore") -> int:
    for run_id in arguments.run_ids:
        if not store.undelete(run_id):
            message = _("There is no deleted run “{id}” to bring back; give its whole id.")
            raise RunError(message.format(id=run_id[:80]))
    return 0


def _find_all(run_ids: Sequence[str], store: "RunStore") -> "list[RunRecord]":
    """Return all runs that are named, before anything is done to one of them."""
    return [_find(run_id, store) for run_id in run_ids]


def _find(run_id: str, store: "RunStore") -> "RunRecord":
    beginning = [record for record in store.runs() if len(run_id) >= 4 and record.id.startswith(run_id)]
    if len(beginning) > 1 and store.find(run_id) is None:
        message = _("{count} runs have an id that begins with “{id}”; give more of it.")
        raise RunError(message.format(count=len(beginning), id=run_id))
    return beginning[0] if len(beginning) == 1 else store.get(run_id)


def _state(record: "RunRecord", store: "RunStore") -> str:
    """Return the state as it is now: a run that nobody trains any more has stopped at its last saved point."""
    is_cut_off = record.state in ("running", "paused") and not store.is_trained_now(record.id)
    return "stopped" if is_cut_off else record.state


def _summary(record: "RunRecord", store: "RunStore") -> dict[str, object]:
    return {
        "id": record.id,
        "name": record.name,
        "state": _state(record, store),
        "created": record.created.isoformat(),
        "model": record.hyperparameters.model,
        "data": record.dataset.name,
        "data_digest": record.dataset.digest,
        "epochs": record.metrics.get("epochs"),
        "step": record.metrics.get("step"),
        "test_accuracy": record.metrics.get("test_accuracy"),
        "test_loss": record.metrics.get("test_loss"),
        "bytes": store.size(record.id),
    }
