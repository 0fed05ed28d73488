#include "sema/kubernetes_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "sema/explain.h"

namespace mlstack::sema {

namespace {

bool sameWord(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// `mount-options`, `mountOptions` and `mount_options` are one word.
std::string flat(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    if (c != '-' && c != '_') out.push_back(static_cast<char>(std::tolower(c)));
  }
  return out;
}

/// kubectl's short names.
constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kShort{{
    {"pvc", "PersistentVolumeClaim"}, {"pv", "PersistentVolume"}, {"sc", "StorageClass"}, {"cm", "ConfigMap"},
    {"sa", "ServiceAccount"}, {"svc", "Service"}, {"ns", "Namespace"}, {"sts", "StatefulSet"}, {"ds", "DaemonSet"},
    {"deploy", "Deployment"}, {"cj", "CronJob"}, {"hpa", "HorizontalPodAutoscaler"}, {"pdb", "PodDisruptionBudget"},
    {"ing", "Ingress"}, {"netpol", "NetworkPolicy"},
}};

}  // namespace

std::vector<const Member*> membersFor(const Kind& kind, std::string_view field) {
  std::vector<const Member*> out;
  const std::string wanted = flat(field);
  for (const auto index : kind.order) {
    const Member& member = kind.members[index];
    const bool reserved = member.name == "label" || member.name == "value" || member.name == "at";
    if (reserved || member.target.empty() || (member.target.back().key != field && flat(member.target.back().key) != wanted)) continue;
    // Of several such places the first: requests, not limits.
    if (out.empty() || targetText(*out[0]) == targetText(member)) out.push_back(&member);
  }
  return out;
}

std::vector<std::string_view> membersAbout(const Kind& kind, std::string_view words) {
  std::vector<std::string_view> out;
  for (const auto index : kind.order) {
    const Member& member = kind.members[index];
    if (member.name == "label" || member.name == "value" || member.name == "at") continue;
    const std::string all = flat(member.name) + " " + flat(targetText(member));
    bool found = true;
    for (std::string_view rest = words; found && !rest.empty();) {
      const auto end = std::min(rest.find_first_of("-_"), rest.size());
      const auto word = flat(rest.substr(0, end));
      found = word.size() >= 3 && all.find(word) != std::string::npos;
      rest.remove_prefix(std::min(rest.size(), end + 1));
    }
    if (found && out.size() < 4) out.push_back(member.name);
  }
  return out;
}

std::vector<std::string_view> ownMembers(const Kind& kind) {
  std::vector<std::string_view> out;
  for (const auto index : kind.order) {
    const Member& member = kind.members[index];
    const bool common = !kind.api.empty() && (member.via == Via::Self || (!member.target.empty() && member.target.front().key == "metadata"));
    if (!common && member.name != "label" && member.name != "value" && member.name != "at") out.push_back(member.name);
  }
  return out;
}

const Kind* kindAbout(std::string_view word) {
  const std::string wanted = flat(word);
  const Kind* found = nullptr;
  for (const Kind& kind : preludeKinds()) {
    if (kind.api.empty() || wanted.size() < 4 || flat(kind.api.substr(kind.api.rfind('/') + 1)).find(wanted) == std::string::npos) continue;
    if (found != nullptr) return nullptr;   // one of several says nothing
    found = &kind;
  }
  return found;
}

std::string membersText(const std::vector<const Member*>& members) {
  if (members.empty()) return {};
  std::string names;
  const auto count = std::min<std::size_t>(members.size(), 4);
  for (std::size_t i = 0; i < count; ++i) {
    names += fmt::format("{}`{}`", i == 0 ? "" : i + 1 == count ? " and " : ", ", members[i]->name);
  }
  return fmt::format("{} {} `{}`", names, count == 1 ? "sets" : "set", targetText(*members[0]));
}

const Kind* kindFor(std::string_view word) {
  for (const auto& [brief, whole] : kShort) {
    if (sameWord(word, brief)) word = whole;
  }
  for (const Kind& kind : preludeKinds()) {
    if (!kind.api.empty() && sameWord(kind.api.substr(kind.api.rfind('/') + 1), word)) return &kind;
  }
  return nullptr;
}

}  // namespace mlstack::sema
