#include "backend/informer.h"

#include <algorithm>
#include <vector>

namespace mlstack::backend {

using ir::Node;
using std::chrono::milliseconds;

namespace {
constexpr milliseconds kListEvery{3'000};    // without a watch
constexpr milliseconds kRewatch{200};        // servers end watches after some minutes, and with them comes the next
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{10'000};
}  // namespace

Informer::Informer(Api& api, ListQuery selection, bool canWatch)
    : api_(api), selection_(std::move(selection)), canWatch_(canWatch && selection_.resource->canWatch) {}
Informer::~Informer() = default;

void Informer::start() { list(); }

Informer::Key Informer::keyOf(const Node& object) const {
  return {std::string(textAt(&object, "metadata.namespace", api_.symbols())), std::string(textAt(&object, "metadata.name", api_.symbols()))};
}

void Informer::take(const Node& object, const std::shared_ptr<Document>& document) {
  objects_[keyOf(object)] = round_;
  if (present) present(object, document);
}

void Informer::again(milliseconds delay, bool listing, std::string from) {
  api_.http().after(delay, [weak = weak_from_this(), listing, from = std::move(from)] {
    const auto self = weak.lock();
    if (!self) return;
    if (listing) self->list();
    else self->watch(from);
  });
}

void Informer::list() {
  ++round_;
  const auto weak = weak_from_this();
  api_.list(
      selection_,
      [weak](Node& item, const std::shared_ptr<Document>& document) {
        if (const auto self = weak.lock()) self->take(item, document);
      },
      [weak] {   // what the pages so far had may be gone in those that come now
        if (const auto self = weak.lock()) ++self->round_;
      },
      [weak](const Failure& failure, std::string resourceVersion) {
        const auto self = weak.lock();
        if (!self) return;
        if (failure.failed()) {
          const bool forGood = failure.outcome == Outcome::Cancelled || failure.code == 401 || failure.code == 403 || failure.code == 404 || failure.code == 405;
          if (forGood) {
            if (self->failed && failure.outcome != Outcome::Cancelled) self->failed(failure);
            return;
          }
          self->again(std::min(kLongestPause, kFirstPause * (1 << std::min(self->failures_++, 5u))), true);
          return;
        }
        self->failures_ = 0;
        std::vector<Key> missing;
        for (const auto& [key, round] : self->objects_) {
          if (round != self->round_) missing.push_back(key);
        }
        for (const auto& key : missing) {
          self->objects_.erase(key);
          if (self->gone) self->gone(key.first, key.second);
        }
        self->synced_ = true;
        if (self->synced) self->synced();
        if (self->canWatch_) self->watch(std::move(resourceVersion));
        else self->again(kListEvery, true);
      });
}

void Informer::watch(std::string from) {
  const auto weak = weak_from_this();
  const auto begun = Clock::now();
  api_.watch(
      selection_, std::move(from),
      [weak](WatchEvent event, Node& object, const std::shared_ptr<Document>& document) {
        const auto self = weak.lock();
        if (!self) return false;
        self->failures_ = 0;
        self->expired_ = 0;
        if (event != WatchEvent::Deleted) {
          self->take(object, document);
          return true;
        }
        const auto key = self->keyOf(object);
        self->objects_.erase(key);
        if (self->gone) self->gone(key.first, key.second);
        return true;
      },
      [weak, begun](const Failure& failure, std::string last) {
        const auto self = weak.lock();
        if (!self || failure.outcome == Outcome::Cancelled) return;
        if (!failure.failed()) self->expired_ = 0;
        if (!failure.failed() && !last.empty()) {
          self->again(Clock::now() - begun < std::chrono::seconds(1) ? kFirstPause : kRewatch, false, std::move(last));
          return;
        }
        if (failure.code == 403 || failure.code == 405) self->canWatch_ = false;
        // Each list resets `failures_`: a server that calls every version too old would be asked without a pause.
        auto& failures = failure.gone() ? self->expired_ : self->failures_;
        const bool atOnce = failure.gone() && failures == 0;
        const auto pause = std::min(kLongestPause, kFirstPause * (1 << std::min(failures++, 5u)));
        self->again(atOnce ? milliseconds(0) : pause, true);
      });
}

}  // namespace mlstack::backend
