#pragma once
// Values of one kind, made in one line. Private to this folder.

#include <cstdint>

#include "sema/value.h"

namespace mlstack::sema {

/// Stands for a value whose error has been reported.
[[nodiscard]] inline Value errorValue() {
  Value v;
  v.kind = ValueKind::Error;
  return v;
}

[[nodiscard]] inline Value boolean(bool truth) {
  Value v;
  v.kind = ValueKind::Bool;
  v.boolean = truth;
  return v;
}

[[nodiscard]] inline Value integer(std::int64_t number) {
  Value v;
  v.kind = ValueKind::Int;
  v.integer = number;
  return v;
}

[[nodiscard]] inline Value real(double number) {
  Value v;
  v.kind = ValueKind::Float;
  v.real = number;
  return v;
}

[[nodiscard]] inline Value duration(std::int64_t milliseconds) {
  Value v;
  v.kind = ValueKind::Duration;
  v.integer = milliseconds;
  return v;
}

}  // namespace mlstack::sema
