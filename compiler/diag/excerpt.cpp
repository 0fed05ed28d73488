#include "diag/excerpt.h"
#include "diag/printable.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <llvm/ADT/StringRef.h>
#include <llvm/Support/ConvertUTF.h>
#include <llvm/Support/Unicode.h>

namespace mlstack::diag {
namespace {

constexpr std::size_t kTab = 4;
constexpr std::size_t kWidth = 110;     // of what is shown of a line
constexpr std::size_t kBefore = 40;     // of that, before the caret when the line is cropped
constexpr std::size_t kWindow = 1024;   // bytes looked at on each side of the caret
constexpr std::string_view kUnshown = "\xEF\xBF\xBD";
constexpr std::string_view kCropped = "…";

// One character on the screen.
struct Cell {
  std::string_view text;  // UTF-8; blanks for a tab
  std::size_t offset;     // of its first byte in the line
  std::size_t width;
};

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Format characters that reorder or hide what surrounds them.
bool steers(llvm::UTF32 c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

// Takes one character off the front, made safe to print.
Cell takeCell(std::string_view& left, std::size_t offset) {
  const char first = left.front();
  if (first >= 0x20 && first < 0x7F) {
    const Cell cell{left.substr(0, 1), offset, 1};
    left.remove_prefix(1);
    return cell;
  }
  const auto* begin = reinterpret_cast<const llvm::UTF8*>(left.data());
  const auto* at = begin;
  llvm::UTF32 value = 0;
  const auto result = llvm::convertUTF8Sequence(&at, begin + left.size(), &value, llvm::strictConversion);
  const std::size_t length = result == llvm::conversionOK ? static_cast<std::size_t>(at - begin) : 1;
  const std::string_view bytes = left.substr(0, length);
  left.remove_prefix(length);
  if (result != llvm::conversionOK || steers(value)) return {kUnshown, offset, 1};
  const int width = llvm::sys::unicode::columnWidthUTF8({bytes.data(), bytes.size()});
  if (width < 0) return {kUnshown, offset, 1};
  return {bytes, offset, static_cast<std::size_t>(width)};
}

std::vector<Cell> cellsOf(std::string_view line, std::size_t from, std::size_t to) {
  constexpr std::string_view blanks = "        ";
  std::vector<Cell> cells;
  std::size_t column = 0;
  std::string_view left = line.substr(from, to - from);
  while (!left.empty()) {
    const std::size_t offset = from + (to - from - left.size());
    Cell cell{};
    if (left.front() == '\t') {
      const std::size_t width = kTab - column % kTab;
      cell = {blanks.substr(0, width), offset, width};
      left.remove_prefix(1);
    } else {
      cell = takeCell(left, offset);
    }
    column += cell.width;
    cells.push_back(cell);
  }
  return cells;
}

std::size_t widthOf(const std::vector<Cell>& cells, std::size_t from, std::size_t to) {
  std::size_t width = 0;
  for (; from < to; ++from) width += cells[from].width;
  return width;
}

struct Shown {
  std::size_t first;  // cells [first, last)
  std::size_t last;
};

// The cells that fit, with the caret's cell among them.
Shown crop(const std::vector<Cell>& cells, std::size_t caret) {
  if (widthOf(cells, 0, cells.size()) <= kWidth) return {0, cells.size()};
  Shown shown{caret, caret};
  std::size_t width = 0;
  while (shown.first > 0 && width + cells[shown.first - 1].width <= kBefore) width += cells[--shown.first].width;
  while (shown.last < cells.size() && width + cells[shown.last].width <= kWidth) width += cells[shown.last++].width;
  while (shown.first > 0 && width + cells[shown.first - 1].width <= kWidth) width += cells[--shown.first].width;
  return shown;
}

}  // namespace

Excerpt excerpt(std::string_view line, std::size_t begin, std::size_t end) {
  begin = std::min(begin, line.size());
  end = std::clamp(end, begin, line.size());
  std::size_t from = begin > kWindow ? begin - kWindow : 0;
  while (from > 0 && from < begin && continues(line[from])) ++from;
  const std::size_t to = std::min(line.size(), begin + kWindow);
  const std::vector<Cell> cells = cellsOf(line, from, to);

  const auto cellAt = [&cells](std::size_t offset) {
    const auto cell = std::lower_bound(cells.begin(), cells.end(), offset,
                                       [](const Cell& c, std::size_t o) { return c.offset < o; });
    return static_cast<std::size_t>(cell - cells.begin());
  };
  const std::size_t caret = cellAt(begin);
  const auto [first, last] = crop(cells, caret);

  Excerpt result;
  if (first > 0 || from > 0) result.line += kCropped;
  result.carets.append(result.line.empty() ? 0 : 1, ' ');
  for (std::size_t i = first; i < last; ++i) result.line += cells[i].text;
  if (last < cells.size() || to < line.size()) result.line += kCropped;
  while (result.line.ends_with(' ')) result.line.pop_back();

  result.carets.append(widthOf(cells, first, caret), ' ');
  result.carets += '^';
  const std::size_t marked = widthOf(cells, caret, std::min(cellAt(end), last));
  if (marked > 1) result.carets.append(marked - 1, '~');
  return result;
}

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    if (text.front() == '\n') {
      result += '\n';
      text.remove_prefix(1);
    } else if (text.front() == '\t') {
      result += ' ';
      text.remove_prefix(1);
    } else {
      result += takeCell(text, 0).text;
    }
  }
  return result;
}

}  // namespace mlstack::diag
