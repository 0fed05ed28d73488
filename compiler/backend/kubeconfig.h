#pragma once
// Kubeconfig files, merged. Private to `connection`.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/source.h"
#include "base/symbol.h"
#include "diag/diag.h"
#include "ir/node.h"

namespace mlstack::backend {

/// A named cluster, user or context. `body` may be null (`- name: x` alone).
struct KubeconfigEntry {
  const ir::Node* body = nullptr;
  base::Span place;        // of its name
  std::string folder;      // what its relative paths are relative to
};

/// The merged files. The first that names an entry gives it, and the first `current-context` that is not empty counts
/// (client-go tools/clientcmd/loader.go).
struct Kubeconfig {
  std::map<std::string, KubeconfigEntry, std::less<>> clusters, users, contexts;
  std::string currentContext;
  base::Span currentSpan;
  std::vector<std::string> files;   // that were there
  [[nodiscard]] bool empty() const { return clusters.empty() && users.empty() && contexts.empty(); }
};

/// Reads kubeconfigs into memory that lives as long as it does. What `sources` gets, and messages quote, has no secrets:
/// every value but those of harmless keys is blanked out.
class KubeconfigReader {
 public:
  KubeconfigReader(base::SourceSet& sources, base::SymbolTable& symbols, diag::Sink& sink)
      : sources_(sources), symbols_(symbols), sink_(sink), builder_(arena_) {}

  /// Adds one file below those read before. False when it could not be read; a missing one is only wrong when `required`.
  bool read(const std::string& path, bool required, Kubeconfig& into);

 private:
  void take(const ir::Node& document, const std::string& folder, Kubeconfig& into);
  void takeList(const ir::Node& list, std::string_view key, std::string_view bodyKey, const std::string& folder,
                std::map<std::string, KubeconfigEntry, std::less<>>& into);

  base::SourceSet& sources_;
  base::SymbolTable& symbols_;
  diag::Sink& sink_;
  base::Arena arena_;
  ir::Builder builder_;
};

/// `text` with `*` for every byte that may belong to a secret; as long as `text`, its lines where they were.
[[nodiscard]] std::string withoutSecrets(std::string_view text);

}  // namespace mlstack::backend
