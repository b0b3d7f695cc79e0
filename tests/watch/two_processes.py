"""One of the processes that have a head's rows between them; writes what it finds as JSON."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist

from superscope import Watch
from superscope.watch import TracePoint, live

FOLDER, RANK, SIZE = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])


def trained(sharded: bool) -> tuple[TracePoint, ...]:
    """Train a small model, sharded by FSDP2 or not, and return what is observed meanwhile."""
    from torch.distributed.fsdp import fully_shard

    torch.manual_seed(0)
    model = torch.nn.Sequential()  # which has the head by its name alone
    model.embed = torch.nn.Embedding(101, 16)  # rows that two processes cannot share evenly
    model.lm_head = torch.nn.Linear(16, 101, bias=False)
    if sharded:
        fully_shard(model)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    watch = Watch(model, 2, tokenizer=[f"t{i}" for i in range(101)], rank=0 if sharded else RANK)
    for step in range(5):
        watch.step(step)
        ids = torch.randint(0, 101, (32,), generator=torch.Generator().manual_seed(step))
        torch.nn.functional.cross_entropy(model(ids), ids).backward()
        optimizer.step()
        optimizer.zero_grad()
    return watch.trace.points


def main() -> None:
    dist.init_process_group(
        "gloo", init_method=f"file://{FOLDER / 'meeting'}", rank=RANK, world_size=SIZE
    )
    states = np.load(FOLDER / "states.npy")  # (steps, V, m)
    cut = len(states[0]) // 3  # parts of different lengths
    own = slice(0, cut) if RANK == 0 else slice(cut, None)
    found: dict[str, object] = {}

    sent = []
    made = live.Ranks

    class Counted(made):  # type: ignore[misc, valid-type]
        def __init__(self, group: object, rows: int) -> None:
            super().__init__(group, rows)
            sent.append(self)

    live.Ranks = Counted  # type: ignore[misc]
    head = torch.nn.Linear(states.shape[2], 1, bias=False)
    watch = None
    for step, rows in enumerate(states):
        head.weight.data = torch.from_numpy(rows[own].copy())
        watch = watch or Watch(head, group=dist.group.WORLD, out=FOLDER / "run.parquet")
        watch.observe(step)
    assert watch is not None
    found["points"] = [asdict(point) for point in watch.trace.points]
    found["events"] = [(e.step, e.kind, list(e.rows)) for e in watch.trace.events]
    found["sent"] = sent[-1].sent

    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor

    mesh = init_device_mesh("cpu", (SIZE,))
    for name, placement in (("rows", Shard(0)), ("whole", Replicate()), ("columns", Shard(1))):
        tensor = distribute_tensor(torch.from_numpy(states[0]), mesh, [placement])
        layer = torch.nn.Linear(1, 1, bias=False)
        layer.weight = torch.nn.Parameter(tensor)
        try:
            point = Watch(layer).observe(0)
            found[name] = None if point is None else asdict(point)
        except Exception as error:
            found[name] = str(error)

    broken = torch.from_numpy(states[0][own].copy())
    if RANK == 1:
        broken[0, 0] = torch.nan
    watch = Watch(broken, group=dist.group.WORLD)
    watch.observe(0)
    found["broken"] = [event.kind for event in watch.trace.events]

    moved, changes = torch.nn.Linear(1, 1, bias=False), []
    watch = None
    for at in (cut, cut, cut + 1):  # only the shard of rank 0 grows
        part = states[0][:at] if RANK == 0 else states[0][cut:]
        moved.weight.data = torch.from_numpy(part.copy())
        watch = watch or Watch(moved, group=dist.group.WORLD)
        point = watch.observe(len(changes))
        changes.append(None if point is None else point.drift_update)
    found["moved"] = changes

    copies = init_device_mesh("cpu", (SIZE, 1))  # as of HSDP: each process has a copy
    tensor = distribute_tensor(torch.from_numpy(states[0]), copies, [Replicate(), Shard(0)])
    layer.weight = torch.nn.Parameter(tensor)
    Watch(layer, out=FOLDER / f"copy{RANK}.parquet").observe(0)

    # Of pipeline parallelism, the second process has the head alone.
    alone = torch.nn.Linear(*states[0].shape[::-1], bias=False)
    last = Watch(alone, rank=1, out=FOLDER / f"stage{RANK}.parquet")
    found["stage"] = [last.observe(0) is None, repr(last).partition(": ")[2]]
    alone.get_output_embeddings = lambda: None  # type: ignore[assignment]
    try:
        Watch(alone)
    except Exception as error:
        found["headless"] = str(error)

    found["fully_shard"] = [asdict(point) for point in trained(True)]
    found["unsharded"] = [asdict(point) for point in trained(False)]

    (FOLDER / f"{RANK}.json").write_text(json.dumps(found))
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
