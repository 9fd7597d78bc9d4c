#define GAQ_ISA_NAME avx512
#include "isa/simd/no_tiles.hpp"
#include "isa/simd/avx512.hpp"

#include "isa/simd/codes512.hpp"
#include "isa/body.hpp"
