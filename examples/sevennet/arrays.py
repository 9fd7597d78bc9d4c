"""Write the arrays of a SevenNet checkpoint, and its settings beside them, for `gaq import`.

Runs in an environment with sevenn and safetensors: python arrays.py 7net-0 sevennet0.safetensors
The first argument is a name that sevenn knows, or the path of a checkpoint of your own. A third one names the data set
that a network of several fidelities is asked about: python arrays.py 7net-mf-0 mf.safetensors PBE
"""

import json
import sys
from pathlib import Path

from ase.data import chemical_symbols
from safetensors.torch import save_file
from sevenn.util import load_checkpoint

# What a reader has to know beside the arrays.
SETTINGS = {
    *("act_gate", "act_radial", "act_scalar", "readout_as_fcn", "self_connection_type", "use_bias_in_linear"),
    *("channel", "irreps_manual", "is_parity", "lmax", "lmax_edge", "lmax_node", "use_modality", "_normalize_sph"),
    *("cutoff", "cutoff_function", "radial_basis", "weight_nn_hidden_neurons"),
    *("interaction_type", "num_convolution_layer", "_modal_map", "use_modal_node_embedding"),
    *("use_modal_self_inter_intro", "use_modal_self_inter_outro", "use_modal_output_block"),
}

checkpoint, out = load_checkpoint(sys.argv[1]), Path(sys.argv[2])
arrays = {name: tensor.detach().contiguous() for name, tensor in checkpoint.build_model().named_parameters()}
save_file({name: tensor for name, tensor in arrays.items() if tensor.numel()}, out)
species = sorted(checkpoint.config["_type_map"], key=checkpoint.config["_type_map"].get)
settings = {name: value for name, value in checkpoint.config.items() if name in SETTINGS}
settings |= {"model": "SevenNet", "chemical_species": [chemical_symbols[z] for z in species]}
if len(sys.argv) > 3:
    settings["modality"] = sys.argv[3]
(out.parent / "config.json").write_text(json.dumps(settings, indent=1))
