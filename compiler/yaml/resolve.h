#pragma once
// What a plain scalar means to Kubernetes: sigs.k8s.io/yaml reads YAML 1.1 words.

#include <cstdint>
#include <string_view>

#include "ir/node.h"

namespace mlstack::yaml {

struct Resolved {
  ir::NodeKind kind = ir::NodeKind::String;  // Null, Bool, Int, Float or String
  bool merge = false;                        // `<<`
  union {
    bool boolean;
    std::int64_t integer = 0;
    double real;
  };
};

/// The value of an unquoted scalar. Integers beyond 64 bits become floats, as in JSON; timestamps
/// stay strings, as they do for Kubernetes.
[[nodiscard]] Resolved resolvePlain(std::string_view text);

}  // namespace mlstack::yaml
