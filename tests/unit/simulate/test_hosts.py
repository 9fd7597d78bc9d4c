"""What is missing is named with the command that installs it."""

from __future__ import annotations

import sys

import pytest

from gaq.errors import NotAvailable
from gaq.extras import how_to_install
from gaq.simulate.hosts import HOSTS, imported


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.module)
def test_a_host_that_is_missing(host, monkeypatch):
    monkeypatch.setitem(sys.modules, host.module, None)
    with pytest.raises(NotAvailable, match=f"{host.distribution} could not") as raised:
        imported(host.module)
    assert f"[{host.extra}]" in how_to_install(host.extra)
    assert how_to_install(host.extra) in str(raised.value)


def test_a_host_that_is_there():
    assert imported("ipi").__name__ == "ipi"
