// The same as neon.cpp for processors with sdot; compiled with -march=armv8.2-a+dotprod.
#define GAQ_ISA_NAME neon_dot
#include "isa/simd/no_tiles.hpp"
#include "isa/simd/neon.hpp"

#include "isa/simd/codes.hpp"
#include "isa/body.hpp"
