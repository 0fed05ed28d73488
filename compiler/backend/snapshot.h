#pragma once
// What a cluster has that stacks stand on, as a file to check against (`check --cluster`): classes, drivers, volumes, claims,
// nodes, kinds. Of what may be secret there are names and keys alone.

#include <optional>
#include <string>
#include <vector>

#include "backend/api.h"
#include "diag/diag.h"

namespace mlstack::backend {

struct SnapshotOptions {
  std::string nameSpace;   // listed alone where the user may not list all
  bool json = false;       // read again by a program: ten times as fast as YAML
};

struct Snapshot {
  std::string text;                    // documents: the header, then an object each, sorted by kind, namespace and name
  std::string kubernetes;              // "1.34"
  std::vector<std::string> complete;   // kinds of which it has all
  std::size_t objects = 0;
};

/// Lists in parallel. What may not be listed is a warning (MLS504n) and not complete; other failures are errors, and there
/// is nothing then.
[[nodiscard]] std::optional<Snapshot> takeSnapshot(Api& api, const SnapshotOptions& options, diag::Sink& sink);

}  // namespace mlstack::backend
