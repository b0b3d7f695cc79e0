"""Watch a head during the training of a transformers ``Trainer``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import Trainer, TrainerCallback

from superscope.watch.metrics import metrics
from superscope.watch.point import TracePoint

if TYPE_CHECKING:
    from superscope.watch._watch import Watch


def attach(watch: Watch, trainer: Any) -> None:
    """Let a watch observe during the training of a trainer."""
    trainer.add_callback(WatchCallback(watch, trainer))


class WatchCallback(TrainerCallback):  # type: ignore[misc]
    """Observe after steps of the optimizer; evaluations in between or afterwards do not matter.

    Parameters
    ----------
    watch
        What observes.
    trainer
        Whose loggers get the numbers; a callback alone cannot reach them.
    """

    def __init__(self, watch: Watch, trainer: Trainer) -> None:
        self._watch, self._trainer = watch, trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Observe the head before the first step, or where the training goes on."""
        self._log(self._watch.observe(state.global_step), control)

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Observe if it is due, and after the last step."""
        # Not when the training ends: the best model may have been loaded by then.
        last = control.should_training_stop or state.global_step >= state.max_steps
        observe = self._watch.observe if last else self._watch.step
        self._log(observe(state.global_step), control)

    def _log(self, point: TracePoint | None, control: Any) -> None:
        if point is None:
            return
        due = control.should_log
        # Not a subclass's log, which may average and forget numbers of its own.
        Trainer.log(self._trainer, metrics(point))
        control.should_log = due  # else the loss of this step would be taken for logged
