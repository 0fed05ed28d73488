#pragma once
// What drivers can do: the profiles of stdlib/provisioners, compiled in as constant tables. A driver that
// has none is unknown, and nothing is guessed of it.

#include <optional>
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

/// Parameters of a StorageClass that sidecars take for themselves, whatever the driver: `csi.storage.k8s.io/fstype`,
/// secrets, and what they were called before.
[[nodiscard]] bool isCommonParameter(std::string_view parameter);

/// Whether a class of these facts may have this parameter; nothing when its parameters are unknown. A known
/// name that ends in `*` stands for all that begin so.
[[nodiscard]] std::optional<bool> knowsParameter(const ir::Facts& facts, std::string_view parameter);

/// Every profile of a driver by name, those with a prefix left out; every profile of a source by key.
[[nodiscard]] std::span<const ir::Facts> profiles();
[[nodiscard]] std::span<const ir::Facts> sourceProfiles();

/// Gives each class and each volume its facts: what it states itself, else what a CSIDriver object of the
/// stack states, else its driver's profile. The stack must be linked; again is harmless.
void applyProfiles(ir::Stack& stack);

}  // namespace mlstack::storage
