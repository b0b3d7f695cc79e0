"""Write a model with the best of its narrower heads to a folder."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from superscope._version import __version__
from superscope.atomic import write_file
from superscope.errors import UsageError
from superscope.evaluation.factored import name_of, with_factors
from superscope.evaluation.factored_files import write_into
from superscope.frequency.checkpoint import quiet
from superscope.heads.narrow_head import Block, NarrowHead
from superscope.lens.estimate import Estimate
from superscope.repack.card import card
from superscope.repack.closed_form import closed_forms
from superscope.repack.destination import RECORD, Destination
from superscope.repack.full_checkpoint import check_alike, write_full
from superscope.repack.full_head import FullHead
from superscope.repack.head_score import FULL, head_score
from superscope.repack.original import Original, check_dtype
from superscope.repack.product import Product
from superscope.repack.repacker import Repacker
from superscope.repack.repacking import Repacking

_PROBE = 8  # tokens on which what is written is compared with what is in memory


class Writer:
    """Writes one of the narrower heads of a model, with its body.

    Parameters
    ----------
    made
        The model, its texts and its heads.
    found
        What the heads cost.
    original
        What is known of the model.
    destination
        Where to.
    """

    def __init__(
        self, made: Repacker, found: Repacking, original: Original, destination: Destination
    ) -> None:
        import torch

        self.made, self.found, self.original = made, found, original
        self.destination, self.loaded = destination, made.model.loaded
        check_dtype(original, made.model.dtype, made.model.name)
        self.dtype: torch.dtype = getattr(torch, original.dtype)
        o = made.options
        self.rank = o.rank_out(o.ranks, o.ways)
        self.best = found.best(self.rank)
        if o.out_way is not None:
            best = found.score(o.out_way, self.rank)
            assert best is not None
            self.best = best
        heads = dict(made.heads(self.best.way))  # type: ignore[arg-type]  # one of the ways
        self.head = self._rounded(heads[self.rank])
        self.entry = self._rounded(self._entry()) if o.tied == "both" else None

    def write(self) -> Repacking:
        """Write the folder, and return the result with what was written."""
        made, target = self.made, self.destination.folder
        made.progress("writing the model", 0, 1)
        before = self._numbers()
        with self._narrower():
            weights = self._numbers()
        itemsize = self.dtype.itemsize
        matrices = self.head.vocabulary * self.head.width * (1 if self.entry is None else 2)
        self.destination.check_room(itemsize * (weights + matrices), made.model.name)
        loss, excess = self._cost(self.head)
        whole_loss, whole_excess = (
            (None, None) if self.entry is None else self._whole_cost(self.head, self.entry)
        )
        full_loss = None if self._no_place else self._full_loss(whole_loss)
        product = Product(
            folder=str(target), way=self.best.way, rank=self.rank,
            ranks=tuple(block.rank for block in self.head.blocks),
            asked_for=made.options.out_way is not None, among=len(self.found.ways),
            dtype=self.original.dtype, quantized=self.original.quantized,
            tied=made.options.tied if made.tied else "untied",
            loss=loss, excess=excess, whole_loss=whole_loss, whole_excess=whole_excess,
            full_loss=full_loss, full_missing=self._no_place,
            license=self.original.license.get("license"), base=self.original.base,
            weights=weights, weights_before=before, nbytes=0, nbytes_before=itemsize * before,
            stored_before=self.original.stored_bytes, full_bytes=0,
        )  # fmt: skip
        with self.destination.being_written() as beside:
            found = self._into(beside, product)
        made.progress("writing the model", 1, 1)
        return found

    def _into(self, folder: Path, product: Product) -> Repacking:
        import torch

        probe = min(_PROBE, self.made.model.inputs, self.head.vocabulary)
        tokens = torch.arange(probe, device=self.made.model.head.device)[None]
        with self._narrower(), torch.inference_mode():
            write_into(self.loaded, folder, self.dtype)
            expected = self.loaded(tokens).logits.float()
        self.made.tokenizer.save(folder)
        for name, content in self.original.files.items():
            write_file(folder / name, content)
        nbytes = sum(p.stat().st_size for p in folder.glob("*.safetensors"))
        product = replace(product, nbytes=nbytes)
        if product.full_missing is None:
            product = self._with_full(folder, product, tokens.cpu(), expected.cpu())
        found = replace(self.found, product=product)
        text = card(found, product, self.original, __version__)
        write_file(folder / "README.md", text)
        if product.full_missing is None:
            write_file(folder / "full" / "README.md", text)
        write_file(folder / RECORD, self.destination.record(found))
        return found

    def _with_full(self, small: Path, product: Product, tokens: Any, expected: Any) -> Product:
        """Write the checkpoint of full size too; if this model cannot have one, say why."""
        full = small / "full"
        full.mkdir()
        try:
            nbytes = write_full(small, full, self._matrices())
            wrong = self._read_back(full, tokens, expected)
        except UsageError:  # the disk is full, for example, and may not be the next time
            raise
        except Exception as error:  # of transformers; hours of work are not lost for it
            wrong = " ".join(str(error).split())[:300] or type(error).__name__
        if wrong is None:
            return replace(product, full_bytes=nbytes)
        shutil.rmtree(full)
        missing = f"transformers does not read it as this model ({wrong})"
        return replace(product, full_loss=None, full_missing=missing)

    def _read_back(self, full: Path, tokens: Any, expected: Any) -> str | None:
        """Return what is wrong with a checkpoint of full size; None if nothing is.

        It is read in the number format of its files, and so mapped to memory, not copied.
        """
        import transformers

        with quiet(transformers):
            loaded, told = transformers.AutoModelForCausalLM.from_pretrained(
                full, output_loading_info=True, dtype=self.dtype
            )
        return check_alike(loaded.eval(), told, tokens, expected)

    def _narrower(self) -> AbstractContextManager[None]:
        """Let the model have the factors while a block runs."""
        return with_factors(self.loaded, self.head, self.entry)

    def _numbers(self) -> int:
        """Return how many numbers the model has, each tied one once."""
        return sum(p.numel() for p in self.loaded.parameters())

    @property
    def _no_place(self) -> str | None:
        """Why the model's own head could not hold this one; None if it could."""
        own = getattr(self.loaded.get_output_embeddings(), "bias", None)
        if self.head.bias is None or own is not None:
            return None
        return "the model has no place for the bias of this head"

    def _matrices(self) -> dict[str, Any]:
        """Return what the factors stand for, by the names of the model."""
        import torch

        def tensor(array: Any) -> Any:
            return torch.from_numpy(array).to(self.dtype)

        name = name_of(self.loaded, self.loaded.get_output_embeddings())
        found = {f"{name}.weight": tensor(self.head.matrix())}
        if self.head.bias is not None:
            found[f"{name}.bias"] = tensor(self.head.bias)
        if self.entry is not None:
            name = name_of(self.loaded, self.loaded.get_input_embeddings())
            found[f"{name}.weight"] = tensor(self.entry.matrix())
        return found

    def _rounded(self, head: NarrowHead) -> NarrowHead:
        """Return a head in the number format that it is written in."""
        import torch

        def one(array: Any) -> Any:
            tensor = torch.from_numpy(np.ascontiguousarray(array, np.float32))
            return tensor.to(self.dtype).float().numpy()

        blocks = tuple(Block(one(b.rows), one(b.columns), b.ids) for b in head.blocks)
        return NarrowHead(blocks, *(None if a is None else one(a) for a in (head.bias, head.shift)))

    def _entry(self) -> NarrowHead:
        """Return the input embedding of the rank, its rows weighted by how often they are read."""
        import torch

        weight: torch.Tensor = self.loaded.get_input_embeddings().weight
        rows = weight.detach().float().cpu().numpy()
        read = self.made.inputs_read(len(rows)) + self.made.options.prior
        read /= read.sum()
        whole = FullHead(rows, None, True)
        ((_, found),) = closed_forms(whole, (self.rank,), read, None, read)
        return found

    def _cost(self, head: NarrowHead) -> tuple[Estimate, Estimate]:
        """Return loss and excess of a head as it is written."""
        if self.original.dtype == "float32":
            return self.best.loss, self.best.excess
        on = self.made.score({FULL: self.made.whole, "written": head}, self.made.scored)
        scored = head_score(
            self.best.way, self.rank, head, self.best.overlap, on["written"], on[FULL],
            self.made.scored,
        )  # fmt: skip
        return scored.loss, scored.excess

    def _full_loss(self, whole: Estimate | None) -> Estimate:
        """Return the loss of the checkpoint of full size, in its number format."""
        if self.original.dtype == "float32":
            return self.best.loss if whole is None else whole
        head = self._flat(self.head)
        if self.entry is None:
            return self._cost(head)[0]
        return self._whole_cost(head, self._flat(self.entry))[0]

    def _flat(self, head: NarrowHead) -> NarrowHead:
        """Return the matrix that a head stands for, as it is written in ``full``."""
        matrix = head.matrix()
        block = Block(matrix, np.eye(matrix.shape[1], dtype=np.float32))
        return self._rounded(NarrowHead((block,), head.bias))

    def _whole_cost(self, head: NarrowHead, entry: NarrowHead) -> tuple[Estimate, Estimate]:
        """Return loss and excess of the model with both, read over the text."""
        made = self.made
        with with_factors(self.loaded, head, entry):
            states = made.read_again(entry.fingerprint_with_shift)
        on = made.score({"both": head}, states)["both"]
        full = made.score({FULL: made.whole}, made.scored)[FULL]
        scored = head_score(self.best.way, self.rank, head, self.best.overlap, on, full, states)
        return scored.loss, scored.excess
