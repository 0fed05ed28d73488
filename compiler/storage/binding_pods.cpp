// Pods that no scheduler sees, and the claims that wait for one.

#include <fmt/format.h>

#include "storage/binding.h"

namespace mlstack::storage {

/// MLS3032: nodeName places a pod without the scheduler, which alone binds the claims of such classes.
/// https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode
void pastTheScheduler(Context& context, const Pods& pods) {
  const auto* node = context.keys.at<"nodeName">(pods.spec);
  if (!isText(node)) return;
  for (const auto& volume : context.model.volumesOf(pods)) {
    if (!volume.state || volume.state->object->external) continue;
    const auto& state = *volume.state;
    if (context.model.bindingOf(state).outcome != Outcome::Waits) continue;
    const auto* object = classOf(context.model, state);
    if (!object) continue;
    auto d = diag::make<Code::PastTheScheduler>(node->entrySpan(), context.nameOf(*pods.workload), claimName(context, state), context.nameOf(*object));
    d.related.push_back({claimSpan(context, state), "the claim"});
    d.help = fmt::format("write `nodeSelector: {{kubernetes.io/hostname: {}}}` instead", node->text());
    context.report(std::move(d), {pods.workload, state.object, object});
  }
}

}  // namespace mlstack::storage
