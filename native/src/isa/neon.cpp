#define GAQ_ISA_NAME neon
#include "isa/simd/neon.hpp"

#include "isa/body.hpp"
