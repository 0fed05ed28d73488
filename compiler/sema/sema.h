#pragma once
// Files and parameters to a Program.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/source.h"
#include "diag/diag.h"
#include "schema/schema.h"
#include "sema/program.h"
#include "syntax/ast.h"

namespace mlstack::sema {

/// One parameter value from outside. `text` of `--set` is taken as the parameter's type says:
/// `--set nodes=4`, `--set image=x:y`; lists and maps in the language's own syntax.
struct ParamValue {
  std::string name;
  std::string text;               // of --set
  const ir::Node* node = nullptr; // of --params: a YAML value with its place
  base::Span span;                // place of the key (in the params file, or in the "--set" pseudo file)
};

/// How sema gets at files: imports and file(). Paths are as written, `from` is the importing file's name.
struct FileAccess {
  /// Text of an import ("std/aws", "./lib.mlstack") parsed; null with a diagnostic already given.
  std::function<const syntax::File*(std::string_view path, const base::SourceFile& from, base::Span at,
                                    const base::SourceFile*& file)> import;
  /// Bytes of a file that lies under the project; nullopt with a diagnostic already given.
  std::function<std::optional<std::string_view>(std::string_view path, const base::SourceFile& from, base::Span at)> read;
};

/// What a stack may make, counted over the whole run: a slip in a bound, or names that double what they
/// stand for, end with a message instead of filling memory. By default far above what any cluster takes.
struct Budgets {
  std::uint64_t steps = 10'000'000;      // statements and turns of loops
  std::uint64_t elements = 20'000'000;   // of lists and maps
  std::uint64_t text = std::uint64_t{512} << 20;
};

struct Options {
  std::vector<ParamValue> params;  // later wins
  std::string kubernetes;          // overrides the stack's, when not empty
  bool missingParamsAreUnknown = false;  // check without parameters: no value, no error
  /// Takes resources over as soon as they are whole, in their order, so that their memory can serve the
  /// next turn of a loop. With `vanishing`, what lives in that arena is gone when the call returns.
  /// Whatever is not handed over stands in Program::resources at the end.
  std::function<void(const Program& program, std::span<Instance* const> resources, const base::Arena* vanishing)> finished{};
  /// Makes once more what was handed over last, which was a turn with `Program::turnTexts`, with other texts by number. False,
  /// and nothing is made, when it cannot: that turn is handed over as any other.
  std::function<bool(std::span<const std::string_view> texts)> repeat{};
  Budgets budgets{};
};

/// Checks and evaluates. Never throws, always returns; `ok` tells whether it may be lowered.
/// Every statement is checked, also those that these parameters do not reach.
[[nodiscard]] std::unique_ptr<Program> evaluate(const base::SourceFile& source, const syntax::File& file,
                                                const FileAccess& access, const schema::Catalog& catalog,
                                                const Options& options, base::SymbolTable& symbols, diag::Sink& sink);

/// The function library: name, signature, doc; for explain, completion and the reference.
struct FunctionInfo {
  std::string_view name;
  std::string_view signature;  // "join(list<string>, separator: string) -> string"
  std::string_view doc;
};
[[nodiscard]] std::vector<FunctionInfo> functions();

/// "list<claim>?": a type as the source writes it.
[[nodiscard]] std::string typeText(const Type& type);

}  // namespace mlstack::sema
