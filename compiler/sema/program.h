#pragma once
// What a stack says, evaluated: components expanded, loops unrolled, names resolved, values typed.
// lower/ makes Kubernetes objects of it.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/source.h"
#include "base/span.h"
#include "base/symbol.h"
#include "ir/node.h"
#include "sema/kind.h"
#include "sema/value.h"

namespace mlstack::sema {

/// A field of a block. Members that have a default and are not stated follow the stated ones, with
/// `keySpan` and `span` nowhere (externals get none). Nodes may be shared between instances: read only.
struct FieldValue {
  const Member* member = nullptr;
  Value value;
  base::Span keySpan;
  base::Span span;             // of the value
  FieldValue* next = nullptr;
};

/// A raw block (`object` body, `with { … }`): a tree typed by the schema, nodes flagged Raw.
/// An explicit `null` in it removes what the kind would write there.
struct Overlay {
  ir::Node* tree = nullptr;
  Overlay* next = nullptr;
};

struct AllowValue {
  std::uint16_t code = 0;
  std::string_view reason;
  base::Span span;
  AllowValue* next = nullptr;
};

/// One use of a kind: a resource, a part of one, or a fragment. Lists keep source order.
struct Instance {
  const Kind* kind = nullptr;          // null for `object "…"`
  const Member* member = nullptr;      // parts: the member of the parent's kind it was written as
  std::string_view api;                // "group/version/Kind" of resources
  base::Symbol label;                  // as declared in the source: `trainer`
  base::Symbol library;                // what the import of its file is called (`aws`); 0 in the stack's own
  base::Symbol name;                   // the object's name (resources and named parts)
  Value labelValue;                    // parts: typed by the kind's `label` member (Null when absent)
  base::Span span;                     // the whole statement
  base::Span headSpan;                 // head and label, for messages
  base::Span labelSpan;
  base::Span apiSpan;                  // `object`: its "group/version/Kind"
  bool external = false;
  bool isProtected = false;
  bool broken = false;                 // an error was reported in it, or something it needs has one: not to be lowered
  bool declared = false;               // sema's own: made with the state that on-demand reading needs
  Instance* parent = nullptr;          // parts: what they are in
  FieldValue* fields = nullptr;        // includes `value` and `at` when given
  Instance* parts = nullptr;           // first part; `next` chains them
  Instance* next = nullptr;
  Overlay* overlays = nullptr;
  AllowValue* allows = nullptr;
  ir::Node* raw = nullptr;             // `object`: the body
  std::uint32_t order = 0;             // of resources: position of declaration and expansion

  [[nodiscard]] const FieldValue* field(std::string_view memberName) const;
};

struct OutputValue {
  base::Symbol name;
  std::string_view type;               // "string", "int", …
  Value value;
  std::string_view doc;
  base::Span span;
};

/// The parameters a stack takes, for `explain FILE`, editors and messages.
struct ParamInfo {
  std::string_view name;
  std::string type;
  std::string_view doc;
  bool required = false;
  base::Span span;
};

/// A text of a turn of a loop that is made of the loop's variables. Those of one number are the same text in each turn.
struct TurnText {
  std::string_view text;   // the very characters that values of the turn lead to
  std::uint32_t number = 0;
};

struct Program {
  base::Arena arena;
  std::deque<base::SourceFile> scratch;  // texts outside of files (`--set`, defaults) that values point into
  std::vector<std::unique_ptr<base::Arena>> turns;   // of loops, whose resources were handed over but are still referred to
  base::SymbolTable* symbols = nullptr;
  base::Symbol name;                   // of the stack
  base::Symbol nameSpace;              // 0 when not stated
  std::string_view kubernetes = "1.36";
  base::Span stackSpan;
  Value labels;                        // of the stack: Map or Null; they go on every object
  Value annotations;
  std::vector<Instance*> resources;    // in order of declaration and expansion, externals included;
                                       // without those that were handed over before (Options::finished)
  std::uint32_t handedOver = 0;        // how many those are
  std::vector<TurnText> turnTexts;     // of the turn that is being handed over, when nothing else in it differs from other turns
  std::vector<OutputValue> outputs;
  std::vector<AllowValue> allows;      // of the stack
  std::vector<ParamInfo> params;
  bool dropped = false;                // too much was asked for: what was handed over is of no use either
  bool partial = false;                // checked without the values of some parameters: nothing to lower
  bool ok = true;                      // false: errors were reported or `partial`, do not lower
};

}  // namespace mlstack::sema
