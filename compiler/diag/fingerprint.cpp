#include "diag/fingerprint.h"

#include <unordered_map>

#include <fmt/format.h>
#include <llvm/Support/ConvertUTF.h>

namespace mlstack::diag {
namespace {

constexpr std::size_t kUnits = 100;         // how much text a hash covers
constexpr std::uint64_t kBase = 37;
constexpr char16_t kEnd = 0xffff;           // stands behind the last unit of the text

/// The units that count: UTF-16 without blanks, every line break as one `\n`; and where each line begins among them.
struct Units {
  std::vector<char16_t> units;
  std::vector<std::size_t> lineStarts{0};
};

/// The code point at `at`, which is moved past it; U+FFFD for a byte that begins none.
std::uint32_t nextPoint(std::string_view text, std::size_t& at) {
  if (static_cast<unsigned char>(text[at]) < 0x80) return static_cast<unsigned char>(text[at++]);
  const auto* from = reinterpret_cast<const llvm::UTF8*>(text.data() + at);
  const auto* const end = reinterpret_cast<const llvm::UTF8*>(text.data() + text.size());
  const auto* const before = from;
  llvm::UTF32 point = 0;
  if (llvm::convertUTF8Sequence(&from, end, &point, llvm::strictConversion) != llvm::conversionOK) return ++at, 0xfffd;
  at += static_cast<std::size_t>(from - before);
  return point;
}

Units unitsOf(std::string_view text) {
  Units all;
  all.units.reserve(text.size() + 1);
  bool afterReturn = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = nextPoint(text, at);
    const bool isSecondOfTwo = afterReturn && point == '\n';
    afterReturn = point == '\r';
    if (point == ' ' || point == '\t' || isSecondOfTwo) continue;
    if (point == '\n' || point == '\r') {
      all.units.push_back(u'\n');
      all.lineStarts.push_back(all.units.size());
    } else if (point > 0xffff) {
      all.units.push_back(static_cast<char16_t>(0xd7c0 + (point >> 10)));
      all.units.push_back(static_cast<char16_t>(0xdc00 + (point & 0x3ff)));
    } else {
      all.units.push_back(static_cast<char16_t>(point));
    }
  }
  all.units.push_back(kEnd);
  return all;
}

}  // namespace

LineHashes::LineHashes(std::string_view text) {
  const auto all = unitsOf(text);
  std::unordered_map<std::uint64_t, std::uint32_t> seen;
  lines_.reserve(all.lineStarts.size());
  for (const auto start : all.lineStarts) {
    std::uint64_t hash = 0;
    for (std::size_t i = start; i < start + kUnits; ++i)   // zeros where the text has ended
      hash = hash * kBase + (i < all.units.size() ? all.units[i] : 0u);
    lines_.push_back({hash, ++seen[hash]});
  }
}

std::string LineHashes::of(std::uint32_t line) const {
  if (line == 0 || line > lines_.size()) return {};
  return fmt::format("{:x}:{}", lines_[line - 1].hash, lines_[line - 1].occurrence);
}

}  // namespace mlstack::diag
