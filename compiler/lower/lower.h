#pragma once
// Program to deployment graph, by the kinds table.

#include <memory>
#include <span>

#include "diag/diag.h"
#include "ir/stack.h"
#include "schema/schema.h"
#include "sema/program.h"

namespace mlstack::lower {

/// Every resource becomes one object tree with spans; mounts, environment references and contracts
/// are noted as MountIntents. Calls ir::link. `program` must be ok and must outlive nothing: the
/// stack copies what it needs (strings are interned or in its arena).
[[nodiscard]] std::unique_ptr<ir::Stack> lowerProgram(const sema::Program& program, const schema::Catalog& catalog,
                                                      diag::Sink& sink);

/// The same in steps, for resources that are gone before the program is whole.
class Steps {
 public:
  Steps(const schema::Catalog& catalog, diag::Sink& sink);
  ~Steps();
  /// What `sema::Options::finished` hands over.
  void take(const sema::Program& program, std::span<sema::Instance* const> resources, const base::Arena* vanishing);
  /// What `sema::Options::repeat` asks for.
  [[nodiscard]] bool repeat(std::span<const std::string_view> texts);
  /// What is left; the stack is not linked yet, so that the program can go first.
  [[nodiscard]] std::unique_ptr<ir::Stack> finish(const sema::Program& program);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Reads a field back from an object that the kind made (the other direction of the table): the JSON
/// value at the member's target, turned back to what the source would say. Null when it is not there.
/// Used by the two-way property test, and later to turn YAML into source.
[[nodiscard]] const ir::Node* raiseField(const sema::Member& member, const ir::Node& root, ir::Builder& builder,
                                         base::SymbolTable& symbols);

}  // namespace mlstack::lower
