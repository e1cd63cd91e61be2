"""``mnist-demo evaluate``: loss and accuracy of a trained model on the test images."""

import argparse

from mnist_demo.cli.common import add_checkpoint, add_data_and_json, add_device, load_digits, to_json
from mnist_demo.devices import choose_device
from mnist_demo.translation import _, format_percent


def add_evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of ``evaluate``."""
    add_checkpoint(parser)
    add_device(parser)
    add_data_and_json(parser, _("print one JSON object"))


def run_evaluate(arguments: argparse.Namespace) -> int:
    """Print loss and accuracy on the test images."""
    from mnist_demo.models.checkpoints import load_checkpoint
    from mnist_demo.training.loop import evaluate_on_test

    classifier = load_checkpoint(arguments.checkpoint)
    classifier.model.to(choose_device(arguments.device, classifier.hyperparameters.architecture.gains_by_accelerator))
    dataset = load_digits(arguments.data)
    test_loss, test_accuracy = evaluate_on_test(classifier.model, dataset)
    if arguments.json:
        metrics = {"checkpoint": arguments.checkpoint, "data": dataset.name, "images": len(dataset.test_labels)}
        print(to_json({**metrics, "test_loss": test_loss, "test_accuracy": test_accuracy}))
        return 0
    message = _("Test accuracy {accuracy}, test loss {loss:.4g}, on {count:,} images from {source}.")
    count = len(dataset.test_labels)
    print(
        message.format(
            accuracy=format_percent(test_accuracy, digits=2), loss=test_loss, count=count, source=dataset.source
        )
    )
    return 0
