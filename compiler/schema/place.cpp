#include "schema/place.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "diag/diag.h"

namespace mlstack::schema {

using table::FieldRow;
using table::Index;
using table::Store;
using table::TypeRow;

namespace {

constexpr int kSearchDepth = 3;
constexpr std::size_t kSearchSteps = 400;
constexpr std::size_t kShownPlaces = 3;

bool sameIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

std::string joined(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

/// Breadth first: all hits of the shallowest depth. `metadata` and `status` say nothing new.
std::vector<std::string> findBelow(const Store& store, Index start, const std::string& path, std::string_view wanted,
                                   VersionSet version) {
  struct Step {
    Index type;
    std::string path;
    int depth;
  };
  std::vector<std::string> hits;
  int hitDepth = kSearchDepth;
  std::vector<Step> queue{{start, path, 0}};
  for (std::size_t at = 0; at < queue.size() && at < kSearchSteps && queue[at].depth <= hitDepth; ++at) {
    const Step step = queue[at];
    for (const FieldRow& field : store.fields(store.type(step.type))) {
      const std::string_view name = store.name(field.name);
      if ((field.versions & version) == 0 || name == "metadata" || name == "status") continue;
      Index below = field.type;
      std::string belowPath = joined(step.path, name);
      if (shapeOf(store.type(below)) == Shape::List) {
        below = store.type(below).element;
        belowPath += "[]";
      }
      const TypeRow& row = store.type(below);
      if (shapeOf(row) != Shape::Object) continue;
      const FieldRow* hit = store.findField(row, wanted);
      if (hit != nullptr && (hit->versions & version) != 0) {
        hits.push_back(joined(belowPath, wanted));
        hitDepth = step.depth;
      } else if (step.depth + 1 < kSearchDepth) {
        queue.push_back({below, std::move(belowPath), step.depth + 1});
      }
    }
  }
  return hits;
}

/// The names every object has at its root.
bool isRootName(std::string_view name) { return name == "apiVersion" || name == "kind" || name == "metadata"; }

}  // namespace

std::string pathText(const Place& place) {
  std::vector<const Place*> chain;
  for (const Place* at = &place; at->up != nullptr; at = at->up) chain.push_back(at);
  std::string text;
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
    if ((*at)->isItem) {
      text += fmt::format("[{}]", (*at)->index);
    } else if ((*at)->key.find_first_of("./[]") != std::string_view::npos) {
      text += fmt::format("[\"{}\"]", (*at)->key);
    } else {
      text = joined(text, (*at)->key);
    }
  }
  return text;
}

std::string subject(const Place& place, std::string_view kind) {
  return place.up == nullptr ? std::string(kind) : "`" + pathText(place) + "`";
}

std::string foundText(const ir::Node& node) {
  switch (node.kind) {
    case ir::NodeKind::Null: return "null";
    case ir::NodeKind::Bool: return node.boolean ? "true" : "false";
    case ir::NodeKind::Int: return fmt::format("the number {}", node.integer);
    case ir::NodeKind::Float: return fmt::format("the number {}", node.real);
    case ir::NodeKind::List: return "a list";
    case ir::NodeKind::Map: return "a block";
    case ir::NodeKind::String: break;
  }
  std::string_view text = node.text();
  const bool cut = text.size() > 40 || text.find('\n') != std::string_view::npos;
  text = text.substr(0, std::min<std::size_t>(40, text.find('\n')));
  while (cut && !text.empty() && (static_cast<unsigned char>(text.back()) & 0x80) != 0) text.remove_suffix(1);
  return fmt::format("the string \"{}{}\"", text, cut ? "…" : "");
}

std::string_view takesText(Shape shape) {
  switch (shape) {
    case Shape::Any: return "anything";
    case Shape::Bool: return "true or false";
    case Shape::Int: return "an integer";
    case Shape::Float: return "a number";
    case Shape::String: return "a string";
    case Shape::Quantity: return "a quantity such as 512Mi or 2";
    case Shape::IntOrString: return "an integer or a string";
    case Shape::List: return "a list";
    case Shape::Map: return "a block of free keys";
    case Shape::Object: return "a block";
  }
  return {};
}

FieldSuggestion suggestField(const Store& store, const Place& place, std::string_view wrong, VersionSet version) {
  FieldSuggestion out;
  std::vector<std::string_view> names;
  for (const FieldRow& field : store.fields(store.type(place.type))) {
    if ((field.versions & version) != 0) names.push_back(store.name(field.name));
  }
  out.nearest = diag::nearest(wrong, names);
  if (!out.nearest.empty() && sameIgnoringCase(out.nearest, wrong)) return out;
  for (const Place* up = place.up; up != nullptr; up = up->up) {
    const TypeRow& row = store.type(up->type);
    if (shapeOf(row) != Shape::Object) continue;
    const FieldRow* hit = store.findField(row, wrong);
    if (hit == nullptr || (hit->versions & version) == 0 || (up->up == nullptr && isRootName(wrong))) continue;
    out.elsewhere = "`" + joined(pathText(*up), wrong) + "`";
    return out;
  }
  const std::vector<std::string> below = findBelow(store, place.type, pathText(place), wrong, version);
  std::vector<std::string_view> shown(below.begin(), below.begin() + static_cast<std::ptrdiff_t>(std::min(kShownPlaces, below.size())));
  out.elsewhere = quotedList(shown, "or");
  return out;
}

std::string quotedList(const std::vector<std::string_view>& items, std::string_view last) {
  std::string text;
  for (std::size_t at = 0; at < items.size(); ++at) {
    if (at > 0) text += at + 1 == items.size() ? fmt::format(" {} ", last) : ", ";
    text += fmt::format("`{}`", items[at]);
  }
  return text;
}

std::string availabilityText(VersionSet versions, VersionSet target) {
  const auto lowest = static_cast<VersionSet>(versions & -versions);
  if (lowest > target) return fmt::format("new in Kubernetes {}", versionText(lowest));
  const auto before = static_cast<VersionSet>(versions & (target - 1u));
  const auto gone = std::bit_floor(static_cast<unsigned>(before)) << 1;
  return fmt::format("gone since Kubernetes {}", versionText(static_cast<VersionSet>(gone)));
}

}  // namespace mlstack::schema
