from __future__ import annotations

import pytest

from gaq.errors import UsageError
from gaq.quant.install import preset
from gaq.train.session import quantize
from tiny import config, network


@pytest.mark.parametrize(
    ("name", "kind"), [("gptq-w4", "Gptq"), ("awq-w4", "ActivationAware"), ("qdrop", "Reconstruct")]
)
def test_without_structures_there_is_nothing_to_look_at(name, kind):
    with pytest.raises(
        UsageError, match=f"recipe '{name}' rounds by what it sees of the network .{kind}.* `calibration`"
    ):
        quantize(network(config()), preset(name))
