// SHA-256, as in FIPS 180-4 section 6.2; plain, a few hundred megabytes a second.
#include "file/sha256.hpp"

#include <algorithm>
#include <cstring>

namespace gaq {
namespace {

constexpr uint32_t rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t turned(uint32_t x, int by) { return (x >> by) | (x << (32 - by)); }

void absorb(uint32_t state[8], const unsigned char block[64]) {
  uint32_t w[64];
  for (int t = 0; t < 16; ++t)
    w[t] = uint32_t(block[4 * t]) << 24 | uint32_t(block[4 * t + 1]) << 16 | uint32_t(block[4 * t + 2]) << 8 |
           uint32_t(block[4 * t + 3]);
  for (int t = 16; t < 64; ++t) {
    const uint32_t a = turned(w[t - 15], 7) ^ turned(w[t - 15], 18) ^ (w[t - 15] >> 3);
    const uint32_t b = turned(w[t - 2], 17) ^ turned(w[t - 2], 19) ^ (w[t - 2] >> 10);
    w[t] = w[t - 16] + a + w[t - 7] + b;
  }
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
  for (int t = 0; t < 64; ++t) {
    const uint32_t mixed = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25), chosen = (e & f) ^ (~e & g);
    const uint32_t first = h + mixed + chosen + rounds[t] + w[t];
    const uint32_t second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + first;
    d = c, c = b, b = a, a = first + second;
  }
  const uint32_t added[8] = {a, b, c, d, e, f, g, h};
  for (int k = 0; k < 8; ++k) state[k] += added[k];
}

}  // namespace

void Sha256::add(const void* bytes, std::size_t size) {
  const auto* data = static_cast<const unsigned char*>(bytes);
  total_ += size;
  if (held_ > 0) {
    const std::size_t taken = std::min(size, sizeof block_ - held_);
    if (taken > 0) std::memcpy(block_ + held_, data, taken);
    held_ += taken, size -= taken;
    if (held_ < sizeof block_) return;
    absorb(state_, block_);
    data += taken, held_ = 0;
  }
  for (; size >= sizeof block_; data += sizeof block_, size -= sizeof block_) absorb(state_, data);
  if (size > 0) std::memcpy(block_, data, size);
  held_ = size;
}

std::string Sha256::digits() const {
  uint32_t state[8];
  std::memcpy(state, state_, sizeof state);
  unsigned char tail[128] = {};
  std::memcpy(tail, block_, held_);
  tail[held_] = 0x80;
  const std::size_t length = held_ < 56 ? 64 : 128;
  for (std::size_t k = 0; k < 8; ++k) tail[length - 1 - k] = static_cast<unsigned char>(total_ * 8 >> (8 * k));
  for (std::size_t k = 0; k < length; k += 64) absorb(state, tail + k);

  std::string hex;
  for (uint32_t word : state)
    for (int shift = 28; shift >= 0; shift -= 4) hex += "0123456789abcdef"[(word >> shift) & 15];
  return hex;
}

std::string sha256(const void* bytes, std::size_t size) {
  Sha256 sum;
  sum.add(bytes, size);
  return sum.digits();
}

}  // namespace gaq
