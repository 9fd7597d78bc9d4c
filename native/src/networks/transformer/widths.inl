// The usual widths as constants: loops over channels unroll, and addresses are known when a kernel is compiled.

// Degree one, four heads, as many hidden channels as others. Its constants stand before the numbers of the same names.
template <int Width>
struct ConstantShape : TransformerShape {
  explicit ConstantShape(const TransformerShape& shape) : TransformerShape(shape) {}

  static constexpr int degrees = 1, components = 3, heads = 4, heads_padded = lanes;
  static constexpr int channels = Width, head_width = Width / heads, hidden = Width;
  static constexpr int functions(bool first) { return first ? 2 : 3; }
  static constexpr int sections() { return 3; }

  static bool fits(const TransformerShape& shape) {
    return shape.degrees == degrees && shape.heads == heads && shape.channels == channels && shape.hidden == hidden;
  }
};

// Calls body(shape) with the narrowest type that says what the shape is.
template <class Body>
inline void with_width(const TransformerShape& shape, Body body) {
  if (ConstantShape<64>::fits(shape)) return body(ConstantShape<64>(shape));
  if (ConstantShape<128>::fits(shape)) return body(ConstantShape<128>(shape));
  body(shape);
}
