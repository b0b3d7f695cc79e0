"""A sweep of the lab as TOML: lists over fields of a config, and the text."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from superscope.arguments import checked, refuse_unknown
from superscope.errors import UsageError
from superscope.frequency import Text, hub_text, text_files
from superscope.frequency.tokenizer import Tokenizer, load_tokenizer
from superscope.lab.config import FIELDS, LISTS, LabConfig
from superscope.lab.corpus import Corpus
from superscope.lab.corpus_making import make_corpus
from superscope.lab.rates import RATES, Rates, read_rates
from superscope.options import check_least
from superscope.progress import ProgressChoice
from superscope.runs import combinations, read_sweep_file
from superscope.text import counted


@checked
@dataclass(frozen=True)
class LabText:
    """What a sweep reads: the table ``[text]`` of its file.

    Attributes
    ----------
    files, dataset
        Files, folders or URIs to train on; or a data set of the hub.
    held_out, held_out_dataset_split
        Files, folders or URIs of other documents; or another split of the data set. By default one
        of 20 documents is held out.
    split
        How a plain file is divided into documents: ``file``, ``line``, ``paragraph``, or a
        separator such as ``<|endoftext|>``.
    field
        Where the text is in a record of JSON or Parquet; ``text`` by default.
    dataset_config, dataset_split
        Configuration and split of the data set, if it has several.
    tokenizer
        Model whose tokenizer is taken; by default one is made of the training documents.
    held_out_tokens
        No more tokens are held out.
    name
        What tables call it.
    """

    files: tuple[str, ...] = ()
    dataset: str | None = None
    held_out: tuple[str, ...] = ()
    held_out_dataset_split: str | None = None
    split: str = "file"
    field: str | None = None
    dataset_config: str | None = None
    dataset_split: str | None = None
    tokenizer: str | None = None
    held_out_tokens: int | None = 200_000
    name: str | None = None

    def __post_init__(self) -> None:
        for name in ("files", "held_out"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, str) else tuple(value))
        check_least(self, {"held_out_tokens": 2})
        if bool(self.files) == (self.dataset is not None):
            raise UsageError("a text needs either files or dataset")
        if self.held_out_dataset_split is not None and self.dataset is None:
            raise UsageError("held_out_dataset_split needs dataset")

    def texts(self, beside: Path) -> tuple[Text, Text | None]:
        """Return the text to train on, and the held-out one if it is another.

        Parameters
        ----------
        beside
            Folder that relative paths are relative to.

        Returns
        -------
        tuple
            The second is None where a part of the first is held out.
        """
        held_out = self._files(self.held_out, beside) if self.held_out else None
        if self.dataset is None:
            return self._files(self.files, beside), held_out
        if self.held_out_dataset_split is not None:
            held_out = self._of_hub(self.held_out_dataset_split)
        return self._of_hub(self.dataset_split), held_out

    def given_tokenizer(self, beside: Path) -> Tokenizer | None:
        """Return the tokenizer that is named, of a folder or of the hub; None if none is."""
        if self.tokenizer is None:
            return None
        local = beside / self.tokenizer
        return load_tokenizer(local if local.exists() else self.tokenizer)

    def _files(self, names: tuple[str, ...], beside: Path) -> Text:
        found = [name if "://" in name else str(beside / name) for name in names]
        return text_files(found, split=self.split, field=self.field or "text", name=self.name)

    def _of_hub(self, split: str | None) -> Text:
        assert self.dataset is not None
        return hub_text(self.dataset, config=self.dataset_config, split=split, field=self.field)


@dataclass(frozen=True, repr=False)
class LabSweep:
    """The configs of a sweep, and its text.

    Attributes
    ----------
    configs
        One for each combination of the choices, each once; those of the first seed first.
    text
        What they read.
    folder
        What paths are relative to.
    rates
        The rates that were chosen from a search, by variant; empty without one.
    tokenizer
        The one that the text names; None if one is made of it.
    """

    configs: tuple[LabConfig, ...]
    text: LabText
    folder: Path
    rates: Mapping[str, Rates]
    tokenizer: Tokenizer | None = None

    def corpora(
        self, folder: Path, *, progress: ProgressChoice = "auto"
    ) -> dict[LabConfig, Corpus]:
        """Return the text of each config as ids; it is made once for each vocabulary and context.

        Parameters
        ----------
        folder
            Holds the corpora.
        progress
            As of :func:`make_corpus`.

        Returns
        -------
        dict
            The corpus of each config.
        """
        train, held_out = self.text.texts(self.folder)
        found: dict[tuple[int, int], Corpus] = {}
        for config in self.configs:
            key = config.vocabulary, config.context
            if key not in found:
                found[key] = make_corpus(
                    train, folder, vocabulary=config.vocabulary, context=config.context,
                    held_out=held_out, tokenizer=self.tokenizer,
                    held_out_tokens=self.text.held_out_tokens, progress=progress,
                )  # fmt: skip
        return {c: found[c.vocabulary, c.context] for c in self.configs}

    def __repr__(self) -> str:
        return f"LabSweep({counted(len(self.configs), 'run')} in {self.folder})"


@checked
def product(fields: Mapping[str, Any]) -> list[LabConfig]:
    """Return one config for each combination of values.

    Parameters
    ----------
    fields
        Values of ``LabConfig`` by name; a list is a list of choices. Of ``check_at``, which is a
        list itself, a list of lists is.

    Returns
    -------
    list of LabConfig
        One for each combination, the last name varying fastest.

    Raises
    ------
    UsageError
        A name that is not a field, an empty list, or values that no config takes.
    """
    refuse_unknown("the lab", "field", fields, FIELDS)
    return [LabConfig.from_mapping(values) for values in combinations(fields, LISTS)]


@checked
def read_sweep(path: str | Path) -> LabSweep:
    """Read a sweep from TOML: values of ``LabConfig``, where a list is a list of choices.

    The table ``[text]`` names the text; its paths are relative to the folder of the file. Each of
    the tables ``[[runs]]`` is a product of its own, with the values above it where it has no other.
    ``rates`` names the table of a search: each variant gets the best learning rates of it.

    Parameters
    ----------
    path
        A .toml file.

    Returns
    -------
    LabSweep
        Configs and text.

    Raises
    ------
    NotFoundError, FormatError
        The file does not exist, or is not TOML.
    UsageError
        A field or a value is none of the lab's; the message names the file.
    """
    path = Path(path)
    return read_sweep_file(path, lambda values: _sweep(values, path.parent))


def _sweep(values: dict[str, Any], folder: Path) -> LabSweep:
    table, parts = values.pop("text", None), values.pop("runs", [{}])
    search = values.pop("rates", None)
    refuse_unknown("the lab", "field", values, (*FIELDS, "rates", "text", "runs"))
    text = _text(table)
    tokenizer = text.given_tokenizer(folder)
    if "vocabulary" not in values and tokenizer is not None:
        values = {**values, "vocabulary": tokenizer.size}
    if not (isinstance(parts, list) and parts and all(isinstance(part, dict) for part in parts)):
        raise UsageError("runs must be tables: [[runs]], then fields and values below it")
    for name in (name for part in parts for name in part if name in {"rates", "text", "runs"}):
        raise UsageError(f"[[runs]] has a field {name}, which all runs share; write it above them")
    combined = [{**values, **part} for part in parts]
    configs = {config: None for each in combined for config in product(each)}
    rates: dict[str, Rates] = {}
    if search is not None:
        _refuse_rates(search, combined)
        rates = read_rates(folder / search, [config.variant for config in configs])
        configs = {_at(rates[config.variant], config): None for config in configs}
    # What is compared by seed is then there as early as can be.
    by_seed = sorted(configs, key=lambda config: config.seed)
    return LabSweep(tuple(by_seed), text, folder, rates, tokenizer)


def _text(table: Any) -> LabText:
    """Return what the table of the text says."""
    if table is None:
        raise UsageError('there is no table [text]; name the text there: files = ["train.jsonl"]')
    if not isinstance(table, dict):
        raise UsageError('text must be one table: [text], then files = ["train.jsonl"] below it')
    refuse_unknown("[text]", "field", table, [f.name for f in dataclasses.fields(LabText)])
    try:
        return LabText(**table)
    except UsageError as error:
        raise UsageError(f"[text]: {error}") from None


def _refuse_rates(search: Any, combined: Sequence[Mapping[str, Any]]) -> None:
    """Refuse rates that are no file, or that are given beside it."""
    if not isinstance(search, str):
        raise UsageError(f"rates must be a table that lab table wrote, not {search!r}")
    for values in combined:
        if given := [name for name in RATES if name in values]:
            raise UsageError(f"rates and {given[0]} cannot both be given")


def _at(rates: Rates, config: LabConfig) -> LabConfig:
    return dataclasses.replace(
        config,
        learning_rate=rates.learning_rate,
        head_learning_rate=rates.head_learning_rate,
    )
