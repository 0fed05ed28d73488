#pragma once
// What an API server asks of values, as rows: a shape is a table of paths with what must hold there, and may use
// other shapes. An object is walked once beside the shapes of its kind, so that the cost is that of the object and not
// of the rules. What types, required fields and enumerations of the OpenAPI schema say is `schema`'s business.

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "storage/forms.h"
#include "storage/rule.h"

namespace mlstack::storage::admission {

class Judge;
struct Shape;

/// What a row asks of the value at its path, or of the map there.
enum class Test : std::uint8_t {
  Range,       // a number from low to high
  Size,        // a quantity, not negative; with low 1 more than 0
  Share,       // a count, or a percentage of at most high
  Is,          // a text of a form; an empty one is nothing
  KeysAre,     // each key of a map has a form
  Words,       // one of the words
  Filled,      // not empty: a text, a list, a map
  Most,        // a list of at most high entries
  Bytes,       // a text of at most high bytes
  Twice,       // no two entries of the list have the same value of `words` ("" : are the same)
  Has,         // the map has each of the fields `words`, and not empty
  OneOf,       // the map has exactly one of the fields `words`; silent about none when it has a field besides `others`
  AtMostOneOf, // likewise, and may have none
  Only,        // the map has no fields but `words`
  Needs,       // when `condition` holds of the map, it has the field `words`
  Refuses,     // when `condition` holds of the map, it has none of the fields `words`
  Gate,        // of a feature that is off by default in the versions that the row holds for; `words` says what comes of it
  Use,         // a further shape
  Call         // a function
};

struct Row {
  std::string_view path;       // "ports[].name", "labels{}" for each value of a map; "" is the shape itself
  Test test;
  Form form = Form::DnsLabel;
  std::int64_t low = 0;
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
  std::string_view words{};
  std::string_view others{};
  std::string_view condition{};   // "a": there and neither empty, 0 nor false; "a=V"; "a!=V"; "!a"
  const Shape* shape = nullptr;
  void (*call)(Judge&, const ir::Node&) = nullptr;
  std::int8_t first = 0;          // the minor version from which on the row holds
  std::int8_t last = 127;

  [[nodiscard]] constexpr Row since(std::int8_t minor) const { Row row = *this; row.first = minor; return row; }
  [[nodiscard]] constexpr Row before(std::int8_t minor) const { Row row = *this; row.last = static_cast<std::int8_t>(minor - 1); return row; }
};

/// A table of rows, one type of Kubernetes.
struct Shape {
  std::span<const Row> rows;
};

inline constexpr std::int64_t kNoEnd = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t kInt32 = std::numeric_limits<std::int32_t>::max();

constexpr Row range(std::string_view path, std::int64_t low, std::int64_t high = kNoEnd) { return {.path = path, .test = Test::Range, .low = low, .high = high}; }
constexpr Row size(std::string_view path, std::int64_t low) { return {.path = path, .test = Test::Size, .low = low}; }
constexpr Row share(std::string_view path, std::int64_t high = kNoEnd) { return {.path = path, .test = Test::Share, .high = high}; }
constexpr Row is(std::string_view path, Form form) { return {.path = path, .test = Test::Is, .form = form}; }
constexpr Row keysAre(std::string_view path, Form form) { return {.path = path, .test = Test::KeysAre, .form = form}; }
constexpr Row words(std::string_view path, std::string_view list) { return {.path = path, .test = Test::Words, .words = list}; }
constexpr Row filled(std::string_view path) { return {.path = path, .test = Test::Filled}; }
constexpr Row most(std::string_view path, std::int64_t high) { return {.path = path, .test = Test::Most, .high = high}; }
constexpr Row bytes(std::string_view path, std::int64_t high) { return {.path = path, .test = Test::Bytes, .high = high}; }
constexpr Row apart(std::string_view path, std::string_view key) { return {.path = path, .test = Test::Twice, .words = key}; }
constexpr Row has(std::string_view path, std::string_view fields) { return {.path = path, .test = Test::Has, .words = fields}; }
constexpr Row oneOf(std::string_view path, std::string_view fields, std::string_view others = {}) { return {.path = path, .test = Test::OneOf, .words = fields, .others = others}; }
constexpr Row atMostOneOf(std::string_view path, std::string_view fields) { return {.path = path, .test = Test::AtMostOneOf, .words = fields}; }
constexpr Row only(std::string_view path, std::string_view fields) { return {.path = path, .test = Test::Only, .words = fields}; }
constexpr Row needs(std::string_view path, std::string_view condition, std::string_view field) { return {.path = path, .test = Test::Needs, .words = field, .condition = condition}; }
constexpr Row refuses(std::string_view path, std::string_view condition, std::string_view fields) { return {.path = path, .test = Test::Refuses, .words = fields, .condition = condition}; }
constexpr Row gate(std::string_view path, std::string_view consequence) { return {.path = path, .test = Test::Gate, .words = consequence}; }
constexpr Row use(std::string_view path, const Shape& shape) { return {.path = path, .test = Test::Use, .shape = &shape}; }
constexpr Row call(std::string_view path, void (*function)(Judge&, const ir::Node&)) { return {.path = path, .test = Test::Call, .call = function}; }

/// Rows by place, with names as symbols.
struct Plan {
  std::vector<std::pair<base::Symbol, std::unique_ptr<Plan>>> fields;
  std::unique_ptr<Plan> each;            // entries of a list, values of a map
  std::vector<const Row*> rows;
  std::vector<std::vector<base::Symbol>> wordsOf;   // by row: its `words` as symbols
  std::vector<const Plan*> uses;
};

/// A step of the way from the root of an object, or of a part of it, to a value.
struct Step {
  base::Symbol key;
  std::int64_t index = -1;      // in a list
  std::uint32_t position = 0;   // among the children
};

/// A row of which the answer can be another one for each object of a pattern (ir::Pattern).
struct Question {
  static constexpr std::uint32_t kReach = 0xffffffffu;
  const Row* row = nullptr;
  const std::vector<base::Symbol>* fields = nullptr;
  std::vector<Step> steps;
  std::uint32_t varying = kReach;   // the number of the scalar that it is asked of; kReach: what `steps` lead to
};

/// What the walk over one object of a pattern said of all: nothing, but for some questions; or too much, so that
/// each is walked.
struct Verdict {
  enum class State : std::uint8_t { Open, Clean, EachAlone } state = State::Open;
  std::vector<Question> questions;   // in the order of the walk
};

/// Walks objects beside shapes.
class Judge {
 public:
  explicit Judge(Context& of) : context(of), keys(of.keys) {}
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  Context& context;
  const Keys& keys;

  /// The whole object.
  void judge(const ir::Object& object, const Shape& shape);
  /// A part of it at that path. `partial`: what reads it may add fields, so that none is lacking.
  void judge(const ir::Object& object, const ir::Node& part, std::string_view at, const Shape& shape, bool partial);
  /// The whole object, of a pattern: the first one is walked, of the others what varies is looked at. Says the same as
  /// `judge` would.
  void judgeAlike(const ir::Object& object, const Shape& shape, bool partial, Verdict& verdict);

  [[nodiscard]] const ir::Object& object() const { return *object_; }
  [[nodiscard]] bool partial() const { return partial_; }
  [[nodiscard]] std::string_view text(base::Symbol symbol) const { return context.model.text(symbol); }

  /// Where the walk is: "spec.template.spec.containers[1]".
  [[nodiscard]] std::string path() const;
  /// Below that: path("ports", 2, "name").
  template <class... Parts>
  [[nodiscard]] std::string path(Parts... parts) const {
    std::string all = path();
    (append(all, parts), ...);
    return all;
  }
  /// A part of a path as people read it.
  static void append(std::string& to, std::string_view field);
  static void append(std::string& to, const char* field) { append(to, std::string_view(field)); }
  static void append(std::string& to, std::size_t index) { to += fmt::format("[{}]", index); }
  static void append(std::string& to, int index) { to += fmt::format("[{}]", index); }

  /// Where a value stands; where the object does when the compiler made it.
  [[nodiscard]] base::Span spanOf(const ir::Node& node) const;
  /// Where a map or list begins: its key, or its first entry.
  [[nodiscard]] base::Span headOf(const ir::Node& node) const;
  void say(diag::Diagnostic d) { context.report(std::move(d), {object_}); }

  /// What comes of a field of a feature that is off.
  void sayGate(const ir::Node& field, std::string_view consequence);

  // The common findings.
  void sayForm(const ir::Node& value, const std::string& at, Form form);
  void sayRange(const ir::Node& value, const std::string& at, std::string_view takes);
  void sayWord(const ir::Node& value, const std::string& at, std::string_view takes);
  void sayLacks(const ir::Node& map, const std::string& at, std::string_view what, std::string_view why = {});
  void sayRefused(const ir::Node& field, const std::string& at, std::string_view why);
  void sayTwice(const ir::Node& second, const std::string& at, const ir::Node& first, std::string_view value);

  /// As written: "80", "\"http\"", "10Gi".
  [[nodiscard]] std::string shown(const ir::Node& value) const;

 private:
  /// For questions: the object's scalars that vary, and the lists and maps around them.
  struct Asking {
    Verdict* verdict = nullptr;
    std::unordered_map<const ir::Node*, std::uint32_t> varying;   // kReach of a list or map
  };
  bool noteVarying(const ir::Node& node, std::uint32_t count);
  void ask(const ir::Node& node, const Row& row, const std::vector<base::Symbol>& fields);
  [[nodiscard]] bool maySayElse(const ir::Node& node, const Row& row, const std::vector<base::Symbol>& fields) const;
  void answer(const Question& question);

  const Plan& planOf(const Shape& shape);
  void compile(Plan& into, const Shape& shape);
  Plan& reach(Plan& from, std::string_view path);
  void walk(const ir::Node& node, const Plan& plan);
  void visit(const ir::Node& node, const Plan& plan);
  void test(const ir::Node& node, const Row& row, const std::vector<base::Symbol>& fields);
  void testValue(const ir::Node& node, const Row& row);
  void testShare(const ir::Node& node, const Row& row);
  void testMap(const ir::Node& node, const Row& row, const std::vector<base::Symbol>& fields);
  void testOneOf(const ir::Node& node, const Row& row, const std::vector<base::Symbol>& fields);
  void testNeeds(const ir::Node& node, const Row& row, const std::vector<base::Symbol>& fields);
  void testTwice(const ir::Node& node, const std::vector<base::Symbol>& fields);
  [[nodiscard]] bool holds(const ir::Node& map, std::string_view condition) const;

  const ir::Object* object_ = nullptr;
  std::string_view prefix_{};
  bool partial_ = false;
  std::vector<Step> steps_;
  const std::vector<Step>* at_ = &steps_;   // where the walk is
  Asking asking_;
  std::unordered_map<const Shape*, std::unique_ptr<Plan>> plans_;
};

/// A workload without a selector is no object but what kustomize lays over one: it need not be whole.
[[nodiscard]] bool isPatch(const Context& context, const ir::Object& object);

/// Whether a field is set to something: not null, not "", not an empty list or map.
[[nodiscard]] bool isSet(const ir::Node* node);

/// "`spec.replicas`".
[[nodiscard]] std::string quoted(std::string_view path);
/// NAME_OF_IT, ${NAME}, {{ name }}, <name>, %s, (name): something fills it in later.
[[nodiscard]] bool looksLikePlaceholder(std::string_view text);

/// Words of a row, one after the other.
[[nodiscard]] std::vector<std::string_view> wordsOf(std::string_view list);
/// "`a`, `b` or `c`".
[[nodiscard]] std::string quotedChoice(std::string_view list);

/// "apps" of "apps/v1", "" of "v1".
[[nodiscard]] std::string_view groupOf(std::string_view apiVersion);

// Shapes, each by the file that holds it.
extern const Shape kMeta;            // admission_meta.cpp: of an object
extern const Shape kTemplateMeta;    // of a template: labels and annotations
extern const Shape kLabelSelector;
extern const Shape kNodeSelector;
extern const Shape kNodeSelectorTerm;
extern const Shape kTopologyTerm;
extern const Shape kPod;             // admission_pod.cpp: a PodSpec
extern const Shape kTemplate;        // a PodTemplateSpec
extern const Shape kContainer;       // admission_container.cpp
extern const Shape kVolume;          // admission_volume.cpp: of a pod
extern const Shape kClaimSpec;       // admission_claim.cpp
extern const Shape kClaim;
extern const Shape kPersistentVolume;
extern const Shape kStorageClass;
extern const Shape kAttributesClass;
extern const Shape kCsiDriver;
extern const Shape kSnapshot;
extern const Shape kSnapshotContent;
extern const Shape kDeployment;      // admission_workload.cpp
extern const Shape kReplicaSet;
extern const Shape kReplicationController;
extern const Shape kStatefulSet;
extern const Shape kDaemonSet;
extern const Shape kBarePod;
extern const Shape kPodTemplate;
extern const Shape kJob;             // admission_job.cpp
extern const Shape kCronJob;
extern const Shape kJobSpec;
extern const Shape kJobSet;
extern const Shape kLeaderWorkerSet;
extern const Shape kPyTorchJob;      // admission_operator.cpp: what the webhooks of operators refuse
extern const Shape kTrainingJob;
extern const Shape kMpiJob;
extern const Shape kTrainJob;
extern const Shape kRayCluster;
extern const Shape kRayJob;
extern const Shape kRayService;
extern const Shape kInferenceService;
extern const Shape kDeviceClaim;     // admission_device.cpp
extern const Shape kDeviceClaimTemplate;
extern const Shape kAutoscaler;      // admission_policy.cpp
extern const Shape kBudget;
extern const Shape kQuota;
extern const Shape kLimitRange;
extern const Shape kPriorityClass;
extern const Shape kRuntimeClass;
extern const Shape kRole;
extern const Shape kClusterRole;
extern const Shape kRoleBinding;
extern const Shape kClusterRoleBinding;
extern const Shape kNamespace;
extern const Shape kService;         // admission_network.cpp
extern const Shape kIngress;
extern const Shape kNetworkPolicy;
extern const Shape kConfigMap;       // admission_config.cpp
extern const Shape kSecret;

// Functions that several shapes call.
void judgeFileMode(Judge& judge, const ir::Node& mode);
void judgePort(Judge& judge, const ir::Node& port);                  // a number or a name
void judgeContainerResources(Judge& judge, const ir::Node& resources);
void judgeQuotaKeys(Judge& judge, const ir::Node& hard);
void judgeFieldRef(Judge& judge, const ir::Node& ref);               // of an environment variable
void judgeVolumeFieldRef(Judge& judge, const ir::Node& ref);
void judgeResourceRef(Judge& judge, const ir::Node& ref);
void judgeVolumeResourceRef(Judge& judge, const ir::Node& ref);
void judgeOwnSelector(Judge& judge, const ir::Node& spec);           // of a workload's spec, against its template
/// Whether requests and limits of a resource may differ: native ones but huge pages.
[[nodiscard]] bool mayOvercommit(std::string_view resource);

/// The rules that need more than a tree: mounts against volumes, names of containers, ports of hosts.
void judgePods(Context& context, const Pods& pods);
/// Ports that a Service or an Ingress sends to, by name or number, and that what it sends to does not have.
void judgeTargets(Context& context);
/// The name of the object itself, by kind.
void judgeName(Judge& judge);

}  // namespace mlstack::storage::admission
