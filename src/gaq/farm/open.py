"""Open the farm that options of a verb ask for."""

from __future__ import annotations

from gaq.errors import UsageError
from gaq.farm.cluster import Cluster, Say
from gaq.farm.local import LocalFarm
from gaq.farm.protocol import Farm
from gaq.process import usable_cores


def open_farm(cluster: str | None, cores: int | None = None, say: Say = lambda sentence: None) -> Farm:
    """Return the cluster at an address, or this machine with `cores` cores (default: all). Raises `NotAvailable`."""
    return LocalFarm(cores or usable_cores()) if cluster is None else Cluster(cluster, say)


def check_cores(name: str, cores: int | None, cluster: str | None) -> None:
    """Raise `UsageError` for a number of cores of this machine beside a cluster, whose workers have their own."""
    if cluster is not None and cores is not None:
        raise UsageError(
            f"`{name}` {cores} is about this machine, and `cluster` {cluster} computes elsewhere: its workers say how "
            f"many cores they use. Leave one of the two out"
        )
