#include "base/editdistance.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace mlstack::base {

std::size_t editDistance(std::string_view from, std::string_view to, std::size_t limit) {
  const std::size_t longer = std::max(from.size(), to.size());
  if (longer - std::min(from.size(), to.size()) > limit) return limit + 1;
  std::vector<std::size_t> before(to.size() + 1);  // the row before the last
  std::vector<std::size_t> last(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    std::size_t best = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
      best = std::min(best, row[j]);
    }
    if (best > limit + 1) return limit + 1;  // a swap may still take one row back
    before.swap(last);
    last.swap(row);
  }
  return std::min(last[to.size()], limit + 1);
}

}  // namespace mlstack::base
