#pragma once
// The rows of the schema tables. One index space spans the built-in rows and those of CRDs added
// at run time: an index below the built-in count is built-in. Only schema/ and its generator see this.

#include <cstdint>
#include <deque>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/schema.h"

namespace mlstack::schema::table {

using Index = std::uint16_t;
inline constexpr Index kAnyType = 0;   // row 0 accepts everything
inline constexpr Index kNoName = 0;    // name 0 is the empty text

enum TypeFlag : std::uint8_t {
  KeepsUnknown = 1,   // fields that the schema does not list are kept by the API server
  Nullable = 2,
  Int32 = 4,
  Base64 = 8,
  DateTime = 16,
  Custom = 32,        // from a CRD: the API server holds values against the schema itself
  AtomicMap = 64,     // x-kubernetes-map-type: an apply replaces the map or object as a whole
};

/// 22 bytes. `element` is a List's or Map's; fields, enumerators and list keys are ranges.
struct TypeRow {
  std::uint8_t shape = 0;
  std::uint8_t flags = 0;
  std::uint8_t listType = 0;
  std::uint8_t keyCount = 0;
  Index element = 0;
  Index name = 0;
  Index enums = 0;       // into `lists`
  Index enumCount = 0;
  Index keys = 0;        // into `lists`
  Index limits = 0;      // 0: none
  Index fieldCount = 0;
  std::uint32_t fields = 0;
};

/// The fields of one type are sorted by name.
struct FieldRow {
  Index name = 0;
  Index type = 0;
  std::uint8_t versions = 0;
  std::uint8_t required = 0;   // VersionSet
  std::uint8_t defaulted = 0;  // 1: the API server fills it in
};

/// Bounds of a number, of a string's or list's length, of a map's size; a string's pattern.
struct LimitRow {
  std::int64_t minimum = std::numeric_limits<std::int64_t>::min();
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
  Index pattern = kNoName;   // a regular expression, a name
  bool operator==(const LimitRow&) const = default;
};

/// Sorted by apiVersion, then kind.
struct ResourceRow {
  Index apiVersion = 0;
  Index kind = 0;
  Index plural = 0;
  Index type = 0;
  Index deprecated = 0;        // the message, a name
  std::uint8_t deprecatedIn = 0;
  std::uint8_t versions = 0;   // 0: custom
  std::uint8_t namespaced = 0;
};

/// Views of static or owned rows. `names` of the built-in tables are sorted.
struct Tables {
  std::span<const TypeRow> types;
  std::span<const FieldRow> fields;
  std::span<const Index> lists;
  std::span<const LimitRow> limits;
  std::span<const ResourceRow> resources;
  std::string_view blob;
  std::span<const std::uint32_t> nameEnds;   // name i is [ends[i-1], ends[i]) of the blob
};

/// The committed tables.
[[nodiscard]] const Tables& builtin();

struct FieldDraft {
  std::string_view name;   // must live as long as the call that takes the draft
  Index type = 0;
  VersionSet versions = kAllVersions;
  VersionSet required = 0;
  bool defaulted = false;
};

/// One type before it becomes rows.
struct TypeDraft {
  Shape shape = Shape::Any;
  std::uint8_t flags = 0;
  ListType listType = ListType::Atomic;
  Index element = 0;
  std::string_view name;
  std::vector<FieldDraft> fields;
  std::vector<std::string_view> enums;
  std::vector<std::string_view> keys;
  LimitRow limits;
  std::string_view pattern;
};

/// Rows on top of a base that stays as it is. Types that are structurally equal become one row.
class Store {
 public:
  explicit Store(const Tables& base);

  [[nodiscard]] const TypeRow& type(Index index) const {
    return index < base_.types.size() ? base_.types[index] : types_[index - base_.types.size()];
  }
  [[nodiscard]] std::string_view name(Index index) const {
    if (index >= base_.nameEnds.size()) return names_[index - base_.nameEnds.size()];
    const std::uint32_t begin = index == 0 ? 0 : base_.nameEnds[index - 1u];
    return base_.blob.substr(begin, base_.nameEnds[index] - begin);
  }
  [[nodiscard]] std::span<const FieldRow> fields(const TypeRow& row) const {
    return row.fields < base_.fields.size() || row.fieldCount == 0
               ? base_.fields.subspan(row.fieldCount ? row.fields : 0, row.fieldCount)
               : std::span<const FieldRow>(fields_).subspan(row.fields - base_.fields.size(), row.fieldCount);
  }
  [[nodiscard]] std::span<const Index> list(Index begin, std::size_t count) const {
    return begin < base_.lists.size() || count == 0
               ? base_.lists.subspan(count ? begin : 0, count)
               : std::span<const Index>(lists_).subspan(begin - base_.lists.size(), count);
  }
  [[nodiscard]] const LimitRow& limits(Index index) const {
    return index < base_.limits.size() ? base_.limits[index] : limits_[index - base_.limits.size()];
  }
  [[nodiscard]] const FieldRow* findField(const TypeRow& row, std::string_view fieldName) const;
  [[nodiscard]] std::vector<std::string_view> texts(Index begin, std::size_t count) const;

  /// The row of a type equal to `draft`, made when there is none.
  [[nodiscard]] Index add(TypeDraft draft);
  /// A row to be filled later (types that contain themselves); it is never shared.
  [[nodiscard]] Index reserve();
  void fill(Index index, TypeDraft draft);
  [[nodiscard]] Index intern(std::string_view text);
  void addResource(const ResourceRow& row) { resources_.push_back(row); }
  void removeResources(std::string_view apiVersion, std::string_view kind);
  /// The state to come back to when a CRD turns out unusable half way.
  struct Mark {
    std::size_t types, fields, lists, limits, names;
    std::vector<ResourceRow> resources;
  };
  [[nodiscard]] Mark mark() const;
  void rollBack(Mark mark);
  /// False when the 16-bit indices ran out: what was added since is not usable.
  [[nodiscard]] bool sound() const { return sound_; }

  [[nodiscard]] const Tables& base() const { return base_; }
  [[nodiscard]] const std::vector<TypeRow>& ownTypes() const { return types_; }
  [[nodiscard]] const std::vector<FieldRow>& ownFields() const { return fields_; }
  [[nodiscard]] const std::vector<Index>& ownLists() const { return lists_; }
  [[nodiscard]] const std::vector<LimitRow>& ownLimits() const { return limits_; }
  [[nodiscard]] const std::vector<ResourceRow>& ownResources() const { return resources_; }
  [[nodiscard]] const std::deque<std::string>& ownNames() const { return names_; }

 private:
  [[nodiscard]] TypeRow rowOf(TypeDraft& draft, std::vector<FieldRow>& fields, std::vector<Index>& enums,
                              std::vector<Index>& keys);
  void place(TypeRow& row, const std::vector<FieldRow>& fields, const std::vector<Index>& enums,
             const std::vector<Index>& keys);
  [[nodiscard]] Index placeList(const std::vector<Index>& items);
  [[nodiscard]] Index placeLimits(const LimitRow& limits);
  [[nodiscard]] Index checked(std::size_t value);

  Tables base_;
  std::vector<TypeRow> types_;
  std::vector<FieldRow> fields_;
  std::vector<Index> lists_;
  std::vector<LimitRow> limits_;
  std::vector<ResourceRow> resources_;
  std::deque<std::string> names_;
  std::unordered_map<std::string_view, Index> nameIndex_;
  std::unordered_map<std::string, Index> typeIndex_;
  std::unordered_map<std::string, Index> listIndex_;
  bool sound_ = true;
};

}  // namespace mlstack::schema::table
