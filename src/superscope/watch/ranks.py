"""A head whose rows are spread over the processes of a training."""

from __future__ import annotations

import sys
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from superscope.errors import HeadDataError
from superscope.geometry.shards import Shards

Numbers = TypeVar("Numbers", bound=np.generic)


class Ranks(Shards):
    """The rows of this process, and those of the others of a group, in the order of ranks.

    The Gram matrix and sums over rows travel, and a few numbers for each row, such as its norm:
    O(m² + V) bytes in place of O(V m).

    Parameters
    ----------
    group
        The process group of torch.
    rows
        Number of rows that this process has.

    Attributes
    ----------
    rank
        Number of this process in the group.
    sent
        Bytes that this process handed to the others.
    """

    def __init__(self, group: Any, rows: int) -> None:
        import torch
        import torch.distributed as dist

        self._group, self.sent = group, 0
        self.rank, self._size = dist.get_rank(group), dist.get_world_size(group)
        gpu = dist.get_backend(group) == "nccl"
        self._device = torch.device("cuda", torch.cuda.current_device()) if gpu else "cpu"
        self.first = int(self._gathered(np.array([rows]))[: self.rank].sum())

    def sum(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the sum of arrays of one shape over the processes."""
        import torch
        import torch.distributed as dist

        tensor = torch.from_numpy(values.copy()).to(self._device)
        dist.all_reduce(tensor, group=self._group)
        self.sent += values.nbytes
        summed: npt.NDArray[np.float64] = tensor.cpu().numpy()
        return summed

    def join(self, values: npt.NDArray[Numbers]) -> npt.NDArray[Numbers]:
        """Return one array of one axis after the other, in the order of the processes."""
        counts = self._gathered(np.array([len(values)]))[:, 0]
        padded = np.zeros(int(counts.max()), values.dtype)
        padded[: len(values)] = values
        parts = self._gathered(padded)
        return np.concatenate([p[:n] for p, n in zip(parts, counts.tolist(), strict=True)])

    def _gathered(self, values: npt.NDArray[Numbers]) -> npt.NDArray[Numbers]:
        """Return the arrays of all processes, stacked."""
        import torch
        import torch.distributed as dist

        own = torch.from_numpy(values).to(self._device)
        every = [torch.empty_like(own) for _ in range(self._size)]
        dist.all_gather(every, own, group=self._group)
        self.sent += values.nbytes
        stacked: npt.NDArray[Numbers] = torch.stack(every).cpu().numpy()
        return stacked


def is_spread(weight: Any) -> bool:
    """Return whether a weight is a ``DTensor``."""
    tensors = sys.modules.get("torch.distributed.tensor")
    return tensors is not None and isinstance(weight, tensors.DTensor)


def local_part(weight: Any) -> tuple[Any, Any] | None:
    """Return the rows of a ``DTensor`` that this process has, and the group that has all.

    None for a weight that is whole.

    Raises
    ------
    HeadDataError
        It is not split by whole rows, over one dimension of the processes.
    """
    if not is_spread(weight):
        return None
    split = [at for at, how in enumerate(weight.placements) if not how.is_replicate()]
    if not split:
        return weight.to_local(), None
    if len(split) > 1 or not weight.placements[split[0]].is_shard(0):
        raise HeadDataError(
            f"the head is placed {weight.placements}; only whole rows, split over one dimension "
            "of the mesh, can be watched"
        )
    return weight.to_local(), weight.device_mesh.get_group(split[0])


def processes() -> tuple[int, int]:
    """Return the rank of this process, and how many processes train; 0 and 1 for one alone."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()
