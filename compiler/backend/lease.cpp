// The lease of a stack: leader election as client-go does it (k8s.io/client-go/tools/leaderelection), for one apply at a time.
// Whether a holder is alive is told by whether it renews while we look; no two clocks are ever compared.

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <random>

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "backend/blocking.h"
#include "backend/inventory.h"
#include "base/json.h"
#include "base/sha256.h"

namespace mlstack::backend {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ir::Node;

constexpr seconds kDuration{15};
constexpr seconds kRenewEvery{5};
/// Not renewed for so long: nothing new is begun until it is. Others may take it over after kDuration.
constexpr seconds kRenewWithin{10};
constexpr milliseconds kLookEvery{1000};
constexpr std::string_view kLeaseVersion = "coordination.k8s.io/v1";

/// Goes on while the machine sleeps, as the lease does for everybody else; steady_clock stands still then.
std::chrono::nanoseconds sinceBoot() {
#ifdef CLOCK_BOOTTIME
  constexpr auto kClock = CLOCK_BOOTTIME;
#else
  constexpr auto kClock = CLOCK_MONOTONIC;
#endif
  timespec now{};
  ::clock_gettime(kClock, &now);
  return seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::string firstLine(const char* path) {
  std::string text;
  if (std::FILE* file = std::fopen(path, "re")) {
    char bytes[128];
    const auto count = std::fread(bytes, 1, sizeof bytes, file);
    text.assign(bytes, count);
    std::fclose(file);
  }
  return text.substr(0, text.find('\n'));
}

std::string hostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? std::string(name) : std::string("unknown");
}

/// The same for processes that see each other's numbers: one boot of one machine, one space of process numbers.
std::string processSpace() {
  const auto boot = firstLine("/proc/sys/kernel/random/boot_id");
  char target[64] = {};
  const auto length = ::readlink("/proc/self/ns/pid", target, sizeof target - 1);
  if (boot.empty() || length <= 0) return {};
  return base::sha256Hex(boot + target + hostName()).substr(0, 12);
}

std::string userName() {
  if (const auto* entry = ::getpwuid(::geteuid()); entry != nullptr && entry->pw_name != nullptr) return entry->pw_name;
  return fmt::format("uid{}", ::geteuid());
}

/// "lena@laptop pid 4711 in 0123456789ab, 5e1f…": the last part tells two runs of one process number apart.
std::string newIdentity() {
  std::random_device random;
  return fmt::format("{}@{} pid {} in {}, {:08x}{:08x}", userName(), hostName(), ::getpid(), processSpace(), random(), random());
}

/// Its process ran here, and is no more.
bool diedHere(std::string_view holder) {
  const auto space = processSpace();
  const auto pidAt = holder.rfind(" pid ");
  const auto inAt = holder.rfind(" in ");
  if (space.empty() || pidAt == std::string_view::npos || inAt == std::string_view::npos || inAt < pidAt) return false;
  if (!holder.substr(inAt + 4).starts_with(space + ",")) return false;
  const auto number = std::string(holder.substr(pidAt + 5, inAt - pidAt - 5));
  char* end = nullptr;
  const auto pid = std::strtol(number.c_str(), &end, 10);
  return end != number.c_str() && *end == '\0' && pid > 0 && ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH;
}

/// RFC 3339 with microseconds, as metav1.MicroTime.
std::string microTime(seconds shift = seconds(0)) {
  timespec now{};
  std::timespec_get(&now, TIME_UTC);
  now.tv_sec += shift.count();
  std::tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec / 1000);
}

struct Record {
  std::string holder, renewTime, acquireTime, uid, resourceVersion;
  std::int64_t transitions = 0;
  std::int64_t duration = kDuration.count();
};

std::int64_t numberAt(const Node* tree, std::string_view path, const base::SymbolTable& symbols, std::int64_t otherwise) {
  const auto* node = ir::findPath(tree, path, symbols);
  return node != nullptr && node->kind == ir::NodeKind::Int ? node->integer : otherwise;
}

Record readRecord(const Node* lease, const base::SymbolTable& symbols) {
  Record record;
  record.holder = textAt(lease, "spec.holderIdentity", symbols);
  record.renewTime = textAt(lease, "spec.renewTime", symbols);
  record.acquireTime = textAt(lease, "spec.acquireTime", symbols);
  record.uid = textAt(lease, "metadata.uid", symbols);
  record.resourceVersion = textAt(lease, "metadata.resourceVersion", symbols);
  record.transitions = numberAt(lease, "spec.leaseTransitions", symbols, 0);
  record.duration = numberAt(lease, "spec.leaseDurationSeconds", symbols, kDuration.count());
  return record;
}

Failure heldBy(std::string_view holder) { return {Outcome::Answered, 0, "LeaseHeld", holderName(holder), {}}; }

std::string leaseJson(const ObjectRef& ref, std::string_view stack, const Record& record) {
  std::string text;
  base::JsonWriter out(text);
  out.beginObject().field("apiVersion", kLeaseVersion).field("kind", "Lease");
  out.key("metadata").beginObject().field("name", ref.name).field("namespace", ref.nameSpace);
  out.key("labels").beginObject().field(kStackLabel, stack).endObject();
  if (!record.resourceVersion.empty()) out.field("resourceVersion", record.resourceVersion);
  out.endObject();
  out.key("spec")
      .beginObject()
      .field("holderIdentity", record.holder)
      .field("leaseDurationSeconds", kDuration.count())
      .field("acquireTime", record.acquireTime)
      .field("renewTime", record.renewTime)
      .field("leaseTransitions", record.transitions)
      .endObject();
  out.endObject();
  return text;
}

}  // namespace

struct StackLease::Impl : std::enable_shared_from_this<StackLease::Impl> {
  Impl(Api& server, std::string_view stackName, std::string_view nameSpace)
      : api(server), stack(stackName), ref{std::string(kLeaseVersion), "Lease", std::string(nameSpace), fmt::format("mlstack-{}", stackName).substr(0, 253)}, identity(newIdentity()) {}

  void take(const Node* lease, std::chrono::nanoseconds begun) {
    held = readRecord(lease, api.symbols());
    holding = true;
    renewedAt = begun;
  }
  /// For so long not renewed that others may have it. For good: what was begun before cannot be taken up again.
  [[nodiscard]] bool hasExpired() {
    if (holding && !expired && sinceBoot() - renewedAt >= kDuration) expired = true;
    return expired;
  }
  [[nodiscard]] Record next(const Record& was) const {
    Record record = was;
    record.holder = identity;
    record.renewTime = microTime();
    if (was.holder != identity) {
      record.acquireTime = record.renewTime;
      record.transitions = was.resourceVersion.empty() ? 0 : was.transitions + 1;
    }
    return record;
  }
  void schedule() {
    api.http().after(kRenewEvery, [weak = weak_from_this()] {
      if (const auto self = weak.lock(); self && self->holding && !self->hasExpired()) self->renew();
    });
  }
  void renew();
  void look();

  Api& api;
  std::string stack;
  ObjectRef ref;
  std::string identity;
  Record held;
  bool holding = false;
  bool gone = false;             // somebody else has it
  std::string taker;
  bool expired = false;
  std::chrono::nanoseconds renewedAt{};   // `sinceBoot`, before the request
};

void StackLease::Impl::renew() {
  const auto begun = sinceBoot();
  api.update(ref, leaseJson(ref, stack, next(held)), [weak = weak_from_this(), begun](const Answer& answer) {
    const auto self = weak.lock();
    if (!self || !self->holding) return;
    if (answer.ok()) {
      self->held = readRecord(answer.document->root, self->api.symbols());
      self->renewedAt = begun;   // what others see was written after this
      self->schedule();
    } else if (answer.failure.conflict() || answer.failure.notFound()) {
      self->look();
    } else {
      self->schedule();
    }
  });
}

/// Somebody wrote it meanwhile: another holder, or only its labels, or ourselves by a request whose answer was lost.
void StackLease::Impl::look() {
  api.get(ref, [weak = weak_from_this()](const Answer& answer) {
    const auto self = weak.lock();
    if (!self || !self->holding) return;
    if (answer.ok()) {
      auto record = readRecord(answer.document->root, self->api.symbols());
      if (record.holder == self->identity) {
        self->held = std::move(record);
        self->renew();
        return;
      }
      self->taker = record.holder;
    }
    if (!answer.ok() && !answer.failure.notFound()) {
      self->schedule();
      return;
    }
    self->gone = true;
    self->holding = false;
  });
}

StackLease::StackLease(Api& api, std::string_view stack, std::string_view nameSpace) : impl_(std::make_shared<Impl>(api, stack, nameSpace)) {}
StackLease::~StackLease() { release(); }

Failure StackLease::acquire(Clock::time_point deadline, const std::function<void(std::string_view holder)>& waiting) {
  auto& self = *impl_;
  auto& api = self.api;
  Record seen;
  Clock::time_point seenAt{};
  for (;;) {
    auto answer = blocking(api, [&](Api::Done done) { api.get(self.ref, std::move(done)); });
    Record record;
    if (answer.ok()) {
      record = readRecord(answer.document->root, api.symbols());
    } else if (!answer.failure.notFound()) {
      if (answer.failure.outcome == Outcome::TimedOut && !seen.holder.empty()) return heldBy(seen.holder);
      return answer.failure;
    }
    if (record.holder != seen.holder || record.renewTime != seen.renewTime || record.resourceVersion != seen.resourceVersion) {
      seen = record;
      seenAt = Clock::now();
    }
    const bool free = record.holder.empty() || record.holder == self.identity || diedHere(record.holder) || Clock::now() - seenAt >= seconds(record.duration);
    if (free) {
      const auto begun = sinceBoot();
      const auto body = leaseJson(self.ref, self.stack, self.next(record));
      answer = record.resourceVersion.empty() ? blocking(api, [&](Api::Done done) { api.create(self.ref, body, false, std::move(done)); })
                                              : blocking(api, [&](Api::Done done) { api.update(self.ref, body, std::move(done)); });
      if (answer.ok()) {
        self.take(answer.document->root, begun);
        self.schedule();
        return {};
      }
      const auto& failure = answer.failure;
      // Somebody was faster, or the answer was lost: looking tells.
      if (!failure.conflict() && failure.outcome != Outcome::Broken && !(failure.notFound() && !record.resourceVersion.empty())) return failure;
    } else if (waiting) {
      waiting(holderName(record.holder));
    }
    if (Clock::now() >= deadline) return heldBy(record.holder);
    if (api.interrupted && api.interrupted()) return unanswered(api);
    const auto woken = std::make_shared<bool>(false);
    api.http().after(free ? milliseconds(100) : kLookEvery, [woken] { *woken = true; });
    while (!*woken && !(api.interrupted && api.interrupted())) api.http().step(kLookEvery);
  }
}

bool StackLease::lost() const { return impl_->gone || impl_->hasExpired(); }
bool StackLease::expired() const { return !impl_->gone && impl_->hasExpired(); }
bool StackLease::fresh() const { return impl_->holding && !impl_->hasExpired() && sinceBoot() - impl_->renewedAt < kRenewWithin; }
std::string StackLease::taker() const { return holderName(impl_->taker); }

void StackLease::release() {
  auto& self = *impl_;
  if (!self.holding) return;
  self.holding = false;
  for (int tries = 0; tries < 3; ++tries) {
    DeleteFlags flags;
    flags.uid = self.held.uid;
    flags.resourceVersion = self.held.resourceVersion;
    auto answer = blocking(self.api, [&](Api::Done done) { self.api.remove(self.ref, flags, std::move(done)); });
    if (answer.ok() || !answer.failure.conflict()) return;
    // A renewal was under way: of what is there now we are the holder, or it is not ours.
    answer = blocking(self.api, [&](Api::Done done) { self.api.get(self.ref, std::move(done)); });
    if (!answer.ok()) return;
    self.held = readRecord(answer.document->root, self.api.symbols());
    if (self.held.holder != self.identity) return;
  }
}

std::string holderName(std::string_view identity) {
  const auto at = identity.rfind(" in ");
  const auto pid = identity.rfind(" pid ");
  if (at == std::string_view::npos || pid == std::string_view::npos || at < pid) return std::string(identity);
  return fmt::format("{} (process {})", identity.substr(0, pid), identity.substr(pid + 5, at - pid - 5));
}

std::string whoAmI() { return fmt::format("{}@{}", userName(), hostName()); }

std::string utcNow() {
  auto text = microTime();
  return text.substr(0, text.find('.')) + "Z";
}

Failure readHolder(Api& api, std::string_view stack, std::string_view nameSpace, std::string& holder) {
  holder.clear();
  const ObjectRef ref{std::string(kLeaseVersion), "Lease", std::string(nameSpace), fmt::format("mlstack-{}", stack).substr(0, 253)};
  auto answer = blocking(api, [&](Api::Done done) { api.get(ref, std::move(done)); });
  if (!answer.ok()) return answer.failure.notFound() ? Failure{} : answer.failure;
  const auto record = readRecord(answer.document->root, api.symbols());
  // For showing only: whoever takes a lease over looks on for as long as it lasts.
  const bool stale = record.renewTime < microTime(api.http().clockSkew() - 4 * seconds(record.duration)) || diedHere(record.holder);
  if (!stale) holder = holderName(record.holder);
  return {};
}

}  // namespace mlstack::backend
