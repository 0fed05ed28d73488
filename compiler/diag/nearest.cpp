#include <algorithm>

#include "base/editdistance.h"
#include "diag/diag.h"

namespace mlstack::diag {
namespace {

// Case and the sign between words are the commonest slips: `hostPath`, `host_path`, `host-path`.
std::string folded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (c == '-' || c == '_') continue;
    result.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return result;
}

}  // namespace

std::string_view nearest(std::string_view wrong, const std::vector<std::string_view>& candidates) {
  const std::string wanted = folded(wrong);
  std::string_view best;
  std::size_t bestDistance = wrong.size() + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.empty() || candidate == wrong) continue;
    const std::string offered = folded(candidate);
    if (!wanted.empty() && offered == wanted) return candidate;
    const std::size_t most = std::max(wanted.size(), offered.size()) / 3;
    const std::size_t limit = std::min(most, bestDistance);
    const std::size_t distance = base::editDistance(wanted, offered, limit);
    if (distance > limit || distance > bestDistance) continue;
    // Of two as near, the one that begins alike: a first letter is seldom mistyped.
    const bool alike = !offered.empty() && !wanted.empty() && offered[0] == wanted[0];
    const bool bestAlike = !best.empty() && !wanted.empty() && folded(best)[0] == wanted[0];
    if (distance == bestDistance && (bestAlike || !alike)) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

}  // namespace mlstack::diag
