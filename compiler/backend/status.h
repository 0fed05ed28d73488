#pragma once
// One screen about a stack as it runs: its state, its work, what is wrong, what others changed since the last apply.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/api.h"
#include "backend/wait.h"
#include "diag/diag.h"

namespace mlstack::backend {

struct ClaimStatus {
  ObjectRef object;
  std::string phase;              // "Bound"
  std::string volume;             // empty: none yet
  std::string storageClass;
  std::string reclaim;            // of the volume; empty: not known
  std::string size;               // of the volume; of the request while it is not bound
  std::string wanted;             // the request, when it differs from `size`
  std::string modes;              // "RWO"
  std::vector<std::string> usedBy;// pods
  Health health = Health::Good;
  std::string what;
};

struct WorkStatus {
  ObjectRef object;
  std::int64_t ready = 0, desired = 0;   // pods; of a Job completions
  std::int64_t restarts = 0;
  std::string lastReason;         // of the last container that ended badly: "OOMKilled (exit code 137)"
  Health health = Health::Good;
  std::string what;
};

/// Another manager changed fields of an object after our last apply.
struct Drift {
  ObjectRef object;
  std::string manager;
  std::string time;
  std::vector<std::string> fields;
};

struct StackStatus {
  std::string stack, nameSpace, inventory, setId, origin;
  std::string lastApply;          // RFC 3339; empty: not known
  std::string appliedBy;
  std::size_t members = 0;        // that are there
  std::size_t applied = 0;        // that the last apply left; 0: not known
  std::vector<ClaimStatus> claims;
  std::vector<WorkStatus> work;
  std::vector<std::pair<ObjectRef, std::string>> others;   // of other kinds, those that are not well
  std::vector<Drift> drift;
  std::vector<std::string> holder;   // who applies just now: none or one
  std::vector<std::string> notes;    // what could not be read
  Health health = Health::Good;
};

/// Reads everything of one stack. Blocks. Nothing with a diagnostic when there is no such stack or nothing can be read.
[[nodiscard]] std::optional<StackStatus> readStatus(Api& api, std::string_view stack, std::string_view nameSpace, diag::Sink& sink);

[[nodiscard]] std::string statusText(const StackStatus& status, bool color);
/// `{"version": 1, …}`.
[[nodiscard]] std::string statusJson(const StackStatus& status);

}  // namespace mlstack::backend
