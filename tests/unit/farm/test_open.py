"""From options to a farm."""

from __future__ import annotations

import pytest

from gaq.errors import NotAvailable, UsageError
from gaq.farm.local import LocalFarm
from gaq.farm.open import check_cores, open_farm
from gaq.process import usable_cores


def test_this_machine_with_all_cores_is_the_default():
    farm = open_farm(None)
    assert isinstance(farm, LocalFarm)
    assert farm.cores == usable_cores()
    assert open_farm(None, 3).cores == 3


def test_cores_and_a_cluster_exclude_each_other():
    check_cores("threads", 2, None)
    check_cores("threads", None, "tcp://a:1")
    with pytest.raises(UsageError, match="`threads` 2 is about this machine, and `cluster` tcp://a:1"):
        check_cores("threads", 2, "tcp://a:1")


def test_without_distributed(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(NotAvailable, match=r"pip install .*'\.\[cluster\]'"):
        open_farm("tcp://127.0.0.1:8786")
