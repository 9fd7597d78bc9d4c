#define GAQ_ISA_NAME avx512
#include "isa/simd/avx512.hpp"

#include "isa/body.hpp"
