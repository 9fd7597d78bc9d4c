// Products of equivariant features, sixteen channels at a time: two degrees into a third. geometry/coupling.py has the same
// tables, and says where they come from.

struct CouplingEntry {
  int m, i, j;  // components of the product, of its first and of its second factor
  float value;
};

constexpr float half_root3 = 0.866025403784438647f;

constexpr CouplingEntry vectors_to_tensor[] = {{0, 0, 1, half_root3}, {0, 1, 0, half_root3}, {1, 1, 2, half_root3},
                                               {1, 2, 1, half_root3}, {2, 0, 0, -0.5f},      {2, 1, 1, -0.5f},
                                               {2, 2, 2, 1.0f},       {3, 0, 2, half_root3}, {3, 2, 0, half_root3},
                                               {4, 0, 0, half_root3}, {4, 1, 1, -half_root3}};
constexpr CouplingEntry tensor_times_vector[] = {{0, 0, 1, half_root3}, {0, 2, 0, -0.5f},       {0, 3, 2, half_root3},
                                                 {0, 4, 0, half_root3}, {1, 0, 0, half_root3},  {1, 1, 2, half_root3},
                                                 {1, 2, 1, -0.5f},      {1, 4, 1, -half_root3}, {2, 1, 1, half_root3},
                                                 {2, 2, 2, 1.0f},       {2, 3, 0, half_root3}};
constexpr CouplingEntry tensors_to_tensor[] = {
    {0, 0, 2, -1.0f},      {0, 1, 3, half_root3},  {0, 2, 0, -1.0f}, {0, 3, 1, half_root3}, {1, 0, 3, half_root3},
    {1, 1, 2, 0.5f},       {1, 1, 4, -half_root3}, {1, 2, 1, 0.5f},  {1, 3, 0, half_root3}, {1, 4, 1, -half_root3},
    {2, 0, 0, -1.0f},      {2, 1, 1, 0.5f},        {2, 2, 2, 1.0f},  {2, 3, 3, 0.5f},       {2, 4, 4, -1.0f},
    {3, 0, 1, half_root3}, {3, 1, 0, half_root3},  {3, 2, 3, 0.5f},  {3, 3, 2, 0.5f},       {3, 3, 4, half_root3},
    {3, 4, 3, half_root3}, {4, 1, 1, -half_root3}, {4, 2, 4, -1.0f}, {4, 3, 3, half_root3}, {4, 4, 2, -1.0f}};

// out += x ⊗ y
template <const auto& entries, size_t... k>
inline void couple_each(const Vec* x, const Vec* y, Vec* out, std::index_sequence<k...>) {
  ((out[entries[k].m] = fma(set1(entries[k].value) * x[entries[k].i], y[entries[k].j], out[entries[k].m])), ...);
}
template <const auto& entries>
inline void couple(const Vec* x, const Vec* y, Vec* out) {
  couple_each<entries>(x, y, out, std::make_index_sequence<std::size(entries)>());
}

// The gradient: g of x ⊗ y is added to those of x and of y.
template <const auto& entries, size_t k>
inline void couple_one_back(const Vec* g, const Vec* x, const Vec* y, Vec* g_x, Vec* g_y) {
  constexpr CouplingEntry entry = entries[k];
  const Vec scaled = set1(entry.value) * g[entry.m];
  g_x[entry.i] = fma(scaled, y[entry.j], g_x[entry.i]);
  g_y[entry.j] = fma(scaled, x[entry.i], g_y[entry.j]);
}
template <const auto& entries, size_t... k>
inline void couple_each_back(const Vec* g, const Vec* x, const Vec* y, Vec* g_x, Vec* g_y, std::index_sequence<k...>) {
  (couple_one_back<entries, k>(g, x, y, g_x, g_y), ...);
}
template <const auto& entries>
inline void couple_back(const Vec* g, const Vec* x, const Vec* y, Vec* g_x, Vec* g_y) {
  couple_each_back<entries>(g, x, y, g_x, g_y, std::make_index_sequence<std::size(entries)>());
}
