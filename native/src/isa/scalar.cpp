#define GAQ_ISA_NAME scalar
#include "isa/simd/scalar.hpp"

#include "isa/body.hpp"
