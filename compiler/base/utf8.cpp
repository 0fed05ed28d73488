#include "base/utf8.h"

#include <cstring>

#include "base/source.h"

namespace mlstack::base {
namespace {

// The length of the well-formed sequence at `at`, 0 when there is none. Unicode 15, table 3-7:
// the second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF.
std::size_t sequenceAt(const unsigned char* at, std::size_t left) {
  const unsigned char lead = at[0];
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  if (length == 0 || length > left || at[1] < low || at[1] > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at[i] & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::size_t firstBadUtf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const std::size_t size = text.size();
  std::size_t at = 0;
  while (at < size) {
    while (at + 16 <= size) {
      std::uint64_t words[2];
      std::memcpy(words, bytes + at, sizeof words);
      if (((words[0] | words[1]) & 0x8080808080808080ULL) != 0) break;
      at += 16;
    }
    if (at == size) break;
    const std::size_t length = sequenceAt(bytes + at, size - at);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

void appendUtf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xc0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      byte(0xe0 | (code >> 12));
    } else {
      byte(0xf0 | (code >> 18));
      byte(0x80 | ((code >> 12) & 0x3f));
    }
    byte(0x80 | ((code >> 6) & 0x3f));
  }
  byte(0x80 | (code & 0x3f));
}

}  // namespace mlstack::base
