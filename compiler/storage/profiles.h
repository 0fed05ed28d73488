#pragma once
// What drivers can do: the profiles of stdlib/provisioners, compiled in as constant tables. A driver that
// has none is unknown, and nothing is guessed of it.

#include <span>
#include <string_view>

#include "ir/stack.h"

namespace mlstack::storage {

/// The profile of a provisioner or CSI driver by its exact name; of an in-tree name that of the CSI driver
/// that serves it now (`csiDriver`). Null when unknown.
[[nodiscard]] const ir::Facts* profileOf(std::string_view provisioner);

/// The same for a class with these `parameters` (a map, or null): some facts depend on them.
[[nodiscard]] const ir::Facts* profileOf(std::string_view provisioner, const ir::Node* parameters,
                                         const base::SymbolTable& symbols);

/// The profile of an in-tree source of a PersistentVolume or a pod's volume by its key: "nfs", "hostPath",
/// "awsElasticBlockStore". Null when unknown, and for "csi", whose driver's profile counts.
[[nodiscard]] const ir::Facts* sourceProfile(std::string_view field);

/// Parameters that every CSI driver gets handed from its sidecars (`csi.storage.k8s.io/fstype`, secrets), and
/// those that Kubernetes itself understood for in-tree names.
[[nodiscard]] bool isCommonParameter(std::string_view parameter);

/// Every profile, sorted by name.
[[nodiscard]] std::span<const ir::Facts> profiles();

/// Gives each class and each volume its facts: what it states itself, else what a CSIDriver object of the
/// stack states, else its driver's profile. The stack must be linked; again is harmless.
void applyProfiles(ir::Stack& stack);

}  // namespace mlstack::storage
