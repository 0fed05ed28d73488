// Collections: page after page, and as they change.

#include <fmt/format.h>

#include "backend/api_impl.h"

namespace mlstack::backend {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kMetadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
constexpr std::string_view kMetadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// The server ends a watch after this time; one that is silent for longer is dead.
constexpr long kWatchSeconds = 240;
constexpr std::size_t kLongestEvent = std::size_t{32} << 20;
/// How often a list begins anew because its page token expired.
constexpr unsigned kMostRestarts = 5;

std::string selectors(const ListQuery& query) {
  std::string text;
  if (!query.labels.empty()) text += fmt::format("&labelSelector={}", escapeSegment(query.labels));
  if (!query.fields.empty()) text += fmt::format("&fieldSelector={}", escapeSegment(query.fields));
  return text;
}

/// As the first key.
void putFirst(ir::Node& map, base::Symbol key, ir::Node* value) {
  ir::Builder::remove(map, key);
  auto* last = map.last;
  ir::Builder::add(map, key, value);
  if (map.length > 1) map.last = last;   // of a ring, the one behind the last is the first
}

/// Items of a list have no apiVersion and kind, and those of PartialObjectMetadata have its own.
void name(ir::Node& item, base::Symbol apiVersion, base::Symbol kind, base::SymbolTable& symbols, ir::Builder& builder) {
  putFirst(item, symbols.intern("kind"), builder.string(symbols.text(kind)));
  putFirst(item, symbols.intern("apiVersion"), builder.string(symbols.text(apiVersion)));
}

struct Listing {
  ListQuery query;
  Resource resource;
  base::Symbol apiVersion, kind;
  std::function<void(ir::Node&, const std::shared_ptr<Document>&)> item;
  std::function<void()> restarted;
  std::function<void(Failure, std::string)> done;
  std::string next;
  unsigned restarts = 0;
};

}  // namespace

void Api::list(const ListQuery& query, std::function<void(ir::Node& item, const std::shared_ptr<Document>&)> item,
               std::function<void()> restarted, std::function<void(Failure, std::string resourceVersion)> done) {
  auto listing = std::make_shared<Listing>();
  listing->query = query;
  listing->resource = *query.resource;
  listing->apiVersion = symbols().intern(query.resource->apiVersion());
  listing->kind = symbols().intern(query.resource->kind);
  listing->item = std::move(item);
  listing->restarted = std::move(restarted);
  listing->done = std::move(done);

  auto& impl = *impl_;
  // Holds itself through the request that is under way only.
  struct Page {
    static void ask(Api::Impl& api, const std::shared_ptr<Listing>& to) {
      HttpRequest request;
      request.timeout = seconds(60);
      request.accept = to->query.metadataOnly ? fmt::format("{},application/json", kMetadataList) : "application/json";
      request.path = pathOf(to->resource, to->query.nameSpace, {}) + fmt::format("?limit={}", to->query.pageSize) + selectors(to->query);
      if (!to->next.empty()) request.path += fmt::format("&continue={}", escapeSegment(to->next));
      api.send(std::move(request), [&api, to](Attempted attempted) { take(api, to, std::move(attempted)); });
    }
    static void take(Api::Impl& api, const std::shared_ptr<Listing>& to, Attempted attempted) {
      auto answer = decode(std::move(attempted), api.symbols, to->resource.kind);
      if (!answer.ok()) {
        if (!answer.failure.gone() || to->next.empty() || ++to->restarts > kMostRestarts) return to->done(answer.failure, {});
        to->next.clear();
        if (to->restarted) to->restarted();
        return ask(api, to);
      }
      const auto document = answer.document;
      ir::Builder builder(document->arena);
      auto* items = ir::findPath(document->root, "items", api.symbols);
      if (!textAt(document->root, "kind", api.symbols).ends_with("List")) {
        Failure failure;
        failure.code = 200;
        failure.reason = "NotKubernetes";
        failure.message = "the answer is no list";
        return to->done(std::move(failure), {});
      }
      if (items != nullptr && items->kind == ir::NodeKind::List && items->length != 0) {
        // `item` may put a node elsewhere: its `next` is read before.
        auto* node = items->last->next;
        for (auto left = items->length; left != 0; --left) {
          auto* following = node->next;
          if (node->kind == ir::NodeKind::Map) {
            name(*node, to->apiVersion, to->kind, api.symbols, builder);
            to->item(*node, document);
          }
          node = following;
        }
      }
      to->next = textAt(document->root, "metadata.continue", api.symbols);
      if (!to->next.empty()) return ask(api, to);
      to->done({}, std::string(textAt(document->root, "metadata.resourceVersion", api.symbols)));
    }
  };
  Page::ask(impl, listing);
}

namespace {

struct Watching {
  Resource resource;
  std::function<bool(WatchEvent, ir::Node&, const std::shared_ptr<Document>&)> event;
  std::function<void(Failure, std::string)> done;
  std::string resourceVersion;
  std::string line;      // what came of the next event
  Failure failure;       // an ERROR event
  bool ended = false;    // by its reader
  bool metadataOnly = false;
};

/// One line; false when nothing more is to be read.
bool takeLine(Watching& watching, std::string_view line, base::SymbolTable& symbols) {
  if (line.find_first_not_of(" \r\t") == std::string_view::npos) return true;
  auto document = std::make_shared<Document>();
  ir::Builder builder(document->arena);
  yaml::JsonError error;
  document->root = yaml::readJsonText(line, symbols, builder, error);
  const auto type = textAt(document->root, "type", symbols);
  auto* object = ir::findPath(document->root, "object", symbols);
  if (object == nullptr || object->kind != ir::NodeKind::Map) {
    watching.failure.outcome = Outcome::Broken;
    watching.failure.reason = "Broken";
    watching.failure.message = fmt::format("an event of the watch is no event: {}", error.message);
    return false;
  }
  if (type == "ERROR") {
    watching.failure = failureOfStatus(*object, symbols);
    if (watching.failure.code == 0) watching.failure.code = 500;
    return false;
  }
  if (const auto version = textAt(object, "metadata.resourceVersion", symbols); !version.empty()) watching.resourceVersion = version;
  if (type == "BOOKMARK") return true;
  const auto event = type == "ADDED" ? WatchEvent::Added : type == "DELETED" ? WatchEvent::Deleted : WatchEvent::Modified;
  if (watching.metadataOnly) {
    name(*object, symbols.intern(watching.resource.apiVersion()), symbols.intern(watching.resource.kind), symbols, builder);
  }
  watching.ended = !watching.event(event, *object, document);
  return !watching.ended;
}

}  // namespace

void Api::watch(const ListQuery& query, std::string resourceVersion,
                std::function<bool(WatchEvent, ir::Node& object, const std::shared_ptr<Document>&)> event,
                std::function<void(Failure, std::string lastResourceVersion)> done) {
  auto watching = std::make_shared<Watching>();
  watching->resource = *query.resource;
  watching->event = std::move(event);
  watching->done = std::move(done);
  watching->resourceVersion = std::move(resourceVersion);
  watching->metadataOnly = query.metadataOnly;

  HttpRequest request;
  request.timeout = seconds(kWatchSeconds + 30);
  if (query.metadataOnly) request.accept = fmt::format("{},application/json", kMetadata);
  request.path = pathOf(*query.resource, query.nameSpace, {}) +
                 fmt::format("?watch=1&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}{}", kWatchSeconds,
                             escapeSegment(watching->resourceVersion), selectors(query));
  auto& table = symbols();
  request.onPiece = [watching, &table](std::string_view piece) {
    while (true) {
      const auto end = piece.find('\n');
      if (end == std::string_view::npos) break;
      watching->line += piece.substr(0, end);
      piece.remove_prefix(end + 1);
      const auto line = std::move(watching->line);
      watching->line.clear();
      if (!takeLine(*watching, line, table)) return false;
    }
    watching->line += piece;
    if (watching->line.size() <= kLongestEvent) return true;
    watching->failure.outcome = Outcome::Broken;
    watching->failure.reason = "Broken";
    watching->failure.message = "an event of the watch is larger than 32 MiB";
    return false;
  };
  impl_->send(std::move(request), [watching, &table](Attempted attempted) {
    auto& answer = attempted.answer;
    if (watching->ended) return watching->done({}, watching->resourceVersion);
    if (watching->failure.failed()) return watching->done(watching->failure, watching->resourceVersion);
    if (answer.outcome == Outcome::Answered && answer.status >= 200 && answer.status < 300) return watching->done({}, watching->resourceVersion);
    auto failure = failureOf(answer, table);
    if (watching->resource.kind == "Secret") redact(failure, {}, table);
    watching->done(std::move(failure), watching->resourceVersion);
  });
}

}  // namespace mlstack::backend
