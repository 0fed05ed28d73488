#pragma once
// A snapshot of what a cluster has: a file of real objects, as `kubectl get … -o yaml` prints them.

#include <string>
#include <vector>

#include "base/arena.h"
#include "base/source.h"
#include "base/symbol.h"
#include "diag/diag.h"
#include "ir/stack.h"
#include "schema/schema.h"

namespace mlstack::driver {

class Cluster {
 public:
  Cluster(base::SymbolTable& symbols, base::Arena& arena) : symbols_(symbols), arena_(arena) {}

  void read(const base::SourceFile& file, diag::Sink& sink);

  /// "1.34", or empty when the snapshot does not say.
  [[nodiscard]] const std::string& kubernetes() const { return kubernetes_; }
  /// Adds the objects that the stack does not declare itself, as external ones, and the kinds whose list is whole. What the
  /// stack says of external things that are not there, or are otherwise, goes to `sink` (MLS5043, 5044).
  void addTo(ir::Stack& stack, diag::Sink& sink) const;
  /// Its CustomResourceDefinitions.
  [[nodiscard]] const std::vector<ir::Node*>& definitions() const { return definitions_; }

 private:
  void readHeader(const ir::Node& document, diag::Sink& sink);
  void verify(const ir::Object& said, const ir::Node& live, diag::Sink& sink) const;
  void verifyPart(const ir::Object& said, const ir::Node& part, const ir::Node* live, const std::string& path, diag::Sink& sink) const;

  base::SymbolTable& symbols_;
  base::Arena& arena_;
  std::string kubernetes_;
  bool saysComplete_ = false;
  std::vector<base::Symbol> complete_;
  std::vector<ir::Node*> objects_;
  std::vector<ir::Node*> definitions_;
};

}  // namespace mlstack::driver
