// A linear layer on a block of rows, forward and back, by whatever scheme its input and its weight follow.

// Where a block's temporary rows live.
enum ScratchSlot {
  scratch_vectors,
  scratch_update,
  scratch_active,
  scratch_mixed,
  scratch_hidden,
  scratch_gates,
  scratch_linear,
  scratch_gradient,
  scratch_other,
  scratch_more
};

// Shows rows to a tap, in the model's own channels.
inline void show(const Tap& tap, const char* name, int64_t first_row, int64_t rows, int columns, int true_columns,
                 const std::vector<int>& place, float* x, int64_t stride) {
  if (!tap.call) return;
  std::vector<float> plain(size_t(rows) * true_columns);
  for (int64_t row = 0; row < rows; ++row)
    for (int c = 0; c < true_columns; ++c) plain[size_t(row) * true_columns + c] = x[row * stride + place[c]];
  tap.call(tap.context, name, first_row, rows, true_columns, plain.data());
  for (int64_t row = 0; row < rows; ++row)
    for (int c = 0; c < true_columns; ++c) x[row * stride + place[c]] = plain[size_t(row) * true_columns + c];
  (void)columns;
}

inline const float* or_null(const AlignedVector<float>& values) { return values.empty() ? nullptr : values.data(); }

// What one row has of what its scheme takes off: the mean of its species, and so much of each of its directions.
struct LowRankCompensation {
  const float* table;  // [count][columns] of the species
  const float* coefficients;  // [count]; null for a mean alone, which is taken whole
  int count, columns;

  Vec at(int c) const {
    if (!coefficients) return load(table + c);
    Vec total = set1(coefficients[0]) * load(table + c);
    for (int k = 1; k < count; ++k) total = total + set1(coefficients[k]) * load(table + k * columns + c);
    return total;
  }
};

// `table` is that of the inputs or of the outputs; `species` begins with the first row's atom.
inline LowRankCompensation compensation_of(const LinearPlan& plan, const AlignedVector<float>& table, int columns,
                                           int64_t row, int components, const int32_t* species,
                                           const Scratch& scratch) {
  const int count = plan.scheme.compensation_rows();
  const int64_t first = int64_t(species[row / components]) * count;
  const float* coefficients = plan.scheme.directions > 0 ? scratch.coefficients + row * plan.directions.outputs + first
                                                         : nullptr;
  return {table.data() + first * columns, coefficients, count, columns};
}

// How much of each direction rows x, less their means, have: products of integers, by the steps of the rows.
inline void find_coefficients(const LinearPlan& plan, int64_t rows, int components, const float* x, int64_t x_stride,
                              const int32_t* species, Scratch& scratch) {
  float* rest = scratch.floats[scratch_linear];
  const int count = plan.scheme.compensation_rows(), width = plan.directions.outputs;
  if (plan.scheme.centred) {
    for (int64_t row = 0; row < rows; ++row) {
      const float* mean = plan.compensation.data() + int64_t(species[row / components]) * count * plan.inputs;
      for (int c = 0; c < plan.inputs; c += lanes)
        store(rest + row * plan.inputs + c, load(x + row * x_stride + c) - load(mean + c));
    }
    x = rest;
    x_stride = plan.inputs;
  }
  encode_rows(plan.scheme, rows, components, plan.inputs, x, x_stride, plan.directions.codes, scratch.codes,
              scratch.scale);
  product_coded(rows, {scratch.codes, scratch.scale}, plan.directions, plan.direction_scale.data(), nullptr,
                scratch.coefficients, width);
  for (int64_t row = 0; row < rows && plan.scheme.centred; ++row)
    scratch.coefficients[row * width + int64_t(species[row / components]) * count] = 1;
}

// Subtracts the compensation from rows; the result is contiguous.
inline const float* rest_of(const LinearPlan& plan, int64_t rows, int components, const float* x, int64_t x_stride,
                            const int32_t* species, Scratch& scratch) {
  if (plan.scheme.directions > 0) find_coefficients(plan, rows, components, x, x_stride, species, scratch);
  float* rest = scratch.floats[scratch_linear];
  for (int64_t row = 0; row < rows; ++row) {
    const LowRankCompensation compensation = compensation_of(plan, plan.compensation, plan.inputs, row, components,
                                                             species, scratch);
    for (int c = 0; c < plan.inputs; c += lanes)
      store(rest + row * plan.inputs + c, load(x + row * x_stride + c) - compensation.at(c));
  }
  return rest;
}

// Adds the compensation back after the product, and then the bias.
template <class After>
inline void add_compensation(const LinearPlan& plan, int64_t rows, int components, const int32_t* species,
                             const Scratch& scratch, float* y, int64_t y_stride, const After& after) {
  const float* bias = or_null(plan.bias);
  for (int64_t row = 0; row < rows; ++row) {
    const LowRankCompensation compensation = compensation_of(plan, plan.compensation_out, plan.outputs, row, components,
                                                             species, scratch);
    float* at = y + row * y_stride;
    for (int c = 0; c < plan.outputs; c += lanes) {
      const Vec total = load(at + c) + compensation.at(c);
      after(at + c, row, c, bias ? total + load(bias + c) : total);
    }
  }
}

// x [rows][inputs] → y [rows][outputs], and what `after` does with it; `components` rows belong to one atom.
template <class After = Keep>
inline void linear(const LinearPlan& plan, int64_t rows, int components, float* x, int64_t x_stride, float* y,
                   int64_t y_stride, Scratch& scratch, const Tap& tap, int64_t first_row, const After& after = {}) {
  show(tap, plan.slot.c_str(), first_row, rows, plan.inputs, plan.true_inputs, plan.input_place, x, x_stride);
  const Output<After> out{plan.coded ? plan.scale.data() : nullptr, or_null(plan.bias), y, y_stride, after};
  if (plan.forward.arithmetic != Arithmetic::float32) {
    const CodedRows codes{scratch.codes, scratch.scale};
    if (plan.scheme.compensation_rows() == 0) {
      encode_rows(plan.scheme, rows, components, plan.inputs, x, x_stride, plan.forward.codes, scratch.codes,
                  scratch.scale);
      return multiply_coded(rows, codes, plan.forward, out);
    }
    const int32_t* species = scratch.species + first_row / components;
    const float* rest = rest_of(plan, rows, components, x, x_stride, species, scratch);
    encode_rows(plan.scheme, rows, components, plan.inputs, rest, plan.inputs, plan.forward.codes, scratch.codes,
                scratch.scale);
    product_coded(rows, codes, plan.forward, plan.scale.data(), nullptr, y, y_stride);
    add_compensation(plan, rows, components, species, scratch, y, y_stride, after);
  } else if (plan.scheme.scheme == Scheme::identity) {
    multiply_float(rows, x, x_stride, plan.forward, out);
  } else {  // the scheme's products are of decoded values; rows of its inputs are contiguous
    float* decoded = scratch.floats[scratch_linear];
    decode_through(plan.scheme, rows / components, components, plan.inputs, x, decoded, nullptr, nullptr, nullptr);
    multiply_float(rows, decoded, plan.inputs, plan.forward, out);
  }
}

void linear_rows(const LinearPlan& plan, int64_t rows, int components, float* x, int64_t x_stride, float* y,
                 int64_t y_stride, Scratch& scratch, const Tap& tap, int64_t first_row) {
  linear(plan, rows, components, x, x_stride, y, y_stride, scratch, tap, first_row);
}

inline void scale_columns(const LinearPlan& plan, int64_t rows, const float* g, int64_t stride, float* out) {
  for (int64_t row = 0; row < rows; ++row)
    for (int c = 0; c < plan.outputs; c += lanes)
      store(out + row * plan.outputs + c, load(g + row * stride + c) * load(plan.scale.data() + c));
}

// Whether the backward pass through a scheme needs to see what went in: to know what was clipped, or which way it pointed.
inline bool looks_back(const FeatureScheme& scheme) {
  return scheme.scheme == Scheme::polar || (scheme.scheme == Scheme::uniform && scheme.per == Per::tensor);
}

// dE/dy [rows][outputs] → dE/dx [rows][inputs], through the pullback of the input's scheme; x as it was forward, needed
// only where the scheme looks back. `after` has its turn last.
template <class After = Keep>
inline void linear_back(const LinearPlan& plan, int64_t rows, int components, const float* g_y, int64_t g_stride,
                        const float* x, int64_t x_stride, float* g_x, int64_t gx_stride, Scratch& scratch,
                        const After& after = {}) {
  const bool later = looks_back(plan.scheme);
  const Output<After> out{nullptr, nullptr, g_x, gx_stride, after};
  const Output<Keep> kept{nullptr, nullptr, g_x, gx_stride, {}};
  if (plan.backward.arithmetic != Arithmetic::float32) {  // the scale of columns is folded in before they are coded
    encode_any(plan.backward.codes, ScaledRows{g_y, g_stride, plan.scale.data()}, Per::row, {0, 0},
               (1 << (plan.backward_bits - 1)) - 1, rows, 1, plan.outputs, scratch.codes, scratch.scale);
    const CodedRows codes{scratch.codes, scratch.scale};
    if (!later) return multiply_coded(rows, codes, plan.backward, out);
    multiply_coded(rows, codes, plan.backward, kept);
  } else {
    if (plan.coded) {
      scale_columns(plan, rows, g_y, g_stride, scratch.floats[scratch_linear]);
      g_y = scratch.floats[scratch_linear];
      g_stride = plan.outputs;
    }
    if (!later) return multiply_float(rows, g_y, g_stride, plan.backward, out);
    multiply_float(rows, g_y, g_stride, plan.backward, kept);
  }
  mask_clipped(plan.scheme, rows, plan.inputs, x, x_stride, g_x, gx_stride);
  if (plan.scheme.scheme == Scheme::polar)
    for (int64_t atom = 0; atom < rows / components; ++atom)
      polar_back(plan.scheme, components, plan.inputs, x + atom * components * x_stride,
                 g_x + atom * components * gx_stride);
  if constexpr (!std::is_same_v<After, Keep>)
    for (int64_t row = 0; row < rows; ++row)
      for (int c = 0; c < plan.inputs; c += lanes)
        after(g_x + row * gx_stride + c, row, c, load(g_x + row * gx_stride + c));
}

// The same, added to what is in `onto`.
inline void add_linear_back(const LinearPlan& plan, int64_t rows, int components, const float* g_y, int64_t g_stride,
                            const float* x, int64_t x_stride, float* onto, int64_t stride, Scratch& scratch) {
  const AddTo add{onto, stride};
  if (!looks_back(plan.scheme))
    return linear_back(plan, rows, components, g_y, g_stride, x, x_stride, onto, stride, scratch, add);
  float* back = scratch.floats[scratch_other];
  linear_back(plan, rows, components, g_y, g_stride, x, x_stride, back, plan.inputs, scratch);
  for (int64_t row = 0; row < rows; ++row)
    for (int c = 0; c < plan.inputs; c += lanes)
      add(onto + row * stride + c, row, c, load(back + row * plan.inputs + c));
}
