#pragma once
// The Kubernetes API as the rest of this folder uses it: kinds by discovery, objects as trees, refusals as values.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/http.h"
#include "base/arena.h"
#include "base/span.h"
#include "base/symbol.h"
#include "diag/diag.h"
#include "ir/node.h"

namespace mlstack::backend {

/// A kind as the server serves it.
struct Resource {
  std::string group;       // "apps"; empty for the core group
  std::string version;     // "v1"
  std::string kind;        // "StatefulSet"
  std::string plural;      // "statefulsets"
  bool namespaced = true;
  bool canApply = true;    // verbs hold `patch`
  bool canList = true;
  bool canWatch = true;
  [[nodiscard]] std::string apiVersion() const { return group.empty() ? version : group + "/" + version; }
  [[nodiscard]] std::string groupKind() const { return group.empty() ? kind : kind + "." + group; }   // as ApplySets write it
};

/// One object of the cluster by name.
struct ObjectRef {
  std::string apiVersion;  // "apps/v1"
  std::string kind;
  std::string nameSpace;   // empty for cluster-scoped ones
  std::string name;
  auto operator<=>(const ObjectRef&) const = default;
  /// "StatefulSet/db", "StatefulSet/ml/db" with its namespace when that is not `home`.
  [[nodiscard]] std::string text(std::string_view home = {}) const;
};

/// A JSON document of the server with the memory that it lies in.
struct Document {
  base::Arena arena;
  ir::Node* root = nullptr;
};

/// One cause of a refusal (metav1.StatusCause).
struct Cause {
  std::string reason;    // "FieldManagerConflict", "FieldValueInvalid"
  std::string message;
  std::string field;     // ".spec.replicas", "spec.resources.requests.storage"
};

/// Why a call failed. An answer that is no JSON, or not what was asked for, is a failure as well.
struct Failure {
  Outcome outcome = Outcome::Answered;   // other than Answered: the server did not say anything
  int code = 0;                          // HTTP status
  std::string reason;                    // metav1.Status.reason: "NotFound", "Conflict", "Invalid", "Forbidden", …; or ours
  std::string message;                   // the server's own, values of secrets redacted
  std::vector<Cause> causes;
  /// False: nothing went wrong (`Failure` as the result of something that may fail).
  [[nodiscard]] bool failed() const { return outcome != Outcome::Answered || code != 0 || !reason.empty(); }
  [[nodiscard]] bool notFound() const { return outcome == Outcome::Answered && code == 404; }
  [[nodiscard]] bool conflict() const { return outcome == Outcome::Answered && code == 409; }
  [[nodiscard]] bool gone() const { return outcome == Outcome::Answered && code == 410; }
};

/// A document, or a failure.
struct Answer {
  std::shared_ptr<Document> document;    // null with a failure
  int status = 0;                        // HTTP status of a document: an apply that made its object has 201, else 200
  Failure failure;
  std::vector<std::string> warnings;     // `Warning:` headers (RFC 7234, code 299)
  /// It was sent again after an attempt of which it is not known whether it was carried out: "AlreadyExists" of a create,
  /// "NotFound" of a delete and "Conflict" of an update may be our own doing.
  bool repeated = false;
  [[nodiscard]] bool ok() const { return document != nullptr; }
};

struct ApplyFlags {
  bool dryRun = false;
  bool force = false;          // takes fields that others own
  bool strict = true;          // fieldValidation=Strict
};

enum class Propagation : std::uint8_t { Background, Foreground, Orphan };
struct DeleteFlags {
  Propagation propagation = Propagation::Background;
  std::string uid;             // preconditions; empty: none
  std::string resourceVersion;
  bool dryRun = false;
};

struct ListQuery {
  const Resource* resource = nullptr;
  std::string nameSpace;       // empty: all
  std::string labels;          // label selector
  std::string fields;          // field selector
  bool metadataOnly = false;   // PartialObjectMetadata
  unsigned pageSize = 500;
};

enum class WatchEvent : std::uint8_t { Added, Modified, Deleted };

/// The field manager of everything that this program applies.
inline constexpr std::string_view kFieldManager = "mlstackc";

/// Calls are asynchronous: their `done` is called from within `run`/`step`. Failures that may pass by themselves (429, 500,
/// 502, 503, 504 and timeouts and broken connections of what may be repeated) are tried again with exponential back-off and
/// jitter, honouring Retry-After, until `deadline`; refusals never are.
class Api {
 public:
  Api(const Connection& connection, base::SymbolTable& symbols);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  using Done = std::function<void(Answer)>;

  /// Asks for the server's version and kinds (aggregated discovery where there is one). Blocks. A group whose own
  /// server does not answer is noted, not fatal: its kinds are unknown, which is not "absent".
  [[nodiscard]] Failure discover();
  [[nodiscard]] const std::string& version() const;      // "1.36"
  /// As served under this apiVersion; null when it is not served, or when its group did not answer (`unknownGroup`).
  [[nodiscard]] const Resource* resource(std::string_view apiVersion, std::string_view kind) const;
  /// In the group's preferred version.
  [[nodiscard]] const Resource* preferred(std::string_view group, std::string_view kind) const;
  [[nodiscard]] bool unknownGroup(std::string_view group) const;

  void get(const ObjectRef& ref, Done done);
  /// Server-side apply of `json` (one object) as kFieldManager.
  void apply(const ObjectRef& ref, std::string json, const ApplyFlags& flags, Done done);
  /// POST. Not repeated when the connection broke: `done` gets Outcome::Broken and the caller looks.
  void create(const ObjectRef& ref, std::string json, bool dryRun, Done done);
  /// PUT with the resourceVersion that `json` carries.
  void update(const ObjectRef& ref, std::string json, Done done);
  /// JSON merge patch.
  void patch(const ObjectRef& ref, std::string json, Done done);
  /// `done` gets the object as it was, or as it waits for its finalizers (metadata.deletionTimestamp).
  void remove(const ObjectRef& ref, const DeleteFlags& flags, Done done);
  /// Page after page; `item` is called for each object in turn (with apiVersion and kind, which servers leave out), `done` once at the end with the list's document
  /// metadata (resourceVersion) or the failure. An expired page token begins anew, and then `restarted` is called first.
  void list(const ListQuery& query, std::function<void(ir::Node& item, const std::shared_ptr<Document>&)> item,
            std::function<void()> restarted, std::function<void(Failure, std::string resourceVersion)> done);
  /// From `resourceVersion` on. `done` when the server ends it or it failed (410: list again). Returning false ends it.
  void watch(const ListQuery& query, std::string resourceVersion,
             std::function<bool(WatchEvent, ir::Node& object, const std::shared_ptr<Document>&)> event,
             std::function<void(Failure, std::string lastResourceVersion)> done);

  /// Handles what comes until `until` says true or nothing is under way or the deadline has passed or it was interrupted.
  void run(const std::function<bool()>& until = {});
  Http& http();
  /// No call outlives it.
  Clock::time_point deadline = Clock::time_point::max();
  /// Asked between steps: true ends all calls under way as Cancelled (a signal came), and `run` returns. Whoever still has to
  /// send something then (to give up a lease) takes it away first.
  std::function<bool()> interrupted{};

  [[nodiscard]] base::SymbolTable& symbols();
  /// Requests sent so far, repeats included.
  [[nodiscard]] std::size_t requests() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// MLS502n for a failure: why, and what to do about it. `doing`: "list StatefulSets", "apply Job/train".
[[nodiscard]] diag::Diagnostic report(const Failure& failure, std::string_view doing, base::Span span = {});
/// "/apis/apps/v1/namespaces/ml/statefulsets/db"; without a name the collection.
[[nodiscard]] std::string pathOf(const Resource& resource, std::string_view nameSpace, std::string_view name);
/// Compact JSON of a tree.
void appendCompactJson(std::string& out, const ir::Node& tree, const base::SymbolTable& symbols);
/// A text member by dotted path ("metadata.uid"), or empty.
[[nodiscard]] std::string_view textAt(const ir::Node* tree, std::string_view dotted, const base::SymbolTable& symbols);
/// The same, to keep when the tree goes.
[[nodiscard]] inline std::string textCopyAt(const ir::Node* tree, std::string_view dotted, const base::SymbolTable& symbols) {
  return std::string(textAt(tree, dotted, symbols));
}
/// "apps" of "apps/v1"; empty for the core group.
[[nodiscard]] inline std::string_view groupOf(std::string_view apiVersion) {
  const auto slash = apiVersion.find('/');
  return slash == std::string_view::npos ? std::string_view{} : apiVersion.substr(0, slash);
}

}  // namespace mlstack::backend
