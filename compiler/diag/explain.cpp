#include <algorithm>

#include "diag/render.h"

namespace mlstack::diag {
namespace {

struct Page {
  std::string_view path;
  std::string_view content;
};

// Sorted by path; one row with an empty path when there are no pages.
constexpr Page kPages[] = {
#include "explain_embed.inc"
};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \n") - first + 1);
}

}  // namespace

std::string_view explainPage(std::string_view code) {
  if (code.size() == 7 && (code[0] | 0x20) == 'm' && (code[1] | 0x20) == 'l' && (code[2] | 0x20) == 's') {
    code.remove_prefix(3);
  }
  if (code.size() != 4) return {};
  const auto page = std::find_if(std::begin(kPages), std::end(kPages), [code](const Page& p) {
    return p.path.size() == 10 && p.path.substr(3, 4) == code;  // MLSnnnn.md
  });
  return page == std::end(kPages) ? std::string_view{} : page->content;
}

ExplainParts explainParts(std::string_view code) {
  const std::string_view page = explainPage(code);
  const auto titleEnd = page.find('\n');
  const auto titleBegin = page.find(": ");
  if (titleEnd == std::string_view::npos || titleBegin == std::string_view::npos || titleBegin > titleEnd) return {};
  const auto section = page.find("\n## ", titleEnd);
  return {trimmed(page.substr(titleBegin + 2, titleEnd - titleBegin - 2)),
          trimmed(page.substr(titleEnd, section == std::string_view::npos ? section : section - titleEnd))};
}

}  // namespace mlstack::diag
