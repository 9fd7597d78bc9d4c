"""Settings of `gaq train`: from a configuration, or from the data and the options."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gaq.data.dataset import Dataset
    from gaq.train.checkpoint import Checkpoint
    from gaq.train.config import TrainConfig

NEW_CONFIG = Path("train.toml")
FEW_STEPS = 500


@dataclass(frozen=True)
class DataSource:
    """The data source on the command line: a configuration, a data file, or both."""

    config: Path | None
    data: str  # as given; empty if the configuration names it


def source_of(given: str, data: str) -> DataSource:
    """Distinguish a configuration, or the name of a built-in one, from a data file.

    Raises `UsageError` for two data files, or none.
    """
    from gaq.errors import UsageError
    from gaq.train.config import find_config, shipped_configs

    if given and (_is_config(Path(given)) or (given in shipped_configs() and not Path(given).exists())):
        return DataSource(find_config(given), data)
    if given and data:
        raise UsageError(f"{given} and --data {data} are both data files; a configuration ends in .toml. Give one.")
    if not given and not data:
        raise UsageError(
            "gaq train needs labelled frames (gaq train methanol.npz), or a configuration; --init writes one."
        )
    return DataSource(None, given or data)


def overrides_of(options: Mapping[str, int | float | str | None], texts: Sequence[str]) -> list[str]:
    """Return the given options as `key=value` texts, after those of --set."""
    return [*texts, *(f"{key}={value}" for key, value in options.items() if value is not None)]


def settings_of(
    source: DataSource, overrides: Sequence[str], parent: Checkpoint | None = None
) -> tuple[TrainConfig, Dataset]:
    """Return the settings and their data; print on stderr what is chosen from the data.

    The network is that of the `parent`, if there is one and nothing else is asked for.
    """
    from gaq.config import checked, load
    from gaq.data.read import read_dataset, with_more
    from gaq.errors import UsageError
    from gaq.train.config import TrainConfig
    from gaq.train.suggested import suggested_config

    named = [f"data.file={json.dumps(source.data)}"] if source.data else []
    if source.config is not None:
        settings = load(source.config, TrainConfig, [*overrides, *named])
        if not settings.data.file:
            raise UsageError(
                f"{source.config} names no data file. Give one with --data, or write file = ... under [data]."
            )
        return settings, with_more(read_dataset(settings.data.file, labels=settings.data.labels), settings.data.more)
    asked = checked({}, TrainConfig, [*overrides, *named])
    dataset = with_more(read_dataset(source.data, labels=asked.data.labels), asked.data.more)
    settings = suggested_config(dataset, asked)
    if parent is not None and not asked.model.model_fields_set - {"architecture"}:
        settings = settings.model_copy(update={"model": parent.model.config})
    for line in account_of(settings, dataset):
        typer.echo(line, err=True)
    return settings, dataset


def account_of(settings: TrainConfig, dataset: Dataset) -> list[str]:
    """Return lines that list the choices and the error to expect."""
    from gaq.train.suggested import expected_share, force_rms, steps_per_epoch

    size, forces, share = settings.model, force_rms(dataset), expected_share(settings, dataset.more)
    more = f" and {dataset.more} more" if dataset.more else ""
    sizes = f"{settings.data.train}{more} to train and {settings.data.validation} to validate on"
    length = (
        f"{settings.epochs} epochs of {steps_per_epoch(settings, dataset.more)} steps, {settings.batch} frames each"
    )
    error = f"about {1000 * share * forces:.2g} meV/Å ({100 * share:.2g} % of the forces) for one small molecule"
    if settings.epochs * steps_per_epoch(settings, dataset.more) < FEW_STEPS:
        expected = "so few steps only show that training works; --epochs changes that"
    else:
        expected = f"expect a force error of {error}, more for liquids and mixtures; more epochs and frames lower it"
    return [
        f"{dataset.name}: {len(dataset)} frames, {sizes}; forces of {forces:.2f} eV/Å (root mean square)",
        f"settings: {length}; {size.layers} layers of {size.channels} channels, cutoff {size.cutoff:g} Å; each is an "
        "option",
        expected,
    ]


def write_config(given: str, data: str, overrides: Sequence[str]) -> Path:
    """Write a commented configuration and return its path: settings from the data if named, otherwise defaults.

    Raises `UsageError` if the file exists.
    """
    from gaq.config import checked, commented
    from gaq.data.read import read_dataset
    from gaq.errors import UsageError
    from gaq.files import write_atomically
    from gaq.train.config import TrainConfig
    from gaq.train.suggested import suggested_config

    is_target = given.endswith(".toml")
    if given and data and not is_target:
        raise UsageError(f"--init {given}: the name of a configuration ends in .toml. Choose such a name.")
    path, file = (Path(given) if is_target else NEW_CONFIG), data or ("" if is_target else given)
    if path.exists():
        raise UsageError(f"{path} exists. Give another name: gaq train --init NAME.toml")
    named = [f"data.file={json.dumps(file)}"] if file else []
    settings = checked({}, TrainConfig, [*overrides, *named])
    if file:
        settings = suggested_config(read_dataset(file, labels=settings.data.labels), settings)
    head = f"# Settings of a float model: gaq train {path}{'' if file else ' --data FRAMES'} --out runs/mine\n"
    write_atomically(path, lambda temporary: temporary.write_text(head + commented(settings), encoding="utf-8"))
    return path


def _is_config(path: Path) -> bool:
    """Return whether a file is a configuration: by its name, or because its text is TOML."""
    if path.suffix == ".toml":
        return True
    from gaq.errors import BadFile
    from gaq.formats.texts import read_toml

    try:
        return path.is_file() and bool(read_toml(path))
    except (BadFile, ValueError):
        return False
