#pragma once
// Diagnostics as values. What can be said stands in messages.def and rules.def, one row a message; who finds
// something builds a Diagnostic from a row; `render.h` shows them.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/source.h"
#include "base/span.h"

namespace mlstack::diag {

enum class Severity : std::uint8_t { Note, Warning, Error };

/// Every message of the compiler: MLS1xxx text and syntax, 2xxx names and types, 3xxx rules (rules.h),
/// 4xxx Kubernetes, 5xxx cluster, 9xxx command line. Numbers are never reused.
enum class Code : std::uint16_t {
#define MLSTACK_MESSAGE(number, name, severity, text) name = number,
#include "diag/messages.def"
#undef MLSTACK_MESSAGE
};

struct MessageRow {
  Code code;
  std::string_view name;  // "UnknownName"
  Severity severity;
  std::string_view text;  // a fmt format string
};

[[nodiscard]] const MessageRow& row(Code code);
/// All rows, by rising code.
[[nodiscard]] const std::vector<MessageRow>& allRows();
/// "MLS3004".
[[nodiscard]] std::string codeText(Code code);

/// A second place: "claim declared here".
struct Related {
  base::Span span;
  std::string message;
};

/// One edit: replace `span` by `text` (an empty span inserts).
struct Edit {
  base::Span span;
  std::string text;
};

/// A mend that a machine may apply: all edits or none.
struct Fix {
  std::string title;
  std::vector<Edit> edits;
};

struct Diagnostic {
  Code code{};
  Severity severity = Severity::Error;
  std::string message;
  base::Span span;
  std::string file;                // used when `span` is nowhere: a file without text (unreadable)
  std::string object;              // "Kind/name" when an object is meant
  std::vector<Related> related;
  std::vector<Fix> fixes;
  std::string help;                // the hint, without "help:"

  Diagnostic&& note(base::Span at, std::string text) && {
    related.push_back({at, std::move(text)});
    return std::move(*this);
  }
  Diagnostic&& hint(std::string text) && {
    help = std::move(text);
    return std::move(*this);
  }
  Diagnostic&& about(std::string objectName) && {
    object = std::move(objectName);
    return std::move(*this);
  }
  Diagnostic&& fix(std::string title, base::Span at, std::string text) && {
    fixes.push_back({std::move(title), {{at, std::move(text)}}});
    return std::move(*this);
  }
};

namespace detail {
template <Code C>
struct Text;
#define MLSTACK_MESSAGE(number, name, severity, text) \
  template <>                                         \
  struct Text<Code::name> {                           \
    static constexpr std::string_view value = text;   \
    static constexpr Severity level = Severity::severity; \
  };
#include "diag/messages.def"
#undef MLSTACK_MESSAGE
}  // namespace detail

/// Builds a diagnostic; the arguments are checked against the row's text at compile time.
///   make<Code::UnknownName>(span, name)
template <Code C, class... Args>
[[nodiscard]] Diagnostic make(base::Span span, Args&&... args) {
  Diagnostic d;
  d.code = C;
  d.severity = detail::Text<C>::level;
  constexpr std::string_view text = detail::Text<C>::value;
  d.message = fmt::format(fmt::format_string<Args...>(fmt::string_view(text.data(), text.size())),
                          std::forward<Args>(args)...);
  d.span = span;
  return d;
}

/// Collects diagnostics of a run. Identical ones (code, span, message) are kept once.
class Sink {
 public:
  void add(Diagnostic d);
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }
  [[nodiscard]] std::size_t errorCount() const { return errors_; }
  [[nodiscard]] bool hasErrors() const { return errors_ != 0; }
  /// Sorts by file, position, code. Call before rendering.
  void sort();
  /// Warnings become errors.
  void promoteWarnings();
  /// Takes back what no longer holds.
  void drop(const std::function<bool(const Diagnostic&)>& gone);

 private:
  [[nodiscard]] std::size_t slotOf(const Diagnostic& d) const;
  void index(std::size_t slots);

  std::vector<Diagnostic> all_;
  std::size_t errors_ = 0;
  std::vector<std::uint32_t> seen_;  // open addressing over `all_`: index + 1, 0 = free
};

/// The candidate nearest to `wrong` by edit distance, or empty when none is near enough
/// (distance at most a third of the longer text; case, `-` and `_` do not count).
[[nodiscard]] std::string_view nearest(std::string_view wrong, const std::vector<std::string_view>& candidates);

}  // namespace mlstack::diag
