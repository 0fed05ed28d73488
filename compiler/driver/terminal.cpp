#include "driver/terminal.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/command.h"

namespace mlstack::driver {
namespace {

ColorMode colorMode = ColorMode::Auto;

// The file that is being written, for the signal handler: it may only touch plain memory.
char pendingPath[4096];
volatile std::sig_atomic_t pending = 0;

void setPending(const std::string& path) {
  pending = 0;
  if (path.empty() || path.size() >= sizeof pendingPath) return;
  std::memcpy(pendingPath, path.c_str(), path.size() + 1);
  pending = 1;
}

volatile std::sig_atomic_t deferred = 0;
volatile std::sig_atomic_t interrupted = 0;

void onSignal(int number) {
  if (deferred != 0 && interrupted == 0) {
    interrupted = 1;
    return;
  }
  if (pending != 0) ::unlink(pendingPath);
  ::_exit(number == SIGINT ? ExitInterrupted : 128 + number);
}

bool writeAll(int fd, std::string_view bytes, int& error) {
  while (!bytes.empty()) {
    auto done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0) {
      if (errno == EINTR) continue;
      error = errno;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

}  // namespace

void setColorMode(ColorMode mode) { colorMode = mode; }

bool colorOn(int fd) {
  switch (colorMode) {
    case ColorMode::Always: return true;
    case ColorMode::Never: return false;
    case ColorMode::Auto: break;
  }
  const char* none = std::getenv("NO_COLOR");
  if (none != nullptr && *none != '\0') return false;
  const char* term = std::getenv("TERM");
  if (term == nullptr || std::string_view(term) == "dumb") return false;
  return ::isatty(fd) == 1;
}

void installSignalHandlers() {
  std::signal(SIGPIPE, SIG_IGN);
  struct sigaction action = {};
  action.sa_handler = onSignal;
  for (int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction old = {};
    ::sigaction(number, nullptr, &old);
    if (old.sa_handler != SIG_IGN) ::sigaction(number, &action, nullptr);   // nohup stays nohup
  }
}

void deferInterrupts() { deferred = 1; }
bool interruptRequested() { return interrupted != 0; }

std::string reason(int number) {
  switch (number) {
    case ENOENT: return "there is no such file or folder";
    case EACCES:
    case EPERM: return "permission denied";
    case EISDIR: return "it is a folder";
    case ENOTDIR: return "a part of the path is no folder";
    case ENOSPC: return "no space is left on the device";
    case EROFS: return "the file system is read-only";
    case ELOOP: return "its symbolic links form a loop";
    default: return std::strerror(number);
  }
}

bool StreamWriter::put(std::string_view bytes) {
  return error_ == 0 && writeAll(fd_, bytes, error_);
}

bool StreamWriter::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBlock) {
    if (!flush()) return false;
    if (bytes.size() >= kBlock) return put(bytes);
  }
  buffer_ += bytes;
  return error_ == 0;
}

bool StreamWriter::flush() {
  bool ok = put(buffer_);
  buffer_.clear();
  return ok;
}

std::optional<AtomicFile> AtomicFile::create(const std::string& path, Sync sync, base::ReadError& error) {
  AtomicFile file;
  file.sync_ = sync;
  file.target_ = path;
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) {
      error.message = reason(EISDIR);
      return std::nullopt;
    }
    if (!S_ISREG(status.st_mode)) {
      file.fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
      if (file.fd_ < 0) {
        error.message = reason(errno);
        return std::nullopt;
      }
      return file;
    }
    if (::access(path.c_str(), W_OK) != 0) {
      error.message = reason(errno);
      return std::nullopt;
    }
    std::error_code failed;
    auto real = std::filesystem::canonical(path, failed);
    if (!failed) file.target_ = real.string();
  }
  auto slash = file.target_.rfind('/');
  auto folder = slash == std::string::npos ? std::string() : file.target_.substr(0, slash + 1);
  file.temporary_ = folder + ".mlstackc-XXXXXX";
  setPending({});
  file.fd_ = ::mkostemp(file.temporary_.data(), O_CLOEXEC);
  if (file.fd_ < 0) {
    error.message = reason(errno);
    file.temporary_.clear();
    return std::nullopt;
  }
  setPending(file.temporary_);
  mode_t mask = ::umask(0);
  ::umask(mask);
  mode_t mode = status.st_mode != 0 ? status.st_mode & 07777 : 0666 & ~mask;
  (void)::fchmod(file.fd_, mode);
  return file;
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : fd_(other.fd_), sync_(other.sync_), target_(std::move(other.target_)), temporary_(std::move(other.temporary_)) {
  other.fd_ = -1;
  other.temporary_.clear();
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) ::close(fd_);
  if (temporary_.empty()) return;
  ::unlink(temporary_.c_str());
  setPending({});
}

bool AtomicFile::commit(base::ReadError& error) {
  bool ok = temporary_.empty() || sync_ == Sync::No || ::fsync(fd_) == 0;
  int number = errno;
  if (::close(fd_) != 0 && ok) {
    ok = false;
    number = errno;
  }
  fd_ = -1;
  if (ok && !temporary_.empty() && ::rename(temporary_.c_str(), target_.c_str()) != 0) {
    ok = false;
    number = errno;
  }
  if (!ok) {
    error.message = reason(number);
    return false;
  }
  temporary_.clear();
  setPending({});
  return true;
}

bool replaceFile(const std::string& path, std::string_view bytes, Sync sync, base::ReadError& error) {
  auto file = AtomicFile::create(path, sync, error);
  if (!file) return false;
  int number = 0;
  if (!writeAll(file->descriptor(), bytes, number)) {
    error.message = reason(number);
    return false;
  }
  return file->commit(error);
}

int printOut(std::string_view text) {
  StreamWriter out(STDOUT_FILENO);
  (void)out.write(text);
  return finishOut(out);
}

int finishOut(StreamWriter& out) {
  if (out.flush() || out.error() == EPIPE) return ExitDone;
  diag::Sink sink;
  sink.add(diag::make<diag::Code::CannotWrite>({}, "standard output", reason(out.error())));
  showDiagnostics(sink);
  return ExitErrors;
}

void printError(std::string_view text) {
  int ignored = 0;
  (void)writeAll(STDERR_FILENO, text, ignored);
}

std::string diagnosticText(const std::vector<diag::Diagnostic>& all, const base::SourceSet& sources) {
  diag::RenderOptions options{.format = diag::Format::Text, .color = colorOn(STDERR_FILENO)};
  if (all.size() <= kMaxShown) return diag::render(all, sources, options);
  auto isError = [](const diag::Diagnostic& d) { return d.severity == diag::Severity::Error; };
  auto errors = std::min(kMaxShown, static_cast<std::size_t>(std::ranges::count_if(all, isError)));
  auto others = kMaxShown - errors;
  std::vector<diag::Diagnostic> shown;
  for (const auto& d : all) {
    auto& left = isError(d) ? errors : others;
    if (left == 0) continue;
    --left;
    shown.push_back(d);
  }
  return diag::render(shown, sources, options) +
         fmt::format("… and {} more; `mlstackc check --format json` has them all\n", all.size() - shown.size());
}

void showDiagnostics(diag::Sink& sink, const base::SourceSet& sources) {
  if (sink.all().empty()) return;
  sink.sort();
  printError(diagnosticText(sink.all(), sources));
}

void showDiagnostics(diag::Sink& sink) {
  base::SourceSet none;
  showDiagnostics(sink, none);
}

}  // namespace mlstack::driver
