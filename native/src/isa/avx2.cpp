#define GAQ_ISA_NAME avx2
#include "isa/simd/no_tiles.hpp"
#include "isa/simd/avx2.hpp"

#include "isa/simd/codes.hpp"
#include "isa/body.hpp"
