#pragma once
// What the files of `api` share. Private to it.

#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "backend/api.h"
#include "yaml/yaml.h"

namespace mlstack::backend {

/// An answer as it came, after its last attempt.
struct Attempted {
  HttpAnswer answer;
  bool repeated = false;   // an attempt before may have been carried out
  std::shared_ptr<Document> document;   // of a 2xx answer in JSON; its root is null when it is none, which `bad` explains
  yaml::JsonError bad;
};

struct Api::Impl {
  Impl(Api& self, const Connection& connection, base::SymbolTable& table)
      : api(self), symbols(table), http(connection), server(connection.server) {}

  /// One request and its repeats. `secret`: what its body holds is not for messages.
  struct Call {
    HttpRequest request;
    std::function<void(Attempted)> done;
    unsigned tries = 0;
    bool uncertain = false;   // an attempt without a clear end
    bool finished = false;
  };
  using CallPtr = std::shared_ptr<Call>;

  void send(HttpRequest request, std::function<void(Attempted)> done);
  void attempt(const CallPtr& call);
  void judge(const CallPtr& call, HttpAnswer answer);
  void finish(const CallPtr& call, Attempted attempted);
  void endAll(Outcome outcome);
  [[nodiscard]] bool worthAnotherTry(const Call& call, const HttpAnswer& answer) const;
  [[nodiscard]] std::chrono::milliseconds pause(const Call& call, const HttpAnswer& answer);

  /// `done` from within `run`, without anything sent.
  void refuse(Done done, Failure failure);
  /// A request about one object, its answer as a document.
  void object(const ObjectRef& ref, HttpRequest request, std::string_view query, bool collection, Done done);
  [[nodiscard]] Failure notServed(std::string_view apiVersion, std::string_view kind) const;

  // discovery.cpp
  void learn(Resource resource);
  void learnAggregated(const ir::Node& list);
  [[nodiscard]] Failure discoverClassic(const ir::Node& core, const ir::Node& groups);
  void learnClassic(const ir::Node& list);

  Api& api;
  base::SymbolTable& symbols;
  Http http;
  std::string server;
  std::set<CallPtr> open;              // sent, or waiting for their next try
  std::optional<Outcome> ending;       // why calls are being ended
  std::size_t requests = 0;
  bool contacted = false;              // the server answered once
  std::minstd_rand random{std::random_device{}()};

  std::string serverVersion;
  std::deque<Resource> resources;      // addresses are handed out: nothing is ever removed
  std::map<std::string, Resource*, std::less<>> byName;   // "apps/v1/Deployment"
  std::map<std::string, std::vector<std::string>, std::less<>> versions;   // by group, the preferred one first
  std::set<std::string, std::less<>> unknownGroups;
};

// status.cpp
[[nodiscard]] bool isJson(std::string_view contentType);
/// The document of a 2xx answer, or the failure. `kind` "Secret": values are kept out of the message, those of `body` as well.
[[nodiscard]] Answer decode(Attempted attempted, base::SymbolTable& symbols, std::string_view kind = {}, std::string_view body = {});
[[nodiscard]] Failure failureOf(const HttpAnswer& answer, base::SymbolTable& symbols);
[[nodiscard]] Failure failureOfStatus(const ir::Node& status, base::SymbolTable& symbols);
/// Takes the values out that a server quotes ("Invalid value: \"…\"") and those that stand in `body`.
void redact(Failure& failure, std::string_view body, base::SymbolTable& symbols);

/// "a b" → "a%20b": for one segment of a path or one value of a query.
[[nodiscard]] std::string escapeSegment(std::string_view text);

}  // namespace mlstack::backend
