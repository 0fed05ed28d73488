#pragma once
// Which folder is the project, and what a stack may read of it: imports and file().

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "base/symbol.h"
#include "diag/diag.h"
#include "sema/sema.h"
#include "syntax/ast.h"

namespace mlstack::driver {

/// Larger source files are refused (MLS1014): nobody writes them, and positions have 32 bits.
inline constexpr std::size_t kMaxSource = std::size_t{64} << 20;

/// The text of a library of `stdlib/` by its import path ("std/aws"), or nullptr.
[[nodiscard]] const std::string_view* libraryText(std::string_view importPath);
/// "std/aws", "std/train", …
[[nodiscard]] std::vector<std::string_view> libraryNames();

/// The folder that a file belongs to, absolute: the nearest one upwards that holds `.mlstack`, else
/// the nearest that holds `.git`, else the file's own. "-" is a file of the current folder.
[[nodiscard]] std::string projectRoot(const std::string& file);

/// Files of a run, each read once, whoever asks for it.
class Sources {
 public:
  explicit Sources(base::SourceSet& set) : set_(set) {}

  /// A source file, checked to be text of a reasonable size. Null with a diagnostic at `at`, or,
  /// when `at` is nowhere, about the file. `path` is also the name that is shown.
  [[nodiscard]] const base::SourceFile* source(const std::string& path, base::Span at, diag::Sink& sink);
  /// A library of the standard library.
  [[nodiscard]] const base::SourceFile* library(std::string_view importPath, std::string_view text);

 private:
  base::SourceSet& set_;
  std::map<std::string, const base::SourceFile*, std::less<>> byPath_;   // by canonical path
};

/// What one stack imports and embeds. Owns the imported trees; must outlive the stack's Program.
class Imports {
 public:
  Imports(Sources& sources, base::SymbolTable& symbols, diag::Sink& sink, std::string root)
      : sources_(sources), symbols_(symbols), sink_(sink), root_(std::move(root)) {}
  Imports(const Imports&) = delete;
  Imports& operator=(const Imports&) = delete;

  [[nodiscard]] sema::FileAccess access();
  [[nodiscard]] const std::string& root() const { return root_; }

 private:
  struct Embedded {
    bool good = false;
    std::string bytes;
  };

  const syntax::File* import(std::string_view path, const base::SourceFile& from, base::Span at,
                             const base::SourceFile*& file);
  const base::SourceFile* find(std::string_view path, const base::SourceFile& from, base::Span at);
  std::optional<std::string_view> read(std::string_view path, const base::SourceFile& from, base::Span at);
  [[nodiscard]] bool inProject(const std::string& path, std::string_view shown, base::Span at);
  [[nodiscard]] bool load(const std::string& path, std::string_view shown, base::Span at, std::string& bytes);

  Sources& sources_;
  base::SymbolTable& symbols_;
  diag::Sink& sink_;
  std::string root_;
  std::map<const base::SourceFile*, std::unique_ptr<syntax::File>> trees_;
  std::map<std::string, Embedded, std::less<>> embedded_;   // by path as resolved
};

}  // namespace mlstack::driver
