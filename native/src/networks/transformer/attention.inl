// Queries and keys of unit length, and the weights of attention: e^logit with logit = τ q̂·k̂ + b(r).

constexpr float unit_epsilon = 1e-6f;  // geometry/vectors.py, unit_per_head

inline float head_square(const float* q, int width) {
  Vec total = zero();
  for (int c = 0; c < width; c += lanes) {
    Vec x = load(q + c);
    total = fma(x, x, total);
  }
  return sum(total);
}

// What queries and keys are multiplied with: 1 / |q| (ε inside) or d^(-1/4).
template <class Shape>
inline float normaliser(const Shape& shape, const float* q) {
  if (!shape.cosine) return float(1.0 / std::sqrt(std::sqrt(double(shape.true_head_width))));
  return 1.0f / std::sqrt(head_square(q, shape.head_width) + unit_epsilon);
}

inline void through_scheme(const FeatureScheme& scheme, float* x, int columns) {
  if (scheme.scheme != Scheme::uniform) return;
  const Vec inverse = set1(scheme.inverse_step), step = set1(scheme.step), high = set1(float(scheme.high()));
  for (int c = 0; c < columns; c += lanes) store(x + c, encode(load(x + c), inverse, high) * step);
}

template <class Shape>
void unit_queries_of(const Shape& shape, const TransformerLayer& layer, Block block, const float* projected,
                     float* unit, const Tap& tap) {
  const int C = shape.channels;
  for (int64_t atom = block.first; atom < block.last; ++atom) {
    const float* in = projected + atom * 4 * C;
    float* out = unit + atom * 2 * C;
    for (int c = 0; c < 2 * C; c += shape.head_width) {
      const Vec factor = set1(normaliser(shape, in + c));
      for (int k = 0; k < shape.head_width; k += lanes) store(out + c + k, load(in + c + k) * factor);
    }
    show(tap, layer.query_slot.c_str(), atom, 1, C, shape.true_channels, layer.output.input_place, out, C);
    show(tap, layer.key_slot.c_str(), atom, 1, C, shape.true_channels, layer.output.input_place, out + C, C);
    through_scheme(layer.query, out, C);
    through_scheme(layer.key, out + C, C);
  }
}

// Zeroes the gradient of what a fixed step clipped of queries or keys, which are in · factor.
inline void mask_clipped_head(const FeatureScheme& scheme, bool unit, const float* in, Vec factor, int width,
                              float* g) {
  const bool covers = unit &&
                      scheme.step * (float(scheme.high()) + 0.5f) > 1.00001f;  // nothing of unit length is outside
  if (scheme.scheme != Scheme::uniform || covers) return;
  const Vec inverse = set1(scheme.inverse_step), high = set1(float(scheme.high()));
  for (int k = 0; k < width; k += lanes) {
    const Vec rounded = abs(round((load(in + k) * factor) * inverse));
    store(g + k, select_less(high, rounded, zero(), load(g + k)));
  }
}

// Gradient of unit queries and keys (the first 2C of each row) → of the projected ones, in place.
template <class Shape>
void unit_queries_back_of(const Shape& shape, const TransformerLayer& layer, Block block, const float* projected,
                          float* gradient) {
  const int C = shape.channels, W = shape.head_width;
  for (int64_t atom = block.first; atom < block.last; ++atom) {
    const float* in = projected + atom * 4 * C;
    float* g = gradient + atom * 4 * C;
    for (int c = 0; c < 2 * C; c += W) {
      const float factor = normaliser(shape, in + c);
      mask_clipped_head(c < C ? layer.query : layer.key, shape.cosine, in + c, set1(factor), W, g + c);
      float along = 0;
      if (shape.cosine) {
        Vec total = zero();
        for (int k = 0; k < W; k += lanes) total = fma(load(in + c + k), load(g + c + k), total);
        along = sum(total) * factor * factor;
      }
      for (int k = 0; k < W; k += lanes)
        store(g + c + k, fnma(load(in + c + k), set1(along), load(g + c + k)) * set1(factor));
    }
  }
}

inline Vec head_product(const float* q, const float* k, int width) {
  Vec total = load(q) * load(k);
  for (int c = lanes; c < width; c += lanes) total = fma(load(q + c), load(k + c), total);
  return total;
}

constexpr int most_heads = 64;

template <class Shape>
void attention_of(const Shape& shape, const TransformerLayer& layer, const PairInvariants& pairs, Task task,
                  const float* unit, float* weight) {
  const int C = shape.channels, W = shape.head_width, heads = shape.heads;
  const int bias_column = shape.functions(layer.first) * C;
  for (int64_t pair = task.first; pair < task.last; ++pair) {
    const float* i = unit + int64_t(pairs.i[pair]) * 2 * C;
    const float* j = unit + int64_t(pairs.j[pair]) * 2 * C;
    const Radial radial(layer.radial, pairs, pair);
    float dots[2][most_heads];
    int h = 0;
    for (; h + 2 <= heads; h += 2) {
      float four[4];
      sum4(head_product(i + h * W, j + C + h * W, W), head_product(i + (h + 1) * W, j + C + (h + 1) * W, W),
           head_product(j + h * W, i + C + h * W, W), head_product(j + (h + 1) * W, i + C + (h + 1) * W, W), four);
      for (int k = 0; k < 2; ++k) dots[0][h + k] = four[k], dots[1][h + k] = four[2 + k];
    }
    for (; h < heads; ++h) {
      dots[0][h] = sum(head_product(i + h * W, j + C + h * W, W));
      dots[1][h] = sum(head_product(j + h * W, i + C + h * W, W));
    }
    for (; h < shape.heads_padded; ++h) dots[0][h] = dots[1][h] = 0;
    float* out = weight + pair * 2 * heads;
    for (h = 0; h < shape.heads_padded; h += lanes) {
      const Vec bias = radial.at(bias_column + h), temperature = load(layer.temperature.data() + h);
      for (int side = 0; side < 2; ++side) store(dots[side] + h, fma(temperature, load(dots[side] + h), bias));
    }
    for (int side = 0; side < 2; ++side) std::memcpy(out + side * heads, dots[side], heads * sizeof(float));
  }
  float* all = weight + task.first * 2 * heads;
  const int64_t count = (task.last - task.first) * 2 * heads;
  int64_t k = 0;
  for (; k + lanes <= count; k += lanes) store(all + k, exponential(load(all + k)));
  if (k < count) {
    float rest[lanes] = {};
    std::memcpy(rest, all + k, (count - k) * sizeof(float));
    store(rest, exponential(load(rest)));
    std::memcpy(all + k, rest, (count - k) * sizeof(float));
  }
}

void unit_queries(const TransformerPlan& plan, const TransformerLayer& layer, Block block, const float* projected,
                  float* unit, const Tap& tap) {
  with_width(plan.shape, [&](const auto& shape) { unit_queries_of(shape, layer, block, projected, unit, tap); });
}

void unit_queries_back(const TransformerPlan& plan, const TransformerLayer& layer, Block block, const float* projected,
                       float* gradient) {
  with_width(plan.shape, [&](const auto& shape) { unit_queries_back_of(shape, layer, block, projected, gradient); });
}

void attention(const TransformerPlan& plan, const TransformerLayer& layer, const PairInvariants& pairs, Task task,
               const float* unit, float* weight) {
  with_width(plan.shape, [&](const auto& shape) { attention_of(shape, layer, pairs, task, unit, weight); });
}
