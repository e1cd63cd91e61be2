"""train(): one stream of events for every model; evaluate(): loss and accuracy on images that are not trained on.

The caller drives the stream: while it does not ask for the next event, nothing happens. Pause, single step and stop
are therefore the caller's, and need nothing here; between two events it may ask for the state of the run, from which
the same stream goes on in another process, on another day.
"""

import dataclasses
import math
import time
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.models.classifiers import Classifier, Network, count_parameters
from mnist_demo.models.optimizers import build_optimizer, lean_calls
from mnist_demo.second_thread import SECOND_THREAD
from mnist_demo.settings.changes import Change
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.batches import Batches, as_tensor
from mnist_demo.training.events import Diverged, Epoch, Evaluated, Event, Started, Step
from mnist_demo.training.fine_tuning import ExtraImages
from mnist_demo.training.live_settings import LiveSettings
from mnist_demo.training.progress import InitialMetrics, Progress, is_evaluated
from mnist_demo.training.resuming import restore_run, run_tensors
from mnist_demo.training.slow_motion import SlowMotion
from mnist_demo.training.state import TrainingState, digest_of_data

__all__ = ["Training", "TrainingState", "evaluate", "evaluate_on_test", "train"]

# The activations of more images at once have no room in the cache.
EVALUATION_BATCH = 500


def train(
    model: Classifier,
    hyperparameters: Hyperparameters,
    dataset: DigitDataset,
    extra: ExtraImages | None = None,
    slow_motion: SlowMotion | None = None,
    resume_from: TrainingState | None = None,
    device: str = "cpu",
    changes: Iterable[Change] = (),
) -> "Training":
    """Train `model`, whose weights change with every step, and yield what happens as it happens.

    The same model weights, settings and data give the same events, number for number, but for ``seconds``, where torch
    computes with one thread, as `compute_with` has it. Randomness comes from generators of its own and, for dropout,
    from torch's global one, which is seeded here. `extra` images are mixed into every batch and count in its metrics.
    `slow_motion` may look at a step, which changes nothing. The model is moved to `device`, and stays there. `changes`
    of settings, such as those of a run that is repeated, are made at their steps.

    With `resume_from`, the state that `Training.state` gave, `model` gets its weights, and the events are `Started`
    and then those that an uninterrupted run would have yielded from there on. Only `epochs` may be more; to the changes
    of settings that the state knows of come `changes`, at its step or later ones.

    Yields
    ------
    Event
        `Started`; then per epoch a `Step` for every batch (the short last one too) and an `Epoch`; `Changed` before the
        first step with another setting; or, as soon as the loss is not finite, `Diverged` as the last one.

    Raises
    ------
    HyperparameterError
        When the dataset has not as many images as are asked for, or a change cannot be made in this run.
    CheckpointError
        When the run cannot go on from `resume_from` with these settings and data.
    """
    return Training(model, hyperparameters, dataset, extra, slow_motion, resume_from, device, changes)


class Training(Iterator[Event]):
    """A run as `train` describes it: its events, one after another, and between two of them its state."""

    def __init__(
        self,
        model: Classifier,
        hyperparameters: Hyperparameters,
        dataset: DigitDataset,
        extra: ExtraImages | None = None,
        slow_motion: SlowMotion | None = None,
        resume_from: TrainingState | None = None,
        device: str = "cpu",
        changes: Iterable[Change] = (),
    ) -> None:
        self._model, self._hyperparameters, self._dataset = model, hyperparameters, dataset
        self._slow_motion = slow_motion
        self._data_digest = digest_of_data(dataset, extra)
        self._batches = Batches(hyperparameters, dataset, extra, device)
        model.to(device)
        self._optimizer = build_optimizer(model.parameters(), hyperparameters)
        self._progress, self._initial_metrics = Progress(), None
        self._resumed = resume_from
        if resume_from is not None:
            changes = dict.fromkeys((*resume_from.changes, *changes))  # each once, in the order in which they were made
        self._live = LiveSettings(hyperparameters, model, self._optimizer, self._batches, changes)
        if resume_from is not None:
            resume_from.check_continues(hyperparameters, self._data_digest)
            restore_run(resume_from, model, self._optimizer, self._batches)
            self._progress = dataclasses.replace(resume_from.progress)
            self._live.go_to(self._progress.step)
            self._initial_metrics = resume_from.initial_metrics
        self._events = self._run()

    def __next__(self) -> Event:
        return next(self._events)

    def change(self, name: str, value: float) -> None:
        """Have the next step, and all after it, made with another value of a hyperparameter.

        Raises
        ------
        HyperparameterError
            When it cannot be changed while this run goes on, or cannot have that value.
        """
        self._live.ask(Change(self._progress.step, name, value))

    @property
    def evaluates_next(self) -> bool:
        """Whether the model is evaluated after the step that has just been made."""
        progress, per_epoch = self._progress, self._batches.steps_per_epoch
        ends_epoch = progress.images_seen == self._batches.n_images
        return ends_epoch or is_evaluated(progress.step, per_epoch, per_epoch * self._hyperparameters.epochs)

    @property
    def steps_to_come(self) -> int:
        """How many steps the run still has to make, as far as is known."""
        return self._live.steps_from(self._progress.step)

    def state(self) -> TrainingState:
        """Return all that is needed to go on from here, copied; `Started` must have been yielded, `Diverged` not."""
        assert self._initial_metrics is not None
        return TrainingState(
            self._hyperparameters,
            self._data_digest,
            dataclasses.replace(self._progress),
            self._initial_metrics,
            run_tensors(self._model, self._optimizer, self._batches, inside_epoch=self._progress.images_seen > 0),
            tuple(self._live.changes),
        )

    def _run(self) -> Iterator[Event]:
        model, hyperparameters, progress = self._model, self._hyperparameters, self._progress
        optimizer, live = self._optimizer, self._live
        if self._resumed is None:
            torch.manual_seed(hyperparameters.seed)
        else:
            torch.set_rng_state(self._resumed.tensors["random.torch"])
        if self._initial_metrics is None:
            self._initial_metrics = InitialMetrics(*evaluate_on_test(model, self._dataset), *self._evaluate_held_out())
        n_images, steps_per_epoch = self._batches.n_images, self._batches.steps_per_epoch
        total_steps = steps_per_epoch * hyperparameters.epochs
        zero_grad, optimizer_step = lean_calls(optimizer)
        initial = dataclasses.astuple(self._initial_metrics)
        yield Started(steps_per_epoch, total_steps, n_images, count_parameters(model), *initial)
        while progress.epochs_done < hyperparameters.epochs:
            epoch = progress.epochs_done + 1
            learning_rate = float(optimizer.param_groups[0]["lr"])
            model.train()
            if progress.images_seen < n_images and live.due <= progress.step:
                # Before the order of the epoch is drawn: a run may be interrupted here.
                yield from live.make_due(progress.step)
            batches = self._batches.epoch(skip=progress.images_seen, number=epoch)
            while progress.images_seen < n_images:
                if live.due <= progress.step:
                    yield from live.make_due(progress.step)
                    batches = self._batches.rest_of_epoch(progress.images_seen)
                began = time.perf_counter()
                images, labels = next(batches)
                count = images.shape[0]
                learning_rate = float(optimizer.param_groups[0]["lr"])
                if self._slow_motion is not None and self._slow_motion.is_watching:
                    began += self._slow_motion.before_step(model, images, labels)
                zero_grad()
                loss, wrong = model.backpropagate(images, labels)
                if isinstance(model, Network) and model.keeps_losses:
                    self._batches.note_losses(model.batch_losses)
                train_loss = loss.item()
                if not math.isfinite(train_loss):
                    yield Diverged(progress.step + 1, epoch, learning_rate, hyperparameters.optimizer)
                    return
                optimizer_step()
                if live.one_cycle is not None:
                    live.one_cycle.step()
                correct = count - int(wrong)
                progress.step += 1
                progress.images_seen = min(progress.images_seen + self._batches.batch_size, n_images)
                progress.images_counted += count
                progress.loss_sum += train_loss * count
                progress.correct_sum += correct
                progress.seconds += time.perf_counter() - began
                if self._slow_motion is not None:
                    self._slow_motion.after_step(model, progress.step, epoch, learning_rate)
                accuracy = correct / count
                yield Step(progress.step, epoch, train_loss, accuracy, learning_rate, count, progress.seconds)
                if progress.images_seen < n_images and is_evaluated(progress.step, steps_per_epoch, total_steps):
                    measured = evaluate_on_test(model, self._dataset)
                    model.train()
                    # Weights that have just broken are noted by the loss of the next step.
                    if math.isfinite(measured[0]):
                        yield Evaluated(progress.step, epoch, *measured, progress.seconds)
            test_loss, test_accuracy = evaluate_on_test(model, self._dataset)
            # The last update may have broken the weights without a training loss that shows it.
            if not math.isfinite(test_loss):
                yield Diverged(progress.step, epoch, learning_rate, hyperparameters.optimizer)
                return
            event = Epoch(
                epoch,
                progress.step,
                progress.loss_sum / progress.images_counted,
                progress.correct_sum / progress.images_counted,
                test_loss,
                test_accuracy,
                *self._evaluate_held_out(),
                progress.seconds,
            )
            progress.begin_epoch(epoch)
            yield event

    def _evaluate_held_out(self) -> tuple[float | None, float | None]:
        pixels, labels = self._batches.held_out
        return evaluate(self._model, pixels, labels) if len(labels) else (None, None)


def evaluate(model: Classifier, pixels: Tensor, labels: Tensor) -> tuple[float, float]:
    """Return the mean loss and the accuracy (a fraction) on uint8 `pixels` (n, 28, 28); every image counts the same.

    The model is left in evaluation mode; it may be on any device.
    """
    model.eval()
    device = next(model.parameters()).device
    batches = list(zip(pixels.split(EVALUATION_BATCH), labels.split(EVALUATION_BATCH), strict=True))

    @torch.no_grad()
    def measure(batches: list[tuple[Tensor, Tensor]]) -> list[tuple[float, int]]:
        measured = []
        for batch_pixels, batch_labels in batches:
            right = batch_labels.to(device)
            logits = model(batch_pixels.to(device).float().div_(255))
            loss_sum = model.loss(logits, right).item() * len(batch_labels)
            measured.append((loss_sum, int((logits.argmax(dim=1) == right).sum())))
        return measured

    half = math.ceil(len(batches) / 2) if device.type == "cpu" else len(batches)
    first, second = SECOND_THREAD.both(lambda: measure(batches[:half]), lambda: measure(batches[half:]))
    loss_sums, correct = zip(*first, *second, strict=True)
    return sum(loss_sums) / len(labels), sum(correct) / len(labels)


def evaluate_on_test(model: Classifier, dataset: DigitDataset) -> tuple[float, float]:
    """Return the mean loss and the accuracy (a fraction) of `model` on the test images of `dataset`.

    This is the one way to evaluate on the test set: training, its last word when it is stopped, and the command line
    all come here. The images are not copied; they go to the model's device in batches.
    """
    return evaluate(model, as_tensor(dataset.test_pixels), torch.from_numpy(dataset.test_labels))
