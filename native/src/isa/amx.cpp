// The same as avx512.cpp for processors that multiply tiles; compiled with -mamx-tile -mamx-int8.
#define GAQ_ISA_NAME amx
#include "isa/simd/amx.hpp"
#include "isa/simd/avx512.hpp"

#include "isa/simd/codes512.hpp"
#include "isa/body.hpp"
