"""The words and the published figures of methods_tables.py. Figures of ours never stand here."""

from __future__ import annotations

MOLECULES = ("azobenzene", "ethanol")
OTHER_MOLECULES = ("aspirin", "benzene", "naphthalene", "paracetamol", "salicylic", "uracil")
OTHER_RECIPES = ("w4", "frame-w4a8", "w4a16", "gaq-w4a8")
SIZES = ((0.0, 5.0), (5.0, 6.0), (6.0, 8.0), (8.0, 16.0), (16.0, 33.0))  # bits per weight, from and below

OURS = "not in the paper"
# (row, our row, published E MAE meV / F MAE meV/Å / LEE meV/Å); a dash where the paper gives none that we know of.
PUBLISHED: dict[str, list[tuple[str, str, str]]] = {
    "2603.05343": [
        ("FP32", "fp32/ptq", "23.20 / 21.20 / –"),
        ("FP32 trained as long", "fp32/qat", OURS),
        ("Naive INT8", "naive-int8/ptq", "118.2 / 102.4 / 5.23"),
        ("Naive INT8, trained", "naive-int8/qat", OURS),
        ("SVQ-KMeans", "svq-kmeans/qat", "226.2, diverged / – / –"),
        ("SVQ-KMeans, straight-through", "svq-kmeans-ste/qat", OURS),
        ("Degree-Quant", "degree-quant/qat", "63.2 / 58.9 / 2.10"),
        ("GAQ W4A8", "gaq-w4a8/qat", "9.31 / 22.60 / 0.15"),
        ("ours: local frames W4A8", "frame-w4a8/qat", OURS),
        ("ours: local frames W4A8 from GPTQ", "frame-w4a8+gptq/qat", OURS),
        ("ours: local frames, weights of 4 and 8 bits, A8, from GPTQ", "mixed-w4a8+gptq/qat", OURS),
        ("ours: W4A16", "w4a16/qat", OURS),
        ("ours: W4A16 from GPTQ", "w4a16+gptq/qat", OURS),
        ("ours: weights of 4 and 8 bits, A16, from GPTQ", "mixed-w4a16+gptq/qat", OURS),
        ("ours: weights of 4 and 8 bits chosen slot by slot, A16, from GPTQ", "w4a16+gptq+bits=6.2/qat", OURS),
        ("ours: weights alone, 4 bits", "w4/qat", OURS),
    ],
    "2601.02213": [
        ("FP32", "fp32/ptq", "1.2 / – / –"),
        ("FP32 trained as long", "fp32/qat", OURS),
        ("Naive INT8", "naive-int8/ptq", "–"),
        ("GAQ W8A8, components renormalised", "gaq-w8a8-component/qat", "–"),
        ("GAQ W8A8, codebook of the second paper", "gaq-w8a8/qat", OURS),
        ("ours: local frames W8A8", "frame-w8a8/qat", OURS),
        ("ours: weights alone, 8 bits", "w8/ptq", OURS),
    ],
}

INTRO = """## Every method alike

All methods on one float parent a molecule, that of the models above, through the same slots and the same loop: each
without training (`ptq`), and trained (`qat`) for 12 epochs at a peak rate of 1e-3 on the same 950 frames, unless it is
a method of post-training quantization. A seed is another order of the frames, on the same parent; ± is the standard
error over seeds, or over test frames where there is one seed. `fp32, qat` is the control. Errors are on the whole of
`test_01`; LEE over 32 rotations of 100 frames; the backward pass is in float (eight bits there cost forces
[more](#the-models-of-every-method-alike)). Commands, rows with a suffix by `--only` and their names
(`benchmarks/method_names.py`):

```
python benchmarks/methods.py ethanol --data PATH/rmd17 --seeds 0 1 2 --compile
python benchmarks/methods.py azobenzene --data PATH/rmd17 --seeds 0 1 2 --compile
python benchmarks/methods.py azobenzene --data PATH/rmd17 --seeds 0 1 2 --compile --only w4a16+gptq+bits=6.2
python benchmarks/results.py --collect runs
```

What the tables say. At every number of bits local frames keep energies invariant to the last bit and forces
equivariant to float64 round-off. Directions of fixed codes break the symmetry by meV/Å, with the codebooks of both
papers, and cost many times as much accuracy. The control that asks whether a codebook is needed at all, Cartesian
components with a step for each vector (`int8-per-vector`), breaks the symmetry less than they do; its forces are as
good, its energies worse (one seed). No quantized row beats the control. Four-bit weights are expensive where they read
sums over neighbours: eight bits for that quarter of them (`mixed-*`), bits chosen slot by slot, and GPTQ before
training take most of the loss away. Eight-bit features leave forces that are not exactly the slope of the energy
(path work), sixteen bits a small part of that, weight-only recipes nothing. LSQ does worse than plain ranges: its
first step, 2·mean|x|/√127 for eight bits, is wide, as its row without training shows, and we suspect that twelve
epochs do not make up for it.

What each claim of the papers comes to is told in [claims](claims.md).
"""

SECOND_PAPER = """### Tables II and III of arXiv 2603.05343

Published figures are those of their network and their float model, whose force error is five times ours: rows are to be
compared with the FP32 row of the same side.
"""

FIRST_PAPER = """### The rMD17 tables of arXiv 2601.02213
"""

BY_SIZE = """### By size

Within each size (up to 5 bits a weight, up to 6, up to 8, up to 16, float) the smallest force error comes first, in
bold. A suffix `+readout` is the 16-bit input of the readout that our own recipes have and published ones have not,
`+gptq` weights that GPTQ rounded before they were trained, `+bits=6.2` bits of four and eight that were chosen slot by
slot under so many a weight (`gaq quantize --budget`), `+distilled` half of the structures displaced and labelled by the
float parent, `+unfrozen` weights that may oscillate between two codes until training ends, `+no-species-mean` scalars
that are rounded about zero and not about the mean of their species
([decision 17](decisions/0017-scalars-about-the-mean-of-their-species.md)), `+no-lowrank` features that are not rounded
beside the principal directions of their species
([decision 18](decisions/0018-features-beside-the-directions-of-their-species.md)). The last column says what ran the
model: the native engine, or PyTorch where it cannot. Pictures leave out rows that show what a part is worth. Their
times are those of [the same models in the engine](#the-models-of-every-method-alike), `-b8` and `-b16` with
so many bits in the backward pass, each at the force error of that mode.
"""

DYNAMICS = """### A nanosecond of each

Azobenzene at constant energy, models of seed 0, 2,000,000 steps of 0.5 fs from the same start for all; forward and
backward as the recipe says. What columns mean is told [below](#a-nanosecond-at-constant-energy). Eight-bit features
heat the molecule by their rounded forces, a codebook of directions more than local frames; with sixteen bits no heating
is seen.

```
python benchmarks/methods_dynamics.py --data PATH/rmd17
```
"""

LONGER = """### Trained longer

Are twelve epochs too few for four bits? The best recipe of four bits throughout again, five times as long, and the
control too, which gains as well:

```
python benchmarks/methods.py azobenzene --data PATH/rmd17 --epochs 60 --compile --out runs/methods-long \\
    --only w4a16+gptq
```
"""

OTHERS = """### The other molecules of rMD17

E MAE meV / F MAE meV/Å / mean LEE meV/Å, one seed, and F against the control; the float models have had fewer epochs
than those of azobenzene and ethanol. For each molecule:

```
gaq train configs/rmd17-short-fp32.toml --data PATH/rmd17/rmd17_aspirin_train_01.npz --out runs/rmd17/aspirin --compile
python benchmarks/methods.py aspirin --data PATH/rmd17 --parent runs/rmd17/aspirin/model.ckpt --compile \\
    --only w4 frame-w4a8 w4a16 gaq-w4a8
```

In local frames LEE stays at the floor of float64 for every molecule. (The official frames of benzene lie far from the
origin, where turned positions are rounded more coarsely; moved to the origin, `gaq evaluate` finds the floor of the
others.) What a codebook of directions adds to the force error is much the same everywhere, so that it shows most where
float is best: in benzene.
"""

DEGREES = """### Where the number of neighbours varies

Degree-Quant leaves in float atoms with many neighbours in training. In one molecule all atoms have about as many; the
molecules of QM7-X differ (mean and standard deviation over the atoms of the test frames: {mean} and {std}). A float
model of its 2,250 first frames, tested on 25 other molecules, 250 frames; six epochs of training for every row;
`degree-quant+unprotected` has its ranges and no protection. Command:
`python benchmarks/degrees.py --data PATH/qm7x/qm7x_250.npz`.

So few molecules make a weak float model, beside whose errors those of eight bits are small: the distance to it (F RMSE
to FP32) tells rows apart. Protection makes no difference beyond the spread here either, and ranges by percentiles cost
more than they save.
"""
