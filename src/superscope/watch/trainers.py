"""Let a watch observe during the training of a trainer, of any package that is known."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from superscope.errors import UsageError

if TYPE_CHECKING:
    from superscope.watch._watch import Watch

MODULES = {
    "transformers": "superscope.watch.of_transformers",
    "lightning": "superscope.watch.of_lightning",
    "pytorch_lightning": "superscope.watch.of_lightning",
}
"""The modules that know the trainers of some packages."""


def attach(watch: Watch, trainer: Any) -> None:
    """Add the callback of the trainer's package to it.

    Raises
    ------
    UsageError
        It is no trainer.
    """
    for kind in type(trainer).__mro__:
        package = kind.__module__.partition(".")[0]
        if package in MODULES:
            import_module(MODULES[package]).attach(watch, trainer)
            return
    raise UsageError(
        f"attach takes a Trainer of transformers or of Lightning, not {type(trainer).__name__}"
        "; in a loop of your own, call watch.step(step)"
    )
