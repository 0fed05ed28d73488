#pragma once
// Blocks, what they declare, and where the values of a running block stand. Private to this folder.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/source.h"
#include "base/span.h"
#include "base/symbol.h"
#include "schema/schema.h"
#include "sema/program.h"
#include "syntax/ast.h"

namespace mlstack::sema {

using base::Span;
using base::Symbol;
using syntax::Expr;
using syntax::ExprKind;
using syntax::Statement;
using syntax::StatementKind;

struct Body;
struct Env;
struct Component;
struct ComponentUse;
struct Unit;

enum class DeclKind : std::uint8_t { Variable, Let, Param, Thing, Component, Kind, Import, Unread /* by a statement with a slip */ };

/// One name of a block. What does not depend on the run of the block (components, kinds, imports)
/// stands here, the rest in a Slot.
struct Decl {
  Symbol name;
  DeclKind kind = DeclKind::Variable;
  const Statement* statement = nullptr;  // null for loop variables and a component's `name`
  Span span;
  Component* component = nullptr;
  const Kind* builtKind = nullptr;
  bool building = false;                 // Kind: under construction
  std::uint32_t twin = 0;                // Thing: the next of the same name and another kind; 0: none
  Unit* unit = nullptr;                  // Import
  const Type* type = nullptr;            // Param, Let with a type
  bool typed = false;                    // `type` has been built
};

/// A block of statements, once per place in the source.
struct Body {
  std::span<Statement* const> items;
  std::vector<Decl> decls;
  std::unique_ptr<std::unordered_map<std::uint32_t, std::uint32_t>> index;  // by symbol, when there are many
  const Kind* kind = nullptr;   // the kind whose block this is, or null
  bool reached = false;         // has run with real values
  bool queued = false;          // is in the list of blocks to check at the end
  bool straight = true;         // no `if`, `for` or `...` in it
  bool broken = false;          // holds a statement that could not be read
  bool plain = false;           // of a map or of arguments: its lines declare no things
};

enum class SlotState : std::uint8_t { Empty, Busy, Done };

struct Slot {
  Value value;
  SlotState state = SlotState::Empty;
};

/// A running block. Blocks that declare nothing have none of their own. Lives in the program's arena:
/// pending fields and later checks refer to it.
struct Env {
  Body* body = nullptr;
  Env* parent = nullptr;
  Unit* unit = nullptr;
  ComponentUse* use = nullptr;   // the innermost use of a component that runs
  Slot* slots = nullptr;
  base::Arena* arena = nullptr;  // what it and all that its slots come to hold live in
};

/// A field that was asked for before its block had run.
struct EarlyField {
  const Statement* statement = nullptr;
  const Member* member = nullptr;
  Value value;
  EarlyField* next = nullptr;
};

enum class Progress : std::uint8_t { Waiting, Running, Done };

/// An instance that can be named: resources, declared state parts, uses of components.
struct DeclaredInstance : Instance {
  const Statement* statement = nullptr;
  Env* env = nullptr;            // where its statement stands
  Env* inner = nullptr;          // of its block, when entered
  Body* body = nullptr;
  EarlyField* early = nullptr;
  ComponentUse* use = nullptr;   // the use of a component: kind is null
  Progress progress = Progress::Waiting;
};

struct ComponentParam {
  const Statement* statement = nullptr;
  Symbol name;
  const Type* type = nullptr;
  std::uint32_t slot = 0;
  bool required = false;
};

/// A declared component.
struct Component {
  const Statement* statement = nullptr;
  Symbol name;
  Body* body = nullptr;
  std::vector<ComponentParam> params;
  std::vector<const Statement*> outputs;
  bool described = false;        // params are filled
  bool active = false;           // its body runs
  Env* env = nullptr;            // where it is declared, first seen
  bool checked = false;
};

/// One use of a component: arguments, then a run of its body.
struct ComponentUse {
  Component* component = nullptr;
  DeclaredInstance* handle = nullptr;
  Env* declared = nullptr;       // where the component is declared
  Env* env = nullptr;            // of its body
  Slot* arguments = nullptr;     // by parameter
  Span* argumentSpans = nullptr;
  Slot* exports = nullptr;       // by output
  AllowValue* allows = nullptr;
  Value name;                    // what `name` means inside
  Progress opening = Progress::Waiting;
  bool ran = false;
};

/// One file: the stack itself, or a library.
struct Unit {
  const base::SourceFile* source = nullptr;
  const syntax::File* file = nullptr;
  std::string path;
  Body* body = nullptr;
  Env* env = nullptr;
  Symbol alias;                 // as the first import calls it
  bool library = false;
  bool loading = false;
  bool ran = false;
};

/// Values that are the same on every run of a statement: its own, and a part's label, value and `at`.
struct Constants {
  Value values[3];
  bool known[3] = {false, false, false};
};

/// What a statement of a block means there. One for each (statement, context).
struct StatementInfo {
  const void* context = nullptr;
  StatementInfo* next = nullptr;       // the same statement in another context
  const Member* member = nullptr;
  const Kind* kind = nullptr;
  Component* component = nullptr;
  Env* componentEnv = nullptr;   // where the component is declared
  Body* body = nullptr;
  Body* otherwise = nullptr;
  const Type* expected = nullptr;      // of the value
  Constants* constants = nullptr;      // made when the statement runs again
  Symbol api;                          // of the kind, for finding objects twice
  const std::vector<std::uint16_t>* required = nullptr;   // of the kind
  bool ran = false;
  FieldValue* defaults = nullptr;      // shared chain of the defaults …
  std::uint64_t defaultsFor[2] = {0, 0};  // … of a block that states these members
  bool hasDefaults = false;
  bool resolved = false;
  bool failed = false;           // reported: stay silent
  const FieldValue* steady = nullptr;  // a field that is the same on every run
};

enum class BlockMode : std::uint8_t { Things, Instance, OpenParts, Entries, Arguments };

/// The entries of a map that is being made.
struct EntryList {
  std::vector<Entry> items;

  [[nodiscard]] Entry* find(Symbol key) {
    if (items.size() <= 12) {
      for (Entry& entry : items) {
        if (entry.key == key) return &entry;
      }
      return nullptr;
    }
    for (; indexed_ < items.size(); ++indexed_) index_.emplace(items[indexed_].key.id, static_cast<std::uint32_t>(indexed_));
    const auto found = index_.find(key.id);
    return found == index_.end() ? nullptr : &items[found->second];
  }
  void push(const Entry& entry) { items.push_back(entry); }

 private:
  std::unordered_map<std::uint32_t, std::uint32_t> index_;
  std::size_t indexed_ = 0;
};

/// A block that is being filled.
struct Block {
  BlockMode mode = BlockMode::Things;
  Body* body = nullptr;                  // the statements' own block (moves with `if` and `for`)
  // Instance
  Instance* instance = nullptr;
  const Kind* kind = nullptr;
  StatementInfo* info = nullptr;
  FieldValue** fieldTail = nullptr;
  Instance** partTail = nullptr;
  AllowValue** allowTail = nullptr;
  Overlay** overlayTail = nullptr;
  std::uint64_t seen[2] = {0, 0};
  std::uint64_t excused[2] = {0, 0};     // required, but their absence is explained
  // OpenParts: KEY = value lines become parts of `outer`
  Block* outer = nullptr;
  const Member* member = nullptr;
  const Kind* partKind = nullptr;
  // Entries
  EntryList* entries = nullptr;
  const Type* type = nullptr;            // Map or Record; null when raw or anything
  schema::TypeRef raw;
  bool isRaw = false;
  // Arguments
  ComponentUse* use = nullptr;
  std::vector<std::vector<Instance*>>* handed = nullptr;   // parts, by parameter
};

/// Where a value goes, for messages.
struct Place {
  enum class Kind : std::uint8_t { Nowhere, Field, Argument, Parameter, Condition, Element, Label, Path } kind = Kind::Nowhere;
  std::string_view name;
};

}  // namespace mlstack::sema
