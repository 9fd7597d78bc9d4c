// The usual sizes as constants of the compiler: degrees, and channels with four heads; width 0 is any other.

// Calls body(degree, first component) for the degrees from 1 to L.
template <int L, class Body>
inline void over_degrees(Body body) {
  body(std::integral_constant<int, 1>(), 0);
  if constexpr (L > 1) body(std::integral_constant<int, 2>(), 3);
  if constexpr (L > 2) body(std::integral_constant<int, 3>(), 8);
}

template <int L, int Width>
struct Sizes {
  static constexpr int degrees = L, components = gaq::components(L);
  static constexpr int products = products_of(L), sections = 1 + 2 * L + products;
  const TransformerShape& shape;
  int channels() const { return Width ? Width : shape.channels; }
  int heads() const { return Width ? 4 : shape.heads; }
  int head_width() const { return Width ? Width / 4 : shape.head_width; }
};

// Calls body(sizes) with the sizes of a shape.
template <class Body>
inline void with_sizes(const TransformerShape& shape, Body body) {
  auto with_width = [&](auto degrees) {
    constexpr int L = decltype(degrees)::value;
    if constexpr (L < 3) {
      if (shape.heads == 4 && shape.channels == 64) return body(Sizes<L, 64>{shape});
      if (shape.heads == 4 && shape.channels == 128) return body(Sizes<L, 128>{shape});
    }
    body(Sizes<L, 0>{shape});
  };
  if (shape.degrees == 1)
    with_width(std::integral_constant<int, 1>());
  else if (shape.degrees == 2)
    with_width(std::integral_constant<int, 2>());
  else
    with_width(std::integral_constant<int, 3>());
}
