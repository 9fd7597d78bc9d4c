#define GAQ_ISA_NAME neon
#include "isa/simd/no_tiles.hpp"
#include "isa/simd/neon.hpp"

#include "isa/simd/codes.hpp"
#include "isa/body.hpp"
