"""Three ethanol molecules at once, at constant energy, in torch-sim: python nve.py [MODEL]"""

import sys

import torch
import torch_sim as ts
from ase.build import molecule

from gaq.simulate.torch_sim import model_of

model = model_of(sys.argv[1] if len(sys.argv) > 1 else "../../models/rmd17-ethanol-mixed-w4a16.gaq")
molecules = [molecule("CH3CH2OH") for _ in range(3)]
for seed, atoms in enumerate(molecules):
    atoms.rattle(0.02, seed=seed)
start = ts.initialize_state(molecules, torch.device("cpu"), torch.float64)
print("energies before, eV:", *(f"{energy:.6f}" for energy in model(start)["energy"].tolist()))
# Time in ps, temperature in K; every molecule draws its own velocities.
end = ts.integrate(start, model, integrator=ts.nve, n_steps=200, temperature=300.0, timestep=0.0005)
print("energies after, eV: ", *(f"{energy:.6f}" for energy in model(end)["energy"].tolist()))
