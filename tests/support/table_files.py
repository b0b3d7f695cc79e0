"""Tables as files, written by pandas alone."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd


def table_file(folder: Path, table: pd.DataFrame, suffix: str) -> Path:
    """Write a table as a .csv, .parquet or .jsonl file without superscope."""
    path = folder / f"table.{suffix}"
    if suffix.lower() == "csv":
        table.to_csv(path, index=False)
    elif suffix.lower() == "parquet":
        table.to_parquet(path)
    else:
        path.write_text("".join(json.dumps(r) + "\n" for r in table.to_dict("records")))
    return path
