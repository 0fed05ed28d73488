// Exec credential plugins: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "backend/api.h"
#include "backend/credentials.h"
#include "base/json.h"
#include "yaml/yaml.h"

extern char** environ;   // NOLINT: POSIX

namespace mlstack::backend {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLargestOutput = std::size_t{1} << 20;
/// Of a plugin that can ask nobody.
constexpr auto kPatience = std::chrono::minutes(2);

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read, write;
  [[nodiscard]] bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read.reset(ends[0]);
    write.reset(ends[1]);
    return ::fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0;
  }
};

/// What the plugin is told about its task and, if it asked for it, the cluster.
std::string execInfo(const ExecPlugin& plugin, const Connection& to, bool interactive) {
  std::string text;
  base::JsonWriter json(text);
  json.beginObject().field("kind", "ExecCredential").field("apiVersion", plugin.apiVersion);
  json.key("spec").beginObject().field("interactive", interactive);
  if (plugin.provideClusterInfo) {
    json.key("cluster").beginObject().field("server", to.server);
    if (!to.serverName.empty()) json.field("tls-server-name", to.serverName);
    if (to.insecure) json.field("insecure-skip-tls-verify", true);
    if (!to.authorityPem.empty()) json.field("certificate-authority-data", encodeBase64(to.authorityPem));
    if (!to.proxy.empty()) json.field("proxy-url", to.proxy);
    if (!to.compress) json.field("disable-compression", true);
    json.key("config").raw(plugin.clusterConfigJson.empty() ? "null" : plugin.clusterConfigJson);
    json.endObject();
  }
  json.endObject().endObject();
  return text;
}

std::vector<std::string> environmentOf(const ExecPlugin& plugin, std::string info) {
  auto added = plugin.environment;
  added.emplace_back("KUBERNETES_EXEC_INFO", std::move(info));
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto name = text.substr(0, text.find('='));
    if (std::none_of(added.begin(), added.end(), [&](const auto& one) { return one.first == name; })) all.emplace_back(text);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// Starts it; 0 or an errno.
int spawn(const ExecPlugin& plugin, std::string info, bool interactive, const Pipe& out, const Pipe& err, pid_t& pid) {
  std::vector<std::string> words{plugin.command};
  words.insert(words.end(), plugin.arguments.begin(), plugin.arguments.end());
  auto variables = environmentOf(plugin, std::move(info));
  auto argv = pointers(words);
  auto envp = pointers(variables);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  if (!interactive) ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, err.write.get(), 2);
  sigset_t defaults;
  ::sigemptyset(&defaults);
  ::sigaddset(&defaults, SIGPIPE);   // which we ignore
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int error = ::posix_spawnp(&pid, plugin.command.c_str(), &actions, &attributes, argv.data(), envp.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return error;
}

/// What is there to read; false at the end.
bool drain(int fd, const std::function<void(std::string_view)>& take) {
  std::array<char, 4096> piece{};
  while (true) {
    const auto got = ::read(fd, piece.data(), piece.size());
    if (got > 0) take({piece.data(), static_cast<std::size_t>(got)});
    else if (got < 0 && errno == EINTR) continue;
    else return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }
}

/// Nothing in it steers a terminal.
std::string harmless(std::string_view piece) {
  std::string text;
  for (const char c : piece) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\t' || (byte >= 0x20 && byte != 0x7f)) text += c;
  }
  return text;
}

/// Reads until it ends. Its children may keep the pipes open: once it has ended, nothing more is waited for.
bool collect(const ExecPlugin& plugin, pid_t pid, bool interactive, const Pipe& out, const Pipe& err, std::string& output, int& status) {
  const auto until = Clock::now() + kPatience;
  bool outOpen = true, errOpen = true, late = false;
  const auto read = [&] {
    if (outOpen) outOpen = drain(out.read.get(), [&](std::string_view piece) {
      if (output.size() <= kLargestOutput) output += piece;
    });
    if (errOpen) errOpen = drain(err.read.get(), [&](std::string_view piece) {
      if (plugin.says) plugin.says(harmless(piece));
    });
  };
  while (true) {
    const pid_t ended = ::waitpid(pid, &status, WNOHANG);
    read();
    if (ended == pid) return !late;
    if (ended < 0 && errno != EINTR) return false;
    if (!interactive && !late && Clock::now() > until) {
      late = true;
      ::kill(pid, SIGKILL);
    }
    std::array<pollfd, 2> fds{{{outOpen ? out.read.get() : -1, POLLIN, 0}, {errOpen ? err.read.get() : -1, POLLIN, 0}}};
    ::poll(fds.data(), fds.size(), outOpen || errOpen ? 50 : 10);
  }
}

/// "2026-11-24T21:00:00Z" or with a fraction and an offset.
std::optional<std::chrono::system_clock::time_point> parseTime(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = -1;
    const auto part = text.substr(at, digits);
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return error == std::errc{} && end == part.data() + part.size() ? value : -1;
  };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)), std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!day.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
  std::size_t at = 19;
  if (text[at] == '.') at = std::min(text.find_first_not_of("0123456789", at + 1), text.size());
  auto time = std::chrono::sys_days(day) + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  const auto zone = text.substr(at);
  if (zone == "Z" || zone == "z") return time;
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return std::nullopt;
  const int hours = number(at + 1, 2), minutes = number(at + 4, 2);
  if (hours < 0 || minutes < 0) return std::nullopt;
  const auto offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return zone[0] == '+' ? time - offset : time + offset;
}

/// What it wrote. Nothing of that is ever quoted: it is a credential.
bool readAnswer(const ExecPlugin& plugin, std::string_view output, PluginAnswer& answer, std::string& error) {
  base::Arena arena;
  base::SymbolTable symbols;
  ir::Builder builder(arena);
  yaml::JsonError why;
  const auto* root = output.size() <= kLargestOutput ? yaml::readJsonText(output, symbols, builder, why) : nullptr;
  if (root == nullptr || textAt(root, "kind", symbols) != "ExecCredential") {
    error = "what it wrote is no ExecCredential in JSON";
    return false;
  }
  if (const auto version = textAt(root, "apiVersion", symbols); version != plugin.apiVersion) {
    error = fmt::format("it answers as `{}`, and the kubeconfig asks for `{}`", harmless(version.substr(0, 60)), plugin.apiVersion);
    return false;
  }
  answer.token = textAt(root, "status.token", symbols);
  answer.certificatePem = textAt(root, "status.clientCertificateData", symbols);
  answer.keyPem = textAt(root, "status.clientKeyData", symbols);
  if (answer.certificatePem.empty() != answer.keyPem.empty()) {
    error = answer.keyPem.empty() ? "it gives a client certificate without its key" : "it gives a key without its client certificate";
    return false;
  }
  if (answer.token.empty() && answer.certificatePem.empty()) {
    error = "its answer has neither a token nor a client certificate";
    return false;
  }
  const auto expires = textAt(root, "status.expirationTimestamp", symbols);
  if (expires.empty()) return true;
  const auto time = parseTime(expires);
  if (!time) {
    error = "its `expirationTimestamp` is no time as of RFC 3339";
    return false;
  }
  answer.expires = *time;
  return true;
}

}  // namespace

bool runExecPlugin(const ExecPlugin& plugin, const Connection& connection, PluginAnswer& answer, std::string& error) {
  const auto fail = [&](std::string why) {
    error = fmt::format("the credential plugin `{}` {}", plugin.command, why);
    if (!plugin.installHint.empty()) error += "\n" + harmless(plugin.installHint);
    return false;
  };
  const bool terminal = ::isatty(0) == 1;
  if (plugin.interactiveMode == "Always" && !terminal) return fail("asks its user, and there is no terminal here");
  const bool interactive = terminal && plugin.interactiveMode != "Never";
  Pipe out, err;
  if (!out.open() || !err.open()) return fail("cannot be run: too many files are open");
  pid_t pid = 0;
  if (const int why = spawn(plugin, execInfo(plugin, connection, interactive), interactive, out, err, pid); why != 0) {
    return fail(why == ENOENT ? "is not installed" : fmt::format("cannot be run: {}", std::strerror(why)));
  }
  out.write.reset();
  err.write.reset();
  std::string output;
  int status = 0;
  if (!collect(plugin, pid, interactive, out, err, output, status)) return fail("did not end within two minutes");
  if (WIFSIGNALED(status)) return fail(fmt::format("was ended by signal {}", WTERMSIG(status)));
  if (WEXITSTATUS(status) == 127 && output.empty()) return fail("is not installed, or did not start (exit code 127)");
  if (WEXITSTATUS(status) != 0) return fail(fmt::format("failed with exit code {}", WEXITSTATUS(status)));
  if (readAnswer(plugin, output, answer, error)) return true;
  error = fmt::format("of the credential plugin `{}`: {}", plugin.command, error);
  return false;
}

}  // namespace mlstack::backend
