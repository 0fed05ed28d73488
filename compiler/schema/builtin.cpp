#include <array>

#include "schema/tables.h"

namespace mlstack::schema::table {

namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

constexpr std::string_view kBlob =
#include "schema/tables/names.inc"
    ;
constexpr std::uint32_t kNameEnds[] = {
#include "schema/tables/name_ends.inc"
};
constexpr TypeRow kTypes[] = {
#include "schema/tables/types.inc"
};
constexpr FieldRow kFields[] = {
#include "schema/tables/fields.inc"
};
constexpr Index kLists[] = {
#include "schema/tables/lists.inc"
};
constexpr LimitRow kLimits[] = {
#include "schema/tables/limits.inc"
};
constexpr ResourceRow kResources[] = {
#include "schema/tables/resources.inc"
};

constexpr Tables kTables{kTypes, kFields, kLists, kLimits, kResources, kBlob, kNameEnds};

}  // namespace

const Tables& builtin() { return kTables; }

}  // namespace mlstack::schema::table
