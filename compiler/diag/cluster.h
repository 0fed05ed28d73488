#pragma once
// The codes of what happens at a cluster, MLS5xxx: `make<ClusterCode::PlanFileDamaged>(…)`. Apart from diag.h, so that a
// new one rebuilds backend and driver and nothing else.

#include "diag/diag.h"

namespace mlstack::diag {

struct ClusterCode {
#define MLSTACK_MESSAGE(number, name, severity, text) static constexpr Code name{number};
#include "diag/cluster.def"
#undef MLSTACK_MESSAGE
};

namespace detail {
#define MLSTACK_MESSAGE(number, name, severity, text) \
  template <>                                         \
  struct Text<ClusterCode::name> {                    \
    static constexpr std::string_view value = text;   \
    static constexpr Severity level = Severity::severity; \
  };
#include "diag/cluster.def"
#undef MLSTACK_MESSAGE
}  // namespace detail

}  // namespace mlstack::diag
