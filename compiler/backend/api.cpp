#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "backend/api_impl.h"
#include "base/json.h"

namespace mlstack::backend {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{50};
constexpr milliseconds kLongestPause{5'000};
/// Without a deadline. The pauses between so many tries are about six seconds long.
constexpr unsigned kTries = 8;
/// Of a 500 without Retry-After: mostly something that is broken, as a webhook.
constexpr unsigned kTriesAfterInternal = 5;
/// Of the first request: a wrong address should be told at once, not after six seconds.
constexpr unsigned kTriesToReach = 3;

/// It is sure that nothing was carried out.
bool neverSent(const HttpAnswer& answer) {
  return answer.outcome == Outcome::Unreachable || (answer.outcome == Outcome::Answered && answer.status == 429);
}

bool mayPass(const HttpAnswer& answer) {
  switch (answer.outcome) {
    case Outcome::Answered:
      return answer.status == 429 || answer.status == 500 || answer.status == 502 || answer.status == 503 || answer.status == 504;
    case Outcome::Unreachable:
    case Outcome::Broken:
    case Outcome::TimedOut: return true;
    case Outcome::Untrusted:
    case Outcome::Cancelled:
    case Outcome::NoCredentials: return false;
  }
  return false;
}

}  // namespace

Api::Api(const Connection& connection, base::SymbolTable& symbols) : impl_(std::make_unique<Impl>(*this, connection, symbols)) {}
Api::~Api() = default;

void Api::Impl::send(HttpRequest request, std::function<void(Attempted)> done) {
  auto call = std::make_shared<Call>();
  call->request = std::move(request);
  call->done = std::move(done);
  open.insert(call);
  attempt(call);
}

void Api::Impl::attempt(const CallPtr& call) {
  ++requests;
  ++call->tries;
  auto request = call->request;
  if (api.deadline != Clock::time_point::max()) {
    const auto left = std::chrono::ceil<milliseconds>(api.deadline - Clock::now());
    request.timeout = std::clamp(left, milliseconds(1), request.timeout);
  }
  http.send(std::move(request), [this, call](HttpAnswer answer) { judge(call, std::move(answer)); });
}

/// What is not repeatable is sent again only when it is sure that it was not carried out.
bool Api::Impl::worthAnotherTry(const Call& call, const HttpAnswer& answer) const {
  if (ending || call.request.onPiece || !mayPass(answer)) return false;
  if (!call.request.repeatable && !neverSent(answer) && !(answer.status == 503 && answer.retryAfter.count() > 0)) return false;
  if (answer.outcome == Outcome::Unreachable && !contacted) return call.tries < kTriesToReach;
  if (answer.status == 500 && answer.retryAfter.count() == 0) return call.tries < kTriesAfterInternal;
  if (api.deadline == Clock::time_point::max()) return call.tries < kTries;
  return Clock::now() < api.deadline;
}

milliseconds Api::Impl::pause(const Call& call, const HttpAnswer& answer) {
  if (answer.retryAfter.count() > 0) return answer.retryAfter + milliseconds(random() % 100);
  const auto step = std::min<std::int64_t>(kLongestPause.count(), kFirstPause.count() << std::min(call.tries - 1, 10u));
  return milliseconds(step / 2 + static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(step / 2 + 1)));
}

void Api::Impl::judge(const CallPtr& call, HttpAnswer answer) {
  if (call->finished) return;
  if (answer.outcome == Outcome::Answered) contacted = true;
  Attempted attempted;
  if (answer.outcome == Outcome::Answered && answer.status >= 200 && answer.status < 300 && !call->request.onPiece && isJson(answer.contentType)) {
    attempted.document = std::make_shared<Document>();
    ir::Builder builder(attempted.document->arena);
    attempted.document->root = yaml::readJsonText(answer.body, symbols, builder, attempted.bad);
    // Without a length and over HTTP/1.1 only the text itself shows that a connection was cut.
    if (attempted.bad.endedEarly) {
      answer.outcome = Outcome::Broken;
      answer.reason = attempted.bad.message;
    }
    answer.body = {};
  }
  const auto delay = worthAnotherTry(*call, answer) ? pause(*call, answer) : milliseconds(-1);
  // Waiting beyond the deadline helps nobody: the failure says more than "timed out".
  if (delay.count() < 0 || (api.deadline != Clock::time_point::max() && Clock::now() + delay >= api.deadline)) {
    attempted.answer = std::move(answer);
    return finish(call, std::move(attempted));
  }
  call->uncertain = call->uncertain || !neverSent(answer);
  http.after(delay, [this, weak = std::weak_ptr(call)] {
    const auto waiting = weak.lock();
    if (!waiting || waiting->finished) return;
    if (!api.interrupted || !api.interrupted()) return attempt(waiting);
    Attempted ended;
    ended.answer.outcome = Outcome::Cancelled;
    finish(waiting, std::move(ended));
  });
}

void Api::Impl::finish(const CallPtr& call, Attempted attempted) {
  const auto keep = call;
  keep->finished = true;
  open.erase(keep);
  if (ending && attempted.answer.outcome == Outcome::Cancelled && !keep->request.onPiece) attempted.answer.outcome = *ending;
  attempted.repeated = keep->uncertain;
  auto done = std::move(keep->done);
  done(std::move(attempted));
}

/// Those that wait for their next try end here, those on the wire within the next steps.
void Api::Impl::endAll(Outcome outcome) {
  ending = outcome;
  http.cancelAll();
  const auto calls = open;
  http.step(milliseconds(0));
  for (const auto& call : calls) {
    if (call->finished) continue;
    Attempted attempted;
    attempted.answer.outcome = outcome;
    if (outcome == Outcome::TimedOut) attempted.answer.reason = "the time that was given is over";
    finish(call, std::move(attempted));
  }
  ending.reset();
}

void Api::run(const std::function<bool()>& until) {
  while (!(until && until())) {
    if (interrupted && interrupted()) return impl_->endAll(Outcome::Cancelled);
    if (Clock::now() >= deadline) return impl_->endAll(Outcome::TimedOut);
    auto limit = milliseconds(100);
    if (deadline != Clock::time_point::max()) {
      limit = std::clamp(std::chrono::ceil<milliseconds>(deadline - Clock::now()), milliseconds(0), limit);
    }
    if (!impl_->http.step(limit)) return;
  }
}

Http& Api::http() { return impl_->http; }
base::SymbolTable& Api::symbols() { return impl_->symbols; }
std::size_t Api::requests() const { return impl_->requests; }

void Api::Impl::refuse(Done done, Failure failure) {
  http.after(milliseconds(0), [done = std::move(done), failure = std::move(failure)] {
    Answer answer;
    answer.failure = failure;
    done(std::move(answer));
  });
}

Failure Api::Impl::notServed(std::string_view apiVersion, std::string_view kind) const {
  const auto slash = apiVersion.find('/');
  const auto group = slash == std::string_view::npos ? std::string_view{} : apiVersion.substr(0, slash);
  Failure failure;
  if (unknownGroups.find(group) != unknownGroups.end()) {
    failure.reason = "UnknownGroup";
    failure.message = fmt::format("the server of the group `{}` does not answer, so whether there is a {} cannot be told", group, kind);
  } else {
    failure.reason = "UnknownKind";
    failure.message = fmt::format("the server has no kind {} in {}", kind, apiVersion);
  }
  return failure;
}

void Api::Impl::object(const ObjectRef& ref, HttpRequest request, std::string_view query, bool collection, Done done) {
  const auto* resource = api.resource(ref.apiVersion, ref.kind);
  if (resource == nullptr) return refuse(std::move(done), notServed(ref.apiVersion, ref.kind));
  request.path = pathOf(*resource, ref.nameSpace, collection ? std::string_view{} : std::string_view(ref.name));
  if (!query.empty()) request.path += fmt::format("?{}", query);
  // What was sent of a secret is known to its answer, so that nothing of it gets into a message.
  auto body = ref.kind == "Secret" ? request.body : std::string();
  const bool removes = request.method == "DELETE";
  send(std::move(request), [this, done = std::move(done), kind = ref.kind, removes, body = std::move(body)](Attempted attempted) {
    auto answer = decode(std::move(attempted), symbols, kind, body);
    const auto found = textAt(answer.ok() ? answer.document->root : nullptr, "kind", symbols);
    if (answer.ok() && found != kind && !(removes && found == "Status")) {
      answer.document.reset();
      answer.failure.code = 200;
      answer.failure.reason = "NotKubernetes";
      answer.failure.message = fmt::format("the answer is no {}", kind);
    }
    done(std::move(answer));
  });
}

void Api::get(const ObjectRef& ref, Done done) { impl_->object(ref, {}, {}, false, std::move(done)); }

void Api::apply(const ObjectRef& ref, std::string json, const ApplyFlags& flags, Done done) {
  HttpRequest request;
  request.method = "PATCH";
  request.contentType = "application/apply-patch+yaml";   // JSON is YAML
  request.body = std::move(json);
  impl_->object(ref, std::move(request),
                fmt::format("fieldManager={}{}{}&fieldValidation={}", kFieldManager, flags.force ? "&force=true" : "",
                            flags.dryRun ? "&dryRun=All" : "", flags.strict ? "Strict" : "Warn"),
                false, std::move(done));
}

void Api::create(const ObjectRef& ref, std::string json, bool dryRun, Done done) {
  HttpRequest request;
  request.method = "POST";
  request.contentType = "application/json";
  request.body = std::move(json);
  request.repeatable = dryRun;
  impl_->object(ref, std::move(request), fmt::format("fieldManager={}&fieldValidation=Strict{}", kFieldManager, dryRun ? "&dryRun=All" : ""), true,
                std::move(done));
}

void Api::update(const ObjectRef& ref, std::string json, Done done) {
  HttpRequest request;
  request.method = "PUT";
  request.contentType = "application/json";
  request.body = std::move(json);
  impl_->object(ref, std::move(request), fmt::format("fieldManager={}", kFieldManager), false, std::move(done));
}

void Api::patch(const ObjectRef& ref, std::string json, Done done) {
  HttpRequest request;
  request.method = "PATCH";
  request.contentType = "application/merge-patch+json";
  request.body = std::move(json);
  impl_->object(ref, std::move(request), fmt::format("fieldManager={}", kFieldManager), false, std::move(done));
}

void Api::remove(const ObjectRef& ref, const DeleteFlags& flags, Done done) {
  constexpr std::string_view words[] = {"Background", "Foreground", "Orphan"};
  HttpRequest request;
  request.method = "DELETE";
  request.contentType = "application/json";
  base::JsonWriter json(request.body);
  json.beginObject().field("apiVersion", "v1").field("kind", "DeleteOptions");
  json.field("propagationPolicy", words[static_cast<std::size_t>(flags.propagation)]);
  if (flags.dryRun) json.key("dryRun").beginArray().value("All").endArray();
  if (!flags.uid.empty() || !flags.resourceVersion.empty()) {
    json.key("preconditions").beginObject();
    if (!flags.uid.empty()) json.field("uid", flags.uid);
    if (!flags.resourceVersion.empty()) json.field("resourceVersion", flags.resourceVersion);
    json.endObject();
  }
  json.endObject();
  // Without a precondition, a second delete might hit another object of this name.
  request.repeatable = flags.dryRun || !flags.uid.empty() || !flags.resourceVersion.empty();
  impl_->object(ref, std::move(request), {}, false, std::move(done));
}

}  // namespace mlstack::backend
