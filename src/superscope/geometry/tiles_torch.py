"""Tiles in torch: the sums of `tiles_cpu` on any device, and low precision on the CPU."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from superscope.device import full_float32
from superscope.geometry.tiles import BINS, Keep, Tiles, TileSums
from superscope.geometry.tiles_cpu import CpuTiles
from superscope.geometry.unit_rows import Float32

DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def _upload(unit: Float32, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    return torch.from_numpy(unit).to(device=device, dtype=dtype)


class LowCpuTiles(CpuTiles):
    """Tiles on the CPU, multiplied in a lower precision and summed like those in float32."""

    def __init__(self, keep: Keep, dtype: torch.dtype) -> None:
        super().__init__(keep)
        self._dtype = dtype

    def load(self, unit: Float32) -> torch.Tensor:
        return _upload(unit, torch.device("cpu"), self._dtype)

    def product(self, rows: torch.Tensor, columns: torch.Tensor) -> Float32:
        tile: Float32 = (rows @ columns.T).float().numpy()
        return tile


class TorchTiles(Tiles):
    """Tiles multiplied and summed on a device."""

    def __init__(self, keep: Keep, device: torch.device, dtype: torch.dtype) -> None:
        self._device = device
        self._dtype = dtype
        # mps has no float64: its partial sums are added up on the host.
        self._sums = np.zeros(2)
        self._counts = np.zeros(BINS, np.int64)
        self._among = _TopPairs(keep.top, device)
        self._every = _TopPairs(keep.peaks, device)
        self._unlisted = torch.from_numpy(~keep.listed).to(device)
        self._all_listed = bool(keep.listed.all())
        shape = (keep.features, keep.neighbors)
        self._near = torch.full(shape, -2.0, device=device)
        self._near_ids = torch.zeros(shape, dtype=torch.int32, device=device)

    def load(self, unit: Float32) -> torch.Tensor:
        return _upload(unit, self._device, self._dtype)

    def product(self, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        with full_float32():
            return (rows @ columns.T).float()

    def add(self, tile: torch.Tensor, row0: int, column0: int) -> None:
        rows = torch.arange(row0, row0 + tile.shape[0], device=self._device)
        columns = torch.arange(column0, column0 + tile.shape[1], device=self._device)
        if row0 + tile.shape[0] > column0:  # on the diagonal, count every pair only once
            after = columns[None, :] > rows[:, None]
            overlaps = tile[after]
            candidates = tile.masked_fill(~after, -2.0)
            absolutes = tile.abs().masked_fill_(~after, -1.0)
        else:
            overlaps, candidates, absolutes = tile, tile, tile.abs()
        self._add_sums(overlaps)
        self._every.add(absolutes, row0, column0)
        if not self._all_listed:
            absolutes = absolutes.masked_fill(self._unlisted[rows][:, None], -1.0)
            absolutes.masked_fill_(self._unlisted[columns][None, :], -1.0)
        self._among.add(absolutes, row0, column0)
        if self._near.shape[1]:
            self._add_near(candidates, row0, column0)
            self._add_near(candidates.T, column0, row0)

    def _add_sums(self, overlaps: torch.Tensor) -> None:
        if not overlaps.numel():
            return
        # Sum each row in float32, and add the rows' sums on the host in float64.
        flat = overlaps if overlaps.ndim == 2 else overlaps[None, :]
        width = 4096
        parts = [flat[:, at : at + width].abs().sum(dim=1) for at in range(0, flat.shape[1], width)]
        squares = [
            flat[:, at : at + width].square().sum(dim=1) for at in range(0, flat.shape[1], width)
        ]
        self._sums[0] += torch.cat(parts).cpu().numpy().sum(dtype=np.float64)
        self._sums[1] += torch.cat(squares).cpu().numpy().sum(dtype=np.float64)
        bins = ((overlaps.reshape(-1) + 1) * (BINS / 2)).int().clamp_(0, BINS - 1)
        self._counts += torch.bincount(bins, minlength=BINS).cpu().numpy()

    def _add_near(self, candidates: torch.Tensor, row0: int, column0: int) -> None:
        keep = self._near.shape[1]
        values, columns = candidates.topk(min(keep, candidates.shape[1]), dim=1)
        band = slice(row0, row0 + candidates.shape[0])
        merged = torch.cat((self._near[band], values), dim=1)
        ids = torch.cat((self._near_ids[band], (column0 + columns).int()), dim=1)
        self._near[band], order = merged.topk(keep, dim=1)
        self._near_ids[band] = ids.gather(1, order)

    def result(self) -> TileSums:
        (top, top_ids), (peak, peak_ids) = self._among.found(), self._every.found()
        return TileSums(
            absolute=float(self._sums[0]),
            square=float(self._sums[1]),
            counts=self._counts,
            near=self._near.cpu().numpy(),
            near_ids=self._near_ids.cpu().numpy(),
            top=top,
            top_ids=top_ids,
            peak=peak,
            peak_ids=peak_ids,
        )


class _TopPairs:
    """The pairs of the tiles added with the largest overlaps, largest first."""

    def __init__(self, keep: int, device: torch.device) -> None:
        self._overlaps = torch.full((keep,), -1.0, device=device)
        self._ids = torch.zeros((keep, 2), dtype=torch.int64, device=device)

    def add(self, absolutes: torch.Tensor, row0: int, column0: int) -> None:
        """Add the pairs of a tile; negative numbers are none."""
        keep = len(self._overlaps)
        # To find the largest takes longer than to see that none is large enough.
        if not absolutes.numel() or float(absolutes.max()) < float(self._overlaps[-1]):
            return
        values, flat = absolutes.reshape(-1).topk(min(keep, absolutes.numel()))
        ids = torch.stack(
            (row0 + flat // absolutes.shape[1], column0 + flat % absolutes.shape[1]), dim=1
        )
        self._overlaps, order = torch.cat((self._overlaps, values)).topk(keep)
        self._ids = torch.cat((self._ids, ids))[order]

    def found(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Return the overlaps and the positions of the pairs."""
        found = self._overlaps >= 0
        return self._overlaps[found].cpu().numpy(), self._ids[found].cpu().numpy()
