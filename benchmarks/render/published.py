"""Published figures."""

from __future__ import annotations

# E MAE / F MAE in meV and meV/Å on rMD17 with 950 + 50 training frames: MACE arXiv 2206.07697 (also for ACE), Allegro
# arXiv 2204.05249, NequIP arXiv 2101.03164, GAQ arXiv 2603.05343, tables II and III.
FLOAT_MODELS: dict[str, dict[str, str]] = {
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

OURS = "not in the paper"
# row, our row, published E MAE meV / F MAE meV/Å / LEE meV/Å
METHODS: dict[str, list[tuple[str, str, str]]] = {
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
        ("ours: weights of 4 and 8 bits, A16, from GPTQ", "mixed-w4a16/qat", OURS),
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

OF_MOLECULE = {"2603.05343": "azobenzene", "2601.02213": "ethanol"}
DYNAMICS = {"gaq-w4a8": "0.15, stable", "naive-int8": "explodes within 100 ps"}  # arXiv 2603.05343
