#define GAQ_ISA_NAME avx2
#include "isa/simd/avx2.hpp"

#include "isa/body.hpp"
