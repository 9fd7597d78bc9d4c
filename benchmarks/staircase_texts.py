"""The words of the section on the staircase; figures in braces are filled in from rows (staircase_tables.py)."""

from __future__ import annotations

INTRO = """## The staircase of eight bits

A feature of eight bits changes in steps, and with it the energy; the force, which is the gradient through the
pullbacks, knows nothing of steps. What does that do to dynamics, and what cures it? Azobenzene at 300 K, steps of 0.5
fs. All but the shipped models have the weights of `frame-w4a8` and differ in what rounds their features: `a12` is
twelve bits where that recipe has eight, `-b16` the bits of the backward pass (32 is float; where none are said,
mixtures have 16 and cures 32), `float` the same network without rounding of features. Command:

```
python benchmarks/staircase.py --data PATH/rmd17
```
"""

TEACHES = """\
**What the picture shows.** Above, the energy of `frame-w4a8` along the way that the molecule is going, and the work
of its force. The energy stands all but still while no code changes, and jumps when one does; treads are some 10 µÅ
long. A step is not the rise of the ramp over its tread, as it would be if one number were rounded. It is
{frame-w4a8|line_noise} meV or so, on a ramp that rises by some µeV there, and goes up as often as down: an energy
rests on 55,296 codes of eight bits, each of which flips at a place of its own. So the staircase does not look like
one from afar: it is the smooth ramp with a noise on top whose size, {frame-w4a8|energy_noise} meV, does not grow with
the distance. The force is the slope of the ramp beneath, not of the treads. Below, all recipes: sixteen bits have the
same steps, {frame-w4a8|energy_noise|w4a16} times smaller; weight-only recipes have none, what is seen is the
round-off of float32.

**Why it matters less than it looks, and where it does.** Write ε for what rounding does to the features, g for
dE/d(feature), H for the second derivative and J for d(feature)/dx. To first order

- the energy is off by g·ε. Atoms do not feel this: it is noise in the *reading* of the energy. The total energy
  scatters by it, and does not drift.
- the force is off by ΔF = −Jᵀ H ε. Atoms feel that. Its work ∫ΔF·v dt makes the total energy walk at random, and on
  average upwards: a walk whose variance grows by B a ps heats N atoms by B/(2 k_B T N), which is Einstein's relation
  with energy in the place of position.

In one time step the molecule travels {float|step_length} Å, over thousands of treads, so the errors of one step know
little of those of the last: the correlation is {a8-b32|noise_memory}. B can therefore be told from the errors of the
force along *one* trajectory, without a long run (column "walk", left of the stroke). Dynamics shows it (right of the
stroke): the same where errors have no memory, as with the dither below ({a8, dither|total_energy_walk|a8,
dither|energy_walk} of what errors say), and somewhat less where they have some and are then not quite independent of
velocities ({a8-b16|total_energy_walk|a8-b16|energy_walk} for `a8-b16`). A walk is known long before a drift: after 20
ps the drift of `frame-w4a8`, of which {frame-w4a8|heating} meV/atom/ps are to be expected, cannot be told from zero.
"""

SOURCES = """\
**Where it comes from.** Kinds of inputs and layers of the network, `a8` against `a16`, gradients in float. No one
place makes the noise: variances of the parts add up to that of the whole, and every layer has its share. The reading
of the energy depends most on the last layers; the walk of the molecule is made by the input of the attention's
projection first, from which queries, keys and messages come, then by the vectors and by the update's hidden layer.
"""

FINER = """\
**More bits.** The columns of this table and of the next:

- *energy noise*: standard deviation of the difference in energy to `float` over the steps of one trajectory of
  `float`, 4 ps of them and 1 ps where PyTorch is needed; shipped models against their own weights with features in
  float, `fp32` and `w4` against double precision. *Second difference*: its root mean square from step to step, over
  the standard deviation of the energy.
- *E_tot scatter*: of the total energy in NVE about a line of its own in each ps; that of `float` is velocity Verlet's
  own. Runs are of 20 ps, in PyTorch of 4 ps, from the same start.
- *force noise*: root mean square difference of components to `float`. *Memory*: its autocorrelation after one step.
- *walk*: √B. From errors, B = dt Σ ⟨ΔF(0) ΔF(t)⟩ ⟨v(0) v(t)⟩ over components and over lags t up to 20 fs, which takes
  errors and velocities for independent; in NVE, from the differences of means over neighbouring halves of a ps.
  *Heating*: B/(2 k_B T N), from errors.
- *drift*: slope of the total energy per atom. Its error is at least √(6B/5t)/N, that of a slope through a random walk
  of length t with the B of NVE. The usual error, from the scatter of 20 block means, takes the blocks for independent
  and is √30 times too small for a walk.
- *path work* as in [physics](physics.md). *× time*: of a step in the native engine, in turns, over that of
  `frame-w4a8`.
"""

CURED = """\
Each two bits cut the noise by four, the walk with it and the heating by sixteen (at first by more, since the errors
lose their memory too), until the inputs of the readout and the queries, which have sixteen bits in all of these, are
what is left. Sixteen bits cost as much as nine, since both are products of 16-bit numbers, and that is little: a step
of `w4a16` takes {w4a16|latency_ms|frame-w4a8} times as long as one of `frame-w4a8`. Sixteen bits in some places only
are no bargain: with the three worst kinds of inputs at sixteen the heating is {a8, 16 in
attention.project+update.mix1+update.hidden|heating|a16-b16} times that of sixteen everywhere, for {a8, 16 in
attention.project+update.mix1+update.hidden|latency_ms|a16-b16} of its time. The *backward* pass has its part too:
with a forward pass of sixteen bits, eight bits in the backward pass (`w4a16-b8`, the mixed mode) leave the energy
{frame-w4a8|energy_noise|w4a16-b8} times smoother than `frame-w4a8`, but the walk only
{frame-w4a8|energy_walk|w4a16-b8} times smaller; with sixteen in the backward pass it is {frame-w4a8|energy_walk|w4a16}
times smaller. A smooth energy is no proof of a good force.

**Cures**, on `a8-b32`, as rounding in PyTorch with gradients in float; path work on 5 structures instead of 20. In
the picture the circle of `features in float` is what velocity Verlet does to the energy by itself: less cannot be
seen in NVE.

- *Dither.* Noise before rounding, drawn anew at each step, makes the error of a number independent of the number.
  Here there is nothing to gain: the molecule's own motion does that already. Plain dither adds its variance (walk ×
  {a8, dither|energy_walk|a8-b32}), dither that is subtracted after rounding changes little (× {a8, subtracted
  dither|energy_walk|a8-b32}), and so does the control, a constant for each atom and channel (× {a8, fixed
  dither|energy_walk|a8-b32}).
- *Mean of four* evaluations with constants of their own: noise and walk are those of averages (× {a8, mean of
  4|energy_walk|a8-b32}), at four times the cost. Sixteen bits do more for a fraction of that.
- *Error feedback.* What rounding lost at the last step is added before rounding at this one, for each atom, component
  and channel. The noise grows (force × {a8, error feedback|force_noise|a8-b32}), but errors of one step are taken
  back at the next (memory {a8, error feedback|noise_memory}), so that they sum to nothing in the time that an atom
  needs to move: the walk falls to {a8, error feedback|energy_walk|a8-b32}, the heating to {a8, error
  feedback|heating|a8-b32} of what it was. This is a real cure of eight-bit dynamics. Its price: an addition and a
  subtraction for each code and 9 kB for each atom to remember; energies and forces become functions of the past, so
  that the same positions asked twice give two answers, restarts must keep the memory, time is not reversible, and
  a minimiser sees the full noise.
- *Corrected energy.* The backward pass knows g. E + Σ g·(x − q) over all slots takes the first-order noise off the
  reading, at the price of a dot product for each slot: {a8, corrected energy|energy_noise} meV instead of
  {a8-b32|energy_noise}, path work on open paths {a8, corrected energy|path_work_open} meV/Å instead of
  {a8-b32|path_work_open}. It cures the thermometer, not the patient: forces and the walk are what they were. Both
  cures together do both.
- *Multiple time steps.* Eight-bit forces at each step, and at every n-th a kick by n times the difference to the
  float model of the same weights. That helps against errors that last longer than n steps. These do not, and a kick
  multiplies those of its own step: with n = 2 the heating is {a8-b8, float every 2|heating|frame-w4a8} times that of
  `frame-w4a8` alone, with n = 4 {a8-b8, float every 4|heating|frame-w4a8}, with n = 8 {a8-b8, float every
  8|heating|frame-w4a8}. The float model alone is faster than n = 2, and does not heat.

All but the last keep energies the same to the last bit when the molecule, or for feedback its whole path, is turned,
since they act on components in the frames of atoms; the float model of the last is run along x, y, z. A constant of
dither that differs from atom to atom breaks the symmetry under exchange of equal atoms instead.

**What it teaches.** The staircase itself is harmless; what harms is the error of the force, and it harms by its slow
part alone. Averages, more bits and feedback reduce that part, dither and corrections of the energy do not. Of the
ones that do, sixteen bits both ways are the cheapest: `w4a16` heats by {w4a16|heating} meV/atom/ps,
{frame-w4a8|heating|w4a16} times less than `frame-w4a8`, and needs no memory, no averages and no second model. Eight
bits forward are for screening and for dynamics with a thermostat, and where only eight bits are to be had (an
accelerator without products of sixteen), error feedback is the cure to build.
"""
