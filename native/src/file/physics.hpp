// The repulsion and the domain in the header of a .gaq file; twin of atoms/short_range.py and atoms/domain.py.
#pragma once

#include "description.hpp"
#include "file/header.hpp"

namespace gaq {

// Both may be empty objects: no wall, no domain. Species and cutoff must have been read. Throw BadFile.
void read_repulsion(const Header& header, const Source& source, Description& out);
void read_domain(const Header& header, const Source& source, Description& out);

}  // namespace gaq
