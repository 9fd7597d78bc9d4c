"""Ethanol at constant energy in OpenMM: python nve.py [MODEL]"""

import sys

import openmm
from openmm import app, unit

from gaq.simulate.openmm import create_system

model = sys.argv[1] if len(sys.argv) > 1 else "../../models/rmd17-ethanol-mixed-w4a16.gaq"
pdb = app.PDBFile("ethanol.pdb")
system = create_system(model, pdb.topology)
integrator = openmm.VerletIntegrator(0.5 * unit.femtoseconds)
simulation = app.Simulation(pdb.topology, system, integrator, openmm.Platform.getPlatform("Reference"))
simulation.context.setPositions(pdb.positions)
simulation.context.setVelocitiesToTemperature(300 * unit.kelvin, 1)
columns = {"step": True, "temperature": True, "potentialEnergy": True, "totalEnergy": True}
simulation.reporters.append(app.StateDataReporter(sys.stdout, 100, **columns))
simulation.step(1000)
