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

  LinearDescription linear(const std::string& name, const LinearShape& shape) {
    LinearDescription read = read_linear(name, shape, slots, tensors, source);
    model.framed = model.framed || read.input.framed;
    return read;
  }
  ReadoutDescription readout() {
    const int channels = model.channels;
    return {linear("readout.hidden", {channels, channels, true, 0}), linear("readout.energy", {1, channels, false, 0})};
  }
};

}  // namespace gaq
