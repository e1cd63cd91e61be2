"""The model that “Look inside” is about, and the answers that the analyst has for it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_demo.data.dataset import DigitDataset
from mnist_demo.files import Content
from mnist_demo.insight.analysis_process import Question, Subject
from mnist_demo.insight.analyst import Answer
from mnist_demo.settings.presets import STARTER
from mnist_demo.translation import _
from mnist_demo.ui import state, visitor
from mnist_demo.ui.drawing.opened_models_state import answering_model
from mnist_demo.ui.resources import analyst
from mnist_demo.ui.server.models import classifier_with, starter_classifier, starter_weights
from mnist_demo.ui.streamlit_internals import has_left, session_id

if TYPE_CHECKING:
    from mnist_demo.models.checkpoints import TrainedClassifier


@dataclass(frozen=True, eq=False)
class LookedAt:
    """A model with its weights after `step` steps, and the digits that it is asked about. `title` is for people."""

    model_id: str
    step: int
    title: str
    classifier: "TrainedClassifier"
    weights: Content
    dataset: DigitDataset
    is_learning: bool

    def ask(self, subject: Subject) -> Answer | None:
        """Return what the analyst knows by now of `subject`; see `Analyst.ask`."""
        session = session_id()

        def is_wanted() -> bool:
            return not has_left(session)

        if subject == "statistics":
            return analyst().ask(Question(subject, self.dataset, visitor=visitor.owner(), is_wanted=is_wanted))
        return analyst().ask(
            Question(
                subject,
                self.dataset,
                self.model_id,
                self.step,
                self.weights,
                self.classifier.hyperparameters,
                self.is_learning,
                visitor.owner(),
                is_wanted,
            )
        )


def look_at_current() -> LookedAt:
    """Return the model that answers on the page: an opened one that was let, else the run, else the starter model."""
    opened = answering_model()
    if opened is not None:
        title = _("Inside the model that you opened from {name}").format(name=opened.name)
        return LookedAt(opened.id, 0, title, opened.classifier, opened.weights, state.current_dataset(), False)
    job = state.current_job()
    if job is not None:
        # In this order: a run that ends in between may have newer weights than these, and is asked for again.
        is_learning, weights = job.is_active, job.weights
        classifier = classifier_with(weights, job)
        if classifier is not None and weights is not None:
            title = _("Inside your run of “{model}”").format(model=job.hyperparameters.model_title)
            return LookedAt(job.id, weights.step, title, classifier, weights.kept, job.dataset, is_learning)
    title = _("Inside the starter model")
    return LookedAt(STARTER, 0, title, starter_classifier(), starter_weights(), state.current_dataset(), False)
