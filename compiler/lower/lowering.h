#pragma once
// One run of lowering. Each .cpp of this folder holds the members of one concern. Private to this folder.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "diag/diag.h"
#include "ir/pods.h"
#include "ir/settle.h"
#include "ir/stack.h"
#include "lower/keys.h"
#include "lower/lower.h"
#include "lower/plan.h"
#include "schema/schema.h"
#include "sema/program.h"

namespace mlstack::lower {

using base::Span;
using ir::Node;
using sema::FieldValue;
using sema::Instance;
using sema::Kind;
using sema::KindRole;
using sema::Member;
using sema::Value;
using sema::ValueKind;
using sema::Via;

/// A volume of the pod that is being lowered, and what asked for it.
struct PodVolume {
  const Instance* state = nullptr;     // claim, config, secret, template, scratch, ephemeral
  const Instance* mount = nullptr;     // the first mount of it
  Symbol name;
  Node* node = nullptr;                // entry of `volumes`; null when the pod does not list it (claim templates)
  bool scratch = false;                // an emptyDir of one mount
};

/// The pod template of the workload that is being lowered.
struct Pod {
  std::vector<PodVolume> volumes;
};

/// What a node is a part of.
struct Frame {
  ir::ObjectId id = ir::kNoObject;
  const Instance* resource = nullptr;
  std::string_view name;               // the object's name, as a container can have it
  bool isWorkload = false;
  bool external = false;
};

/// A label that a workload's pods carry.
struct PodLabel {
  Symbol key;
  std::string_view value;
  Span span;
};

/// A text, and the copy of it in the stack's arena.
struct Kept {
  const char* from = nullptr;
  std::uint32_t length = 0;
  const char* to = nullptr;
};

/// What lowering a turn depended on beside the texts it wrote.
struct Learning {
  bool sound = true;
  std::size_t diagnostics = 0, facts = 0, allows = 0, intents = 0;
  std::vector<std::pair<ir::ObjectId, std::string_view>> unlike;   // texts that are not the object's name
  std::vector<std::uint32_t> scalars;           // by object, how many are one of the texts
  std::vector<Kept> kept;
};

/// A DNS-1123 label made of any text: at most 63 of a-z, 0-9 and `-`.
[[nodiscard]] std::string labelOf(std::string_view text);

class Lowering {
 public:
  Lowering(const sema::Program& program, const schema::Catalog& catalog, ir::Stack& stack, diag::Sink& sink);
  /// Called once, then `take` as often as there are resources, then `finish`.
  void begin();
  void take(std::span<Instance* const> resources);
  /// The same for resources that vanish with `arena`, as those of a loop's turn: nothing is remembered by them.
  void takeTurn(std::span<Instance* const> resources, const base::Arena& arena);
  /// Makes the objects of the turn that was taken last once more, with other texts (repeat.cpp). False, and nothing is made,
  /// when it cannot.
  [[nodiscard]] bool repeat(std::span<const std::string_view> texts);
  void finish();

 private:
  // --- objects (objects.cpp) ---
  void forget(std::span<Instance* const> resources, const base::Arena& arena);
  void lowerResource(const Instance& resource);
  void lowerRaw(const Instance& resource);
  [[nodiscard]] ir::Object& addObject(const Instance& resource, Symbol apiVersion, Symbol kind, ir::Role role);
  [[nodiscard]] Node* startObject(ir::Object& object, Span span, Span nameSpan);
  void stackEntries(Node& metadata, Symbol key, const Value& entries);
  void finishObject(ir::Object& object, const Instance& resource, const KindPlan& plan);
  void renameFromTree(ir::Object& object);
  void factsOf(ir::Object& object, const Instance& resource);
  void grants(const Instance& account, const ir::Object& object);
  [[nodiscard]] Symbol servedVersion(const KindPlan& plan);
  void allowsOf(const sema::AllowValue* allows, std::size_t count);
  void allowsOf(const Instance& instance, ir::ObjectId id);
  void outputs();

  // --- turns once more (repeat.cpp) ---
  /// An object of the turn, and where the texts stand in it.
  struct Repeated {
    ir::Object object;
    ir::Settler::Known* form = nullptr;
    std::uint32_t name = 0;                       // the number of its name's text
    std::vector<std::uint32_t> texts;             // of each scalar that varies
    std::vector<std::string_view> unlike;         // what its name was held against and must not be
  };
  struct Intended {
    ir::MountIntent intent;
    std::uint32_t object = 0;                     // in the turn
    std::uint32_t container = kSteady;            // the text of its name
  };
  static constexpr std::uint32_t kSteady = 0xffffffffu;
  void beginLearning();
  void countTexts();
  [[nodiscard]] bool learn();
  [[nodiscard]] std::uint32_t textAt(const Node& node) const;
  /// The turn that is being lowered depends on more than the places that its texts come to.
  void unsteady() { if (learning_) learning_->sound = false; }

  // --- the members of one instance (members.cpp) ---
  struct Item {
    std::uint32_t rank = 0;
    const MemberPlan* plan = nullptr;
    const FieldValue* field = nullptr;   // one of these two
    const Instance* part = nullptr;
    bool implied = false;
  };
  void lowerInstance(const Instance& instance, Node& node, Frame& frame);
  void sortByRank(std::size_t first);
  void gather(const Instance& instance, const KindPlan& plan);
  void gatherImplied(const Instance& instance, const KindPlan& plan, const Frame& frame);
  void implyForPart(const Instance& part, const KindPlan& plan);
  void implySelector(const Instance& instance, const KindPlan& plan);
  void imply(const KindPlan& plan, std::string_view member, Value value, Span span);
  void lowerPart(const Item& item, const Instance& instance, Node& node, Frame& frame);
  void lowerPodPart(const Instance& part, Node& node, const Frame& outer);
  void completePart(const Instance& part, Node& node, Frame& frame);
  [[nodiscard]] Value groupsOf(const Instance& rule);
  void completeBackend(const Instance& path, Node& node);
  [[nodiscard]] Node* stepTo(Node& from, std::span<const StepPlan> steps, Span span, std::uint8_t flags, const Frame& frame);
  /// The node in which the member's last step is.
  [[nodiscard]] Node* above(Node& from, const MemberPlan& plan, Span span, std::uint8_t flags, const Frame& frame);
  [[nodiscard]] Node* firstElement(Node& list, Symbol element, Span span, const Frame& frame);
  [[nodiscard]] Node* addElement(Node& list, Span span);

  // --- values (values.cpp) ---
  [[nodiscard]] Node* nodeOf(const Value& value, Span span, bool raw);
  [[nodiscard]] Node* nodeOf(const Value& value, Span span, const sema::Type* type);
  [[nodiscard]] Node* textNode(std::string_view text, Span span) { return builder_.string(keep(text), span); }
  /// The same of a text that outlives the stack without a copy: a symbol's.
  [[nodiscard]] Node* symbolNode(std::string_view text, Span span) { return builder_.string(text, span); }
  /// A scalar as a text; null for what is none.
  [[nodiscard]] Node* textOf(const Value& value, Span span);
  /// A copy in the stack's arena.
  [[nodiscard]] std::string_view keep(std::string_view text);
  /// The text itself when it can name a container or be a label's value, otherwise one made of it.
  /// `intern` for texts that come by again and again from one place.
  [[nodiscard]] Symbol symbolOf(std::string_view stable);
  [[nodiscard]] std::string_view asLabel(std::string_view text);
  void write(const FieldValue& field, const MemberPlan& plan, const Instance& owner, Node& node, Frame& frame, bool implied);
  void writeSelf(const FieldValue& field, const Instance& owner, Node& node, const Frame& frame);
  void set(Node& map, Symbol key, Node* child);
  /// `set` of what the source says, which must not differ from what it said elsewhere.
  void put(Node& map, Symbol key, Node* child, Span keySpan);
  void sayClash(const Node& old, const Node& made, std::string_view key, Span keySpan);
  [[nodiscard]] bool saidOtherwise(const FieldValue& field, const MemberPlan& plan, const Instance& owner);
  static void addFirst(Node& container, Node* child);
  void writeEnv(const FieldValue& field, Node& node);
  [[nodiscard]] Node* envFrom(const Value& value, Span span);
  [[nodiscard]] Node* scriptOf(const Value& value, Span span, const FieldValue* shell, const FieldValue* args);
  void writeGpus(const FieldValue& field, const Instance& owner, Node& limits);
  void writeReserve(const FieldValue& field, std::span<const StepPlan> steps, Node& node, const Frame& frame);
  [[nodiscard]] Node* textMap(const Value& value, Span span);
  [[nodiscard]] Node* reference(const Value& value, Span span, Via via);
  [[nodiscard]] Node* namedRefs(const Value& value, Span span);
  [[nodiscard]] Node* subjects(const Value& value, Span span);
  [[nodiscard]] Node* nodeTerms(const Value& value, Span span);
  [[nodiscard]] std::string_view nameOf(const Instance& instance) const;
  [[nodiscard]] Symbol nameSpaceFor(const Instance& instance);

  // --- what is found by its name alone (reach.cpp) ---
  void sameNamespace(const Instance& target, Span span);
  void sameNamespace(const FieldValue& field, const Instance& owner);
  void checkPortNames(const Instance& resource);

  // --- mounts (mounts.cpp) ---
  void reserveVolumes(const Instance& workload);
  void lowerMount(const Instance& mount, const MemberPlan& plan, Node& container, Frame& frame);
  void lowerScratch(const Instance& mount, const MemberPlan& plan, Node& container, Frame& frame);
  void placeMount(const Instance& mount, const MemberPlan& plan, Node& container, Symbol volume, Frame& frame);
  [[nodiscard]] Symbol stateVolume(const Instance& mount, const Instance& state);
  [[nodiscard]] Symbol fragmentVolume(const Instance& mount, const Instance& fragment);
  [[nodiscard]] Symbol volumeName(std::string_view wanted, const Instance& mount);
  void configVolume(const Instance& mount, const Instance& state, Node& volume);
  void checkNarrowing(const Instance& mount, const Value& state);
  void noteIntent(const Instance& mount, const Node& container, const Node& path, const Frame& frame);
  [[nodiscard]] const ir::CheckpointContract* contractOf(const Instance& mount);
  void declareVolume(const Instance& part, Node& node);
  void attachVolumes(Node& root, const KindPlan& plan, const Instance& workload);
  void checkContainers(const Instance& resource, const KindPlan& plan, const Node& root);

  // --- pods' labels (selectors.cpp) ---
  [[nodiscard]] const std::vector<PodLabel>& podLabels(const Instance& workload);
  [[nodiscard]] std::vector<PodLabel> findPodLabels(const Instance& workload);
  [[nodiscard]] Node* selectorOf(const Value& value, Span span);
  [[nodiscard]] Node* labelMap(const std::vector<PodLabel>& labels, Span span);
  void completeSelectors(const Instance& workload, const KindPlan& plan, Node& root, const Frame& frame);
  void ownPods(Node& term, Frame& frame);
  void labelSelected();

  // --- claims (claims.cpp) ---
  void followVolume(const Instance& claim, const KindPlan& plan, const FieldValue& volume);
  void checkClaim(const Instance& claim, std::string_view what);
  void checkAgainstVolume(const Instance& claim, const Instance& volume);

  // --- overlays (overlay.cpp) ---
  void overlay(const sema::Overlay* overlays, Node& node, schema::TypeRef type);
  void merge(Node& into, const Node& from, schema::TypeRef type);
  void mergeList(Node& into, const Node& from, schema::TypeRef type, const std::vector<std::string_view>& keys);
  [[nodiscard]] schema::TypeRef typeOf(const ir::Object& object) const;
  [[nodiscard]] schema::TypeRef typeOf(const Instance& instance);
  [[nodiscard]] schema::TypeRef walk(schema::TypeRef type, std::span<const StepPlan> steps) const;
  void strayContainer(const Node& list, const Node& element, schema::TypeRef type);
  void dropNulls(Node& node);

  template <diag::Code C, class... Args>
  diag::Diagnostic complain(Span span, Args&&... args) {
    return diag::make<C>(span, std::forward<Args>(args)...);
  }

  const sema::Program& program_;
  const schema::Catalog& catalog_;
  ir::Stack& stack_;
  diag::Sink& sink_;
  base::SymbolTable& symbols_;
  ir::Builder builder_;
  base::Arena building_;                           // the trees of a turn, until they are settled
  ir::ObjectId turnBegin_ = ir::kNoObject;         // the first object of this turn; none: not in one
  ir::Settler settler_;
  std::optional<Learning> learning_;               // while a turn is lowered from which others may be made
  std::vector<Repeated> repeated_;                 // of the turn taken last; empty: none can be made like it
  std::vector<Intended> intended_;
  std::vector<std::string_view> stable_;           // the texts of the turn that is made
  Keys keys_;
  Plans plans_;
  Pod pod_;
  const Instance* resource_ = nullptr;             // that is being lowered
  std::unordered_map<const KindPlan*, Symbol> served_;   // the version of a kind's API that the target has
  std::unordered_map<std::string_view, std::vector<std::string_view>> groups_;   // of the API, by resource; filled when asked for
  struct {
    const Node* from = nullptr;
    std::uint32_t above = 0;
    std::uint8_t flags = 0;
    Node* node = nullptr;
  } lately_;                                       // members that stand together go to one place
  std::vector<Item> items_;                        // a stack: each instance works on its own end of it
  std::unordered_map<const Instance*, ir::ObjectId> ids_;
  std::unordered_map<const Instance*, std::vector<PodLabel>> podLabels_;
  std::vector<const Instance*> toLabel_;           // selected, but without labels of their own
  base::Arena scratch_;                            // what only this run needs
  struct Named {
    const char* from = nullptr;
    std::uint32_t length = 0;
    Symbol symbol;
  };
  std::array<Named, 256> named_{};
  std::array<Named, 64> volumeNames_{};            // of states' names and of paths
  // Written since `forget`.
  std::vector<std::uint16_t> keptLately_;
  std::vector<std::uint16_t> namedLately_;
  std::vector<std::uint16_t> volumeNamesLately_;
  std::array<Kept, 512> kept_{};                   // literals come by again in each round of a loop
};

}  // namespace mlstack::lower
