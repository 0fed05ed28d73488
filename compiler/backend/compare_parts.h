#pragma once
// What the walk of compare.cpp needs of single values and field sets. Private to this folder.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/compare.h"

namespace mlstack::backend {

/// YAML flow text of a value; a text of several lines stands as it is.
[[nodiscard]] std::string flowText(const ir::Node& node, const base::SymbolTable& symbols);

/// "", {}, [], null: what Go's `omitempty` drops of any type.
[[nodiscard]] bool isEmptyValue(const ir::Node& node);
/// Those, and false and 0.
[[nodiscard]] bool isZeroValue(const ir::Node& node);

/// How a text is read by the server, beside its schema.
enum class Meaning : std::uint8_t {
  Field,      // by its type
  FreeText,   // labels, data, arguments: only the same bytes are equal
  Bytes,      // base64
  Amount,     // a quantity, whatever the schema says (resource maps)
};
/// Two scalars by meaning. `name` is the innermost field's.
[[nodiscard]] bool sameScalar(const ir::Node& a, const ir::Node& b, schema::Shape shape, Meaning meaning, std::string_view name);


/// What the server writes into parts of atomic values that the source did not say (pkg/apis/*/v1/defaults.go, admission).
[[nodiscard]] bool isDefaulted(std::string_view field, const ir::Node& value, const base::SymbolTable& symbols);

/// One step of the way to a value.
struct Element {
  std::string fields;              // as FieldsV1 writes it: `f:spec`, `k:{"name":"a"}`, `v:"x"`, `i:0`
  Undo::At at;
};

/// The child of a FieldsV1 node; null without.
[[nodiscard]] const ir::Node* fieldsChild(const ir::Node* fields, std::string_view key, const base::SymbolTable& symbols);
[[nodiscard]] const ir::Node* fieldsField(const ir::Node* fields, std::string_view name, const base::SymbolTable& symbols);
/// No children, or only itself: the manager owns the value as a whole.
[[nodiscard]] inline bool isLeaf(const ir::Node& fields) { return fields.kind != ir::NodeKind::Map || fields.length == 0; }
/// Whether a manager's set holds the value at `way`, by itself or as part of an atomic one.
[[nodiscard]] bool owns(const ir::Node* fields, std::span<const Element> way, const base::SymbolTable& symbols);
/// Whether it holds anything at or below it.
[[nodiscard]] bool ownsBelow(const ir::Node* fields, std::span<const Element> way, const base::SymbolTable& symbols);

/// `k:{"containerPort":80,"protocol":"TCP"}`.
[[nodiscard]] std::string keyedText(const ir::Node& item, std::span<const std::string> keys, const base::SymbolTable& symbols);
/// `v:"x"`.
[[nodiscard]] std::string valueText(const ir::Node& scalar);
/// `[name=a]`, `[containerPort=80,protocol=TCP]`.
[[nodiscard]] std::string keyedPath(const ir::Node& item, std::span<const std::string> keys, const base::SymbolTable& symbols);
/// Which keys a list has by a set of fields that somebody owns in it; empty when it is none.
[[nodiscard]] std::vector<std::string> keysOfFields(const ir::Node& fields, const base::SymbolTable& symbols);

}  // namespace mlstack::backend
