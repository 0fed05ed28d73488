#pragma once
// Runs sema over a text: libraries and files come from a map, values and diagnostics come back as text.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/source.h"
#include "parse/parse.h"
#include "sema/sema.h"

namespace mlstack::tests {

struct Compiled {
  base::SourceSet sources;
  base::SymbolTable symbols;
  diag::Sink sink;
  schema::Catalog catalog;
  base::Arena nodes;
  sema::Options options;
  std::map<std::string, std::string> files;     // what import and file() find
  std::unique_ptr<sema::Program> program;

  Compiled() = default;
  explicit Compiled(std::string_view text) { evaluate(text); }

  void set(std::string name, std::string value);
  void evaluate(std::string_view text);

  /// "2001@3:5 2006@4:9": codes with line and column, in order.
  [[nodiscard]] std::string codes();
  /// All messages, a line each.
  [[nodiscard]] std::string messages();
  [[nodiscard]] std::string output(std::string_view name) const;
  [[nodiscard]] std::string show(const sema::Value& value) const;
  /// "pod web { .image = "x" [port http .value = 80] }": a thing with everything in it.
  [[nodiscard]] std::string thing(std::string_view name) const;
  [[nodiscard]] const sema::Instance* find(std::string_view name) const;

 private:
  [[nodiscard]] std::string dump(const sema::Instance& instance) const;
  std::map<std::string, std::pair<const base::SourceFile*, std::unique_ptr<syntax::File>>> parsed_;
  std::unique_ptr<syntax::File> file_;
};

/// A stack of one line more: `text` begins on line 2.
inline std::string stacked(std::string_view text) { return "stack t\n" + std::string(text); }

}  // namespace mlstack::tests
