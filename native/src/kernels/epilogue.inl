// What is done with the outputs of a product while they are in registers: `at` is where the output belongs.

// y = value
struct Keep {
  void operator()(float* at, int64_t, int, Vec value) const { store(at, value); }
};

// y = value + rows of something else
struct AddTo {
  const float* rows;
  int64_t stride;
  void operator()(float* at, int64_t row, int column, Vec value) const {
    store(at, load(rows + row * stride + column) + value);
  }
};

// y = silu(value); its slope is kept for the gradient.
struct Activate {
  float* slopes;
  int64_t stride;
  void operator()(float* at, int64_t row, int column, Vec value) const {
    const Vec s = sigmoid(value);
    store(at, value * s);
    store(slopes + row * stride + column, s * fma(value, set1(1.0f) - s, set1(1.0f)));
  }
};

// y = value · slope: dE/d(silu x) → dE/dx
struct TimesSlope {
  const float* slopes;
  int64_t stride;
  void operator()(float* at, int64_t row, int column, Vec value) const {
    store(at, value * load(slopes + row * stride + column));
  }
};

// Where outputs go: scaled, then the bias, then what `After` does.
template <class After>
struct Output {
  const float *scale, *bias;
  float* y;
  int64_t stride;
  After after;

  inline void put(int64_t row, int column, Vec value) const {
    if (bias) value = value + load(bias + column);
    after(y + row * stride + column, row, column, value);
  }
};
