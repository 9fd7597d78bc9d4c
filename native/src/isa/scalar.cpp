#define GAQ_ISA_NAME scalar
#include "isa/simd/no_tiles.hpp"
#include "isa/simd/scalar.hpp"

#include "isa/simd/codes.hpp"
#include "isa/body.hpp"
