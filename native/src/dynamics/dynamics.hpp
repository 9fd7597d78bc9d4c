// Steps of molecular dynamics around one engine: velocity Verlet, Langevin (BAOAB), stochastic velocity rescaling.
#pragma once

#include "engine.hpp"
#include "gaq.h"

namespace gaq {

// Makes `steps` steps in the buffers of `motion`. Throws Error, and leaves the last step that could be made.
void move(Engine& engine, const gaq_system& system, const gaq_dynamics& dynamics, gaq_motion& motion, int64_t steps);

}  // namespace gaq
