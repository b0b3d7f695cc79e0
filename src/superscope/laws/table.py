"""Any table of losses: a data frame, a file, or a published table by its name.

Published tables are fetched once and kept, or shipped:

- ``published-llms`` (shipped): loss of 27 language models of four families on four data sets, in
  nats per token, read off figure 8b of LLG25 (arXiv 2505.10465) by its tick marks; `loss_se` is
  the uncertainty of that reading. Qwen2.5-72B on wikitext lies below its family's floor.
- ``chinchilla-shapes``: 245 runs of H22 with width and depth, as github.com/liuyz0/DepthScaling
  keeps them.
- ``gemstones``: 22 runs at 35 checkpoints each, widths 256 to 3072 and depths 3 to 80, from
  github.com/mcleish7/gemstone-scaling-laws (MIT).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import pandas as pd

from superscope.arguments import checked
from superscope.errors import FormatError, NotFoundError, RemoteError, did_you_mean
from superscope.tables import READ, parse_table, read_bytes, read_table


@dataclass(frozen=True)
class PublicTable:
    """Where a table is published and what its columns are called there.

    Attributes
    ----------
    url
        Its file at a pinned commit; None: shipped with superscope.
    sha256
        Of that file.
    files
        Names it may have in a folder of the user's.
    columns
        Names here by names there.
    fixed
        Columns with one value.
    """

    url: str | None
    sha256: str
    files: tuple[str, ...]
    columns: dict[str, str]
    fixed: dict[str, str]


TIMEOUT = 30.0  # seconds that a server may be silent
MOST_BYTES = 200_000_000  # limit for a table; the largest that is published has a tenth of it
_RAW = "https://raw.githubusercontent.com"
PUBLIC = {
    "published-llms": PublicTable(None, "", (), {}, {}),
    "chinchilla-shapes": PublicTable(
        f"{_RAW}/liuyz0/DepthScaling/07360e3decddf64d0e6b6322f5f82b79d0dd4596/Scaling/"
        "get_fitting_data_chinchilla.csv",
        "cb474e8f5fc87be4132190a0c782d1521c4f06b9c041395b3a78ff2ffc34f83e",
        ("get_fitting_data_chinchilla.csv", "chinchilla_shapes.csv"),
        {"model_size": "parameters", "num_tokens": "tokens", "d_model": "width",
         "n_layers": "depth", "loss": "loss", "FLOP": "flop"},
        {"source": "published", "family": "chinchilla"},
    ),
    "gemstones": PublicTable(
        f"{_RAW}/mcleish7/gemstone-scaling-laws/5f420478f6057b0cbb4d13405fb10ca64675bccb/wandb_dfs/"
        "wandb_df_for_fitting_hot_100b%2B.jsonl",
        "1da97ce3d1394e0223826c8f5ca081cb0fb289ec65d2707fb5430721e92e9659",
        ("wandb_df_for_fitting_hot_100b+.jsonl", "gemstones_100b.jsonl"),
        {"run_name": "run", "params_active_precise": "parameters", "width": "width",
         "depth": "depth", "tokens": "tokens", "final_loss": "loss", "step": "step"},
        {"source": "published", "family": "gemstones"},
    ),
}  # fmt: skip


@checked
def load_table(
    table: pd.DataFrame | Path | str,
    data_dir: Path | None = None,
    *,
    separator: str | None = None,
    decimal: str | None = None,
) -> pd.DataFrame:
    """Return a table as a data frame.

    Parameters
    ----------
    table
        A data frame, a .csv, .tsv, .parquet, .jsonl or .json file, or a public table's name.
    data_dir
        Folder that holds public tables, where they are not to be fetched.
    separator, decimal
        As in :class:`FitOptions`.

    Returns
    -------
    DataFrame
        The table as it is; its columns are not renamed.

    Raises
    ------
    NotFoundError, FormatError, UsageError
        No such file or name, a file that is not a table, or an unsupported suffix.

    Examples
    --------
    >>> from superscope.laws import load_table
    >>> table = load_table("published-llms")
    >>> len(table), sorted(table["family"].unique())
    (108, ['Qwen', 'gpt2', 'opt', 'pythia'])
    """
    if isinstance(table, pd.DataFrame):
        return table
    if str(table) in PUBLIC:
        return load_public(str(table), data_dir)
    path = Path(table)
    if path.suffix.lower() not in READ and not path.exists():
        raise NotFoundError(
            f"no table is called {str(table)!r}; {did_you_mean(str(table), PUBLIC)}"
            f"give a file ({', '.join(READ)}) or one of {', '.join(PUBLIC)}"
        )
    return read_table(path, separator=separator, decimal=decimal)


@checked
def load_public(name: str, data_dir: Path | None = None) -> pd.DataFrame:
    """Return a published table with this project's column names.

    Parameters
    ----------
    name
        ``published-llms``, ``chinchilla-shapes`` or ``gemstones``.
    data_dir
        Folder that holds the files, for machines without a network. Otherwise a table is fetched
        once and kept in the user's cache.

    Returns
    -------
    DataFrame
        A row a model or a checkpoint.

    Raises
    ------
    NotFoundError
        The folder holds no such file, or no table has this name.
    RemoteError
        It cannot be fetched.
    FormatError
        The file is not the published one.
    """
    if name not in PUBLIC:
        raise NotFoundError(f"no public table is called {name!r}; there are {', '.join(PUBLIC)}")
    table = PUBLIC[name]
    if table.url is None:
        data = resources.files("superscope.laws").joinpath("data/published_llms.csv").read_bytes()
        return parse_table(data, ".csv", name)
    path = _in_folder(name, table, data_dir) if data_dir is not None else _fetched(name, table)
    data = read_bytes(path)
    found = hashlib.sha256(data).hexdigest()
    if found != table.sha256:
        raise FormatError(
            f"{path} is not the published table {name}: its SHA-256 is {found}, not {table.sha256}"
        )
    frame = parse_table(data, path.suffix, str(path))
    return frame.rename(columns=table.columns)[list(table.columns.values())].assign(**table.fixed)


def _in_folder(name: str, table: PublicTable, folder: Path) -> Path:
    for file in table.files:
        if (folder / file).is_file():
            return folder / file
    raise NotFoundError(
        f"{folder} holds no {' or '.join(table.files)}; fetch {table.url} into it for {name}"
    )


def _fetched(name: str, table: PublicTable) -> Path:
    import pooch

    pooch.get_logger().setLevel("ERROR")
    assert table.url is not None
    try:
        return Path(
            pooch.retrieve(
                table.url,
                f"sha256:{table.sha256}",
                table.files[0],
                pooch.os_cache("superscope"),
                downloader=_download,
            )
        )
    except ValueError as error:  # pooch raises this where the checksum differs
        raise FormatError(f"{table.url} is not the published table {name}: {error}") from error
    except OSError as error:  # errors of requests are OSErrors too
        raise RemoteError(
            f"cannot fetch {name} from {table.url} ({type(error).__name__}); "
            "fetch it elsewhere and name its folder: data_dir='FOLDER'"
        ) from error


def _download(url: str, file: str, _: object) -> None:
    """Download a file for pooch, whose own downloader has no limit of length.

    Raises
    ------
    RemoteError
        The server sends more than it announced, or more than :data:`MOST_BYTES`.
    """
    import requests

    # "identity", so that the announced length is that of the bytes that arrive.
    headers = {"Accept-Encoding": "identity"}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        answer.raise_for_status()
        announced = answer.headers.get("Content-Length", "")
        plain = announced.isdecimal() and "Content-Encoding" not in answer.headers
        limit = min(int(announced), MOST_BYTES) if plain else MOST_BYTES
        length = 0
        with Path(file).open("wb") as content:
            for piece in answer.iter_content(1 << 16):
                length += len(piece)
                if length > limit:
                    raise RemoteError(
                        f"{url}: the server sends more than {limit:,} bytes, so the download was "
                        "stopped; fetch the table elsewhere and name its folder: data_dir='FOLDER'"
                    )
                content.write(piece)
        if plain and length < int(announced):
            raise RemoteError(
                f"{url}: only {length:,} of {int(announced):,} bytes arrived; try again"
            )


def cached_tables() -> tuple[Path, ...]:
    """Return the files of the published tables that were fetched.

    Returns
    -------
    tuple of Path
        In the folder where pooch keeps them.
    """
    import pooch

    folder = Path(pooch.os_cache("superscope"))
    return tuple(sorted(p for p in folder.glob("*") if p.is_file())) if folder.is_dir() else ()
