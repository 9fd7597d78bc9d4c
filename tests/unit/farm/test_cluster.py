"""What is said of a cluster that cannot be used; a real one is in tests/journeys/test_farm.py."""

from __future__ import annotations

import asyncio
import importlib.metadata
from types import SimpleNamespace

import pytest

from gaq.errors import Diverged, NotAvailable
from gaq.farm import cluster
from gaq.farm.cluster import Cluster
from gaq.farm.parcel import ParcelDone, ParcelFailed

pytest.importorskip("distributed")


class Client:
    """Says of its workers what it is told."""

    status = "running"

    def __init__(self, versions: dict[str, object]) -> None:
        self.versions, self.closed = versions, False

    def scheduler_info(self, n_workers: int) -> dict[str, object]:
        return {"workers": self.versions}

    def run(self, function, *arguments, on_error):
        return self.versions

    def close(self) -> None:
        self.closed = True


def connect(monkeypatch, versions) -> Client:
    client = Client(versions)
    monkeypatch.setattr(cluster, "_connected", lambda address: client)
    return client


def test_workers_without_gaq_or_with_another(monkeypatch):
    client = connect(monkeypatch, {"tcp://a:1": "0.2.0", "tcp://b:2": importlib.metadata.PackageNotFoundError("gaq")})
    with pytest.raises(
        NotAvailable, match=r"worker tcp://b:2 has no gaq; this is gaq 0.2.0.*pip install '\.\[cluster\]'"
    ):
        Cluster("tcp://s:8786")
    assert client.closed
    connect(monkeypatch, {"tcp://a:1": "0.0.9"})
    with pytest.raises(NotAvailable, match=r"worker tcp://a:1 has gaq 0.0.9, and this is gaq 0.2.0"):
        Cluster("tcp://s:8786")


def test_no_workers(monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS_WITHOUT_WORKERS", 0.2)
    connect(monkeypatch, {})
    said: list[str] = []
    with pytest.raises(NotAvailable, match="Start some: dask worker tcp://s:8786"):
        Cluster("tcp://s:8786", said.append)
    assert said == ["the scheduler at tcp://s:8786 has no workers; waiting for one"]


def test_what_became_of_a_job(monkeypatch):
    from distributed import KilledWorker

    connect(monkeypatch, {"tcp://a:1": "0.2.0"})
    farm = Cluster("tcp://s:8786")

    def result_of(outcome: object) -> object:
        def result() -> object:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        return farm._result(SimpleNamespace(result=result))

    assert result_of(ParcelDone(3)) == 3
    with pytest.raises(Diverged, match="too hot"):
        result_of(ParcelFailed("Diverged", "too hot"))
    killed = KilledWorker("gaq-job", SimpleNamespace(address="tcp://a:1"), 3)
    with pytest.raises(NotAvailable, match="ended 4 workers of tcp://s:8786, the last at tcp://a:1"):
        result_of(killed)
    with pytest.raises(NotAvailable, match="dropped a job"):
        result_of(asyncio.CancelledError())
    with pytest.raises(NotAvailable, match="cannot carry out a job: No module named 'gaq'"):
        result_of(ModuleNotFoundError("No module named 'gaq'"))
