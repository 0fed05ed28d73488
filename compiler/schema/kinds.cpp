#include "schema/kinds.h"

#include <algorithm>

#include <fmt/format.h>

#include "schema/place.h"

namespace mlstack::schema {

using table::ResourceRow;
using table::Store;

namespace {

std::string fullName(std::string_view apiVersion, std::string_view kind) {
  return fmt::format("{}/{}", apiVersion, kind);
}

template <class Visit>
void eachResource(const Store& store, Visit visit) {
  for (const ResourceRow& row : store.ownResources()) visit(row);
  for (const ResourceRow& row : store.base().resources) visit(row);
}

bool inTarget(const ResourceRow& row, VersionSet target) { return row.versions == 0 || (row.versions & target) != 0; }

/// "v1" before "v1beta2" before "v1alpha1"; newer before older.
int stability(std::string_view apiVersion) {
  if (apiVersion.find("alpha") != std::string_view::npos) return 2;
  return apiVersion.find("beta") != std::string_view::npos ? 1 : 0;
}

/// The API versions that have `kind`, the best first.
std::vector<std::string_view> versionsOf(const Store& store, std::string_view kind, VersionSet target) {
  std::vector<std::string_view> out;
  eachResource(store, [&](const ResourceRow& row) {
    if (store.name(row.kind) == kind && inTarget(row, target)) out.push_back(store.name(row.apiVersion));
  });
  std::stable_sort(out.begin(), out.end(), [](auto a, auto b) { return stability(a) < stability(b); });
  return out;
}

std::string nearestKind(const Store& store, std::string_view apiVersion, std::string_view kind, VersionSet target) {
  std::vector<std::string_view> same;
  std::vector<std::string_view> all;
  eachResource(store, [&](const ResourceRow& row) {
    if (!inTarget(row, target)) return;
    all.push_back(store.name(row.kind));
    if (store.name(row.apiVersion) == apiVersion) same.push_back(all.back());
  });
  if (const std::string_view near = diag::nearest(kind, same); !near.empty()) return fullName(apiVersion, near);
  const std::string_view near = diag::nearest(kind, all);
  if (near.empty()) return {};
  const std::vector<std::string_view> versions = versionsOf(store, near, target);
  return versions.empty() ? std::string{} : fullName(versions.front(), near);
}

constexpr std::string_view kTeach = "`mlstackc schema add crd.yaml` teaches a custom resource to this project";

void sayUnknown(const Store& store, std::string_view apiVersion, std::string_view kind, base::Span at,
                std::string_view about, VersionSet target, diag::Sink& sink) {
  const std::string asked = fullName(apiVersion, kind);
  std::vector<std::string_view> elsewhere = versionsOf(store, kind, target);
  if (!elsewhere.empty()) {
    std::string hint = fmt::format("write `{}`", fullName(elsewhere.front(), kind));
    if (elsewhere.size() > 4) elsewhere.resize(4);
    sink.add(diag::make<diag::Code::KindInOtherVersion>(at, asked, kind, quotedList(elsewhere, "or"))
                 .about(std::string(about)).hint(std::move(hint)));
    return;
  }
  const std::string near = nearestKind(store, apiVersion, kind, target);
  std::string hint = near.empty() ? std::string(kTeach) : fmt::format("did you mean `{}`? Otherwise {}", near, kTeach);
  if (kind == "List" && apiVersion == "v1") hint = "a List is only a wrapper: write its items as objects of their own";
  sink.add(diag::make<diag::Code::UnknownKubernetesKind>(at, asked).about(std::string(about)).hint(std::move(hint)));
}

}  // namespace

const ResourceRow* checkKind(const Catalog::Impl& catalog, std::string_view apiVersion, std::string_view kind,
                             base::Span at, std::string_view about, VersionSet target, diag::Sink& sink) {
  const Store& store = catalog.store;
  const ResourceRow* row = catalog.findResource(apiVersion, kind);
  if (row == nullptr) {
    sayUnknown(store, apiVersion, kind, at, about, target, sink);
    return nullptr;
  }
  if (!inTarget(*row, target)) {
    auto said = diag::make<diag::Code::ApiNotInTarget>(at, fullName(apiVersion, kind),
                                                       availabilityText(row->versions, target), versionText(target))
                    .about(std::string(about));
    const std::vector<std::string_view> others = versionsOf(store, kind, target);
    if (!others.empty()) said.help = fmt::format("write `{}`", fullName(others.front(), kind));
    else said.help = fmt::format("`kubernetes \"{}\"` in the stack sets the target", versionText(
                                     static_cast<VersionSet>(row->versions & -row->versions)));
    sink.add(std::move(said));
    return nullptr;
  }
  if ((row->deprecatedIn & target) != 0) {
    sink.add(diag::make<diag::Code::DeprecatedApi>(at, fullName(apiVersion, kind), store.name(row->deprecated))
                 .about(std::string(about)));
  }
  return row;
}

}  // namespace mlstack::schema
