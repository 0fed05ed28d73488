#include "sema/explain.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "sema/kind.h"
#include "sema/sema.h"

namespace mlstack::sema {
namespace {

std::string_view firstLine(std::string_view doc) { return doc.substr(0, doc.find('\n')); }

std::string targetText(const Member& member) {
  std::string out;
  for (const auto& step : member.target) {
    bool plain = step.key.find_first_of("./") == std::string_view::npos;
    out += fmt::format("{}{}{}{}", out.empty() ? "" : ".", plain ? "" : "\"", step.key, plain ? "" : "\"");
    if (step.isList) out += fmt::format("[{}]", step.elementKey);
  }
  return out;
}

/// How one writes the part: `read NAME at "…" { … }`, `resources { … }`.
std::string partForm(const Member& member, const Kind& part) {
  std::string out(member.name);
  if (const auto* label = part.find("label"))
    out += fmt::format(" {}", label->type != nullptr ? typeText(*label->type) : "NAME");
  if (const auto* value = part.find("value"))
    out += fmt::format(" = {}", value->type != nullptr ? typeText(*value->type) : "VALUE");
  if (part.find("at") != nullptr) out += " at PATH";
  if (part.openEntries) {
    out += " { KEY = VALUE … }";
  } else {
    bool fields = std::ranges::any_of(part.members, [](const Member& m) {
      return m.name != "label" && m.name != "value" && m.name != "at";
    });
    if (fields) out += " { … }";
  }
  return out;
}

std::string memberHead(const Member& member) {
  if (member.cardinality != Cardinality::Field) {
    const auto* part = preludeKind(member.part);
    return part != nullptr ? partForm(member, *part) : std::string(member.name);
  }
  auto out = fmt::format("{}: {}", member.name, member.type != nullptr ? typeText(*member.type) : "any");
  if (!member.defaultText.empty()) out += fmt::format(" = {}", member.defaultText);
  if (member.required) out += "  (required)";
  return out;
}

std::string_view summaryOf(const Member& member) {
  if (!member.doc.empty()) return firstLine(member.doc);
  const auto* part = member.cardinality == Cardinality::Field ? nullptr : preludeKind(member.part);
  return part != nullptr ? firstLine(part->doc) : std::string_view();
}

void appendMember(std::string& out, const Member& member) {
  out += fmt::format("  {}\n", memberHead(member));
  if (auto doc = summaryOf(member); !doc.empty()) out += fmt::format("      {}\n", doc);
}

std::string describeKind(const Kind& kind) {
  auto out = kind.api.empty() ? fmt::format("{}\n", kind.name) : fmt::format("{} = {}\n", kind.name, kind.api);
  if (!kind.doc.empty()) out += fmt::format("\n{}\n", kind.doc);
  std::string fields;
  std::string parts;
  for (auto index : kind.order) {
    const auto& member = kind.members[index];
    appendMember(member.cardinality == Cardinality::Field ? fields : parts, member);
  }
  if (!fields.empty()) out += fmt::format("\nFields\n{}", fields);
  if (!parts.empty()) out += fmt::format("\nParts\n{}", parts);
  return out;
}

std::string describeMember(const Kind& kind, const Member& member) {
  auto out = fmt::format("{}.{}\n\n  {}\n", kind.name, member.name, memberHead(member));
  if (!member.doc.empty()) out += fmt::format("\n{}\n", member.doc);
  if (auto target = targetText(member); !target.empty())
    out += fmt::format("\nSets {}{}{}\n", target, kind.api.empty() ? "" : " of ", kind.api);
  const auto* part = member.cardinality == Cardinality::Field ? nullptr : preludeKind(member.part);
  if (part != nullptr) out += fmt::format("\n{}", describeKind(*part));
  return out;
}

}  // namespace

std::string explainKind(std::string_view what) {
  auto dot = what.find('.');
  const auto* kind = preludeKind(what.substr(0, dot));
  if (kind == nullptr) return {};
  if (dot == std::string_view::npos) return describeKind(*kind);
  // "container.read.subpath": on from the part's kind.
  auto rest = what.substr(dot + 1);
  for (;;) {
    auto end = rest.find('.');
    const auto* member = kind->find(rest.substr(0, end));
    if (member == nullptr) return {};
    if (end == std::string_view::npos) return describeMember(*kind, *member);
    kind = member->cardinality == Cardinality::Field ? nullptr : preludeKind(member->part);
    if (kind == nullptr) return {};
    rest.remove_prefix(end + 1);
  }
}

}  // namespace mlstack::sema
