import pytest
import torch
from torch import Tensor

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.errors import CheckpointError
from mnist_demo.models.classifiers import build_model
from mnist_demo.settings.presets import PRESETS
from mnist_demo.training.hard_images import HardImages
from mnist_demo.training.loop import train
from mnist_demo.training.state import TrainingState
from tests.training.run_events import without_seconds

# The preset that learns so, with a quicker model and fewer images.
HARD = PRESETS["convnet-in-ten-seconds"].hyperparameters.replace(
    model="convnet", batch_size=70, training_size=300, hard_share=0.3
)


def hard_images(losses: list[float], share: float) -> HardImages:
    images = HardImages(len(losses), share, torch.Generator().manual_seed(0))
    images.note(torch.arange(len(losses)), torch.tensor(losses))
    return images


def test_epoch_goes_through_the_images_with_the_highest_losses_again_and_again() -> None:
    images = hard_images([0.1, 5.0, 0.2, 4.0, 0.3, 3.0], share=0.5)
    taken = torch.cat([images.take(0, 2), images.take(2, 4), images.take(4, 6)])
    assert sorted(taken[:3].tolist()) == sorted(taken[3:].tolist()) == [1, 3, 5]


def test_next_pass_has_those_that_are_hardest_by_then() -> None:
    images = hard_images([0.1, 5.0, 0.2, 4.0], share=0.5)
    assert set(images.take(0, 2).tolist()) == {1, 3}
    images.note(torch.tensor([1, 0]), torch.tensor([0.0, 6.0]))
    assert set(images.take(2, 4).tolist()) == {0, 3}


def test_images_that_were_never_learned_from_come_first() -> None:
    images = HardImages(4, 0.25, None)
    images.note(torch.tensor([0, 1, 3]), torch.tensor([9.0, 8.0, 7.0]))
    assert images.take(0, 1).tolist() == [2]


def test_run_learns_from_all_images_in_the_first_epoch_and_then_from_the_hard_ones(builtin: DigitDataset) -> None:
    met: list[Tensor] = []
    model = build_model(HARD)
    run = train(model, HARD, builtin)
    take = run._batches.hard_images.take  # type: ignore[union-attr]
    run._batches.hard_images.take = lambda *place: met.append(take(*place)) or met[-1]  # type: ignore[union-attr,method-assign,func-returns-value]

    steps = sum(type(event).__name__ == "Step" for event in run)

    assert steps == 3 * 5  # an epoch is as long as any other
    assert len(torch.cat(met)) == 2 * 300
    assert [len(set(torch.cat(met)[begin : begin + 90].tolist())) for begin in (0, 90, 180, 300)] == [90] * 4


@pytest.mark.parametrize("made", [3, 7, 8, 12])
def test_run_of_hard_images_goes_on_bit_for_bit(made: int, builtin: DigitDataset) -> None:
    whole = list(train(build_model(HARD), HARD, builtin))
    first = train(build_model(HARD), HARD, builtin)
    for event in first:
        if getattr(event, "step", 0) == made:
            break
    state = TrainingState.from_bytes(first.state().to_bytes())
    rest = list(train(build_model(HARD), HARD, builtin, resume_from=state))
    assert without_seconds(rest)[1:] == without_seconds(whole)[-len(rest) + 1 :]


def test_state_whose_hard_images_are_none_of_the_data_set_is_refused(builtin: DigitDataset) -> None:
    run = train(build_model(HARD), HARD, builtin)
    for _event in zip(range(8), run, strict=False):
        pass
    state = run.state()
    state.tensors["hard.order"][0] = 300
    with pytest.raises(CheckpointError, match="damaged"):
        train(build_model(HARD), HARD, builtin, resume_from=state)
