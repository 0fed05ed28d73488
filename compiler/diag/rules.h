#pragma once
// The codes of the rules, MLS3xxx: `make<RuleCode::TooManyNodes>(…)`. Apart from diag.h, so that a new rule
// rebuilds the rules and nothing else.

#include "diag/diag.h"

namespace mlstack::diag {

struct RuleCode {
#define MLSTACK_MESSAGE(number, name, severity, text) static constexpr Code name{number};
#include "diag/rules.def"
#undef MLSTACK_MESSAGE
};

namespace detail {
#define MLSTACK_MESSAGE(number, name, severity, text) \
  template <>                                         \
  struct Text<RuleCode::name> {                       \
    static constexpr std::string_view value = text;   \
    static constexpr Severity level = Severity::severity; \
  };
#include "diag/rules.def"
#undef MLSTACK_MESSAGE
}  // namespace detail

}  // namespace mlstack::diag
