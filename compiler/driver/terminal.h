#pragma once
// Standard output and standard error, signals, and files that are there whole or not at all.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "diag/diag.h"
#include "diag/render.h"
#include "emit/emit.h"

namespace mlstack::driver {

enum class ColorMode : std::uint8_t { Auto, Always, Never };

/// What `--color` (or MLSTACK_COLOR) said; set once, before anything is shown.
void setColorMode(ColorMode mode);
/// Whether to colour on this file descriptor: the mode, NO_COLOR, TERM, and whether it is a terminal.
[[nodiscard]] bool colorOn(int fd);

/// A closed pipe becomes an error of write() instead of death; an interrupt removes the file that
/// is being written and exits 130.
void installSignalHandlers();
/// From here on the first interrupt only says so (`interruptRequested`), so that what is under way on a cluster ends in
/// good order; a second one ends the program.
void deferInterrupts();
[[nodiscard]] bool interruptRequested();

/// Buffers 64 KiB and writes to a descriptor. After the first failure nothing more is written.
class StreamWriter final : public emit::Writer {
 public:
  explicit StreamWriter(int fd) : fd_(fd) { buffer_.reserve(kBlock); }
  [[nodiscard]] bool write(std::string_view bytes) override;
  [[nodiscard]] bool flush();
  /// errno of the failure, 0 when all is well. EPIPE: the reader has gone, which is no error.
  [[nodiscard]] int error() const { return error_; }

 private:
  static constexpr std::size_t kBlock = 64 * 1024;
  [[nodiscard]] bool put(std::string_view bytes);

  int fd_;
  int error_ = 0;
  std::string buffer_;
};

/// Whether a file must survive a power cut: sources do; manifests can be made again.
enum class Sync : std::uint8_t { No, Yes };

/// A file under construction: bytes go to a hidden file in the same folder, commit() renames it
/// over the target. Without commit, and on an interrupt, the target stays as it was. A target that
/// is no regular file (a pipe, /dev/null) is written directly. Symbolic links are followed.
class AtomicFile {
 public:
  [[nodiscard]] static std::optional<AtomicFile> create(const std::string& path, Sync sync,
                                                        base::ReadError& error);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  [[nodiscard]] int descriptor() const { return fd_; }
  [[nodiscard]] bool commit(base::ReadError& error);

 private:
  AtomicFile() = default;
  int fd_ = -1;
  Sync sync_ = Sync::Yes;
  std::string target_;
  std::string temporary_;   // empty: `target_` is written directly
};

/// The whole of `bytes` as the new content of `path`.
[[nodiscard]] bool replaceFile(const std::string& path, std::string_view bytes, Sync sync,
                               base::ReadError& error);

/// Writes to stdout and flushes. The exit code: ExitDone, also for a closed pipe; ExitErrors with
/// a message when it cannot be written.
[[nodiscard]] int printOut(std::string_view text);
/// The exit code for a finished stdout.
[[nodiscard]] int finishOut(StreamWriter& out);
void printError(std::string_view text);

/// Diagnostics as text, at most kMaxShown of them, errors before warnings; what is left out is counted.
inline constexpr std::size_t kMaxShown = 200;
[[nodiscard]] std::string diagnosticText(const std::vector<diag::Diagnostic>& all, const base::SourceSet& sources);

/// Sorts and shows as text on stderr.
void showDiagnostics(diag::Sink& sink, const base::SourceSet& sources);
/// The same for diagnostics without places.
void showDiagnostics(diag::Sink& sink);

/// The words for an errno.
[[nodiscard]] std::string reason(int number);

}  // namespace mlstack::driver
