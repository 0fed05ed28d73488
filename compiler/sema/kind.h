#pragma once
// Kinds and types as data. The prelude's kinds (stdlib/prelude/*.mlstack) are compiled at build time
// into static tables of exactly these structs (kindgen); kinds that a user declares are built from
// the same statements at run time. Checking, lowering, reading back, `explain`, completion,
// highlighting and the reference page all read this and nothing else.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/span.h"

namespace mlstack::syntax {
struct Expr;
}

namespace mlstack::sema {

enum class TypeKind : std::uint8_t {
  Any,        // no expectation
  Bool, Int, Float, String, Quantity, Duration, Path, Image, Port, Name, Cron,
  List,       // element
  Map,        // element; keys are strings
  Enum,       // words
  Record,     // fields
  Ref,        // a thing of kind `word` (`claim`, `volume`, …); lowers to its name
  Union,      // alternatives, tried in order
  Fragment,   // what a function of role `word` makes (volume-source, env-source, probe-handler)
  Parts,      // part statements handed through a component: `words` are the kinds allowed
  Raw,        // a map or list typed by the schema at the member's target
};

struct Type;

struct RecordField {
  std::string_view name;
  const Type* type = nullptr;
  bool required = true;                                // no default and not optional
  std::string_view defaultText;                        // prelude: the default as written
  const syntax::Expr* defaultValue = nullptr;          // types built at run time: its tree
};

struct Type {
  TypeKind kind = TypeKind::Any;
  bool optional = false;
  const Type* element = nullptr;                       // List, Map
  std::string_view word;                               // Ref, Fragment
  std::span<const std::string_view> words;             // Enum, Parts
  std::span<const Type* const> alternatives;           // Union
  std::span<const RecordField> fields;                 // Record
  bool hasLow = false;                                 // refinement `in low..high` (numbers as written;
  bool hasHigh = false;                                // quantities in bytes, durations in ms)
  double low = 0;
  double high = 0;
  std::string_view pattern;                            // refinement `matches`
};

/// One step of a target path. `spec` is a key; `containers[name]` steps into the first element of a
/// list, made when missing, whose `name` is the object's name; `args[]` at the end appends.
struct Step {
  std::string_view key;
  bool isList = false;
  std::string_view elementKey;   // of `[name]`; empty for `[]`
};

/// How a value is written at its target, and read back.
enum class Via : std::uint8_t {
  Plain,          // the value itself (list<T> as a list, one scalar for a list as one element)
  Merge,          // a fragment's map is merged into the target map
  Seconds,        // duration → whole seconds
  Text,           // bool, int and float as text (environment, annotations)
  EnvValue,       // scalar → value, env fragment or config/secret key → valueFrom; at the env entry itself
  EnvFrom,        // list of config/secret → envFrom entries
  Script,         // one string → command ["/bin/sh", "-c", text]
  Gpus,           // count → resources.limits."nvidia.com/gpu" (or the resource that `gpu-resource` names)
  RequestAndLimit,// quantity → both resources.requests.KEY and resources.limits.KEY (KEY = last step)
  DataSource,     // ref to snapshot or claim → {apiGroup, kind, name}
  ClaimRef,       // ref to claim → {apiVersion: v1, kind: PersistentVolumeClaim, name, namespace}
  Selector,       // ref to a workload → its pods' labels (added to the workload when it has none)
  ObjectRef,      // ref → {apiVersion, kind, name} (scaleTargetRef)
  NamedRefs,      // list of refs → [{name: …}] (imagePullSecrets)
  NodeSelector,   // map → required node affinity of a volume: one term, In expressions
  Subjects,       // list of accounts → [{kind: ServiceAccount, name, namespace}] (role bindings)
  Facts,          // no place in the object: a fact for the storage analysis
  Self,           // no place: read by lowering under its own name (name, namespace, protect)
};

enum class Cardinality : std::uint8_t { Field, Part, Parts };   // value | one block | any number of blocks

struct Kind;

struct Member {
  std::string_view name;
  const Type* type = nullptr;          // Field; null for parts
  std::string_view part;               // Part, Parts: the kind's name
  Cardinality cardinality = Cardinality::Field;
  Via via = Via::Plain;
  bool required = false;
  std::span<const Step> target;        // from the object's root (kinds) or the part's own node (parts)
  std::string_view defaultText;        // as written, or empty; evaluated where used
  std::string_view doc;                // Markdown, first line is the summary
  base::Span span;                     // declaration, for user kinds
  const syntax::Expr* defaultValue = nullptr;  // kinds built at run time: the default's tree instead of its text
};

/// What a kind is to lowering and to the storage analysis.
enum class KindRole : std::uint8_t {
  Plain, Class, Volume, Claim, SnapshotClass, Snapshot, Workload, Config, Secret, Namespace, Service, Account,
  Part,           // only inside others
  Mount,          // read, write, checkpoint: label is the state, `at` the path
  ScratchMount,   // scratch SIZE at PATH
  PodScratch,     // scratch NAME { size } of a pod, mounted by name
  ClaimTemplate,  // claim NAME inside a statefulset
  Ephemeral,      // a claim that lives as long as its pod
  Source,         // a function making a fragment: host_path, nfs, http, field …
};

/// One kind. `members` are flat (includes expanded) and sorted by name; `order` lists their indexes
/// as declared, for explain and completion. Reserved member names: `label` (the operand after the
/// head), `value` (after `=`), `at` (after `at`).
struct Kind {
  std::string_view name;         // "claim"
  std::string_view api;          // "v1/PersistentVolumeClaim"; empty for parts and functions
  KindRole role = KindRole::Plain;
  std::string_view word;         // Mount: "read"…; Source: the fragment's role ("volume-source")
  std::string_view podSpec;      // Workload: dotted path of its PodSpec ("spec.template.spec")
  std::string_view podMetadata;  // Workload: dotted path of its pods' metadata ("spec.template.metadata")
  std::span<const Member> members;
  std::span<const std::uint16_t> order;
  std::string_view doc;
  base::Span span;
  bool openEntries = false;      // its block's `KEY = value` lines are parts of the same kind (env { A = "x" })
  bool clusterScoped = false;
  bool broken = false;           // declared with places that its API does not have, which has been said: no objects are made

  [[nodiscard]] const Member* find(std::string_view memberName) const;   // binary search
};

/// Every kind of the prelude, sorted by name.
[[nodiscard]] std::span<const Kind> preludeKinds();
/// A kind of the prelude by name, or null. Parts are found too ("container").
[[nodiscard]] const Kind* preludeKind(std::string_view name);

}  // namespace mlstack::sema
