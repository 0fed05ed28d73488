#pragma once
// Values of the language: small, immutable, in the program's arena.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/quantity.h"
#include "base/span.h"
#include "base/symbol.h"

namespace mlstack::sema {

struct Instance;
struct Kind;
struct Type;
struct Element;
struct Entry;

enum class ValueKind : std::uint8_t {
  Error,      // already reported: everything that touches it is silent
  Unknown,    // checking code that does not run (an unused component): some value of `type`
  Null, Bool, Int, Float,
  String,     // text; also enumerators, images, paths, names
  Quantity, Duration /* ms */, Suffixed /* `10m` that no type has claimed yet: text */,
  Range,      // 0..3
  List, Map,
  Ref,        // a resource or a state part: claim, config, claim template …
  KeyOf,      // config["key"], secret["key"]: `ref` and `text`
  Fragment,   // made by a Source kind: an Instance with its fields
  Cluster,    // known to the cluster only: `ref` and field path `text`
  Parts,      // part statements handed to a component
};

struct Value {
  ValueKind kind = ValueKind::Null;
  bool flag = false;               // String: was a block string; Range: end excluded
  std::uint32_t length = 0;        // String…: bytes; List, Map, Parts: count
  union {
    bool boolean;
    std::int64_t integer = 0;      // Int, Duration; Range: low
    double real;
    const char* chars;
    const base::Quantity* quantity;
    const Element* elements;
    const Entry* entries;
    const Instance* instance;      // Ref, Fragment; KeyOf and Cluster too
    Instance* const* parts;
    const Type* type;              // Unknown
  };
  union {
    std::int64_t high = 0;         // Range
    const char* text2;             // KeyOf: key, Cluster: path (`length` bytes)
  };

  [[nodiscard]] std::string_view text() const { return {chars, length}; }
  [[nodiscard]] std::string_view second() const { return {text2, length}; }
  [[nodiscard]] std::span<const Element> list() const;
  [[nodiscard]] std::span<const Entry> map() const;
};

/// An element of a list, with the place that wrote it.
struct Element {
  Value value;
  base::Span span;
};

struct Entry {
  base::Symbol key;
  Value value;
  base::Span keySpan;
  base::Span span;
};

inline std::span<const Element> Value::list() const { return {elements, length}; }
inline std::span<const Entry> Value::map() const { return {entries, length}; }

}  // namespace mlstack::sema
