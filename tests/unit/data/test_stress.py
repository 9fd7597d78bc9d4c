"""Both conventions of stress and virial, every shape, and what contradicts itself."""

from __future__ import annotations

import numpy as np
import pytest

from gaq.data.labels import has_stress
from gaq.data.read import read_dataset
from gaq.errors import BadLabels

VOIGT = (0.001, 0.002, -0.003, 0.0004, 0.0005, 0.0006)  # xx yy zz yz xz xy, eV/Å³
FULL = np.array([[0.001, 0.0006, 0.0005], [0.0006, 0.002, 0.0004], [0.0005, 0.0004, -0.003]])
VOLUME = 5.0 * 6.0 * 7.0


def text(numbers) -> str:
    return " ".join(f"{v:.10g}" for v in np.ravel(numbers))


def box(info: str, pbc: str = "T T T") -> str:
    return (
        f'2\nLattice="5 0 0 0 6 0 0 0 7" Properties=species:S:1:pos:R:3:forces:R:3 energy=-1 {info} pbc="{pbc}"\n'
        "Ar 0 0 0 0 0 0.1\nAr 0 0 3 0 0 -0.1\n"
    )


@pytest.mark.parametrize(
    "info",
    [
        f'stress="{text(VOIGT)}"',
        f'stress="{text(FULL)}"',
        f'virial="{text(-VOLUME * FULL)}"',
        f'virials="{text(-VOLUME * FULL)}"',
        f'virial="{text(-VOLUME * np.array(VOIGT))}"',
        f'stress="{text(FULL)}" virial="{text(-VOLUME * FULL)}"',
    ],
)
def test_every_form_is_the_same_virial(tmp_path, info):
    path = tmp_path / "a.xyz"
    path.write_text(box(info))
    np.testing.assert_allclose(read_dataset(path).labels[0].virial, VOLUME * FULL, rtol=1e-8)


def test_the_family_of_the_file(tmp_path):
    path = tmp_path / "a.xyz"
    given = box(f'REF_energy=-2 REF_stress="{text(VOIGT)}" stress="{text(3 * FULL)}"')
    path.write_text(given.replace("forces:R:3", "REF_forces:R:3"))
    data = read_dataset(path, labels="REF_")
    np.testing.assert_allclose(data.labels[0].virial, VOLUME * FULL, rtol=1e-8)


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (f'stress="{text(FULL)}" virial="{text(VOLUME * FULL)}"', "contradict each other.*but for the sign"),
        (f'stress="{text(FULL)}" virial="{text(-2 * VOLUME * FULL)}"', "contradict each other"),
        ('stress="1 2 3 4 5 6 7 8 9"', "not symmetric"),
        ('stress="nan 0 0 0 0 0 0 0 0"', "not finite"),
        ('virials="1 2 3"', "has the virials .* expected six numbers"),
        (f'stress="{text(5000 * FULL)}"', "stresses of .* eV/Å³ .* GPa"),
    ],
)
def test_what_is_no_stress(tmp_path, info, message):
    path = tmp_path / "a.xyz"
    path.write_text(box(info))
    with pytest.raises(BadLabels, match=message):
        read_dataset(path)


@pytest.mark.parametrize("pbc", ["F F F", "T T F"])
def test_without_a_volume_it_is_not_used_and_that_is_said(tmp_path, pbc):
    path = tmp_path / "a.xyz"
    path.write_text(box(f'stress="{text(FULL)}"', pbc))
    data = read_dataset(path)
    assert not has_stress(data.labels[0])
    assert any("stress of 1 frames is not used" in remark for remark in data.remarks)
    path.write_text(box(f'stress="{text(0 * FULL)}"', pbc))
    assert not any("not used" in remark for remark in read_dataset(path).remarks)
