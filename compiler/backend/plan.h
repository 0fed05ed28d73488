#pragma once
// What an apply would do, as a value: shown to people, written to a file, carried out. It holds the bodies to send, so
// that carrying it out needs no source. Values of Secrets are never in it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/api.h"
#include "base/quantity.h"
#include "base/source.h"
#include "base/span.h"
#include "diag/diag.h"

namespace mlstack::backend {

enum class Action : std::uint8_t {
  Unchanged,
  Create,
  Update,     // in place
  Adopt,      // is there, belongs to no stack: becomes ours, with `changes`
  Replace,    // deleted, waited for, created: a field is frozen, and nothing but work is lost
  Recreate,   // deleted without what it owns, created around it again: StatefulSet and its claims and pods
  Delete,     // no longer in the stack
  Release,    // no longer in the stack, but kept: taken out of the inventory, left in the cluster
  Refused,    // cannot be done as it is (`why`): nothing of the plan is carried out
};

/// What happens to one piece of state.
enum class Fate : std::uint8_t {
  New,        // an empty volume is made
  Kept,       // the same bytes, the same claim
  Grown,
  Rebound,    // another claim or object takes over the same volume
  Orphaned,   // the bytes stay, but nothing in the stack refers to them
  Lost,       // the bytes go
  AtRisk,     // cannot be told (the reclaim policy, class or volume is not readable): treated as Lost
};

struct StateFate {
  Fate fate = Fate::Kept;
  ObjectRef object;             // the claim, volume or snapshot, or the workload for an emptyDir
  std::string volume;           // the PersistentVolume's name, when one is bound
  std::string size;             // "10Gi": of the volume, else of the claim
  std::string newSize;          // Grown
  std::string why;              // "reclaim policy Delete: the volume goes with its claim"
  std::string instead;          // the way that keeps the bytes: a snapshot first, Retain, a copy job
  std::string consent;          // "claim/model": what --allow-data-loss must name; empty when nothing is at risk
  bool consented = false;
  std::size_t step = 0;         // in Plan::steps
};

/// One field of one object. Values are YAML flow text, shortened by nobody; `redacted` stands for a Secret's value.
struct FieldChange {
  std::string path;             // ".spec.template.spec.containers[name=train].image"
  std::string before;           // empty: absent
  std::string after;
  bool frozen = false;          // the server would refuse it in place
  bool redacted = false;
  base::Span span{};            // of the line that says it; unknown when the plan came from a file
};

/// Another field manager owns a field with another value.
struct Conflict {
  std::string path;
  std::string manager;
  std::string theirs;
  std::string ours;
  base::Span span{};
};

struct PlanStep {
  Action action = Action::Unchanged;
  ObjectRef object;
  unsigned group = 0;               // applied group after group (ir::applyGroup), deleted the other way round
  std::string body;                 // compact JSON to send; empty for Delete, Release and Unchanged
  std::string bodyFirst;            // Update, Adopt: sent before `body`. Changes no value: it takes over what the server filled in and
                                    // nobody owns, so that `body` gives it up. Empty: nothing of that is in the way
  std::string uid;                  // of the live object that was looked at; empty when there was none
  std::string resourceVersion;
  std::string seen;                 // `seenOf` the live object (seen.h): tells a change that counts from one of its status
  std::string why;                  // of Replace, Recreate, Release, Refused: one sentence
  std::vector<FieldChange> changes;
  std::vector<Conflict> conflicts;  // not empty: refused unless --force-conflicts
  std::vector<std::string> warnings;   // of the server's dry run
  bool dryRun = false;              // the server accepted it in a dry run
  std::string notDryRun;            // why there was none: "the namespace is made by this plan"
  base::Span span{};                // the declaration
  const ir::Node* source = nullptr; // its tree, for places of what a server refuses; null in a plan from a file. Must outlive the plan
  std::string place;                // "train.mlstack:12:1", also in a plan from a file
};

/// A change that no single step can make: what to do instead, one line a step.
struct Migration {
  ObjectRef object;
  std::string what;                 // "claim `model` moves from class `fast` to `cheap`"
  std::vector<std::string> steps;
};

struct Plan {
  std::string stack;                // its name
  std::string nameSpace;            // where the inventory lies, and what objects without one belong to
  std::string server;               // URL without credentials, or the folder
  std::string context;
  std::string inventory;            // the ApplySet parent's name; the first apply makes one of this name
  bool inventoryExists = false;     // false: this apply makes it, with `setId` being its id (the bodies carry it as their label)
  std::string setId;                // applyset.kubernetes.io/id
  std::string origin;               // for the inventory: the stack file's path from the project's top
  bool destroys = false;            // made by `destroy`
  std::vector<PlanStep> steps;      // in the order of an apply: deletions after creations, consumers before claims
  std::vector<StateFate> state;
  std::vector<Migration> migrations;
  std::vector<std::string> notes;   // what could not be looked at, and why
  std::string graphSvg;             // for the HTML page; empty: none
  std::string outputs;              // `outputDefinitions` of the stack (outputs.h): kept in the inventory
  Clock::time_point readAt{};       // when its reading began, in this run; of a plan from a file: never. Old reads are done again

  [[nodiscard]] bool changes() const;        // anything but Unchanged
  [[nodiscard]] bool risksData() const;      // a fate that needs consent, consented or not
  [[nodiscard]] std::size_t count(Action action) const;
};

/// Begins `notDryRun` of an object that is made like another one, which the server did try.
inline constexpr std::string_view kTriedAlike = "tried for another one like it: ";

/// Why the plan cannot be carried out as it is, one sentence each: refused steps, conflicts, state at risk without consent.
[[nodiscard]] std::vector<std::string> obstacles(const Plan& plan);

/// Fills in every step's `place` from its span.
void setPlaces(Plan& plan, const base::SourceSet& sources);

[[nodiscard]] std::string_view word(Action action);   // "create"
[[nodiscard]] std::string_view word(Fate fate);       // "kept"

/// For people. `color` as ANSI sequences; `unchanged` names those, too. `home` namespace is left out of names.
struct TextOptions {
  bool color = false;
  bool unchanged = false;
};
[[nodiscard]] std::string planText(const Plan& plan, const TextOptions& options);
/// `{"version": 1, …}`: documented in README.md.
[[nodiscard]] std::string planJson(const Plan& plan);
[[nodiscard]] std::string planMarkdown(const Plan& plan);
/// One self-contained page: no scripts from elsewhere, no fonts, no images by address.
[[nodiscard]] std::string planHtml(const Plan& plan);

/// A plan to keep: everything, with a digest against damage. `readPlanFile` reports what is wrong as MLS52nn.
[[nodiscard]] std::string planFile(const Plan& plan);
[[nodiscard]] std::optional<Plan> readPlanFile(const base::SourceFile& file, diag::Sink& sink);

}  // namespace mlstack::backend
