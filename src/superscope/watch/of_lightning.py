"""Watch a head during the training of a Lightning ``Trainer``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from superscope.watch.metrics import metrics
from superscope.watch.point import TracePoint

if TYPE_CHECKING:
    from superscope.watch._watch import Watch


def attach(watch: Watch, trainer: Any) -> None:
    """Let a watch observe during the training of a trainer."""
    package = next(
        kind.__module__.partition(".")[0]
        for kind in type(trainer).__mro__
        if kind.__module__.partition(".")[0] in ("lightning", "pytorch_lightning")
    )
    # Both packages have the same code, and neither takes the callbacks of the other.
    callbacks = import_module("lightning.pytorch" if package == "lightning" else package)
    trainer.callbacks.append(_made(callbacks.Callback)(watch))


def _made(base: type) -> type:
    """Return the callback as a class of one of the packages."""

    class WatchCallback(base):  # type: ignore[misc]
        """Observe after steps of the optimizer, of which several batches may make one."""

        def __init__(self, watch: Watch) -> None:
            self._watch = watch

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            """Observe the head before the first step, or where the training goes on."""
            self._log(trainer, self._watch.observe(trainer.global_step))

        def on_train_batch_end(self, trainer: Any, *more: Any) -> None:
            """Observe if it is due."""
            self._log(trainer, self._watch.step(trainer.global_step))

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            """Observe after the last step."""
            if self._watch.last_step != trainer.global_step:
                self._log(trainer, self._watch.observe(trainer.global_step))

        def _log(self, trainer: Any, point: TracePoint | None) -> None:
            if point is None:
                return
            for logger in trainer.loggers:
                logger.log_metrics(metrics(point), step=point.step)

    return WatchCallback
