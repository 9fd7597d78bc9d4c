"""Settings of a training run: frozen data from TOML; the resolved copy goes into the manifest."""

from __future__ import annotations

import os
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Discriminator, Field, Tag

from gaq.config import Frozen
from gaq.errors import BadFile, nearest
from gaq.model.architectures import ARCHITECTURES, DEFAULT, architecture_named
from gaq.model.layered import LayeredConfig

# The configurations that come with gaq, in the package so that a wheel has them too.
SHIPPED = Path(__file__).parent / "configs"


class DataConfig(Frozen):
    """Which frames are trained on."""

    file: str = Field("", description="rMD17 npz or labelled extended XYZ; one given to `gaq train` replaces it")
    more: tuple[str, ...] = Field(
        (), description="other files to train on, such as a teacher's frames; validation frames are never theirs"
    )
    train: int | None = Field(None, ge=1, description="training frames; all that are left when not given")
    validation: int = Field(50, ge=1, description="validation frames")
    split_seed: int = Field(0, ge=0, description="decides which frames are held out")
    labels: str = Field(
        "", description="family of labels where the file has several: a prefix such as REF_, plain, or ENERGY,FORCES"
    )
    ignore: tuple[Literal["charge", "spin", "field"], ...] = Field(
        (), description="what frames may differ in although the network cannot see it"
    )


class LossConfig(Frozen):
    """Weights of the terms: each is a mean over structures or atoms of a distance in eV or eV/Å."""

    kind: Literal["distance", "square"] = Field("distance", description="‖Δ‖ as in the metrics, or ‖Δ‖²")
    energy: float = Field(0.1, ge=0, description="per structure and √atoms")
    forces: float = Field(1.0, ge=0, description="per atom")
    stress: float = Field(0.1, ge=0, description="of the virial, stress times volume: per structure and √atoms")
    symmetry: float = Field(0.0, ge=0, description="weight of the LEE penalty on the forces; 0 leaves it out")


class OptimizerConfig(Frozen):
    """Muon for matrices, Adam for everything else; cosine decay to zero after a linear warm-up."""

    name: Literal["muon", "adam"] = "muon"
    lr: float = Field(1e-2, gt=0, description="of the matrices")
    adam_lr: float = Field(1e-3, gt=0, description="of everything else, and of all with name = 'adam'")
    weight_decay: float = Field(0.02, ge=0, description="of the matrices, times the learning rate")
    warmup_epochs: float = Field(1.0, ge=0, description="of linear growth of the learning rates")
    clip: float = Field(10.0, gt=0, description="largest gradient norm")
    freeze: bool = Field(True, description="freeze low-bit weights that oscillate between two values")
    ema: float = Field(0.999, ge=0, lt=1, description="decay of the averaged weights, which are what is validated")


def _architecture(given: object) -> str:
    name = given.get("architecture", DEFAULT) if isinstance(given, dict) else getattr(given, "architecture", "")
    return name if isinstance(name, str) else ""


if TYPE_CHECKING:
    NetworkConfig = LayeredConfig
else:  # the numbers of one of the architectures, which `architecture` names
    NetworkConfig = Annotated[
        reduce(or_, (Annotated[known.config, Tag(known.name)] for known in ARCHITECTURES)),
        Discriminator(
            _architecture,
            custom_error_type="architecture",
            custom_error_message=f"expected architecture to be one of {', '.join(repr(k.name) for k in ARCHITECTURES)}",
        ),
    ]


class TrainConfig(Frozen):
    """A whole run: `gaq train CONFIG.toml`."""

    seed: int = Field(0, ge=0, description="of the weights and the order of frames")
    epochs: int = Field(100, ge=0, description="how often each frame is seen")
    batch: int = Field(10, ge=1, description="structures per step, over all processes")
    dtype: Literal["float32", "float64"] = "float32"
    repulsion: bool = Field(True, description="repulsion between atoms closer than any in the training frames")
    data: DataConfig = DataConfig()
    model: NetworkConfig = architecture_named(DEFAULT).config.model_validate({})
    loss: LossConfig = LossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()


def shipped_configs() -> dict[str, Path]:
    """Return the configurations that come with gaq: files by name, such as "rmd17-ethanol-fp32"."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


def find_config(name: str | os.PathLike[str]) -> Path:
    """Return the file of a configuration: `name` as a path, or one that comes with gaq.

    A file of the user comes first. Those of gaq are found from any folder by their names, with or without `configs/`
    in front and `.toml` behind. Raises BadFile for a bare name that is neither; a path to a missing file is returned.
    """
    path, shipped = Path(name), shipped_configs()
    may_be_shipped = path.parent in (Path(), Path("configs")) and path.suffix in ("", ".toml")
    if path.exists() or not may_be_shipped:
        return path
    if path.stem not in shipped:
        hint = nearest(path.stem, shipped)
        raise BadFile(f"there is no file {path}, and gaq has no such configuration.{hint} It has {', '.join(shipped)}.")
    return shipped[path.stem]
