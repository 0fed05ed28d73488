#pragma once
// What a container says about the run it is one process of: how many there are, and where they meet. Shared by the
// rules about distributed training.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "storage/rule.h"

namespace mlstack::storage {

/// GPUs, TPUs and other accelerators that a container is limited to; 0 for none, and for those of several cores each.
[[nodiscard]] std::int64_t devicesOf(const Context& context, const Container& container);

/// Job and CronJob of Kubernetes: other groups have kinds of the same name.
[[nodiscard]] bool isJob(const Context& context, const ir::Object& object);
[[nodiscard]] const ir::Node* jobSpecOf(const Context& context, const ir::Object& object);

/// The Service below which the pods get names of their own: `serviceName` of a set, `subdomain` of others.
struct Governor {
  std::string_view name{};
  const ir::Node* at = nullptr;
  const ir::Object* service = nullptr;   // null when it is not declared here
};
[[nodiscard]] Governor governorOf(const Context& context, const Pods& pods);

/// Whether the selector of a Service takes the pods of a template.
struct Selection {
  enum class Answer : std::uint8_t { Yes, No, Unknown } answer = Answer::Unknown;
  const ir::Node* label = nullptr;       // of the selector, which the pods lack or have otherwise
};
[[nodiscard]] Selection selection(const Context& context, const ir::Object& service, const Pods& pods);
/// The same for labels that another object asks for; none of them: Unknown.
[[nodiscard]] Selection selectionBy(const Context& context, const ir::Node* wanted, const Pods& pods);

/// "ddp-0.ddp.ml.svc.cluster.local" taken apart: a pod, the service that it is below, a namespace; or a service and a
/// namespace.
struct Host {
  std::string_view first{};
  std::string_view second{};
  std::string_view third{};
  bool inCluster = true;    // as names of the cluster are, or could be
  bool isService = false;   // "ddp.ml.svc": no pod's name
};
[[nodiscard]] Host hostOf(std::string_view text);

/// 3 of "ddp-3" for "ddp".
[[nodiscard]] std::optional<std::int64_t> ordinalOf(std::string_view name, std::string_view stem);

// Parts of the family that stand in files of their own.
[[nodiscard]] std::span<const Rule> gangRules();
[[nodiscard]] std::span<const Rule> networkRules();
[[nodiscard]] std::span<const Rule> runRules();

}  // namespace mlstack::storage
