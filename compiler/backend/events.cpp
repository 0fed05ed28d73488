// What pods and events say about why something does not run.

#include <algorithm>

#include <fmt/format.h>

#include "backend/api.h"
#include "backend/wait.h"

namespace mlstack::backend {

using ir::Node;

namespace {

struct Container {
  const Node* status = nullptr;
  std::string_view list;   // "containers", "initContainers"
};

std::vector<Container> containersOf(const Node& pod, const base::SymbolTable& symbols) {
  std::vector<Container> out;
  for (const Node& status : ir::Children(ir::findPath(&pod, "status.initContainerStatuses", symbols))) out.push_back({&status, "initContainers"});
  for (const Node& status : ir::Children(ir::findPath(&pod, "status.containerStatuses", symbols))) out.push_back({&status, "containers"});
  return out;
}

/// "OOMKilled (exit code 137)"; empty when it ended well.
std::string badEnd(const Node* terminated, const base::SymbolTable& symbols) {
  if (terminated == nullptr) return {};
  const auto code = numberAt(terminated, "exitCode", symbols);
  const auto reason = textAt(terminated, "reason", symbols);
  if (code == 0 && (reason.empty() || reason == "Completed")) return {};
  // A code above 128 is a signal: https://tldp.org/LDP/abs/html/exitcodes.html
  const auto meaning = code == 137 && reason != "OOMKilled" ? ", killed" : code == 139 ? ", a memory fault" : code == 143 ? ", told to end" : code == 127 ? ", the command was not found" : code == 126 ? ", the command cannot be executed" : "";
  auto text = fmt::format("{} (exit code {}{})", reason.empty() ? "Error" : reason, code, meaning);
  auto message = std::string(textAt(terminated, "message", symbols));
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  if (!message.empty()) text += ": " + message;
  return text;
}

enum class About : std::uint8_t { Image, Container, Environment };
struct WaitingReason {
  std::string_view reason;
  About about;
};
// kubelet: pkg/kubelet/images/types.go, pkg/kubelet/container/sync_result.go, pkg/kubelet/kuberuntime/kuberuntime_container.go
constexpr WaitingReason kReasons[] = {
    {"ImagePullBackOff", About::Image},        {"ErrImagePull", About::Image},           {"InvalidImageName", About::Image},
    {"ErrImageNeverPull", About::Image},       {"ImageInspectError", About::Image},      {"RegistryUnavailable", About::Image},
    {"SignatureValidationFailed", About::Image}, {"CrashLoopBackOff", About::Container}, {"RunContainerError", About::Container},
    {"CreateContainerError", About::Container}, {"PostStartHookError", About::Container}, {"CreateContainerConfigError", About::Environment},
};

std::string fieldOf(const Container& container, About about, const base::SymbolTable& symbols) {
  return fmt::format("{}[name=\"{}\"]{}", container.list, textAt(container.status, "name", symbols), about == About::Image ? ".image" : about == About::Environment ? ".env" : "");
}

void containerTrouble(const Container& container, std::vector<Trouble>& out, const base::SymbolTable& symbols) {
  const auto name = textAt(container.status, "name", symbols);
  const auto* state = ir::findPath(container.status, "state.waiting", symbols);
  const auto reason = textAt(state, "reason", symbols);
  const auto last = badEnd(ir::findPath(container.status, "lastState.terminated", symbols), symbols);
  for (const auto& row : kReasons) {
    if (row.reason != reason) continue;
    const auto message = row.about == About::Container && !last.empty() ? last : std::string(textAt(state, "message", symbols));
    out.push_back({fmt::format("container `{}`: {}{}{}", name, reason, message.empty() ? "" : ": ", message), fieldOf(container, row.about, symbols), {}, reason == "InvalidImageName" || reason == "ErrImageNeverPull"});
    return;
  }
  auto end = badEnd(ir::findPath(container.status, "state.terminated", symbols), symbols);
  if (end.empty()) end = last;   // it runs again, and may end so again
  if (!end.empty()) out.push_back({fmt::format("container `{}`: {}", name, end), fieldOf(container, About::Container, symbols), {}, false});
}

/// The text between two marks.
std::string between(std::string_view text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at == std::string_view::npos) return {};
  const auto begin = at + from.size();
  const auto end = text.find(to, begin);
  return end == std::string_view::npos ? std::string() : std::string(text.substr(begin, end - begin));
}

/// The claim that a scheduler's or kubelet's message is about.
std::string claimIn(std::string_view message) {
  for (const std::string_view mark : {"persistentvolumeclaim \"", "PersistentVolumeClaim \"", "PVC \"", "claim \""}) {
    auto name = between(message, mark, "\"");
    if (name.empty()) continue;
    const auto slash = name.rfind('/');
    return slash == std::string::npos ? name : name.substr(slash + 1);
  }
  return {};
}

}  // namespace

std::vector<Trouble> podTroubles(const Node& pod, const base::SymbolTable& symbols) {
  std::vector<Trouble> out;
  for (const Node& condition : ir::Children(ir::findPath(&pod, "status.conditions", symbols))) {
    const auto message = textAt(&condition, "message", symbols);
    if (textAt(&condition, "type", symbols) == "PodScheduled" && textAt(&condition, "status", symbols) == "False" && textAt(&condition, "reason", symbols) != "SchedulingGated")
      out.push_back({fmt::format("cannot be placed: {}", message.empty() ? textAt(&condition, "reason", symbols) : message), {}, claimIn(message), false});
    if (textAt(&condition, "type", symbols) == "DisruptionTarget" && textAt(&condition, "status", symbols) == "True") out.push_back({fmt::format("is being evicted: {}", message), {}, {}, false});
  }
  if (const auto reason = textAt(&pod, "status.reason", symbols); !reason.empty())
    out.push_back({fmt::format("{}: {}", reason, textAt(&pod, "status.message", symbols)), {}, {}, textAt(&pod, "status.phase", symbols) == "Failed"});
  for (const auto& container : containersOf(pod, symbols)) containerTrouble(container, out, symbols);
  return out;
}

std::string lastBadEnd(const Node& pod, const base::SymbolTable& symbols) {
  std::string newest;
  std::string_view when;
  for (const auto& container : containersOf(pod, symbols)) {
    for (const std::string_view state : {"lastState.terminated", "state.terminated"}) {
      const auto* terminated = ir::findPath(container.status, state, symbols);
      auto end = badEnd(terminated, symbols);
      const auto finished = textAt(terminated, "finishedAt", symbols);
      if (end.empty() || finished < when) continue;
      newest = std::move(end);
      when = finished;
    }
  }
  if (newest.empty()) newest = textAt(&pod, "status.reason", symbols);   // "Evicted"
  return newest;
}

std::int64_t restartsOf(const Node& pod, const base::SymbolTable& symbols) {
  std::int64_t count = 0;
  for (const auto& container : containersOf(pod, symbols)) count += numberAt(container.status, "restartCount", symbols);
  return count;
}

Trouble eventTrouble(const Node& event, const base::SymbolTable& symbols) {
  // Of type Warning, and no trouble all the same: a pod's own conditions and container states say it better.
  static constexpr std::string_view kHarmless[] = {"Unhealthy", "FailedKillPod", "BackOff", "Failed", "FailedToRetrieveImagePullSecret", "NodeNotReady", "FailedPreStopHook", "DNSConfigForming", "FailedGetResourceMetric", "FailedComputeMetricsReplicas", "CalculateExpectedPodCountFailed", "FailedScheduling"};
  const auto reason = textAt(&event, "reason", symbols);
  // Normal ones that tell why nothing happens.
  const bool told = reason == "FailedBinding" || reason == "ExternalProvisioning";
  if (textAt(&event, "type", symbols) != "Warning" && !told) return {};
  if (std::find(std::begin(kHarmless), std::end(kHarmless), reason) != std::end(kHarmless)) return {};
  auto message = std::string(textAt(&event, "message", symbols));
  if (message.empty()) message = textAt(&event, "note", symbols);
  Trouble trouble;
  trouble.text = message.empty() ? std::string(reason) : fmt::format("{}: {}", reason, message);
  if (textAt(&event, "involvedObject.kind", symbols) == "PersistentVolumeClaim") trouble.claim = textAt(&event, "involvedObject.name", symbols);
  else trouble.claim = claimIn(message);
  // "MountVolume.SetUp failed for volume "data" : …", "Multi-Attach error for volume "pvc-…"": the pod's volume by its name.
  if (trouble.claim.empty() && (reason == "FailedMount" || reason == "FailedAttachVolume")) {
    if (const auto volume = between(message, "for volume \"", "\""); !volume.empty()) trouble.field = fmt::format("volumes[name=\"{}\"]", volume);
  }
  const auto path = std::string(textAt(&event, "involvedObject.fieldPath", symbols));   // "spec.containers{train}"
  if (trouble.field.empty() && path.starts_with("spec.")) {
    const auto open = path.find('{');
    const auto close = path.find('}');
    if (open != std::string::npos && close != std::string::npos && close > open) trouble.field = fmt::format("{}[name=\"{}\"]", path.substr(5, open - 5), path.substr(open + 1, close - open - 1));
  }
  return trouble;
}

}  // namespace mlstack::backend
