#include "base/source.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace mlstack::base {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

const std::vector<std::uint32_t>& lineStarts(const SourceFile& file) {
  auto& starts = file.lineStarts;
  if (!starts.empty()) return starts;
  starts.push_back(0);
  const char* begin = file.text.data();
  const char* end = begin + file.text.size();
  for (const char* at = begin; at != end;) {
    const auto* hit = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    if (hit == nullptr) break;
    at = hit + 1;
    starts.push_back(static_cast<std::uint32_t>(at - begin));
  }
  return starts;
}

std::uint32_t codePoints(std::string_view bytes) {
  std::uint32_t count = 0;
  for (const char c : bytes) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

std::uint32_t columnOf(const SourceFile& file, std::uint32_t lineStart, std::uint32_t offset) {
  std::uint32_t from = lineStart;
  std::uint32_t column = 1;
  if (file.countedColumn != 0 && file.countedOffset >= lineStart && file.countedOffset <= offset) {
    from = file.countedOffset;
    column = file.countedColumn;
  } else if (lineStart == 0 && file.text.starts_with(kByteOrderMark)) {
    from = std::min<std::uint32_t>(offset, kByteOrderMark.size());  // a mark is no column
  }
  column += codePoints(std::string_view(file.text).substr(from, offset - from));
  file.countedOffset = offset;
  file.countedColumn = column;
  return column;
}

}  // namespace

std::string_view SourceFile::line(std::uint32_t number) const {
  const auto& starts = base::lineStarts(*this);
  if (number == 0 || number > starts.size()) return {};
  const std::uint32_t from = starts[number - 1];
  const std::size_t to = number < starts.size() ? starts[number] - 1 : text.size();
  std::string_view bytes = std::string_view(text).substr(from, to - from);
  if (bytes.ends_with('\r')) bytes.remove_suffix(1);
  return bytes;
}

std::uint32_t SourceFile::lineCount() const {
  return static_cast<std::uint32_t>(base::lineStarts(*this).size());
}

bool SourceSet::fits(std::size_t bytes) const {
  return bytes < std::numeric_limits<Pos>::max() - next_;
}

const SourceFile& SourceSet::add(std::string name, std::string text) {
  SourceFile& file = files_.emplace_back();
  file.name = std::move(name);
  file.begin = next_;
  if (!fits(text.size())) return file;
  file.text = std::move(text);
  next_ += static_cast<Pos>(file.text.size()) + 1;  // the end of a file has a position of its own
  return file;
}

const SourceFile* SourceSet::fileAt(Pos pos) const {
  if (pos == 0 || pos >= next_) return nullptr;
  const auto after = std::upper_bound(files_.begin(), files_.end(), pos,
                                      [](Pos p, const SourceFile& file) { return p < file.begin; });
  return after == files_.begin() ? nullptr : &*std::prev(after);
}

std::optional<Place> SourceSet::place(Pos pos) const {
  const SourceFile* file = fileAt(pos);
  if (file == nullptr) return std::nullopt;
  const std::uint32_t offset = pos - file->begin;
  const auto& starts = lineStarts(*file);
  const auto after = std::upper_bound(starts.begin(), starts.end(), offset);
  const auto line = static_cast<std::uint32_t>(after - starts.begin());
  return Place{file, line, columnOf(*file, starts[line - 1], offset)};
}

std::string_view SourceSet::text(Span span) const {
  const SourceFile* file = fileAt(span.begin);
  if (file == nullptr || span.end <= span.begin) return {};
  const std::size_t offset = span.begin - file->begin;
  if (offset >= file->text.size()) return {};
  return std::string_view(file->text).substr(offset, span.end - span.begin);
}

}  // namespace mlstack::base
