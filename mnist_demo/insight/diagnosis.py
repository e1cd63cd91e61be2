"""Diagnoses of runs that go wrong, made from their history: named, explained, and with a remedy.

The rules look at the ends of epochs only, and while a run goes on they speak when two epochs in a row say the same: so
a diagnosis neither comes too soon nor flickers. Their bounds were set on real runs, with MNIST and with the built-in
digits: those in ``tests/insight/test_diagnosis.py`` and about a hundred more, the presets among them.

>>> from mnist_demo.training.events import Epoch, Started
>>> history = History()
>>> history.append(Started(600, 1200, 60_000, 7850, 2.33, 0.1, None, None))
>>> history.append(Epoch(1, 600, 2.33, 0.10, 2.33, 0.1, None, None, 0.2))
>>> history.append(Epoch(2, 1200, 2.32, 0.11, 2.32, 0.1, None, None, 0.4))
>>> diagnose(history, Hyperparameters(learning_rate=1e-6, epochs=2)).kind
'rate-too-small'
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mnist_demo.settings.fields import CUSTOMARY_LEARNING_RATES
from mnist_demo.settings.hyperparameters import Hyperparameters
from mnist_demo.training.events import Epoch
from mnist_demo.training.history import History
from mnist_demo.translation import _, format_decimal

Kind = Literal["diverged", "stuck", "held-back", "rate-too-small", "overshooting", "overfitting"]

# Before so many steps nothing is said: every model begins at chance.
ENOUGH_STEPS = 30
ENOUGH_STEPS_AT_CHANCE = 60
# Ten classes: who always answers the same is right in 10 % of the cases, and knows next to nothing up to here.
CHANCE_ACCURACY = 0.25
GUESSING_LOSS = math.log(10)
# "Hardly moved": the loss is still nine tenths of that before training; what began so slowly is under way from here on.
HARDLY_MOVED = 0.9
UNDER_WAY = 0.6
# Of the customary learning rate; more than this may be chosen with care.
FAR_TOO_SMALL = 0.2
# A healthy model's loss is 3 to 5 times its share of mistakes; of one that is not sure of itself yet, somewhat more.
# More, on the very images that it learns from, after an epoch above the loss before training or one in which the loss
# rose, means that each step throws the weights further than the last had brought them.
OVERSHOOTING_RATIO = 6.5
EXPLOSION = 1.3
OVERSHOOTING_RISE = 1.05
# Overfitting: the loss on other images stands so much above its lowest, which is so many epochs ago, while the loss on
# the training images went down to so much of what it was then.
RISE = 1.10
EPOCHS_SINCE_BEST = 3
TRAIN_FALL = 0.8
# Weight decay from here on holds weights near zero, unless the optimizer (AdamW) multiplies it by its learning rate.
STRONG_DECAY = 0.02
TINY_BATCH = 8


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a run. `title`, `explanation` (two sentences) and `advice` are texts in the reader's language.

    `remedy` are the settings of the run with what `advice` says changed.
    """

    kind: Kind
    title: str
    explanation: str
    advice: str
    remedy: Hyperparameters


def diagnose(history: History, hyperparameters: Hyperparameters) -> Diagnosis | None:
    """Return what is wrong with the run so far, or None when nothing is, or nothing is certain yet."""
    if history.diverged is not None:
        return _build("diverged", history, hyperparameters)
    epochs = history.epochs
    if history.started is None or not epochs:
        return None
    kind = _recognise(history, epochs, hyperparameters)
    has_ended = history.stopped is not None or epochs[-1].step >= history.total_steps
    if kind is None or (not has_ended and kind != _recognise(history, epochs[:-1], hyperparameters)):
        return None
    return _build(kind, history, hyperparameters)


def _recognise(history: History, epochs: Sequence[Epoch], hyperparameters: Hyperparameters) -> Kind | None:
    if history.started is None or not epochs or epochs[-1].step < ENOUGH_STEPS:
        return None
    last, before = epochs[-1], history.started.test_loss
    at_chance = last.test_accuracy <= CHANCE_ACCURACY and last.train_accuracy <= CHANCE_ACCURACY
    unmoved = _is_unmoved(last, before)
    if (at_chance or unmoved) and _has_strong_decay(hyperparameters):
        return "held-back"
    if hyperparameters.learning_rate < FAR_TOO_SMALL * CUSTOMARY_LEARNING_RATES[hyperparameters.optimizer]:
        began_unmoved = any(_is_unmoved(epoch, before) for epoch in epochs if epoch.step >= ENOUGH_STEPS)
        if began_unmoved and UNDER_WAY < last.test_loss / before < 1.05:
            return "rate-too-small"
    elif at_chance and last.step >= ENOUGH_STEPS_AT_CHANCE and last.train_loss > HARDLY_MOVED * GUESSING_LOSS:
        return "stuck"
    if _overshoots(epochs, before, hyperparameters):
        return "overshooting"
    if _overfits(epochs, hyperparameters):
        return "overfitting"
    return None


def _is_unmoved(epoch: Epoch, loss_before: float) -> bool:
    # A model that went on from trained weights has little to gain.
    return loss_before > 1.5 and all(
        HARDLY_MOVED < loss / loss_before < 1.05 for loss in (epoch.test_loss, epoch.train_loss)
    )


def _has_strong_decay(hyperparameters: Hyperparameters) -> bool:
    strength = hyperparameters.weight_decay * (
        hyperparameters.learning_rate if hyperparameters.optimizer == "adamw" else 1
    )
    return strength >= STRONG_DECAY


def _overshoots(epochs: Sequence[Epoch], loss_before: float, hyperparameters: Hyperparameters) -> bool:
    last = epochs[-1]
    train_ratio = last.train_loss / max(1 - last.train_accuracy, 0.005)
    test_ratio = last.test_loss / max(1 - last.test_accuracy, 0.005)
    if min(train_ratio, test_ratio) < OVERSHOOTING_RATIO or last.test_accuracy <= CHANCE_ACCURACY:
        return False
    exploded = any(epoch.train_loss > EXPLOSION * loss_before for epoch in epochs)
    if hyperparameters.label_smoothing:
        # Such a network is kept from being sure, more in one epoch than in another: the loss rises without any harm.
        return exploded
    rose = any(after.test_loss > OVERSHOOTING_RISE * before.test_loss for before, after in itertools.pairwise(epochs))
    return exploded or rose


def _overfits(epochs: Sequence[Epoch], hyperparameters: Hyperparameters) -> bool:
    losses = _losses_elsewhere(epochs)
    best = losses.index(min(losses))
    since = losses[best + 1 :]
    if len(since) < EPOCHS_SINCE_BEST:
        return False
    # One bad epoch is chance: the last three have to be bad.
    risen = sum(since[-3:]) / 3 > RISE * losses[best] and min(since[-3:]) > (1 + RISE) / 2 * losses[best]
    if hyperparameters.label_smoothing:
        # Kept from being sure, it may lose in loss what it gains in accuracy: it has to make more mistakes as well.
        accuracies = _accuracies_elsewhere(epochs)
        risen = risen and sum(accuracies[-3:]) / 3 < accuracies[best]
    return risen and epochs[-1].train_loss < TRAIN_FALL * epochs[best].train_loss


def _losses_elsewhere(epochs: Sequence[Epoch]) -> list[float]:
    """Return the losses on images that are not trained on: those held out for validation where there are any."""
    held_out = [epoch.validation_loss for epoch in epochs if epoch.validation_loss is not None]
    return held_out if len(held_out) == len(epochs) else [epoch.test_loss for epoch in epochs]


def _accuracies_elsewhere(epochs: Sequence[Epoch]) -> list[float]:
    """Return the accuracies on the images that `_losses_elsewhere` is about."""
    held_out = [epoch.validation_accuracy for epoch in epochs if epoch.validation_accuracy is not None]
    return held_out if len(held_out) == len(epochs) else [epoch.test_accuracy for epoch in epochs]


def _build(kind: Kind, history: History, hyperparameters: Hyperparameters) -> Diagnosis:
    match kind:
        case "diverged":
            return Diagnosis(
                kind,
                _("The run diverged"),
                _(
                    "Each step overshot the valley and landed higher on its other side, until the numbers were too "
                    "large to compute with. The learning rate multiplies the gradient: this one was too large."
                ),
                *_slower(hyperparameters),
            )
        case "stuck":
            return Diagnosis(
                kind,
                _("Stuck at chance"),
                _(
                    "The model does no better than guessing, one in ten, and its loss does not fall. Its units give "
                    "the same answer to every image, and there the gradient is almost zero. First steps that are too "
                    "large cause this, and so do many layers."
                ),
                *_slower(hyperparameters),
            )
        case "held-back":
            return Diagnosis(
                kind,
                _("Held back by weight decay"),
                _(
                    "Weight decay pulls every weight towards zero at each step, here more strongly than the gradient "
                    "pulls it away. So the model stays close to one that gives every image the same answer."
                ),
                _("Try it without weight decay."),
                hyperparameters.replace(weight_decay=0.0),
            )
        case "rate-too-small":
            return Diagnosis(
                kind,
                _("Learning rate far too small"),
                _(
                    "The loss hardly fell in a whole epoch: the direction is right, but the steps are tiny. At this "
                    "pace training would need many times as many epochs."
                ),
                *_faster(hyperparameters),
            )
        case "overshooting":
            return Diagnosis(
                kind,
                _("Steps too large: the loss jumps around"),
                _(
                    "The model is often right, yet its loss is far above what so few mistakes should cost. Each step "
                    "corrects its own batch so violently that other images pay for it."
                ),
                *_calmer(hyperparameters),
            )
        case "overfitting":
            losses = _losses_elsewhere(history.epochs)
            best = losses.index(min(losses)) + 1
            explanation = _(
                "Since epoch {epoch} the loss on images that the model does not learn from has been rising, while "
                "the loss on its training images still falls. The model is learning those by heart, and grows too "
                "sure about all others."
            )
            return Diagnosis(
                kind, _("Overfitting"), explanation.format(epoch=best), *_generalising(hyperparameters, best)
            )


def _slower(hyperparameters: Hyperparameters) -> tuple[str, Hyperparameters]:
    customary = CUSTOMARY_LEARNING_RATES[hyperparameters.optimizer]
    at_customary_rate = hyperparameters.learning_rate <= customary and not hyperparameters.architecture.is_from_scratch
    if hyperparameters.optimizer in ("sgd", "momentum") and (at_customary_rate or _is_deep(hyperparameters)):
        return _with_adam(hyperparameters)
    return _with_rate(hyperparameters, min(customary, hyperparameters.learning_rate / 10))


def _faster(hyperparameters: Hyperparameters) -> tuple[str, Hyperparameters]:
    if hyperparameters.optimizer == "sgd" and _is_deep(hyperparameters):
        return _with_adam(hyperparameters)
    return _with_rate(hyperparameters, _proven_rate(hyperparameters))


def _calmer(hyperparameters: Hyperparameters) -> tuple[str, Hyperparameters]:
    if hyperparameters.batch_size <= TINY_BATCH and hyperparameters.learning_rate <= 1:
        # The customary rates are for batches of about a hundred; the rate goes with the size
        # (Goyal et al. 2017, arXiv:1706.02677, section 2.1).
        rate = float(f"{hyperparameters.learning_rate * hyperparameters.batch_size / 100:.2g}")
        sentence = _(
            "Try a learning rate of {rate} instead of {old}: a step that is based on so few images has to be small."
        )
        words = sentence.format(rate=format_decimal(rate, "g"), old=format_decimal(hyperparameters.learning_rate, "g"))
        return words, hyperparameters.replace(learning_rate=rate)
    return _with_rate(hyperparameters, min(_proven_rate(hyperparameters), hyperparameters.learning_rate / 10))


def _is_deep(hyperparameters: Hyperparameters) -> bool:
    # Plain gradients fade on their way through that many layers.
    return hyperparameters.uses("hidden_sizes") and len(hyperparameters.hidden_sizes) > 2


def _proven_rate(hyperparameters: Hyperparameters) -> float:
    # The tutorial's own: without hidden layers, larger steps do no harm.
    if hyperparameters.optimizer == "sgd" and hyperparameters.architecture.is_linear:
        return 0.5
    return CUSTOMARY_LEARNING_RATES[hyperparameters.optimizer]


def _generalising(hyperparameters: Hyperparameters, best_epoch: int) -> tuple[str, Hyperparameters]:
    if hyperparameters.training_size is not None:
        # As many epochs of all images would take far longer, and are not needed.
        remedy = hyperparameters.replace(training_size=None, epochs=min(hyperparameters.epochs, 10))
        return _(
            "Try it with all training images: the more there are, the harder it is to learn them by heart."
        ), remedy
    if not hyperparameters.architecture.is_linear and not hyperparameters.augmentation:
        sentence = _("Try affine augmentation: no image is ever seen twice in the same form.")
        return sentence, hyperparameters.replace(augmentation=True)
    if hyperparameters.uses("dropout") and hyperparameters.dropout < 0.3:
        sentence = _("Try a dropout of {share}: then no unit can rely on one particular other unit.")
        return sentence.format(share="0.3"), hyperparameters.replace(dropout=0.3)
    sentence = _("Try it with {epochs} epochs: stop when the loss on other images is at its lowest.")
    return sentence.format(epochs=best_epoch), hyperparameters.replace(epochs=best_epoch)


def _with_rate(hyperparameters: Hyperparameters, rate: float) -> tuple[str, Hyperparameters]:
    sentence = _("Try a learning rate of {rate} instead of {old}.")
    return sentence.format(
        rate=format_decimal(rate, "g"), old=format_decimal(hyperparameters.learning_rate, "g")
    ), hyperparameters.replace(learning_rate=rate)


def _with_adam(hyperparameters: Hyperparameters) -> tuple[str, Hyperparameters]:
    rate = CUSTOMARY_LEARNING_RATES["adam"]
    sentence = _("Try Adam with a learning rate of {rate}: it finds a step size for each weight by itself.")
    return sentence.format(rate=format_decimal(rate, "g")), hyperparameters.replace(
        optimizer="adam", learning_rate=rate
    )
