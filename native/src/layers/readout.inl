// From the last scalars to the energies of atoms, and its gradient.

void readout(const Readout& plan, Block block, const float* s, double* energy, float* g_s, Scratch& room, const Tap& tap) {
  const int C = plan.hidden.inputs;
  const int64_t atoms = block.last - block.first;
  float *x = room.floats[room_update], *hidden = room.floats[room_hidden], *active = room.floats[room_active];
  float *out = room.floats[room_mixed], *g = room.floats[room_gradient];
  std::memcpy(x, s + block.first * C, sizeof(float) * atoms * C);
  linear(plan.hidden, atoms, 1, x, C, hidden, C, room, tap, block.first);
  for (int64_t k = 0; k < atoms * C; k += lanes) store(active + k, silu(load(hidden + k)));
  linear(plan.energy, atoms, 1, active, C, out, plan.energy.outputs, room, tap, block.first);
  for (int64_t a = 0; a < atoms; ++a) {
    energy[block.first + a] = double(out[a * plan.energy.outputs]);
    for (int c = 0; c < C; c += lanes) store(g + a * C + c, load(plan.energy_weight.data() + c));
  }
  mask_clipped(plan.energy.law, atoms, C, active, C, g, C);
  for (int64_t k = 0; k < atoms * C; k += lanes) store(g + k, load(g + k) * silu_slope(load(hidden + k)));
  linear_back(plan.hidden, atoms, 1, g, C, x, C, g_s + block.first * C, C, room);
}
