"""Features and products are those that parities allow."""

from __future__ import annotations

from gaq.model.nequip.irreps import INVARIANT, Irrep, gates_of, gathered_by, irreps_up_to, paths_between
from gaq.model.nequip.network import NequIP
from tiny import SPECIES, nequip


def names(irreps) -> str:
    return " ".join(irrep.name for irrep in irreps)


def test_irreps_have_the_names_and_the_order_of_e3nn():
    assert names(irreps_up_to(3, "both")) == "0o 0e 1o 1e 2o 2e 3o 3e"
    assert names(irreps_up_to(3, "natural")) == "0e 1o 2e 3o"
    assert names(irreps_up_to(3, "ignored")) == "0e 1e 2e 3e"
    assert [irrep.components for irrep in irreps_up_to(2, "natural")] == [1, 3, 5]


def test_parities_multiply():
    hidden = irreps_up_to(2, "both")
    for path in paths_between(dict.fromkeys(hidden, 4), 2, "both", hidden):
        assert path.target.parity == path.source.parity * (-1) ** path.harmonic
        assert abs(path.source.degree - path.harmonic) <= path.target.degree <= path.source.degree + path.harmonic
        assert path.channels == 4


def test_natural_parities_leave_out_cross_products():
    for parities, cross in (("natural", False), ("ignored", True)):
        hidden = irreps_up_to(2, parities)
        paths = paths_between(dict.fromkeys(hidden, 4), 2, parities, hidden)
        odd = [path for path in paths if (path.source.degree + path.harmonic + path.target.degree) % 2]
        assert bool(odd) == cross


def test_the_paths_of_sevennet_0():
    """Its tensor product 128x0e+64x1e+32x2e x 1x0e+1x1e+1x2e -> 224x0e+384x1e+352x2e, as sevenn prints it."""
    hidden = dict(zip(irreps_up_to(2, "ignored"), (128, 64, 32), strict=True))
    gathered = gathered_by(paths_between(hidden, 2, "ignored", tuple(hidden)))
    assert {irrep.name: count for irrep, count in gathered.items()} == {"0e": 224, "1e": 384, "2e": 352}
    assert gates_of(hidden) == 96


def test_pseudoscalars_take_two_layers_to_appear():
    """Harmonics are natural, so the first layer has natural parities alone."""
    layers = NequIP(nequip(layers=4), SPECIES).layers
    assert [names(layer.outputs) for layer in layers] == ["0e 1o 2e", "0e 1o 1e 2o 2e", "0o 0e 1o 1e 2o 2e", "0e"]
    assert list(layers[0].inputs) == [INVARIANT]
    assert Irrep(0, -1) in layers[3].inputs
