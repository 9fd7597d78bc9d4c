"""The energy of ethanol by way of OpenMM-ML: python by_name.py [MODEL]"""

import sys

import openmm
from openmm import app, unit
from openmmml import MLPotential

model = sys.argv[1] if len(sys.argv) > 1 else "../../models/rmd17-ethanol-mixed-w4a16.gaq"
pdb = app.PDBFile("ethanol.pdb")
system = MLPotential("gaq", modelPath=model).createSystem(pdb.topology)
context = openmm.Context(system, openmm.VerletIntegrator(0.5 * unit.femtoseconds))
context.setPositions(pdb.positions)
energy = context.getState(getEnergy=True).getPotentialEnergy()
print(f"{energy.value_in_unit(unit.kilojoules_per_mole):.6f} kJ/mol")
