"""The words and the published figures of docs/results.md. Figures of ours never stand here: they come from the ledger."""

from __future__ import annotations

# E MAE / F MAE in meV and meV/Å on rMD17 with 950 + 50 training frames, as published:
# MACE arXiv 2206.07697, Allegro arXiv 2204.05249, NequIP arXiv 2101.03164, ACE (as quoted in the MACE paper),
# GAQ arXiv 2603.05343, tables II and III.
PUBLISHED: dict[str, dict[str, str]] = {
    "azobenzene": {
        "MACE": "1.2 / 3.0",
        "Allegro": "1.2 / 2.6",
        "NequIP ℓ=3": "0.7 / 2.9",
        "NequIP ℓ=1": "1.1 / 4.5–5.6",
        "ACE": "3.6 / 10.9",
        "GAQ paper": "23.2 / 21.2",
    },
    "ethanol": {
        "MACE": "0.4 / 2.1",
        "Allegro": "0.4 / 2.1",
        "NequIP ℓ=3": "0.4 / 2.8",
        "NequIP ℓ=1": "1.0 / 6.5–7.6",
        "ACE": "1.2 / 7.3",
        "GAQ paper": "1.2 / –",
    },
}

CONTENTS = """# Results

Every figure on this page comes from a row under `docs/ledger`, written by a script under `benchmarks/`; this page is
written by `python benchmarks/results.py`. Errors are mean absolute errors on the whole of rMD17's `test_01`; ± is the
standard error over frames, and one seed was trained, unless a section says otherwise. Commands:

```
python benchmarks/rmd17.py azobenzene --data PATH/rmd17 --epochs 24 --lr 1e-3 --no-freeze
python benchmarks/rmd17.py ethanol --data PATH/rmd17 --no-freeze
python benchmarks/rmd17.py azobenzene --data PATH/rmd17 --epochs 24 --lr 1e-3 --only mixed-w4a8+gptq mixed-w4a16+gptq
python benchmarks/rmd17.py ethanol --data PATH/rmd17 --only mixed-w4a8+gptq mixed-w4a16+gptq
python benchmarks/shipped.py --data PATH/rmd17
python benchmarks/methods.py ethanol --data PATH/rmd17 --seeds 0 1 2
python benchmarks/methods_dynamics.py --data PATH/rmd17
python benchmarks/ablations.py --parent models/rmd17-ethanol-fp32.ckpt --data PATH/rmd17
python benchmarks/slots.py --parent models/rmd17-azobenzene-fp32.ckpt --data PATH/rmd17
python benchmarks/feature_spread.py --data PATH/rmd17
python benchmarks/weight_costs.py --data PATH/rmd17
python benchmarks/untouched.py --data PATH/rmd17
python benchmarks/exactness.py --data PATH/rmd17
python benchmarks/nanosecond.py --data PATH/rmd17
python benchmarks/staircase.py --data PATH/rmd17
python benchmarks/training_speed.py --data PATH/rmd17
python benchmarks/hosts.py --data PATH/rmd17
python benchmarks/lammps.py --box runs/water-box.xyz --model models/water-w4a16.gaq
python benchmarks/farm.py
python benchmarks/results.py --collect runs
```
"""

MODELS = """# Models

Twelve files. Packed files (`.gaq`) run in the engine: float and recommended models of two molecules of rMD17, for ethanol also the
smallest (`w4`) and the one with 4-bit weights throughout (`w4a16`), and a float and a quantized model of water. Checkpoints (`.ckpt`)
are there for models that examples and tests train, quantize or check in PyTorch. All other models of [results](../docs/results.md) are
made by one command a molecule, which leaves them in `runs/models/`:

```
python benchmarks/rmd17.py azobenzene --data PATH/rmd17 --epochs 24 --lr 1e-3
python benchmarks/rmd17.py ethanol --data PATH/rmd17 --only frame-w4a8 gaq-w4a8
```

Without `--only` it makes every recipe: hours on one core. PATH/rmd17 holds the files of `gaq data fetch rmd17 --molecule NAME`.

**rMD17.** PBE/def2-SVP, one molecule in vacuum, energies of single molecules. Split 01: 950 training frames, 50 held out; errors on all
1,000 frames of `test_01`.

**Water.** 340 frames of 64 molecules (PBE0-TS) from the examples of DeePMD-kit, and 174 clusters of one to three molecules
(`benchmarks/water-clusters.xyz`, PBE0 forces), so that one molecule, a droplet, a slab and the liquid at 300 K are stable. Two layers
of 32 channels, for boxes divided among several ranks of LAMMPS; errors on held-out frames:

```
cat water_192.xyz benchmarks/water-clusters.xyz > water.xyz
gaq train water-fp32 --data water.xyz --out runs/water
gaq quantize runs/water/model.ckpt --recipe w4a16 --data water.xyz --epochs 3 --lr 1e-3 --batch 2 --out runs/water-w4a16
```

**Headers.** Every file holds its manifest (data with hash, configuration, seed, versions, recipe, errors) as JSON; packed files also hold
their measured errors, those of this table. `gaq show models/rmd17-ethanol-mixed-w4a16.gaq` prints them.

This page is written by `python benchmarks/results.py`.
"""

FLOAT = """## The float model

950 + 50 frames of split 01; energies in meV per structure, force components in meV/Å, as E / F. The configurations are
`configs/rmd17-*-fp32.toml`: degree 1, four layers of 64 channels, one core.
"""

RECIPES = """## The models of this repository

What `models/` holds, and what all sections below are measured with unless they say otherwise. They are older than "Every method
alike": trained for longer (azobenzene 24 epochs at a peak rate of 1e-3, ethanol 16 at 4e-4, see "How the settings were chosen"), but
before four-bit weights that oscillate were held (`--no-freeze`), before features were rounded beside their directions, and without
GPTQ. Only `mixed-*` came later and have all three; `naive-int8` and `w8` are post-training; `fp32-control` is the float
model trained on for as long. So rows of this table show what a file is worth, and those above what a method is. All are measured by
the native engine, with its backward pass in float. LEE is over 32 Haar rotations of all 1,000 test frames. "Energies
identical" is the share of (frame, rotation) pairs whose energies are equal to the last bit.
"""

CHOICES = """### How the settings were chosen

Network, loss and optimizer of the float models: short trials on the validation frames of ethanol. Rate and length of
quantization-aware training were tried in four settings on ethanol (peak rates 1.5e-3, 1e-3, 4e-4 and 3e-3, 12 to 30 epochs, memory of
averaged weights 0.999 or 0.98; not all finished), and in two on azobenzene that finished; those of the tables had the smallest
force error in them. On azobenzene that was judged on validation frames; on ethanol some trials were judged on the first 300 *test* frames, so
its table above is not wholly blind. Below, the same models on the other 700 test frames, which no choice looked at
(`python benchmarks/untouched.py`). Learned four-bit steps and the memory of 0.98 became defaults by single trials on
ethanol, which are not rows of an ablation here. The limits at which weights are held were tried in three settings, on the validation frames of
ethanol alone; what holding them is worth is a row of "By size" (`+unfrozen`).
"""

SLOTS = """## Where the error comes from

Azobenzene, post-training, eight bits in every slot (also where our recipes spend more), each kind of slot alone; 60 test
frames. Keys cost most: they point in nearly the same direction for all atoms, so their errors do not cancel in the attention
weights as those of queries do. Our recipes give both sixteen bits (`docs/decisions/0008`).
"""

ABLATIONS: dict[str, str] = {
    "intro": """## Ablations

Ethanol, rows trained for as many epochs as each other where they are trained at all; 300 test frames, LEE over 50 frames
and 16 rotations.
""",
    "directions": """### Direction codes

8-bit weights and magnitudes; the number behind the code is the bits of a direction. `cartesian-per-vector` is the control:
no direction code at all, components with a step for each vector.
""",
    "training": """### Training

`gaq-w4a8` with 12-bit octahedral directions, trained for six epochs without warm-up (`base`); each row changes one thing.
`warm-up` quantizes vectors only after a third of the epochs.
""",
    "attention": """### Cosine attention

Networks of three layers, trained from scratch alike for twelve epochs, with queries and keys of unit length (`cosine`) or plain scaled products (`dot`).
""",
    "regularises": """### Does quantization regularise?

arXiv 2603.05343 finds W4A8 more accurate in energy than its float parent. Here the same is asked of a converged parent and of
an under-trained one, with the row that decides it: the float parent trained on for as long.
""",
}

EXACTNESS = """## Exact under rotation, on every instruction set

The shipped models with features in local frames, packed and run by the native engine as their recipe says, backward pass included. Pairs are
(frame, rotation): the test frames of rMD17, each under 32 Haar rotations. A pair is exact when its energies are equal to the last bit
and no force differs from the turned one by more than 10⁻⁹ meV/Å. The last column: frames as given whose energy and forces have the
bits of the scalar path. Command: `python benchmarks/exactness.py --data PATH/rmd17`.
"""

ENGINE = {
    "intro": """## Speed and memory of the native engine

Candidates of a table take turns within one run (`gaq.measure.speed`): rounds of 50 ms, there and back, each visit begun by a
call that is not timed. Times are medians over all calls with the 10th and 90th percentile in brackets; ratios are taken within
each round, and their percentiles are over rounds. All are asked the same, positions in and energies and forces out, of atoms
that move by some thousandths of an Å from call to call. The engine checks its list of neighbours at every call; PyTorch and the
peers are given their pairs and keep no list. PyTorch has the float network of the same weights: eager, operation by operation,
and compiled as one graph of forward and backward by inductor, for fixed sizes, with the C++ wrapper, which is the fastest form that we
found and nearly twice as fast as `torch.compile` of the same function. All processes keep the memory that they free: `mallopt` with
M_MMAP_THRESHOLD 32 MB, M_TRIM_THRESHOLD 2 GB, M_TOP_PAD 256 MB. A suffix `-b8` or `-b16` is the precision of the products in the
backward pass. The call is that of the C interface; through Python and ASE it takes some ten microseconds more. Commands:

```
python benchmarks/engine.py --data PATH/rmd17 --out runs/engine
make peers && python benchmarks/peers/run.py --data PATH/rmd17 --peers build/peers --out runs/engine
python benchmarks/results.py --collect runs
```
""",
    "modes": """### Every mode

Untrained networks of six layers and 64 channels, L = 1, on the first test frame of rMD17; one thread. "start" is from the start of a
new process to its first forces, "peak" the most memory that this process held, medians of three.

What bounds the gain of integers: at 64 channels products with weights are less than half of the float engine's time, and the rest, messages
between atoms and what an atom does with them, is float in every recipe. The products themselves gain what the table of kernels says; on a
processor whose float units are as wide as its integer units, as here, that is less than on older ones. The gain grows with the width.
Recipes in local frames pay for turning vectors between the axes of atoms, which the float engine does not do.
""",
    "shipped": """### The trained models of this repository

Four layers, 64 channels; one thread.
""",
    "methods": """### The models of "Every method alike"

Those networks, trained with seed 0; one thread. F MAE is that of the mode on the whole of `test_01`: sixteen bits in the
backward pass (`-b16`) have the errors of the tables there, which are of a float one, and what `-b8` has more is what eight
bits cost. Recipes with sixteen-bit features have sixteen there unless told otherwise, those with eight have eight.
Another hour of the same machine than in the other sections: compare within the table.
""",
    "widths": """### Wider networks

Azobenzene, six layers, one thread.
""",
    "sizes": """### Large systems

Copies of azobenzene in a periodic lattice, with 2.1 Å between the boxes around the molecules; neighbours per atom are directed pairs
within 5 Å. Memory is what evaluations add to a process that holds the model and the structure.
""",
    "batch": """### Batches

64 frames of azobenzene in one call.
""",
    "peers": """### What one would run instead

The first test frame of azobenzene, one core for all, everybody in turn. PaiNN: SchNetPack 2.1.1, 64 features, three interactions.
MACE: mace-torch 0.3.16, 64x0e + 64x1o, two layers, correlation 3, l up to 3. Both with a cutoff of 5 Å, drawn weights, single precision;
"compiled" is the same one graph as for our network. So3krates: a transcription into JAX of the network that the package `mlff` builds by
default (two layers of 128 features, l = 1 to 4), since `mlff` is on no package index; compiled by XLA for fixed pairs. GFN2-xTB: tblite
0.8.0, each step started from the density of the one before. Rows that end in `-ase` are what a user of ASE runs, positions set and forces
asked for: the calculators of SchNetPack (with its list of neighbours with a skin) and of MACE, and `gaq.Calculator`.
""",
    "kernels": """### Kernels

Billions of operations per second, a multiplication and an addition being two, of products on their own; one thread.
""",
}
