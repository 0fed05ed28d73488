#pragma once
// The text of every file of a run, and the way from a position to file, line and column.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/span.h"

namespace mlstack::base {

/// One file's text. `begin` is the position of its first byte in the run's position space.
struct SourceFile {
  std::string name;      // as shown to the user; "-" for standard input, "std/aws" for the library
  std::string text;      // the bytes as read
  Pos begin = 0;
  mutable std::vector<std::uint32_t> lineStarts;  // filled on first use
  // The last column computed, as (offset, column): many questions about one huge line stay cheap.
  mutable std::uint32_t countedOffset = 0;
  mutable std::uint32_t countedColumn = 0;

  /// The line's bytes without its line break; lines count from 1.
  [[nodiscard]] std::string_view line(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t lineCount() const;
};

/// A place as shown to people: lines and columns count from 1, columns in Unicode
/// code points, so that they agree with editors' status lines.
struct Place {
  const SourceFile* file = nullptr;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// Why a file could not be read; `message` is fit for the user.
struct ReadError {
  std::string message;
  std::size_t tooLarge = 0;  // the bytes found, when the reason is the limit
};

/// Owns all files of a run. References stay valid while it lives.
class SourceSet {
 public:
  /// Takes `text`. The total size of all files is limited to 4 GiB - 1: ask `fits` first,
  /// a text that does not fit is kept as an empty file.
  const SourceFile& add(std::string name, std::string text);
  [[nodiscard]] bool fits(std::size_t bytes) const;

  /// The file of a position; the position one past a file's last byte is still its own.
  [[nodiscard]] const SourceFile* fileAt(Pos pos) const;
  [[nodiscard]] std::optional<Place> place(Pos pos) const;
  [[nodiscard]] std::string_view text(Span span) const;
  [[nodiscard]] const std::deque<SourceFile>& files() const { return files_; }

 private:
  std::deque<SourceFile> files_;
  Pos next_ = 1;
};

/// Reads a whole file ("-" is standard input). Directories, pipes other than /dev/stdin and /dev/fd/N, devices, unreadable and over-large files
/// (> `limit` bytes) are errors with a message for the user.
[[nodiscard]] std::optional<std::string> readFile(const std::string& path, ReadError& error,
                                                  std::size_t limit = std::size_t{1} << 30);

/// Writes `bytes` to `path` so that a reader sees the old or the new content, never a part:
/// a temporary file in the same folder, flushed, then renamed. Returns false and sets `error`.
[[nodiscard]] bool writeFileAtomically(const std::string& path, std::string_view bytes, ReadError& error);

/// The offset of the first byte that is not valid UTF-8, or npos.
[[nodiscard]] std::size_t firstBadUtf8(std::string_view text);

}  // namespace mlstack::base
