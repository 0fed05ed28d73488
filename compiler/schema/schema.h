#pragma once
// What Kubernetes accepts, as compact tables: the kinds of 1.31 to 1.36 and the custom resources of
// stateful ML, plus CRDs that a project adds. Tables are static data: nothing is read at start-up.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diag/diag.h"
#include "ir/node.h"
#include "ir/stack.h"

namespace mlstack::schema {

/// Minor versions of Kubernetes that the tables know, as a bit set: bit 0 is 1.31, bit 5 is 1.36.
using VersionSet = std::uint8_t;
inline constexpr int kFirstMinor = 31;
inline constexpr int kLastMinor = 36;
/// "1.34" → its bit; 0 when it is not a known version.
[[nodiscard]] VersionSet versionBit(std::string_view version);
inline constexpr VersionSet kAllVersions = (1u << (kLastMinor - kFirstMinor + 1)) - 1;
/// The bit → "1.34"; of a set its lowest version.
[[nodiscard]] std::string versionText(VersionSet bit);

enum class Shape : std::uint8_t { Any, Bool, Int, Float, String, Quantity, IntOrString, List, Map /* free keys */, Object };

/// A handle to one type of the tables. Cheap to copy; compare with ==.
struct TypeRef {
  const void* catalog = nullptr;  // which catalog (built-in or project)
  std::uint32_t index = 0;
  constexpr explicit operator bool() const { return catalog != nullptr; }
  constexpr bool operator==(const TypeRef&) const = default;
};

struct FieldInfo {
  std::string_view name;
  TypeRef type;
  VersionSet versions = 0;       // where the field exists
  bool required = false;         // in every version that has it
  VersionSet requiredIn = 0;     // where it is required
};

/// How a list merges under server-side apply (x-kubernetes-list-type).
enum class ListType : std::uint8_t { Atomic, Set, Map };

/// One "group/version/Kind" ("v1/Pod" for the core group).
struct ResourceInfo {
  std::string_view apiVersion;   // "apps/v1"
  std::string_view kind;
  std::string_view plural;       // "statefulsets"
  bool namespaced = true;
  VersionSet versions = 0;       // 0 for a custom resource: independent of the version
  std::string_view deprecated;   // message, or empty
  VersionSet deprecatedIn = 0;   // where using it draws the message; all bits for a custom resource
  bool custom = false;           // defined by a CRD
  TypeRef type;
};

/// The schemas a run may use: the built-in ones and those the project added.
class Catalog {
 public:
  /// The built-in tables alone.
  Catalog();
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  /// Adds the CRDs of a parsed YAML document (a CustomResourceDefinition, all its served versions).
  /// False, with diagnostics, when it is none or has no structural schema.
  bool addCrd(const ir::Node& document, base::SymbolTable& symbols, diag::Sink& sink);

  [[nodiscard]] const ResourceInfo* resource(std::string_view apiVersion, std::string_view kind) const;
  /// Every "group/version/Kind", for suggestions and completion.
  [[nodiscard]] std::vector<const ResourceInfo*> resources() const;

  [[nodiscard]] Shape shape(TypeRef type) const;
  [[nodiscard]] TypeRef element(TypeRef listOrMap) const;
  [[nodiscard]] std::vector<FieldInfo> fields(TypeRef object) const;
  [[nodiscard]] const FieldInfo* field(TypeRef object, std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> enumerators(TypeRef type) const;   // empty: none known
  [[nodiscard]] bool keepsUnknownFields(TypeRef object) const;
  [[nodiscard]] ListType listType(TypeRef list) const;
  [[nodiscard]] std::vector<std::string_view> listKeys(TypeRef list) const;
  /// Follows a dotted path; `[]`, `[name]` and `[key]` step into list elements or map values.
  [[nodiscard]] TypeRef walk(TypeRef from, std::string_view path) const;
  /// A one-line human name of a type: "string", "list of Container", "quantity".
  [[nodiscard]] std::string describe(TypeRef type) const;

  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }   // for this folder

 private:
  std::unique_ptr<Impl> impl_;
};

struct CheckOptions {
  VersionSet version = 0;      // the targeted version's bit
  bool everything = false;     // check all nodes, not only those flagged Raw
};

/// Whether there is such a kind; says at `at` that there is none, with what may be meant.
[[nodiscard]] bool checkApi(const Catalog& catalog, std::string_view apiVersion, std::string_view kind, base::Span at,
                            VersionSet version, diag::Sink& sink);

/// Checks one object's tree: unknown kind or field, wrong type, missing required field, unknown
/// enumerator, a field or API not in the targeted version, deprecated API; each at its place with a
/// suggestion (MLS4xxx).
void checkObject(const Catalog& catalog, const ir::Object& object, const base::SymbolTable& symbols,
                 const CheckOptions& options, diag::Sink& sink);
/// The same for every object of a stack but the externals, at less cost for each.
void checkObjects(const Catalog& catalog, const ir::Stack& stack, const CheckOptions& options, diag::Sink& sink);

}  // namespace mlstack::schema
