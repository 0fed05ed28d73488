// What a server's refusal says (metav1.Status), and what an answer is that is none.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "backend/address.h"
#include "backend/api_impl.h"
#include "backend/credentials.h"
#include "diag/cluster.h"

namespace mlstack::backend {
namespace {

using ir::Children;
using ir::Node;

constexpr std::string_view kRedacted = "(redacted)";
/// Shorter values of a Secret stand everywhere by chance.
constexpr std::size_t kShortestSecret = 4;

/// "<title>502 Bad Gateway</title>" of a proxy's page.
std::string titleOf(std::string_view body) {
  const auto open = body.find("<title>");
  if (open == std::string_view::npos) return {};
  const auto text = body.substr(open + 7, std::min<std::size_t>(80, body.find("</title>", open) - open - 7));
  return std::string(text);
}

/// What http.StatusText says, for answers that say nothing themselves.
std::string_view reasonOf(int code) {
  switch (code) {
    case 400: return "BadRequest";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "NotFound";
    case 405: return "MethodNotAllowed";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "RequestEntityTooLarge";
    case 415: return "UnsupportedMediaType";
    case 422: return "Invalid";
    case 429: return "TooManyRequests";
    case 500: return "InternalError";
    case 502: return "BadGateway";
    case 503: return "ServiceUnavailable";
    case 504: return "Timeout";
    default: return "Unknown";
  }
}

Failure notKubernetes(const HttpAnswer& answer, std::string_view what) {
  Failure failure;
  failure.code = answer.status;
  const auto title = titleOf(answer.body);
  if (answer.status >= 300 && answer.status < 400) {
    failure.reason = "Redirected";
    failure.message = "it sends us on to another address, where credentials must not go";
  } else if (answer.status >= 400) {
    failure.reason = reasonOf(answer.status);
    failure.message = fmt::format("status {}, without an explanation of the API server{}", answer.status,
                                  title.empty() ? std::string() : fmt::format(" (a page “{}”)", title));
  } else {
    failure.reason = "NotKubernetes";
    failure.message = fmt::format("the answer is no object of Kubernetes: {}{}", what, title.empty() ? std::string() : fmt::format(" (a page “{}”)", title));
  }
  return failure;
}

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::Answered: return "";
    case Outcome::Unreachable: return "Unreachable";
    case Outcome::Untrusted: return "Untrusted";
    case Outcome::Broken: return "Broken";
    case Outcome::TimedOut: return "TimedOut";
    case Outcome::Cancelled: return "Cancelled";
    case Outcome::NoCredentials: return "NoCredentials";
  }
  return "";
}

/// Past a value that Go printed with %q, %v or %#v, up to the ": " that ends it.
std::size_t valueEnd(std::string_view text, std::size_t at) {
  if (at < text.size() && text[at] == '"') {
    for (++at; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\') ++at;
    }
    return std::min(text.size(), at + 1);
  }
  const auto end = text.find(": ", at);
  return end == std::string_view::npos ? text.size() : end;
}

std::string withoutQuotedValues(std::string text) {
  // https://github.com/kubernetes/apimachinery/blob/master/pkg/util/validation/field/errors.go
  for (const std::string_view before : {"Invalid value: ", "Unsupported value: ", "Duplicate value: ", "Too long: "}) {
    for (auto at = text.find(before); at != std::string::npos; at = text.find(before, at + before.size())) {
      const auto from = at + before.size();
      if (before == "Too long: " && (from >= text.size() || text[from] != '"')) continue;
      text.replace(from, valueEnd(text, from) - from, kRedacted);
    }
  }
  return text;
}

void collectValues(const Node* map, bool encoded, const base::SymbolTable& symbols, std::vector<std::string>& values) {
  for (const auto& value : Children(map)) {
    if (value.kind == ir::NodeKind::Null) continue;
    if (value.kind != ir::NodeKind::String) {   // refused by servers, which quote it
      appendCompactJson(values.emplace_back(), value, symbols);
      continue;
    }
    values.emplace_back(value.text());
    std::string decoded;
    if (encoded && decodeBase64(value.text(), decoded)) values.push_back(std::move(decoded));
  }
}

/// What the body of a Secret holds, the longest first: one may be a part of another.
std::vector<std::string> valuesOf(std::string_view body, base::SymbolTable& symbols) {
  std::vector<std::string> values;
  Document sent;
  ir::Builder builder(sent.arena);
  yaml::JsonError error;
  if (const auto* secret = body.empty() ? nullptr : yaml::readJsonText(body, symbols, builder, error)) {
    collectValues(ir::findPath(secret, "data", symbols), true, symbols, values);
    collectValues(ir::findPath(secret, "stringData", symbols), false, symbols, values);
  }
  values.erase(std::remove_if(values.begin(), values.end(), [](const auto& value) { return value.size() < kShortestSecret; }), values.end());
  std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return values;
}

void takeOut(std::string& text, const std::vector<std::string>& values) {
  for (const auto& value : values) {
    for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at + kRedacted.size())) text.replace(at, value.size(), kRedacted);
  }
}

void redactTexts(std::vector<std::string>& texts, std::string_view body, base::SymbolTable& symbols) {
  if (texts.empty()) return;
  const auto values = valuesOf(body, symbols);
  for (auto& text : texts) {
    text = withoutQuotedValues(std::move(text));
    takeOut(text, values);
  }
}

}  // namespace

bool isJson(std::string_view contentType) {
  const auto type = contentType.substr(0, contentType.find(';'));
  return type.empty() || type.ends_with("json");
}

void redact(Failure& failure, std::string_view body, base::SymbolTable& symbols) {
  const auto values = valuesOf(body, symbols);
  const auto clean = [&](std::string& text) {
    text = withoutQuotedValues(std::move(text));
    takeOut(text, values);
  };
  clean(failure.message);
  for (auto& cause : failure.causes) clean(cause.message);
}

Failure failureOfStatus(const Node& status, base::SymbolTable& symbols) {
  Failure failure;
  if (const auto* code = ir::findPath(&status, "code", symbols); code != nullptr && code->kind == ir::NodeKind::Int) failure.code = static_cast<int>(code->integer);
  failure.reason = textAt(&status, "reason", symbols);
  failure.message = textAt(&status, "message", symbols);
  for (const auto& cause : Children(ir::findPath(&status, "details.causes", symbols))) {
    failure.causes.push_back({std::string(textAt(&cause, "reason", symbols)), std::string(textAt(&cause, "message", symbols)),
                              std::string(textAt(&cause, "field", symbols))});
  }
  if (failure.reason.empty()) failure.reason = reasonOf(failure.code);
  return failure;
}

Failure failureOf(const HttpAnswer& answer, base::SymbolTable& symbols) {
  if (answer.outcome != Outcome::Answered) {
    Failure failure;
    failure.outcome = answer.outcome;
    failure.reason = word(answer.outcome);
    failure.message = answer.reason;
    return failure;
  }
  base::Arena arena;
  ir::Builder builder(arena);
  yaml::JsonError error;
  const auto* root = isJson(answer.contentType) ? yaml::readJsonText(answer.body, symbols, builder, error) : nullptr;
  if (root == nullptr || textAt(root, "kind", symbols) != "Status") return notKubernetes(answer, "");
  auto failure = failureOfStatus(*root, symbols);
  failure.code = answer.status;
  return failure;
}

Answer decode(Attempted attempted, base::SymbolTable& symbols, std::string_view kind, std::string_view body) {
  Answer answer;
  answer.repeated = attempted.repeated;
  answer.warnings = std::move(attempted.answer.warnings);
  const auto& from = attempted.answer;
  answer.status = from.status;
  if (kind == "Secret") redactTexts(answer.warnings, body, symbols);
  if (from.outcome != Outcome::Answered || from.status < 200 || from.status >= 300) {
    answer.failure = failureOf(from, symbols);
    if (kind == "Secret") redact(answer.failure, body, symbols);
    return answer;
  }
  if (!isJson(from.contentType)) {
    answer.failure = notKubernetes(from, fmt::format("its type is `{}`", from.contentType.substr(0, 60)));
    return answer;
  }
  if (attempted.document == nullptr || attempted.document->root == nullptr) {
    answer.failure = notKubernetes(from, attempted.bad.message);
  } else if (attempted.document->root->kind != ir::NodeKind::Map) {
    answer.failure = notKubernetes(from, "it is no map");
  } else {
    answer.document = std::move(attempted.document);
  }
  return answer;
}

diag::Diagnostic report(const Failure& failure, std::string_view doing, base::Span span) {
  using diag::ClusterCode;
  using diag::make;
  constexpr const char* kUnknown = "a change that was sent may have been made or not; the next run looks at what is there";
  const auto& why = failure.message;
  switch (failure.outcome) {
    case Outcome::Answered: break;
    case Outcome::Unreachable:
      return make<ClusterCode::Unreachable>(span, doing, why).hint("nothing was changed by this request; when the cluster answers again, the same command goes on from here");
    case Outcome::Untrusted:
      return make<ClusterCode::Untrusted>(span, doing, why).hint("credentials are not sent to a server that cannot prove who it is");
    case Outcome::Broken: return make<ClusterCode::Interrupted>(span, doing, why).hint(kUnknown);
    case Outcome::TimedOut: return make<ClusterCode::NoAnswer>(span, doing, why).hint(kUnknown);
    case Outcome::Cancelled: return make<ClusterCode::Stopped>(span, doing);
    case Outcome::NoCredentials: return make<ClusterCode::NoCredentials>(span, doing, why);
  }
  if (failure.code == 401) return make<ClusterCode::Unauthorized>(span, doing, why).hint("the credentials of the kubeconfig's user are not known, or have expired: log in anew");
  if (failure.code == 403) return make<ClusterCode::Forbidden>(span, doing, why);
  if (failure.reason == "NotKubernetes" || failure.reason == "Redirected")
    return make<ClusterCode::NotKubernetes>(span, doing, why).hint("the server's address may be that of a proxy, a login page or another service");
  if (failure.reason == "UnknownKind" || failure.reason == "UnknownGroup") return make<ClusterCode::KindNotServed>(span, doing, why);
  return make<ClusterCode::ServerRefused>(span, doing, why.empty() ? failure.reason : why);
}

}  // namespace mlstack::backend
