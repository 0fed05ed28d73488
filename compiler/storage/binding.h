#pragma once
// What the binding, class and snapshot rules share: how a claim is called and where it stands.

#include <string>
#include <string_view>
#include <vector>

#include "storage/rule.h"

namespace mlstack::storage {

/// Of a claim its object's name, of templates the template's.
[[nodiscard]] std::string_view claimName(const Context& context, const State& state);
/// Where the claim's name stands; of templates without one the template.
[[nodiscard]] base::Span claimSpan(const Context& context, const State& state);

/// The first of these names that `wrong` is likely a slip for (rule.h: isSlip); empty when there is none.
[[nodiscard]] std::string_view slipOf(std::string_view wrong, const std::vector<std::string_view>& names);

/// The class that it has: the one it names, else the only default class that is declared. Null when unknown.
[[nodiscard]] const ir::Object* classOf(const Model& model, const State& state);
/// `volumeBindingMode` of a class as written, else as its facts say; Immediate when a manifest states none.
[[nodiscard]] std::string_view bindingModeOf(const Model& model, const ir::Object& storageClass);
/// The class stands in manifests with its provisioner (or the cluster has it), so that what it leaves out is known, too.
[[nodiscard]] bool isWhole(const Model& model, const ir::Object& storageClass);
[[nodiscard]] std::string_view provisionerOf(const Model& model, const ir::Object& storageClass);

/// Rules of the family that stand in files of their own.
void classOfClaim(Context& context, const State& state);      // binding_class.cpp
void classesOfAll(Context& context);
void olderAnnotation(Context& context, const State& state);
void volumeAnnotation(Context& context, const ir::Object& volume);
void selectorWithProvisioner(Context& context, const State& state);
void waitsForConsumer(Context& context, const State& state);
void pastTheScheduler(Context& context, const Pods& pods);    // binding_pods.cpp
void placesOfPod(Context& context, const Pods& pods);         // binding_place.cpp
void namesOfEphemeral(Context& context);

}  // namespace mlstack::storage
