#pragma once
// What the cluster has beside the stack's own objects: read when a decision about state asks for it, and once.

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backend/api.h"

namespace mlstack::backend {

/// An answer about one object. What could not be read is never "absent".
struct Found {
  enum class Is : std::uint8_t { Asked, There, Absent, Unreadable };
  Is is = Is::Asked;            // Asked: comes with the next `read`
  const ir::Node* node = nullptr;
  std::string why;              // of Unreadable
  [[nodiscard]] bool there() const { return is == Is::There; }
};

struct Owner {
  std::string apiVersion, kind, name, uid;
  bool controller = false;
};
[[nodiscard]] std::vector<Owner> ownersOf(const ir::Node& live, const base::SymbolTable& symbols);

/// A claim as decisions about others need it.
struct LiveClaim {
  std::string nameSpace, name, uid;
  std::string volume;           // the PersistentVolume's name; empty: not bound
  std::string size;             // of the volume, else what is asked for
  std::string storageClass;
  std::vector<Owner> owners;
  bool deleting = false;
};
[[nodiscard]] LiveClaim liveClaim(const ir::Node& claim, const base::SymbolTable& symbols);

struct LiveClaims {
  Found::Is is = Found::Is::Asked;
  std::string why;
  std::vector<LiveClaim> all;   // sorted by namespace and name once it is There
  /// By its name, among the claims of one namespace.
  [[nodiscard]] const LiveClaim* find(std::string_view name) const;
};

/// Which claims go with which objects, through whatever stands between them.
struct ClaimOwners {
  struct Unread {
    const LiveClaim* claim = nullptr;
    std::string why;            // "JobSet/ml/train, which owns it, cannot be read (…)"
  };
  std::unordered_map<std::string, std::vector<const LiveClaim*>> byOwner;   // by the uid of an owner, or an owner's owner
  std::vector<Unread> unread;   // who else owns them cannot be told
};

struct LivePod {
  std::string name, phase;
  std::vector<Owner> owners;
  std::vector<std::string> claims;
};
struct LivePods {
  Found::Is is = Found::Is::Asked;
  std::string why;
  std::vector<LivePod> all;
};

class LiveFacts {
 public:
  explicit LiveFacts(Api& api) : api_(api) {}

  /// Asks when it is not known. References stay valid.
  [[nodiscard]] const Found& object(const ObjectRef& ref);
  [[nodiscard]] const Found& volume(std::string_view name) { return object({"v1", "PersistentVolume", "", std::string(name)}); }
  [[nodiscard]] const Found& claim(std::string_view nameSpace, std::string_view name) { return object({"v1", "PersistentVolumeClaim", std::string(nameSpace), std::string(name)}); }
  [[nodiscard]] const Found& storageClass(std::string_view name) { return object({"storage.k8s.io/v1", "StorageClass", "", std::string(name)}); }
  /// All claims of a namespace; of all namespaces when it is empty.
  [[nodiscard]] const LiveClaims& claims(std::string_view nameSpace);
  /// Of the same claims; `direct`: only what they name themselves, for which nothing more has to be read. Provisional as long as
  /// there is something to read.
  [[nodiscard]] const ClaimOwners& claimOwners(std::string_view nameSpace, bool direct);
  [[nodiscard]] const LivePods& pods(std::string_view nameSpace);
  [[nodiscard]] bool serves(std::string_view group, std::string_view kind) const { return api_.preferred(group, kind) != nullptr; }

  /// Reads what was asked for since, all of it at once. False when that was nothing. Blocks.
  bool read();
  /// What could not be read, one sentence each.
  [[nodiscard]] const std::set<std::string>& unreadable() const { return unreadable_; }

 private:
  void climb(const LiveClaim& claim, const std::vector<Owner>& owners, int depth, ClaimOwners& into);
  void readObject(const ObjectRef& ref, Found& into);
  void readClaims(const std::string& nameSpace, LiveClaims& into);
  void readPods(const std::string& nameSpace, LivePods& into);
  void note(std::string_view what, const Failure& failure);

  Api& api_;
  base::Arena arena_;
  std::map<ObjectRef, Found> objects_;
  std::map<std::string, LiveClaims> claims_;
  std::map<std::pair<std::string, bool>, ClaimOwners> claimOwners_;   // forgotten with every read
  std::map<std::string, LivePods> pods_;
  std::vector<ObjectRef> askedObjects_;
  std::vector<std::string> askedClaims_, askedPods_;
  std::set<std::string> unreadable_;
};

/// Whose an object is that is not ours: "the Helm release `ml/db`", "another stack's inventory (applyset-…)", "ReplicaSet/db-7f".
/// Empty: nobody's.
[[nodiscard]] std::string foreignOwner(const ir::Node& live, std::string_view setId, const base::SymbolTable& symbols);

/// What went wrong, for people: the server's words, or why there were none.
[[nodiscard]] std::string failureText(const Failure& failure);
[[nodiscard]] inline bool failed(const Failure& failure) { return failure.code != 0 || failure.outcome != Outcome::Answered || !failure.reason.empty(); }

/// The value at a path of keys, none of which is split at its dots: labels and annotations.
[[nodiscard]] std::string_view markOf(const ir::Node& live, std::string_view map, std::string_view key, const base::SymbolTable& symbols);

}  // namespace mlstack::backend
