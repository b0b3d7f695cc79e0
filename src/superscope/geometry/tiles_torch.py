"""Tiles in torch: the sums of `tiles_cpu` on any device, and low precision on the CPU."""

from __future__ import annotations

import numpy as np
import torch

from superscope.device import full_float32
from superscope.geometry.tiles import BINS, Tiles, TileSums
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

    def __init__(self, features: int, neighbors: int, pairs: int, dtype: torch.dtype) -> None:
        super().__init__(features, neighbors, pairs)
        self._dtype = dtype

    def load(self, unit: Float32) -> torch.Tensor:
        return _upload(unit, torch.device("cpu"), self._dtype)

    def product(self, rows: torch.Tensor, columns: torch.Tensor) -> Float32:
        tile: Float32 = (rows @ columns.T).float().numpy()
        return tile


class TorchTiles(Tiles):
    """Tiles multiplied and summed on a device."""

    def __init__(
        self, features: int, neighbors: int, pairs: int, device: torch.device, dtype: torch.dtype
    ) -> None:
        self._device = device
        self._dtype = dtype
        # mps has no float64: its partial sums are added up on the host.
        self._sums = np.zeros(2)
        self._counts = np.zeros(BINS, np.int64)
        self._top = torch.full((pairs,), -1.0, device=device)
        self._top_ids = torch.zeros((pairs, 2), dtype=torch.int64, device=device)
        self._near = torch.full((features, neighbors), -2.0, device=device)
        self._near_ids = torch.zeros((features, neighbors), dtype=torch.int32, device=device)

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
        self._add_top(absolutes, row0, column0)
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

    def _add_top(self, absolutes: torch.Tensor, row0: int, column0: int) -> None:
        keep = len(self._top)
        if not keep:
            return
        values, flat = absolutes.reshape(-1).topk(min(keep, absolutes.numel()))
        ids = torch.stack(
            (row0 + flat // absolutes.shape[1], column0 + flat % absolutes.shape[1]), dim=1
        )
        merged = torch.cat((self._top, values))
        self._top, order = merged.topk(keep)
        self._top_ids = torch.cat((self._top_ids, ids))[order]

    def _add_near(self, candidates: torch.Tensor, row0: int, column0: int) -> None:
        keep = self._near.shape[1]
        values, columns = candidates.topk(min(keep, candidates.shape[1]), dim=1)
        band = slice(row0, row0 + candidates.shape[0])
        merged = torch.cat((self._near[band], values), dim=1)
        ids = torch.cat((self._near_ids[band], (column0 + columns).int()), dim=1)
        self._near[band], order = merged.topk(keep, dim=1)
        self._near_ids[band] = ids.gather(1, order)

    def result(self) -> TileSums:
        found = self._top >= 0
        return TileSums(
            absolute=float(self._sums[0]),
            square=float(self._sums[1]),
            counts=self._counts,
            near=self._near.cpu().numpy(),
            near_ids=self._near_ids.cpu().numpy(),
            top=self._top[found].cpu().numpy(),
            top_ids=self._top_ids[found].cpu().numpy(),
        )
