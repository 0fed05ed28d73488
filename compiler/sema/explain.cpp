#include "sema/explain.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "sema/sema.h"

namespace mlstack::sema {

namespace {

bool reserved(std::string_view name) { return name == "label" || name == "value" || name == "at"; }

std::string_view firstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string_view viaText(Via via) {
  switch (via) {
    case Via::Plain: return {};
    case Via::Merge: return "merged there";
    case Via::Seconds: return "in whole seconds";
    case Via::Text: return "as text";
    case Via::EnvValue: return "as value, or as a reference to a key or field";
    case Via::EnvFrom: return "each as a source of variables";
    case Via::Script: return "run by `shell`";
    case Via::Gpus: return "as a limit of the GPU resource";
    case Via::RequestAndLimit: return "as request and as limit";
    case Via::DataSource: return "as a reference with kind and name";
    case Via::ClaimRef: return "as a reference to the claim";
    case Via::Selector: return "as the labels of its pods";
    case Via::ObjectRef: return "as a reference with API, kind and name";
    case Via::NamedRefs: return "each as a reference by name";
    case Via::Subjects: return "as subjects of the binding";
    case Via::NodeSelector: return "as one term of a node selector";
    case Via::Facts: return "a fact for the storage analysis; no field of the object";
    case Via::Self: return "read by the compiler";
  }
  return {};
}

std::string memberType(const Member& member) {
  if (!member.part.empty()) {
    return fmt::format("{} `{}`", member.cardinality == Cardinality::Parts ? "any number of blocks" : "a block", member.part);
  }
  return member.type != nullptr ? typeText(*member.type) : "any";
}

std::string rangeText(const Member& member) {
  if (member.type == nullptr) return {};
  const Type& type = *member.type;
  std::string out;
  if (type.hasLow && type.hasHigh && (type.kind == TypeKind::Int || type.kind == TypeKind::Float)) out = fmt::format(" in {}..{}", type.low, type.high);
  if (!type.pattern.empty()) out += fmt::format(" matches \"{}\"", type.pattern);
  return out;
}

std::string nameOf(const Kind& kind) {
  std::string out(kind.name);
  if (kind.role == KindRole::Source) std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

/// The kinds that take this part, by the member's name.
std::vector<std::string_view> takers(const Kind& part) {
  std::vector<std::string_view> out;
  for (const Kind& kind : preludeKinds()) {
    const bool included = kind.name.ends_with("-body") || kind.name.ends_with("-spec") || kind.name.ends_with("-common");
    if (kind.api.empty() && included) continue;
    for (const Member& member : kind.members) {
      if (member.part == part.name) {
        out.push_back(kind.name);
        break;
      }
    }
  }
  return out;
}

std::string joined(const std::vector<std::string_view>& names, std::string_view quote) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) out += fmt::format("{}{}{}{}", i != 0 ? ", " : "", quote, names[i], quote);
  return out;
}

/// Kinds that are only there to be included: nobody writes their name.
bool isFragmentOfKinds(const Kind& kind) {
  return kind.api.empty() && kind.role != KindRole::Source && takers(kind).empty();
}

/// At most `width` columns of an ASCII text.
std::string shortened(std::string text, std::size_t width) {
  if (text.size() > width) text = text.substr(0, width - 1) + "…";
  return text;
}

std::string defaultText(const Member& member) {
  if (!member.defaultText.empty()) return std::string(member.defaultText);
  return member.required ? "must be given" : std::string();
}

}  // namespace

std::string targetText(const Member& member) {
  std::string out;
  for (const Step& step : member.target) {
    if (!out.empty()) out.push_back('.');
    const bool quoted = step.key.find_first_of("./") != std::string_view::npos;
    out += quoted ? fmt::format("\"{}\"", step.key) : std::string(step.key);
    if (step.isList) out += fmt::format("[{}]", step.elementKey);
  }
  return out;
}

std::string shapeText(const Kind& kind) { return shapeText(kind, kind.name); }

std::string shapeText(const Kind& kind, std::string_view word) {
  if (kind.role == KindRole::Source) {
    std::string out = nameOf(kind) + "(";
    bool first = true;
    for (const auto index : kind.order) {
      const Member& member = kind.members[index];
      if (!member.required && kind.order.size() > 4) continue;
      out += fmt::format("{}{}", first ? "" : ", ", member.name);
      first = false;
    }
    return out + (kind.order.size() > 4 ? ", …)" : ")");
  }
  std::string out(word);
  const Member* label = kind.find("label");
  const Member* value = kind.find("value");
  if (!kind.api.empty()) out += " NAME";
  if (label != nullptr) {
    const bool name = label->type != nullptr && (label->type->kind == TypeKind::Name || label->type->kind == TypeKind::String);
    const bool state = kind.role == KindRole::Mount;
    const std::string_view operand = state ? "STATE" : name ? (label->type->kind == TypeKind::Name ? "NAME" : "\"TEXT\"") : "VALUE";
    out += label->required ? fmt::format(" {}", operand) : fmt::format(" [{}]", operand);
  }
  if (value != nullptr) out += value->required ? " = VALUE" : " [= VALUE]";
  if (kind.find("at") != nullptr) out += " at \"/PATH\"";
  bool fields = false;
  for (const Member& member : kind.members) fields = fields || !reserved(member.name);
  if (kind.openEntries) return fmt::format("{} {{ KEY = VALUE … }}", word);
  return fields ? out + " { … }" : out;
}

std::string explainMember(const Kind& kind, const Member& member) {
  std::string out = fmt::format("{}.{}: {}{}\n", nameOf(kind), member.name, memberType(member), rangeText(member));
  if (!member.doc.empty()) out += fmt::format("\n{}\n", member.doc);
  out += "\n";
  if (const auto standard = defaultText(member); !standard.empty()) {
    out += member.defaultText.empty() ? "It must be given.\n" : fmt::format("Default: {}\n", standard);
  }
  const auto target = targetText(member);
  const auto via = viaText(member.via);
  if (!target.empty() && !kind.api.empty()) out += fmt::format("Field of {}: {}{}{}\n", kind.api.substr(kind.api.rfind('/') + 1), target, via.empty() ? "" : ", ", via);
  else if (!target.empty()) out += fmt::format("Field: {}{}{}\n", target, via.empty() ? "" : ", ", via);
  else if (!via.empty()) out += fmt::format("It is {}.\n", via);
  if (!member.part.empty()) {
    if (const Kind* part = preludeKind(member.part)) out += fmt::format("Written: {}\n", shapeText(*part, member.name));
  }
  return out;
}

std::string explainKind(const Kind& kind) {
  std::string out = kind.api.empty() ? fmt::format("{}\n", nameOf(kind)) : fmt::format("{} ({})\n", kind.name, kind.api);
  if (!kind.doc.empty()) out += fmt::format("\n{}\n", kind.doc);
  out += fmt::format("\n  {}\n", shapeText(kind));
  if (kind.api.empty() && kind.role != KindRole::Source) {
    if (const auto names = takers(kind); !names.empty()) out += fmt::format("\nInside of: {}\n", joined(names, ""));
  }
  std::size_t width = 0;
  std::size_t typeWidth = 0;
  for (const Member& member : kind.members) {
    width = std::max(width, member.name.size());
    typeWidth = std::max(typeWidth, std::min<std::size_t>(34, memberType(member).size()));
  }
  out += kind.role == KindRole::Source ? "\nArguments:\n" : "\nFields:\n";
  for (const auto index : kind.order) {
    const Member& member = kind.members[index];
    const std::string shown = reserved(member.name) ? (member.name == "label" ? "(operand)" : member.name == "value" ? "(= …)" : "(at …)") : std::string(member.name);
    auto line = fmt::format("  {:<{}}  {:<{}}  {}", shown, std::max<std::size_t>(width, 9), shortened(memberType(member) + rangeText(member), 34),
                            typeWidth, firstLine(member.doc));
    if (!member.defaultText.empty()) line += fmt::format(" [{}]", member.defaultText);
    else if (member.required) line += " [must be given]";
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += line + "\n";
  }
  if (!kind.api.empty()) {
    out += fmt::format("\n`with {{ … }}` reaches every other field of the object; `mlstackc explain {}.FIELD` says more.\n", kind.name);
  }
  return out;
}

std::string explainKind(std::string_view what) {
  std::string name(what.substr(0, what.find('.')));
  const Kind* kind = preludeKind(name);
  if (kind == nullptr) {
    std::replace(name.begin(), name.end(), '_', '-');
    kind = preludeKind(name);
  }
  if (kind == nullptr) return {};
  const auto dot = what.find('.');
  if (dot == std::string_view::npos) return explainKind(*kind);
  const auto rest = what.substr(dot + 1);
  const auto next = rest.find('.');
  const Member* member = kind->find(rest.substr(0, next));
  if (member == nullptr) return {};
  if (next == std::string_view::npos) return explainMember(*kind, *member);
  return member->part.empty() ? std::string() : explainKind(fmt::format("{}.{}", member->part, rest.substr(next + 1)));
}

namespace {

std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += "\\|";
    else if (c == '\n') out.push_back(' ');
    else out.push_back(c);
  }
  return out;
}

bool has(std::string_view kind, std::string_view member) {
  const Kind* found = preludeKind(kind);
  return found != nullptr && found->find(member) != nullptr;
}

constexpr std::string_view kCommon = "object-common";
constexpr std::string_view kPods = "pod-spec";
constexpr std::string_view kContainers = "container-body";

/// Members that stand in a shared table.
bool shared(const Kind& kind, const Member& member) {
  if (!kind.api.empty() && has(kCommon, member.name)) return true;
  const bool container = kind.name == "container" || kind.name == "init" || kind.name == "sidecar";
  if (!container && kind.role != KindRole::Workload) return false;
  if (kind.role == KindRole::Workload && has(kPods, member.name) && member.name != "restart") return true;
  return has(kContainers, member.name) && member.name != "restart";
}

void appendRows(std::string& out, const Kind& kind, bool all) {
  out += "| name | type | default | field | |\n|---|---|---|---|---|\n";
  for (const auto index : kind.order) {
    const Member& member = kind.members[index];
    if (!all && shared(kind, member)) continue;
    const auto target = targetText(member);
    const auto via = viaText(member.via);
    std::string where = target.empty() ? std::string() : fmt::format("`{}`", target);
    if (!via.empty()) where += fmt::format("{}{}", where.empty() ? "" : " ", via);
    const std::string type = member.part.empty() ? fmt::format("`{}`", cell(memberType(member) + rangeText(member))) : memberType(member);
    const std::string standard = !member.defaultText.empty() ? fmt::format("`{}`", cell(member.defaultText)) : std::string(member.required ? "must be given" : "");
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", member.name, type, standard, cell(where), cell(firstLine(member.doc)));
  }
  out += "\n";
}

void appendTable(std::string& out, const Kind& kind) {
  out += fmt::format("### `{}`\n\n", nameOf(kind));
  if (!kind.doc.empty()) out += fmt::format("{}\n\n", kind.doc);
  out += fmt::format("`{}`", shapeText(kind));
  if (!kind.api.empty()) out += fmt::format(": makes `{}`", kind.api);
  const auto names = kind.api.empty() && kind.role != KindRole::Source ? takers(kind) : std::vector<std::string_view>{};
  if (!names.empty()) out += fmt::format(", inside of {}", joined(names, "`"));
  if (kind.role == KindRole::Source) out += fmt::format(": a `{}`", kind.word);
  out += "\n\n";
  appendRows(out, kind, false);
}

void appendShared(std::string& out, std::string_view title, std::string_view name) {
  const Kind* kind = preludeKind(name);
  if (kind == nullptr) return;
  out += fmt::format("### {}\n\n", title);
  appendRows(out, *kind, true);
}

}  // namespace

std::string referenceMarkdown() {
  std::string out = "## Kinds\n\n";
  appendShared(out, "What every object has", kCommon);
  appendShared(out, "What every workload has for its pods", kPods);
  appendShared(out, "What every container has, and a workload for its one container", kContainers);
  for (const Kind& kind : preludeKinds()) {
    if (!kind.api.empty()) appendTable(out, kind);
  }
  out += "## Parts\n\n";
  for (const Kind& kind : preludeKinds()) {
    if (kind.api.empty() && kind.role != KindRole::Source && !isFragmentOfKinds(kind)) appendTable(out, kind);
  }
  out += "## Sources\n\nThey are written as calls; positional arguments fill the members in this order, others are named: "
         "`nfs(\"host\", \"/export\", read_only = true)`.\n\n";
  for (const Kind& kind : preludeKinds()) {
    if (kind.role == KindRole::Source) appendTable(out, kind);
  }
  out += "## Functions\n\n| function | |\n|---|---|\n";
  for (const auto& function : functions()) out += fmt::format("| `{}` | {} |\n", cell(function.signature), cell(function.doc));
  return out;
}

}  // namespace mlstack::sema
