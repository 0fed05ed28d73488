#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>

#include <fmt/format.h>

#include "base/source.h"

namespace mlstack::base {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  // A full disk or a lost file server may be reported only here.
  [[nodiscard]] bool close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

std::string reason(int error) {
  switch (error) {
    case ENOENT: return "there is no such file";
    case ENOTDIR: return "a part of its path is not a directory";
    case EACCES: return "permission denied";
    case EPERM: return "the operating system does not permit it";
    case EISDIR: return "it is a directory";
    case ELOOP: return "its symbolic links lead in a circle";
    case ENAMETOOLONG: return "the name is too long";
    case EMFILE:
    case ENFILE: return "too many files are open";
    case ENOSPC: return "the disk is full";
    case EDQUOT: return "the disk quota is used up";
    case EROFS: return "the file system is read-only";
    default: return std::strerror(error);
  }
}

void tooLarge(ReadError& error, std::size_t bytes, bool atLeast, std::size_t limit) {
  error.tooLarge = bytes;
  error.message = fmt::format("it has {}{} bytes, more than the limit of {}",
                              atLeast ? "at least " : "", bytes, limit);
}

// Reads to the end. `expected` bytes are asked for at once; one more tells that the file did
// not grow meanwhile.
std::optional<std::string> readAll(int fd, std::size_t expected, ReadError& error, std::size_t limit) {
  std::string text;
  text.resize(expected + 1);
  std::size_t filled = 0;
  for (;;) {
    if (filled == text.size()) text.resize(text.size() * 2);
    const ssize_t got = ::read(fd, text.data() + filled, text.size() - filled);
    if (got < 0) {
      if (errno == EINTR) continue;
      error.message = reason(errno);
      return std::nullopt;
    }
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
    if (filled > limit) {
      tooLarge(error, filled, true, limit);
      return std::nullopt;
    }
  }
  text.resize(filled);
  return text;
}

bool writeAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

std::string folderOf(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// The file that a chain of symbolic links names, whether it exists or not.
std::optional<std::string> targetOf(std::string path) {
  char link[PATH_MAX];
  for (int hop = 0; hop < 40; ++hop) {
    const ssize_t length = ::readlink(path.c_str(), link, sizeof link);
    if (length < 0) return path;
    const std::string_view to(link, static_cast<std::size_t>(length));
    path = to.starts_with('/') ? std::string(to) : folderOf(path) + "/" + std::string(to);
  }
  return std::nullopt;
}

// A new file beside `target`. Its name is made here, not by mkstemp, so that the umask applies.
int createBeside(const std::string& target, std::string& name) {
  static std::atomic<unsigned> counter{0};
  const std::string folder = folderOf(target);
  const auto slash = target.rfind('/');
  std::string leaf = slash == std::string::npos ? target : target.substr(slash + 1);
  if (leaf.size() > 200) leaf.resize(200);
  for (int attempt = 0; attempt < 100; ++attempt) {
    name = fmt::format("{}/.{}.{}-{}.tmp", folder, leaf, ::getpid(), counter++);
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

bool replaceFile(const std::string& target, const struct stat* old, std::string_view bytes, ReadError& error) {
  std::string temporary;
  Descriptor file(createBeside(target, temporary));
  if (!file.open()) {
    error.message = errno == ENOENT ? fmt::format("there is no folder `{}`", folderOf(target))
                                    : fmt::format("in the folder `{}`: {}", folderOf(target), reason(errno));
    return false;
  }
  bool done = old == nullptr || ::fchmod(file.get(), old->st_mode & 07777) == 0;
  done = done && writeAll(file.get(), bytes) && ::fsync(file.get()) == 0;
  done = done && file.close() && ::rename(temporary.c_str(), target.c_str()) == 0;
  if (!done) {
    error.message = reason(errno);
    ::unlink(temporary.c_str());
    return false;
  }
  // The rename itself survives a power cut once the folder is flushed; not every file system can.
  const Descriptor folder(::open(folderOf(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.open()) (void)::fsync(folder.get());
  return true;
}

/// Pipes that the caller's shell has open already; any other pipe may have no writer, and reading would wait for ever.
bool isOpenDescriptor(const std::string& path) {
  return path == "/dev/stdin" || path == "/dev/null" || path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/");
}

std::string_view specialFile(mode_t mode) {
  if (S_ISFIFO(mode)) return "it is a pipe, not a file";
  if (S_ISSOCK(mode)) return "it is a socket, not a file";
  return "it is a device, not a file";
}

}  // namespace

std::optional<std::string> readFile(const std::string& path, ReadError& error, std::size_t limit) {
  error = {};
  if (path == "-") return readAll(STDIN_FILENO, 64 * 1024, error, limit);
  struct stat facts {};
  const bool given = isOpenDescriptor(path);
  // Before it is opened: opening a pipe waits for its writer.
  if (!given && ::stat(path.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode)) {
    error.message = specialFile(facts.st_mode);
    return std::nullopt;
  }
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | (given ? 0 : O_NONBLOCK)));
  if (!file.open() || ::fstat(file.get(), &facts) != 0) {
    error.message = reason(errno);
    return std::nullopt;
  }
  if (S_ISDIR(facts.st_mode)) {
    error.message = reason(EISDIR);
    return std::nullopt;
  }
  const auto size = S_ISREG(facts.st_mode) ? static_cast<std::size_t>(facts.st_size) : 64 * 1024;
  if (S_ISREG(facts.st_mode) && size > limit) {
    tooLarge(error, size, false, limit);
    return std::nullopt;
  }
  return readAll(file.get(), size, error, limit);
}

bool writeFileAtomically(const std::string& path, std::string_view bytes, ReadError& error) {
  error = {};
  const std::optional<std::string> target = targetOf(path);
  if (!target) {
    error.message = reason(ELOOP);
    return false;
  }
  struct stat facts {};
  const bool exists = ::stat(target->c_str(), &facts) == 0;
  if (exists && S_ISDIR(facts.st_mode)) {
    error.message = reason(EISDIR);
    return false;
  }
  if (!exists || S_ISREG(facts.st_mode)) return replaceFile(*target, exists ? &facts : nullptr, bytes, error);
  // A pipe or a device cannot be replaced; it is written to.
  Descriptor file(::open(target->c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.open() || !writeAll(file.get(), bytes) || !file.close()) {
    error.message = reason(errno);
    return false;
  }
  return true;
}

}  // namespace mlstack::base
