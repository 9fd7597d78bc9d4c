// Queries and keys of unit length, and the shares of attention: e^logit / (1 + Σ φ e^logit) with logit = τ q̂·k̂ + b(r).

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
inline float normaliser(const TransformerShape& shape, const float* q) {
  if (!shape.cosine) return float(1.0 / std::sqrt(std::sqrt(double(shape.true_head_width))));
  return 1.0f / std::sqrt(head_square(q, shape.head_width) + unit_epsilon);
}

inline void through_scheme(const FeatureScheme& scheme, float* x, int columns) {
  if (scheme.scheme != Scheme::uniform) return;
  const Vec inverse = set1(scheme.inverse_step), step = set1(scheme.step), high = set1(float(scheme.high()));
  for (int c = 0; c < columns; c += lanes) store(x + c, encode(load(x + c), inverse, high) * step);
}

void unit_queries(const TransformerPlan& plan, const TransformerLayer& layer, Block block, const float* projected,
                  float* unit, const Tap& tap) {
  const TransformerShape& shape = plan.shape;
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
void unit_queries_back(const TransformerPlan& plan, const TransformerLayer& layer, Block block, const float* projected,
                       float* gradient) {
  const TransformerShape& shape = plan.shape;
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

constexpr int most_heads = 4;  // which are worked on at once

// e^x of `count` numbers, in place.
inline void exponentials(float* x, int64_t count) {
  int64_t k = 0;
  for (; k + lanes <= count; k += lanes) store(x + k, exponential(load(x + k)));
  if (k == count) return;
  float rest[lanes] = {};
  std::memcpy(rest, x + k, (count - k) * sizeof(float));
  store(rest, exponential(load(rest)));
  std::memcpy(x + k, rest, (count - k) * sizeof(float));
}

// Logits of the messages that one atom receives, [message][heads].
template <class S>
inline void logits(const S sizes, const TransformerLayer& layer, const Adjacency& adjacency, const Functions functions,
                   int64_t atom, const float* unit, float* out) {
  const int C = sizes.channels(), heads = sizes.heads(), W = sizes.head_width(), bias_column = message_functions * C;
  const float *const query = unit + atom * 2 * C, *const temperature = layer.temperature.data();
  const Neighbor* const all = adjacency.all.data();
  const int64_t first = adjacency.first[atom], last = adjacency.first[atom + 1];
  for (int64_t k = first; k < last; ++k, out += heads) {
    const float* key = unit + int64_t(all[k].atom) * 2 * C + C;
    const float* bias = functions.at(k) + bias_column;
    float dots[lanes];
    for (int group = 0; group < heads; group += lanes) {
      const int count = std::min(heads - group, lanes);
      for (int h = 0; h < lanes; h += 4) {
        Vec four[4];
        for (int n = 0; n < 4; ++n) {
          const int c = (group + h + n) * W;
          four[n] = h + n < count ? head_product(query + c, key + c, W) : zero();
        }
        if (h < count)
          sum4(four[0], four[1], four[2], four[3], dots + h);
        else
          std::fill_n(dots + h, 4, 0.0f);
      }
      store(dots, fma(load(temperature + group), load(dots), load(bias + group)));
      std::memcpy(out + group, dots, count * sizeof(float));
    }
  }
}

template <class S>
void attention_of(const S sizes, const TransformerLayer& layer, const PairInvariants& pairs, const Adjacency& adjacency,
                  Functions functions, Block block, TransformerState& state) {
  const int heads = sizes.heads();
  const int64_t begin = adjacency.first[block.first] * heads, end = adjacency.first[block.last] * heads;
  const Neighbor* const all = adjacency.all.data();
  const float* const envelope = pairs.envelope.data();
  float* const share = state.share;
  for (int64_t atom = block.first; atom < block.last; ++atom) {
    functions.of<false>(atom, layer.filters, layer.radial.row);
    logits(sizes, layer, adjacency, functions, atom, state.unit, share + adjacency.first[atom] * heads);
  }
  exponentials(share + begin, end - begin);
  for (int64_t atom = block.first; atom < block.last; ++atom) {
    const int64_t first = adjacency.first[atom], last = adjacency.first[atom + 1];
    for (int group = 0; group < heads; group += most_heads) {
      const int count = std::min(heads - group, most_heads);
      float total[most_heads], one[most_heads];
      std::fill_n(total, most_heads, 1.0f);
      for (int64_t k = first; k < last; ++k) {
        const float phi = envelope[all[k].end / 2];
        for (int h = 0; h < count; ++h) total[h] = total[h] + phi * share[k * heads + group + h];
      }
      for (int h = 0; h < most_heads; ++h) one[h] = 1.0f / total[h];
      for (int64_t k = first; k < last; ++k)
        for (int h = 0; h < count; ++h) share[k * heads + group + h] *= one[h];
    }
  }
}

void attention(const TransformerPlan& plan, const TransformerLayer& layer, const PairInvariants& pairs,
               const Adjacency& adjacency, Block block, TransformerState& state, Scratch& scratch) {
  with_sizes(plan.shape, [&](auto sizes) {
    attention_of(sizes, layer, pairs, adjacency, Functions{layer, pairs, adjacency, state.radial, &scratch}, block,
                 state);
  });
}

// dE/dw of the messages to a block of receivers → of their logits, times the temperature; dE/dφ; queries.
template <class S>
void attention_back_of(const S sizes, const TransformerLayer& layer, const PairInvariants& pairs,
                       const Adjacency& adjacency, Functions functions, PairGradients& gradients, Block block,
                       const TransformerState& state, const TransformerGradients& g) {
  const int C = sizes.channels(), heads = sizes.heads(), W = sizes.head_width();
  const int slope_column = layer.radial.row + message_functions * C;
  const Neighbor* const all = adjacency.all.data();
  const float *const envelope = pairs.envelope.data(), *const steepness = pairs.steepness.data();
  const float *const unit = state.unit, *const temperature = layer.temperature.data(), *const share = state.share;
  float *const g_weight = g.weight, *const g_radial = gradients.radial.data(),
               *const g_envelope = gradients.envelope.data();
  for (int64_t atom = block.first; atom < block.last; ++atom) {
    const int64_t first = adjacency.first[atom], last = adjacency.first[atom + 1];
    float* const g_query = g.projected + atom * 4 * C;
    functions.of<true>(atom, layer.filters, layer.radial.row);
    const Functions rows = functions;
    for (int group = 0; group < heads; group += most_heads) {
      const int count = std::min(heads - group, most_heads);
      float mean[most_heads] = {};
      for (int64_t k = first; k < last; ++k) {
        const float phi = envelope[all[k].end / 2];
        for (int h = 0; h < count; ++h)
          mean[h] = mean[h] + (phi * share[k * heads + group + h]) * g_weight[k * heads + group + h];
      }
      for (int64_t k = first; k < last; ++k) {
        const int64_t end = all[k].end;
        const float phi = envelope[end / 2];
        const float* slopes = rows.at(k) + slope_column + group;
        float by_radius = 0, by_envelope = 0;
        for (int h = 0; h < count; ++h) {
          const float by_share = share[k * heads + group + h] * (g_weight[k * heads + group + h] - mean[h]);
          const float by_logit = phi * by_share;
          by_envelope = by_envelope + by_share;
          by_radius = by_radius + by_logit * slopes[h];
          g_weight[k * heads + group + h] = temperature[group + h] * by_logit;
        }
        g_radial[end] += by_radius * steepness[end / 2];
        g_envelope[end] += by_envelope;
      }
    }
    for (int h = 0; h < heads && !layer.first; ++h)
      for (int c = h * W; c < (h + 1) * W; c += lanes) {
        Vec total = zero();
        for (int64_t k = first; k < last; ++k)
          total = fma(set1(g_weight[k * heads + h]), load(unit + int64_t(all[k].atom) * 2 * C + C + c), total);
        store(g_query + c, total);
      }
  }
}

void attention_back(const TransformerPlan& plan, const TransformerLayer& layer, const PairInvariants& pairs,
                    const Adjacency& adjacency, PairGradients& gradients, Block block, const TransformerState& state,
                    const TransformerGradients& g, Scratch& scratch) {
  with_sizes(plan.shape, [&](auto sizes) {
    attention_back_of(sizes, layer, pairs, adjacency, Functions{layer, pairs, adjacency, state.radial, &scratch},
                      gradients, block, state, g);
  });
}

// dE/d(keys) of a block of senders, from what `attention_back` left.
template <class S>
inline void keys_back(const S sizes, const Adjacency& adjacency, Block block, int64_t owned,
                      const TransformerState& state, const TransformerGradients& g) {
  const int C = sizes.channels(), heads = sizes.heads(), W = sizes.head_width();
  const Neighbor* const all = adjacency.all.data();
  const float *const unit = state.unit, *const by_product = g.weight;
  for (int64_t atom = block.first; atom < block.last; ++atom) {
    const int64_t first = adjacency.first[atom], last = adjacency.first[atom + 1];
    float* const g_key = g.projected + atom * 4 * C + C;
    for (int c = 0; c < C && atom >= owned; c += lanes) store(g_key - C + c, zero());  // a ghost asks nobody
    for (int h = 0; h < heads; ++h)
      for (int c = h * W; c < (h + 1) * W; c += lanes) {
        Vec total = zero();
        for (int64_t k = first; k < last; ++k)
          if (all[k].atom < owned)
            total = fma(set1(by_product[all[k].reverse * int64_t(heads) + h]),
                        load(unit + int64_t(all[k].atom) * 2 * C + c), total);
        store(g_key + c, total);
      }
  }
}
