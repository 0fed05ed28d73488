#pragma once
// The command line as one table: parsing, `--help`, completions, the manual page and the
// MLSTACK_* variables are all made from these rows.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "diag/diag.h"

namespace mlstack::driver {

/// Exit codes, as PRODUCT-level promises: scripts rely on them.
enum Exit : int { ExitDone = 0, ExitErrors = 1, ExitUsage = 64, ExitTimeout = 124, ExitInterrupted = 130 };

/// What an option or an operand takes; completions offer accordingly.
enum class Takes : std::uint8_t {
  Nothing,  // a flag
  Text,
  Choice,   // one of `choices`
  File,     // any file
  Folder,
  Source,   // a .mlstack file, a folder, or `-`
  Code,     // MLS3004
};

struct OptionRow {
  std::string_view name;                 // "--emit"
  std::string_view letter;               // "-o", or empty
  Takes takes = Takes::Nothing;
  std::string_view value;                // placeholder: "FORMAT"
  std::span<const std::string_view> choices;
  std::string_view variable;             // environment variable that stands in for it, or empty
  bool repeats = false;
  std::string_view doc;                  // one sentence without its full stop
};

struct Example {
  std::string_view line;
  std::string_view doc;
};

class Invocation;

struct CommandRow {
  std::string_view name;
  std::string_view summary;
  std::string_view operands;             // "[FILE|DIR|-]…", as usage lines show it
  Takes takes = Takes::Nothing;          // of operands
  std::span<const std::string_view> choices;  // of the first operand
  unsigned minOperands = 0;
  unsigned maxOperands = 0;              // kAny: no limit
  std::span<const OptionRow> options;
  std::string_view text;                 // what the help page says below the usage line
  std::span<const Example> examples;
  int (*run)(Invocation&) = nullptr;
};
inline constexpr unsigned kAny = ~0u;

[[nodiscard]] std::span<const CommandRow> commands();
[[nodiscard]] const CommandRow* findCommand(std::string_view name);
/// MLS9001, with the nearest command as a hint.
[[nodiscard]] diag::Diagnostic unknownCommand(std::string_view name);
/// Options that every command has (`--color`, `--help`).
[[nodiscard]] std::span<const OptionRow> commonOptions();

/// One option as given, in command-line order. A flag has no value.
struct Given {
  const OptionRow* option = nullptr;
  std::string value;
};

/// A command line that has been understood.
class Invocation {
 public:
  explicit Invocation(const CommandRow& row) : row_(row) {}

  [[nodiscard]] const CommandRow& command() const { return row_; }
  [[nodiscard]] bool has(std::string_view option) const;
  /// The last value given, or `otherwise`.
  [[nodiscard]] std::string_view value(std::string_view option, std::string_view otherwise = {}) const;
  [[nodiscard]] std::vector<std::string> values(std::string_view option) const;

  std::vector<Given> given;
  std::vector<std::string> operands;

 private:
  const CommandRow& row_;
};

/// Understands the words after the command's name. What cannot be understood goes to `sink` as
/// MLS90nn; the caller then exits with ExitUsage. `environment` is getenv, or a test's stand-in.
[[nodiscard]] Invocation parseWords(const CommandRow& row, const std::vector<std::string>& words,
                                    const char* (*environment)(const char*), diag::Sink& sink);

/// `mlstackc --help` and `mlstackc COMMAND --help`.
[[nodiscard]] std::string helpText();
[[nodiscard]] std::string helpText(const CommandRow& row);
/// The script for "bash", "zsh" or "fish".
[[nodiscard]] std::string completionScript(std::string_view shell);
/// The manual page, in roff; compiler/driver/mlstackc.1 is this text, and a test says so.
[[nodiscard]] std::string manualPage();

// One function a command, each in the file of its name.
int runBuild(Invocation&);
int runPlan(Invocation&);
int runApply(Invocation&);
int runDestroy(Invocation&);
int runStatus(Invocation&);
int runOutputs(Invocation&);
int runCheck(Invocation&);
int runCluster(Invocation&);
int runFmt(Invocation&);
int runExplain(Invocation&);
int runSchema(Invocation&);
int runGraph(Invocation&);
int runExplainState(Invocation&);
int runInit(Invocation&);
int runCompletion(Invocation&);
int runVersion(Invocation&);
int runHelp(Invocation&);

}  // namespace mlstack::driver
