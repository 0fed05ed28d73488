#pragma once
// What a rule is and what it may ask. A rule is a function over one thing with ids of its own; its
// row says what it is called with. It reports through Context, which knows what is allowed.

#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "diag/rules.h"
#include "storage/model.h"
#include "storage/programs.h"

namespace mlstack::storage {

using Code = diag::RuleCode;

/// "3 pods", "1 pod".
[[nodiscard]] std::string counted(std::int64_t count, std::string_view noun);

/// Whether two names differ by so little that one may be a slip for the other: at most two letters, and less than a third of the
/// shorter one. "llama-pd" is none for "llama-hdml".
[[nodiscard]] bool isSlip(std::string_view wrong, std::string_view right);

class Context {
 public:
  Context(const Model& modelOfAll, const base::SourceSet& sourceSet, diag::Sink& into)
      : model(modelOfAll), keys(modelOfAll.keys), stack(modelOfAll.stack), sources(sourceSet), allowUsed_(stack.allows.size(), false), sink_(into) {}

  const Model& model;
  const Keys& keys;
  const ir::Stack& stack;
  const base::SourceSet& sources;
  bool whole = true;   // false when something was left out of the stack for an error of its own

  /// Reports, unless an `allow` of this code stands on one of these objects or on the stack. The first
  /// object becomes the diagnostic's; null ones are left out. What is not there is not reported of a stack that is not whole.
  bool report(diag::Diagnostic d, std::initializer_list<const ir::Object*> about);

  /// The pods whose governing Service was asked for last, and that (governorOf): several rules of one template ask.
  struct Governed {
    const Pods* pods = nullptr;
    const ir::Object* service = nullptr;
  };
  mutable Governed governed;

  /// How often something was reported, kept back or not.
  [[nodiscard]] std::size_t reports() const { return reports_; }

  /// "Deployment/web".
  [[nodiscard]] std::string objectText(const ir::Object& object) const;
  /// As the source calls it.
  [[nodiscard]] std::string_view nameOf(const ir::Object& object) const;
  /// The stack targets that version of Kubernetes 1.NN or a newer one.
  [[nodiscard]] bool since(int minor) const;

  /// What a container's command line and environment say; kept for the containers that were asked for last, as all
  /// rules of one container are called in turn, and objects of one pattern have containers in common. What was kept for
  /// earlier pods may serve again for a container much like theirs: it holds until `nextPods`.
  [[nodiscard]] const Words& wordsOf(const Container& container) const;
  /// From here on rules ask about other pods.
  void nextPods() { ++podsAsked_; }

  /// By number in `stack.allows`.
  [[nodiscard]] const std::vector<bool>& allowUsed() const { return allowUsed_; }
  /// What an `allow` kept back.
  [[nodiscard]] const std::vector<diag::Diagnostic>& silenced() const { return silenced_; }

 private:
  struct Read {
    const ir::Node* container = nullptr;
    std::uint64_t asked = 0;
    std::uint64_t pods = 0;    // `podsAsked_` at that time
    Words words;
  };
  mutable std::array<Read, 4> read_;
  mutable std::uint64_t asked_ = 0;
  std::uint64_t podsAsked_ = 0;
  std::size_t reports_ = 0;
  std::vector<bool> allowUsed_;
  std::vector<diag::Diagnostic> silenced_;
  diag::Sink& sink_;
};

/// A row of a family's table. Exactly one function is set; `kind` (with `object`) limits it to objects of one kind.
struct Rule {
  using OfStack = void (*)(Context&);
  using OfObject = void (*)(Context&, const ir::Object&);
  using OfState = void (*)(Context&, const State&);
  using OfPods = void (*)(Context&, const Pods&);
  using OfContainer = void (*)(Context&, const Pods&, const Container&);

  constexpr Rule(OfStack function) : ofStack(function) {}           // NOLINT: rows are just functions
  constexpr Rule(OfState function) : ofState(function) {}           // NOLINT
  constexpr Rule(OfPods function) : ofPods(function) {}             // NOLINT
  constexpr Rule(OfContainer function) : ofContainer(function) {}   // NOLINT
  /// For objects of one kind; externals are not judged. An empty kind: every object.
  constexpr Rule(std::string_view ofKind, OfObject function) : kind(ofKind), ofObject(function) {}

  std::string_view kind{};
  OfStack ofStack = nullptr;
  OfObject ofObject = nullptr;
  OfState ofState = nullptr;
  OfPods ofPods = nullptr;
  OfContainer ofContainer = nullptr;
};

// The families, one file each.
[[nodiscard]] std::span<const Rule> sharingRules();      // access modes against simultaneous users
[[nodiscard]] std::span<const Rule> bindingRules();      // claims and volumes find each other, or never
[[nodiscard]] std::span<const Rule> classRules();        // classes, provisioners, topology
[[nodiscard]] std::span<const Rule> capacityRules();     // sizes, quotas, limits
[[nodiscard]] std::span<const Rule> lifetimeRules();     // what is lost when what is deleted
[[nodiscard]] std::span<const Rule> mountRules();        // paths, collisions, sub-paths
[[nodiscard]] std::span<const Rule> checkpointRules();   // survives, resumes, fits
[[nodiscard]] std::span<const Rule> distributedRules();  // rendezvous, headless services, host network
[[nodiscard]] std::span<const Rule> resourceRules();     // GPUs, memory, requests
[[nodiscard]] std::span<const Rule> workloadRules();     // the right kind of workload, restarts, budgets
[[nodiscard]] std::span<const Rule> nameRules();         // names, labels, selectors, ports
[[nodiscard]] std::span<const Rule> configRules();       // secrets and config
[[nodiscard]] std::span<const Rule> snapshotRules();     // snapshots, clones, populators
[[nodiscard]] std::span<const Rule> admissionRules();    // what the API server would refuse

}  // namespace mlstack::storage
