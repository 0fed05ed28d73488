#pragma once
// Reading YAML and JSON (parameters, CRDs, manifests, kubeconfigs) with positions. The only folder
// that knows yaml-cpp.

#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "base/symbol.h"
#include "diag/diag.h"
#include "ir/node.h"

namespace mlstack::yaml {

/// Limits that keep hostile files harmless; passing one is an error with a position.
struct Limits {
  std::size_t maxNodes = 5'000'000;  // after alias expansion
  unsigned maxDepth = 200;
  bool lastKeyCounts = false;        // of equal keys the last counts, with a warning, as for kubectl
  bool keysAreNames = false;         // `n`, `on`, `1`: what YAML takes for a boolean or number is a name all the same
};

/// All documents of a file as trees with spans (scalars typed by the YAML 1.1 rules that Kubernetes
/// uses: sigs.k8s.io/yaml — `yes`, `on`, `0o17`, `1e3`, `~`). Duplicate keys, unknown anchors,
/// tags, non-string keys, bad UTF-8 and syntax errors go to `sink` (MLS14xx) with the place; the
/// documents before the error are still returned. Aliases are expanded within the limits.
[[nodiscard]] std::vector<ir::Node*> readDocuments(const base::SourceFile& file,
                                                   base::SymbolTable& symbols, ir::Builder& builder,
                                                   diag::Sink& sink, const Limits& limits = {});

/// Why a text is no JSON.
struct JsonError {
  std::string message;      // "`,` or `}` was expected at byte 812"; quotes nothing of the text
  bool endedEarly = false;  // what is there is right, but it stops in the middle
};

/// One JSON value (RFC 8259) that a program wrote, without positions: no YAML, no second value. Of equal keys all stay, and
/// `ir::find` gives the first. Null with `error` set when it is anything else or passes a limit.
[[nodiscard]] ir::Node* readJsonText(std::string_view text, base::SymbolTable& symbols, ir::Builder& builder, JsonError& error,
                                     const Limits& limits = {});

}  // namespace mlstack::yaml
