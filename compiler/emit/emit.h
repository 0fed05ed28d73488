#pragma once
// Objects to manifests. Whatever YAML parser reads them, of either version, it finds the values of the trees.

#include <string>
#include <string_view>
#include <vector>

#include "diag/diag.h"
#include "ir/stack.h"

namespace mlstack::emit {

/// Receives output in pieces, in order. Returns false to stop (a closed pipe).
class Writer {
 public:
  virtual ~Writer() = default;
  [[nodiscard]] virtual bool write(std::string_view bytes) = 0;
};

/// One YAML document (no `---`), keys in tree order, two-space indentation, newline at the end.
void appendYaml(std::string& out, const ir::Node& root, const base::SymbolTable& symbols);
/// Pretty JSON, two spaces, no trailing newline.
void appendJson(std::string& out, const ir::Node& root, const base::SymbolTable& symbols);

/// All objects in apply order as one stream: `---` before each document but the first.
[[nodiscard]] bool emitYaml(const ir::Stack& stack, Writer& writer);
/// All objects as one `v1/List`.
[[nodiscard]] bool emitJson(const ir::Stack& stack, Writer& writer);

struct NamedFile {
  std::string name;  // "100-ml_persistentvolumeclaim-model.yaml": sorts in apply order, and is told by the object alone
  std::string bytes;
};
/// One file an object.
[[nodiscard]] std::vector<NamedFile> emitFiles(const ir::Stack& stack, bool json);

/// The proof after emission: every mount, environment reference and claim that the source states
/// (mount intents, edges) is in the objects as they are emitted, with the path and the name that
/// were stated. Anything missing is an internal error MLS4xxx: the compiler must not drop state.
void proveComplete(const ir::Stack& stack, diag::Sink& sink);

}  // namespace mlstack::emit
