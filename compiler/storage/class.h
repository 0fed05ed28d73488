#pragma once
// Rules of the class family that stand in files of their own.

#include "storage/rule.h"

namespace mlstack::storage {

// class_topology.cpp: where volumes are, and where pods may run
void zonePickedEarly(Context& context, const State& state);
void twoZonesPicked(Context& context, const Pods& pods);
void topologyExcludesPods(Context& context, const State& state);
void volumeElsewhere(Context& context, const State& state);
void localBoundEarly(Context& context);
void volumesApart(Context& context, const Pods& pods);
void unknownTopologyKey(Context& context, const ir::Object& storageClass);

// class_volume.cpp: what volumes are, and how pods use them
void folderOfSomeNode(Context& context, const State& state);
void folderOfEachNode(Context& context, const Pods& pods);
void mountOptionsRefused(Context& context, const ir::Object& volume);
void mountOptionsOfOthers(Context& context, const ir::Object& classOrVolume);
void sameDisk(Context& context);
void localOnSeveral(Context& context, const ir::Object& volume);
void sameVolumeInPod(Context& context, const Pods& pods);
void deviceOrFolder(Context& context, const Pods& pods, const Container& container);
void blockBeyondDriver(Context& context, const State& state);

// class_driver.cpp: what single drivers ask for
void handleForm(Context& context, const ir::Object& volume);
void diskAnywhere(Context& context, const State& state);
void inlineDrivers(Context& context, const Pods& pods);
void parametersTogether(Context& context, const ir::Object& storageClass);

/// A path below which a file system of the network is likely mounted on every node.
[[nodiscard]] bool soundsShared(std::string_view path);
/// Whether a template's pods can only be on one node.
[[nodiscard]] bool staysOnNode(const Context& context, const Pods& pods);

}  // namespace mlstack::storage
