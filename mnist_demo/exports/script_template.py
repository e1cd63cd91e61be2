"""main() of an exported script, with everything that any run may need.

`script` keeps the lines that go with a run: those without a mark, and those whose mark, in brackets at their end, is
true of it. The multi-layer perceptron stands for any model: `script` writes the run's own in its place. The loop is the
plain one that a textbook shows; tests hold it against what `train` measures.
"""

import math
import sys
from typing import Any

import torch

from mnist_demo.data.builtin_digits import load_builtin_digits
from mnist_demo.data.non_digits import draw_fitting_pixels
from mnist_demo.data.synthetic_digits import draw_digits
from mnist_demo.exports.script_parts import (
    check_digits,
    download_mnist,
    evaluate,
    format_row,
    learn_halves,
    read_folder,
    sizes_of_batches,
)
from mnist_demo.exports.script_settings import (
    ACTIVATION,
    BATCH_SIZE,
    BATCH_SIZES,
    BUILTIN_COPIES,
    DROPOUT,
    DROPOUTS,
    EPOCHS,
    HARD_SHARE,
    HIDDEN_SIZES,
    LABEL_SMOOTHING,
    LABEL_SMOOTHINGS,
    LEARNING_RATE,
    LEARNING_RATES,
    MOMENTUM,
    NON_DIGITS,
    SEED,
    STOPPED_AFTER_STEP,
    SYNTHETIC_DIGITS,
    TRAINING_SIZE,
    VALIDATION_SIZE,
    WEIGHT_DECAY,
    WEIGHT_DECAYS,
)
from mnist_demo.models.classifiers import MLP
from mnist_demo.models.losses import NO_LABEL, cross_entropy
from mnist_demo.models.optimizers import ManualSGD
from mnist_demo.training.augmentation import augment, vary_pen
from mnist_demo.training.hard_images import HardImages
from mnist_demo.training.one_cycle import OneCycle


def main() -> None:
    """Train as the run did, and print what it printed."""
    torch.set_num_threads(1)  # another number rounds sums differently
    digits: Any  # [never]
    digits = read_folder(sys.argv[1]) if len(sys.argv) > 1 else download_mnist()  # [mnist]
    digits = read_folder(sys.argv[1])  # [folder]
    digits = load_builtin_digits()  # [builtin]
    check_digits(digits[0])
    train_pixels, test_pixels, train_labels, test_labels = (torch.from_numpy(array) for array in digits)
    train_labels, test_labels = train_labels.long(), test_labels.long()
    # Held out from the end of the training images: measured, but not learned from. [validation]
    held_out_pixels, held_out_labels = train_pixels[-VALIDATION_SIZE:], train_labels[-VALIDATION_SIZE:]  # [validation]
    train_pixels, train_labels = train_pixels[:TRAINING_SIZE], train_labels[:TRAINING_SIZE]  # [subset]
    train_pixels, train_labels = train_pixels[:-VALIDATION_SIZE], train_labels[:-VALIDATION_SIZE]  # [others]
    # Digits that are drawn by a program: shapes that MNIST hardly has. [synthetic]
    more_pixels, more_labels = map(torch.from_numpy, draw_digits(SYNTHETIC_DIGITS, SEED))  # [synthetic]
    train_pixels = torch.cat([train_pixels, more_pixels])  # [synthetic]
    train_labels = torch.cat([train_labels, more_labels])  # [synthetic]
    # scikit-learn's digits, other people's handwriting. [copies]
    copied_pixels, _, copied_labels, _ = map(torch.from_numpy, load_builtin_digits())  # [copies]
    train_pixels = torch.cat([train_pixels, *[copied_pixels] * BUILTIN_COPIES])  # [copies]
    train_labels = torch.cat([train_labels, *[copied_labels.long()] * BUILTIN_COPIES])  # [copies]
    # Letters, shapes and scribbles, which have no label. [non-digits]
    others = torch.from_numpy(draw_fitting_pixels(NON_DIGITS, SEED))  # [non-digits]
    train_pixels = torch.cat([train_pixels, others])  # [non-digits]
    train_labels = torch.cat([train_labels, torch.full((len(others),), NO_LABEL)])  # [non-digits]

    torch.manual_seed(SEED)  # the first weights are random
    model: Any  # [never]
    model = MLP(HIDDEN_SIZES, ACTIVATION, DROPOUT)
    torch.manual_seed(SEED)  # and so is what dropout leaves out [dropout]
    order = torch.Generator().manual_seed(SEED)  # [shuffle]
    variation = torch.Generator().manual_seed(SEED)  # [variation]
    hard_images = HardImages(len(train_labels), HARD_SHARE, order)  # [shuffled-hard]
    hard_images = HardImages(len(train_labels), HARD_SHARE, None)  # [ordered-hard]
    optimizer: Any  # [never]
    optimizer = ManualSGD(model.parameters(), LEARNING_RATE)  # [by-hand]
    optimizer = torch.optim.SGD(model.parameters(), LEARNING_RATE)  # [sgd]
    optimizer = torch.optim.SGD(model.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)  # [sgd-decay]
    optimizer = torch.optim.SGD(model.parameters(), LEARNING_RATE, MOMENTUM, weight_decay=WEIGHT_DECAY)  # [momentum]
    optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True)  # [adam]
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True)  # [adamw]
    schedule: Any  # [never]
    # The learning rate rises to LEARNING_RATE, then falls to almost nothing. [one-cycle]
    steps = EPOCHS * math.ceil(len(train_labels) / BATCH_SIZE)  # [one-cycle]
    schedule = OneCycle(optimizer, LEARNING_RATE, steps)  # [changed-cycle]
    one_cycle = torch.optim.lr_scheduler.OneCycleLR  # [plain-cycle]
    schedule = one_cycle(optimizer, LEARNING_RATE, total_steps=steps + 1, cycle_momentum=False)  # [plain-cycle]

    print(format_row("epoch", "train loss", "test loss", "test accuracy"))  # [not validation]
    print(format_row("epoch", "train loss", "test loss", "test accuracy", "val. loss", "accuracy"))  # [validation]
    test = evaluate(model, test_pixels, test_labels)
    held_out = evaluate(model, held_out_pixels, held_out_labels)  # [validation]
    print(format_row(0, "", *test))  # [not validation]
    print(format_row(0, "", *test, *held_out))  # [validation]
    step = 0  # [counted]
    smoothing = LABEL_SMOOTHING  # [new-smoothing]
    for epoch in range(1, EPOCHS + 1):
        model.train()
        loss_sum = 0.0
        images_in_order = torch.arange(len(train_labels))  # [not shuffle]
        images_in_order = torch.randperm(len(train_labels), generator=order)  # [same-shuffle]
        # After the first epoch these are places of hard images, which are chosen on the way. [hard]
        images_in_order = torch.arange(len(train_labels))  # [shuffled-hard]
        if epoch == 1:  # [shuffled-hard]
            images_in_order = torch.randperm(len(train_labels), generator=order)  # [shuffled-hard]
        batches: Any  # [never]
        batches = images_in_order.split(BATCH_SIZE)  # [not resized]
        batches = images_in_order.split(sizes_of_batches(step, len(train_labels)))  # [resized]
        seen = 0  # [resized-cycle]
        for batch in batches:
            if step == STOPPED_AFTER_STEP:  # [stopped]
                print(format_row(f"step {step}", "", *evaluate(model, test_pixels, test_labels)))  # [stopped]
                return  # [stopped]
            if step in LEARNING_RATES:  # [new-rate]
                optimizer.param_groups[0]["lr"] = LEARNING_RATES[step]  # [new-rate]
            if step in LEARNING_RATES:  # [new-peak]
                schedule.set_peak(LEARNING_RATES[step])  # [new-peak]
            if step in BATCH_SIZES:  # [resized-cycle]
                left = math.ceil((len(train_labels) - seen) / BATCH_SIZES[step])  # [resized-cycle]
                later = (EPOCHS - epoch) * math.ceil(len(train_labels) / BATCH_SIZES[step])  # [resized-cycle]
                schedule.spread_over(left + later)  # [resized-cycle]
            seen += len(batch)  # [resized-cycle]
            if step in WEIGHT_DECAYS:  # [new-decay]
                optimizer.param_groups[0]["weight_decay"] = WEIGHT_DECAYS[step]  # [new-decay]
            if step in DROPOUTS:  # [new-dropout]
                for layer in model.modules():  # [new-dropout]
                    if isinstance(layer, torch.nn.Dropout):  # [new-dropout]
                        layer.p = DROPOUTS[step]  # [new-dropout]
            if step in LABEL_SMOOTHINGS:  # [new-smoothing]
                smoothing = LABEL_SMOOTHINGS[step]  # [new-smoothing]
            step += 1  # [counted]
            if epoch > 1:  # [hard]
                batch = hard_images.take(int(batch[0]), int(batch[-1]) + 1)  # [hard]
            images, labels = train_pixels[batch].float() * (1 / 255), train_labels[batch]
            images = vary_pen(images, variation)  # [pen]
            images = augment(images, variation)  # [augmentation]
            optimizer.zero_grad()  # else gradients would add up
            loss, _wrong = model.backpropagate(images, labels)  # the loss, and its gradient by every weight [formula]
            losses = learn_halves(model, images, labels, LABEL_SMOOTHING)  # [same-halves]
            losses = learn_halves(model, images, labels, smoothing)  # [new-halves]
            loss = losses.mean()  # [halves]
            hard_images.note(batch, losses)  # [hard]
            loss = model.loss(model(images), labels)  # [autograd]
            logits = model(images)  # [smoothing]
            loss = cross_entropy(logits, labels)  # [smoothing]
            if not loss.isfinite():  # [diverged]
                print(format_row(f"step {step}", "no number"))  # [diverged]
                return  # [diverged]
            loss.backward()  # the loss's gradient by every weight [autograd]
            # Learned from labels of which every digit gets an equal share. [smoothing]
            smoothed = cross_entropy(logits, labels, LABEL_SMOOTHING)  # [same-smoothing]
            smoothed = cross_entropy(logits, labels, smoothing)  # [other-smoothing]
            smoothed.backward()  # its gradient by every weight [smoothing]
            optimizer.step()  # every weight a little against its gradient
            schedule.step()  # [one-cycle]
            loss_sum += loss.item() * len(batch)
        train_loss = loss_sum / len(train_labels)
        test = evaluate(model, test_pixels, test_labels)
        if not math.isfinite(test[0]):  # [diverged]
            print(format_row(f"step {step}", "no number"))  # [diverged]
            return  # [diverged]
        held_out = evaluate(model, held_out_pixels, held_out_labels)  # [validation]
        print(format_row(epoch, train_loss, *test))  # [not validation]
        print(format_row(epoch, train_loss, *test, *held_out))  # [validation]
