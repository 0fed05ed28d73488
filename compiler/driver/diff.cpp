// Myers' algorithm in linear space: the middle of a shortest edit script is found from both ends,
// then each half on its own. The cost is bounded; beyond the bound a half is replaced whole.

#include "driver/diff.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

namespace mlstack::driver {
namespace {

constexpr std::int64_t kMaxCost = 4096;   // edits from each end of one step
constexpr std::size_t kContext = 3;

std::vector<std::string_view> linesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    auto end = text.find('\n');
    auto size = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

struct Box {
  std::int64_t a0, a1, b0, b1;   // half-open ranges of both sides
};

class Differ {
 public:
  Differ(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b)
      : a_(a), b_(b), removed(a.size()), added(b.size()) {
    auto size = a.size() + b.size() + 3;
    forward_.resize(2 * size);
    backward_.resize(2 * size);
    middle_ = static_cast<std::int64_t>(size);
  }

  void run(Box box) {
    std::vector<Box> work{box};
    while (!work.empty()) {
      box = work.back();
      work.pop_back();
      while (box.a0 < box.a1 && box.b0 < box.b1 && same(box.a0, box.b0)) ++box.a0, ++box.b0;
      while (box.a0 < box.a1 && box.b0 < box.b1 && same(box.a1 - 1, box.b1 - 1)) --box.a1, --box.b1;
      if (box.a0 == box.a1 || box.b0 == box.b1) {
        mark(box);
        continue;
      }
      std::int64_t x = 0;
      std::int64_t y = 0;
      if (!split(box, x, y)) {
        mark(box);
        continue;
      }
      work.push_back({box.a0, x, box.b0, y});
      work.push_back({x, box.a1, y, box.b1});
    }
  }

 private:
  const std::vector<std::uint32_t>& a_;
  const std::vector<std::uint32_t>& b_;

 public:
  std::vector<bool> removed;
  std::vector<bool> added;

 private:
  [[nodiscard]] bool same(std::int64_t x, std::int64_t y) const {
    return a_[static_cast<std::size_t>(x)] == b_[static_cast<std::size_t>(y)];
  }
  std::int64_t& forward(std::int64_t k) { return forward_[static_cast<std::size_t>(middle_ + k)]; }
  std::int64_t& backward(std::int64_t k) { return backward_[static_cast<std::size_t>(middle_ + k)]; }

  void mark(const Box& box) {
    for (auto i = box.a0; i < box.a1; ++i) removed[static_cast<std::size_t>(i)] = true;
    for (auto i = box.b0; i < box.b1; ++i) added[static_cast<std::size_t>(i)] = true;
  }

  /// A point on a shortest path that is neither corner. Diagonals k = x - y, relative to each end.
  bool split(const Box& box, std::int64_t& splitX, std::int64_t& splitY) {
    auto n = box.a1 - box.a0;
    auto m = box.b1 - box.b0;
    auto delta = n - m;
    bool odd = (delta & 1) != 0;
    forward(1) = 0;
    backward(1) = 0;
    for (std::int64_t d = 0; d <= std::min((n + m + 1) / 2, kMaxCost); ++d) {
      for (auto k = -d; k <= d; k += 2) {
        auto x = k == -d || (k != d && forward(k - 1) < forward(k + 1)) ? forward(k + 1) : forward(k - 1) + 1;
        auto y = x - k;
        while (x < n && y < m && same(box.a0 + x, box.b0 + y)) ++x, ++y;
        forward(k) = x;
        auto other = delta - k;   // the backward diagonal on the same line
        if (odd && other >= -(d - 1) && other <= d - 1 && x + backward(other) >= n) {
          if (x > n || y > m || y < 0) continue;
          splitX = box.a0 + x;
          splitY = box.b0 + y;
          return proper(box, splitX, splitY);
        }
      }
      for (auto k = -d; k <= d; k += 2) {
        auto x = k == -d || (k != d && backward(k - 1) < backward(k + 1)) ? backward(k + 1) : backward(k - 1) + 1;
        auto y = x - k;
        while (x < n && y < m && same(box.a1 - 1 - x, box.b1 - 1 - y)) ++x, ++y;
        backward(k) = x;
        auto other = delta - k;
        if (!odd && other >= -d && other <= d && x + forward(other) >= n) {
          if (x > n || y > m || y < 0) continue;
          splitX = box.a1 - x;
          splitY = box.b1 - y;
          return proper(box, splitX, splitY);
        }
      }
    }
    return false;
  }

  static bool proper(const Box& box, std::int64_t x, std::int64_t y) {
    bool first = x == box.a0 && y == box.b0;
    bool last = x == box.a1 && y == box.b1;
    return !first && !last;
  }

  std::vector<std::int64_t> forward_;
  std::vector<std::int64_t> backward_;
  std::int64_t middle_ = 0;
};

struct Painter {
  bool color;
  std::string out;

  void line(char mark, std::string_view text) {
    std::string_view paint = !color ? "" : mark == '-' ? "\033[31m" : mark == '+' ? "\033[32m" : "";
    bool ended = text.ends_with('\n');
    if (ended) text.remove_suffix(1);
    out += fmt::format("{}{}{}{}\n", paint, mark, text, paint.empty() ? "" : "\033[0m");
    if (!ended) out += "\\ No newline at end of file\n";
  }
  void head(std::string_view text, std::string_view paint) {
    out += color ? fmt::format("{}{}\033[0m\n", paint, text) : fmt::format("{}\n", text);
  }
};

std::string rangeText(std::size_t begin, std::size_t count) {
  auto first = count == 0 ? begin : begin + 1;
  return count == 1 ? fmt::format("{}", first) : fmt::format("{},{}", first, count);
}

}  // namespace

std::string unifiedDiff(std::string_view name, std::string_view before, std::string_view after, bool color) {
  if (before == after) return {};
  auto a = linesOf(before);
  auto b = linesOf(after);
  std::unordered_map<std::string_view, std::uint32_t> numbers;
  auto number = [&](const std::vector<std::string_view>& lines) {
    std::vector<std::uint32_t> out;
    out.reserve(lines.size());
    for (auto line : lines)
      out.push_back(numbers.try_emplace(line, static_cast<std::uint32_t>(numbers.size())).first->second);
    return out;
  };
  auto an = number(a);
  auto bn = number(b);
  Differ differ(an, bn);
  differ.run({0, static_cast<std::int64_t>(a.size()), 0, static_cast<std::int64_t>(b.size())});

  Painter paint{color, {}};
  paint.head(fmt::format("--- {}", name), "\033[1m");
  paint.head(fmt::format("+++ {} (formatted)", name), "\033[1m");
  std::size_t i = 0;
  std::size_t j = 0;
  auto changed = [&] { return (i < a.size() && differ.removed[i]) || (j < b.size() && differ.added[j]); };
  while (i < a.size() || j < b.size()) {
    if (!changed()) {
      ++i, ++j;
      continue;
    }
    auto lead = std::min(kContext, i);
    auto i0 = i - lead;
    auto j0 = j - lead;
    Painter body{color, {}};
    for (auto at = i0; at < i; ++at) body.line(' ', a[at]);
    // Equal lines end the hunk when more than two contexts of them follow.
    for (std::size_t equal = 0; i < a.size() || j < b.size();) {
      if (changed()) {
        while (i < a.size() && differ.removed[i]) body.line('-', a[i++]);
        while (j < b.size() && differ.added[j]) body.line('+', b[j++]);
        equal = 0;
        continue;
      }
      if (equal == kContext) {
        bool more = false;
        for (std::size_t ahead = 0; ahead < kContext; ++ahead)
          more = more || (i + ahead < a.size() && differ.removed[i + ahead]) ||
                 (j + ahead < b.size() && differ.added[j + ahead]);
        if (!more) break;
        equal = 0;
      }
      body.line(' ', a[i]);
      ++i, ++j, ++equal;
    }
    paint.head(fmt::format("@@ -{} +{} @@", rangeText(i0, i - i0), rangeText(j0, j - j0)), "\033[36m");
    paint.out += body.out;
  }
  return std::move(paint.out);
}

}  // namespace mlstack::driver
