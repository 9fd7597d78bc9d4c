// What the reader of an architecture works with: the open parts of a file, and what is known of the model so far.
#pragma once

#include "description.hpp"
#include "file/fields.hpp"
#include "file/linears.hpp"
#include "file/slots.hpp"
#include "file/tensors.hpp"

namespace gaq {

struct NetworkFile {
  Fields& config;      // of the header; the cutoff has been taken
  Slots& slots;
  Tensors& tensors;
  const Source& source;
  Description& model;  // to be completed: channels, degrees, layers, framed
  std::shared_ptr<const RadialTable> shared;  // between layers; read when it is first needed

  // All of these throw BadFile.
  LinearDescription linear(const std::string& name, const LinearShape& shape);
  ReadoutDescription readout(int width = 0);  // at most model.channels, and so many for 0
  // So many radial functions: `name` [functions of a table][count] mixes those of the table `name`.values, .slopes and
  // .curvatures, or where there is none those of the table that layers share, `radial`. A table of one's own may be the
  // functions themselves.
  RadialFunctions functions(const std::string& name, int count);
};

}  // namespace gaq
