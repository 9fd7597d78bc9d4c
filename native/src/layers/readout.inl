// From the last scalars to the energies of atoms, and its gradient.

void readout(const Readout& plan, Block block, const float* s, double* energy, float* g_s, Scratch& scratch,
             const Tap& tap) {
  const int C = plan.hidden.inputs;
  const int64_t atoms = block.last - block.first;
  float *x = scratch.floats[scratch_update], *slopes = scratch.floats[scratch_hidden],
        *active = scratch.floats[scratch_active];
  float *out = scratch.floats[scratch_mixed], *g = scratch.floats[scratch_gradient];
  std::memcpy(x, s + block.first * C, sizeof(float) * atoms * C);
  linear(plan.hidden, atoms, 1, x, C, active, C, scratch, tap, block.first, Activate{slopes, C});
  linear(plan.energy, atoms, 1, active, C, out, plan.energy.outputs, scratch, tap, block.first);
  for (int64_t a = 0; a < atoms; ++a) {
    energy[block.first + a] = double(out[a * plan.energy.outputs]);
    for (int c = 0; c < C; c += lanes) store(g + a * C + c, load(plan.energy_weight.data() + c));
  }
  mask_clipped(plan.energy.scheme, atoms, C, active, C, g, C);
  for (int64_t k = 0; k < atoms * C; k += lanes) store(g + k, load(g + k) * load(slopes + k));
  linear_back(plan.hidden, atoms, 1, g, C, x, C, g_s + block.first * C, C, scratch);
}
