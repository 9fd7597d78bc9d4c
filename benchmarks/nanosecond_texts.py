"""The words of the section on long runs. Figures of ours never stand here: they come from the ledger."""

from __future__ import annotations

PUBLISHED = {"gaq-w4a8": "0.15, stable", "naive-int8": "explodes within 100 ps"}

INTRO = """## A nanosecond at constant energy

Azobenzene, the shipped models, `gaq md` from the first test frame with velocities of 300 K: 2,000,000 steps of 0.5 fs
each. (The frame is hot, so the mean temperature lies above 300 K.) `w4a16-b8` is `w4a16` with an 8-bit backward pass,
`frame-w4a8-b16` is `frame-w4a8` with a 16-bit one. The drift has its standard error; the
community's ratio is |drift| · 50 ps over the spread of the kinetic energy, threshold 1. ΔL is the largest change of
the angular momentum over that of thermal rotation, √(k_BT tr I): what broken rotation symmetry destroys. Path work
and the asymmetry of the force Jacobian are those of the first test frames. Published figures: arXiv 2603.05343.
Commands:

    python benchmarks/nanosecond.py --data PATH/rmd17
    gaq md models/rmd17-azobenzene-w4a16.gaq azobenzene.xyz --steps 2000000 -o nve.traj
"""

SCALING = """### Time steps

Drift in meV/atom/ps over 100 ps with steps of 0.25, 0.5 and 1 fs. Verlet's own error grows with the step. The walk of
rounded forces does too: each step adds an error that has forgotten the last, so longer steps mean fewer but larger
ones.
"""

NVT = """### Distributions at constant temperature

200 ps at 300 K with stochastic velocity rescaling, the first tenth left out; all modes but the control have the same
random numbers. Distances are those of the earth mover, between the distributions of each bond length and of each
torsion about a bond of heavy atoms and the same of `fp32`, averaged over bonds and torsions. `fp32-again` is the
control: the same float model with other random numbers. What lies within it, a run of this length cannot tell from
float.
"""

LARGE = """### A large box

420 molecules of azobenzene in a periodic box, `w4a16`, 10 ps at constant energy in steps of 1 fs, one thread beside
other work. The molecules turn nowhere and do not meet; the energy of the box drifts as that of 420 runs of one
molecule, so that its error is that of a run of 4 ns.

    python benchmarks/large_box.py --data PATH/rmd17
"""

OVERHEAD = """### What the integrator costs

Time of a step of `gaq md`, log and trajectory included, over the time of the engine alone on the same molecule, in
turns in one run; medians with the 10th and 90th percentile over rounds:

    python benchmarks/overhead.py --data PATH/rmd17
"""
