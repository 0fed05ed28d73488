#include "backend/http.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <map>
#include <unordered_map>

#include <poll.h>
#include <sys/utsname.h>

#include <fmt/format.h>

#include "backend/address.h"
#include "backend/credentials.h"
#include "backend/curl.h"
#include "backend/http_words.h"

namespace mlstack::backend {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kLargestBody = std::size_t{256} << 20;
constexpr std::size_t kLargestHeaders = std::size_t{256} << 10;
constexpr long kConnectSeconds = 10;
/// Watches hold one each and come on top.
constexpr long kConnections = 24;
constexpr std::string_view kVersion =
#include "version.inc"
    ;

std::string userAgent() {
  utsname system{};
  if (::uname(&system) != 0) return fmt::format("mlstackc/{}", kVersion);
  std::string os = system.sysname;
  std::transform(os.begin(), os.end(), os.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return fmt::format("mlstackc/{} ({}/{})", kVersion, os, system.machine);
}

bool startsWithIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

/// Header values that came from outside: nothing in them ends the line.
bool fitsHeader(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

struct Http::Impl {
  struct Call {
    HttpRequest request;
    Done done;
    HttpAnswer answer;
    std::string url;
    CURL* easy = nullptr;
    curl_slist* headers = nullptr;
    Impl* owner = nullptr;
    std::size_t headerBytes = 0;
    unsigned generation = 0;
    bool renewed = false;    // once after a 401
    bool stopped = false;    // by its reader
    const char* refused = nullptr;   // what passed a limit
    char error[CURL_ERROR_SIZE] = {};
    [[nodiscard]] bool stream() const { return static_cast<bool>(request.onPiece); }
  };
  using CallPtr = std::unique_ptr<Call>;

  Impl(const Connection& to, unsigned& limit) : connection(to), credentials(to), inFlight(limit) {
    agent = userAgent();
    proxy = proxyFor(connection);
    aim();
    // libcurl would do this around each of its calls; writing to a connection that the server closed must not end us.
    before = std::signal(SIGPIPE, SIG_IGN);
  }
  ~Impl() {
    for (auto& entry : active) {
      curl->multi_remove_handle(multi, entry.first);
      curl->easy_cleanup(entry.first);
      curl->slist_free_all(entry.second->headers);
    }
    for (CURL* easy : idle) curl->easy_cleanup(easy);
    if (multi != nullptr) curl->multi_cleanup(multi);
    if (connectList != nullptr) curl->slist_free_all(connectList);
    std::signal(SIGPIPE, before);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void aim();
  bool ready(std::string& error);
  CURL* takeHandle();
  void configure(CURL* easy) const;
  bool start(CallPtr call);
  void addHeaders(Call& call) const;
  [[nodiscard]] bool headersFit() const;
  void startQueued();
  void collect();
  void finish(Call& call, CURLcode code);
  void cancelNow();
  void give(CallPtr call) { finished.push_back(std::move(call)); }
  bool deliver();
  bool runTimers();
  void limitConnections() const {
    curl->setMulti(multi, CURLMOPT_MAX_HOST_CONNECTIONS, kConnections + static_cast<long>(streams));
  }
  void header(Call& call, std::string_view line);
  static std::size_t onHeader(char* data, std::size_t size, std::size_t count, void* call);
  static std::size_t onBody(char* data, std::size_t size, std::size_t count, void* call);

  const Connection& connection;
  Credentials credentials;
  unsigned& inFlight;
  const Curl* curl = nullptr;
  CURLM* multi = nullptr;
  std::string agent;
  Proxy proxy;
  std::string root;                  // of every URL
  std::string hostHeader;            // when the URL names another host than the server's
  std::string connectTo;             // as CURLOPT_CONNECT_TO takes it
  curl_slist* connectList = nullptr;
  std::deque<CallPtr> queue;
  std::unordered_map<CURL*, CallPtr> active;
  std::vector<CURL*> idle;
  unsigned idleGeneration = 0;
  std::vector<CallPtr> finished;
  std::multimap<Clock::time_point, std::function<void()>> timers;
  std::size_t streams = 0;   // active ones
  bool http2 = false;        // the last answer came over it
  bool cancel = false;
  std::chrono::seconds skew{0};
  Clock::time_point skewAt{};
  void (*before)(int) = SIG_DFL;
};

/// Under `tls-server-name` a request is made out to that name, which TLS then asks for and checks, but goes to the
/// server's address and says the server's name.
void Http::Impl::aim() {
  const auto address = takeApart(connection.server);
  root = connection.server;
  if (connection.serverName.empty() || !address.tls) return;
  root = fmt::format("https://{}:{}{}", connection.serverName, address.port, address.path);
  hostHeader = fmt::format("Host: {}:{}", address.hostInUrl(), address.port);
  connectTo = fmt::format("{}:{}:{}:{}", connection.serverName, address.port, address.hostInUrl(), address.port);
}

bool Http::Impl::ready(std::string& error) {
  if (multi != nullptr) return true;
  if (curl == nullptr) curl = loadCurl(error);
  if (curl == nullptr) return false;
  multi = curl->multi_init();
  // One request at a time on a connection. libcurl 7.88 (Debian 12) may read what belongs to one HTTP/2 stream while it serves
  // another, and then waits for the socket with the answer in its hands: a list stood still until its time limit, one time in a hundred.
  curl->setMulti(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  curl->setMulti(multi, CURLMOPT_MAXCONNECTS, kConnections * 2);
  limitConnections();
  if (!connectTo.empty()) connectList = curl->slist_append(nullptr, connectTo.c_str());
  return true;
}

/// What is the same for every request of this connection.
void Http::Impl::configure(CURL* easy) const {
  const auto set = [&](CURLoption option, auto value) { curl->setEasy(easy, option, value); };
  const auto blob = [&](CURLoption option, const std::string& pem) {
    curl_blob bytes{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_COPY};
    curl->setEasy(easy, option, &bytes);
  };
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_FOLLOWLOCATION, 0L);   // credentials go to no other place
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_TCP_KEEPIDLE, 30L);
  set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));   // a proxy sees no credentials
  set(CURLOPT_USERAGENT, agent.c_str());
  set(CURLOPT_HEADERFUNCTION, &Impl::onHeader);
  set(CURLOPT_WRITEFUNCTION, &Impl::onBody);
  // Decided by Go's rules, not by libcurl's: the empty text means none.
  set(CURLOPT_PROXY, proxy.url.c_str());
  set(CURLOPT_NOPROXY, "");
  if (connectList != nullptr) set(CURLOPT_CONNECT_TO, connectList);
  // A server next door is answered faster without packing.
  if (connection.compress && !proxy.loopback) set(CURLOPT_ACCEPT_ENCODING, "gzip");
  if (connection.insecure) {
    set(CURLOPT_SSL_VERIFYPEER, 0L);
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!connection.authorityPem.empty()) {
    blob(CURLOPT_CAINFO_BLOB, connection.authorityPem);
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));   // this authority alone, not the system's beside it
  } else {
    // As Go finds them: https://pkg.go.dev/crypto/x509#SystemCertPool
    if (const char* file = std::getenv("SSL_CERT_FILE"); file != nullptr && *file != '\0') set(CURLOPT_CAINFO, file);
    if (const char* folder = std::getenv("SSL_CERT_DIR"); folder != nullptr && *folder != '\0') set(CURLOPT_CAPATH, folder);
  }
  if (!credentials.certificatePem().empty()) {
    set(CURLOPT_SSLCERTTYPE, "PEM");
    set(CURLOPT_SSLKEYTYPE, "PEM");
    blob(CURLOPT_SSLCERT_BLOB, credentials.certificatePem());
    blob(CURLOPT_SSLKEY_BLOB, credentials.keyPem());
  }
}

bool Http::Impl::headersFit() const {
  const auto& extra = connection.impersonateExtra;
  return fitsHeader(credentials.authorization()) && fitsHeader(connection.impersonate) && fitsHeader(connection.impersonateUid) &&
         std::all_of(connection.impersonateGroups.begin(), connection.impersonateGroups.end(), fitsHeader) &&
         std::all_of(extra.begin(), extra.end(), [](const auto& one) { return fitsHeader(one.second); });
}

CURL* Http::Impl::takeHandle() {
  if (idleGeneration != credentials.generation()) {
    for (CURL* easy : idle) curl->easy_cleanup(easy);
    idle.clear();
    idleGeneration = credentials.generation();
  }
  if (!idle.empty()) {
    CURL* easy = idle.back();
    idle.pop_back();
    return easy;
  }
  CURL* easy = curl->easy_init();
  if (easy != nullptr) configure(easy);
  return easy;
}

void Http::Impl::addHeaders(Call& call) const {
  const auto add = [&](const std::string& line) {
    if (auto* longer = curl->slist_append(call.headers, line.c_str())) call.headers = longer;
  };
  add("Accept: " + call.request.accept);
  add("Expect:");   // no pause before a body
  if (!hostHeader.empty()) add(hostHeader);
  if (!call.request.contentType.empty()) add("Content-Type: " + call.request.contentType);
  if (!credentials.authorization().empty()) add("Authorization: " + credentials.authorization());
  if (connection.impersonate.empty()) return;
  add("Impersonate-User: " + connection.impersonate);
  if (!connection.impersonateUid.empty()) add("Impersonate-Uid: " + connection.impersonateUid);
  for (const auto& group : connection.impersonateGroups) add("Impersonate-Group: " + group);
  for (const auto& [key, value] : connection.impersonateExtra) add("Impersonate-Extra-" + escapeHeaderKey(key) + ": " + value);
}

bool Http::Impl::start(CallPtr call) {
  const auto fail = [&](Outcome outcome, std::string reason) {
    call->answer = {};
    call->answer.outcome = outcome;
    call->answer.reason = std::move(reason);
    give(std::move(call));
    return false;
  };
  std::string error;
  if (!ready(error)) return fail(Outcome::Unreachable, error);
  if (!credentials.refresh(error)) return fail(Outcome::NoCredentials, error);
  if (!headersFit()) return fail(Outcome::NoCredentials, "the token, or a name to act as, holds characters that no header may have");
  CURL* easy = takeHandle();
  if (easy == nullptr) return fail(Outcome::Unreachable, "libcurl is out of memory");

  call->easy = easy;
  call->owner = this;
  call->answer = {};
  call->headers = nullptr;
  call->headerBytes = 0;
  call->generation = credentials.generation();
  call->error[0] = '\0';
  call->url = root + call->request.path;
  addHeaders(*call);
  const auto set = [&](CURLoption option, auto value) { curl->setEasy(easy, option, value); };
  const auto& request = call->request;
  set(CURLOPT_URL, call->url.c_str());
  set(CURLOPT_HTTPGET, 1L);   // forgets the body of the request before
  set(CURLOPT_CUSTOMREQUEST, static_cast<const char*>(nullptr));
  if (!request.body.empty()) {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
  }
  if (request.method != "GET") set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  const auto limit = std::max<long>(1, static_cast<long>(request.timeout.count()));
  set(CURLOPT_TIMEOUT_MS, call->stream() ? 0L : limit);
  set(CURLOPT_LOW_SPEED_LIMIT, call->stream() ? 1L : 0L);
  set(CURLOPT_LOW_SPEED_TIME, call->stream() ? std::max(1L, limit / 1000) : 0L);
  // libcurl sends a request again by itself, whatever its method, when an HTTP/1.1 connection that served before ends without
  // an answer: only on a new connection it does not.
  set(CURLOPT_FRESH_CONNECT, request.repeatable || http2 ? 0L : 1L);
  set(CURLOPT_HTTPHEADER, call->headers);
  set(CURLOPT_ERRORBUFFER, call->error);
  set(CURLOPT_HEADERDATA, call.get());
  set(CURLOPT_WRITEDATA, call.get());
  if (call->stream()) {
    ++streams;
    limitConnections();
  }
  active.emplace(easy, std::move(call));
  curl->multi_add_handle(multi, easy);
  return true;
}

std::size_t Http::Impl::onHeader(char* data, std::size_t size, std::size_t count, void* call) {
  auto& to = *static_cast<Call*>(call);
  to.headerBytes += size * count;
  if (to.headerBytes > kLargestHeaders) {
    to.refused = "its headers are larger than 256 KiB";
    return 0;
  }
  to.owner->header(to, {data, size * count});
  return size * count;
}

void Http::Impl::header(Call& call, std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (startsWithIgnoringCase(line, "http/")) {   // a new answer: what came before was an interim one
    call.answer.warnings.clear();
    call.answer.retryAfter = milliseconds(0);
    return;
  }
  const auto valueOf = [&](std::string_view name) {
    auto value = line.substr(name.size());
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    return value;
  };
  if (startsWithIgnoringCase(line, "retry-after:")) {
    call.answer.retryAfter = retryAfter(std::string(valueOf("retry-after:")), *curl);
  } else if (startsWithIgnoringCase(line, "warning:")) {
    if (auto text = warningText(valueOf("warning:")); !text.empty()) call.answer.warnings.push_back(std::move(text));
  } else if (startsWithIgnoringCase(line, "date:") && Clock::now() - skewAt > std::chrono::seconds(10)) {
    const auto there = curl->getdate(std::string(valueOf("date:")).c_str(), nullptr);
    if (there > 0) {
      skew = std::chrono::seconds(there - std::time(nullptr));
      skewAt = Clock::now();
    }
  }
}

std::size_t Http::Impl::onBody(char* data, std::size_t size, std::size_t count, void* call) {
  auto& to = *static_cast<Call*>(call);
  const std::string_view piece(data, size * count);
  if (to.stream()) {
    long status = 0;
    to.owner->curl->easy_getinfo(to.easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) {   // anything else is a refusal, to be read as a whole
      if (to.request.onPiece(piece)) return piece.size();
      to.stopped = true;
      return 0;
    }
  }
  if (to.answer.body.size() + piece.size() > kLargestBody) {
    to.refused = "it is larger than 256 MiB";
    return 0;
  }
  to.answer.body += piece;
  return piece.size();
}

void Http::Impl::startQueued() {
  // Streams last and do not count: they would starve what is waited for.
  while (!queue.empty() && active.size() - streams < std::max(1u, inFlight)) {
    auto call = std::move(queue.front());
    queue.pop_front();
    start(std::move(call));
  }
}

/// Takes what libcurl has ended out of it.
void Http::Impl::collect() {
  if (multi == nullptr) return;
  int running = 0;
  curl->multi_perform(multi, &running);
  int left = 0;
  while (CURLMsg* message = curl->multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode code = message->data.result;
    const auto found = active.find(easy);
    if (found == active.end()) continue;
    auto call = std::move(found->second);
    active.erase(found);
    finish(*call, code);
    if (call->answer.outcome == Outcome::Answered && call->answer.status == 401 && !call->renewed && !call->stopped) {
      // Somebody else may have renewed what this one was sent with.
      if (call->generation != credentials.generation() || credentials.renew()) {
        call->renewed = true;
        queue.push_front(std::move(call));
        continue;
      }
    }
    give(std::move(call));
  }
}

void Http::Impl::finish(Call& call, CURLcode code) {
  auto& answer = call.answer;
  long status = 0, sent = 0, verified = 0;
  const char* type = nullptr;
  curl->easy_getinfo(call.easy, CURLINFO_RESPONSE_CODE, &status);
  curl->easy_getinfo(call.easy, CURLINFO_CONTENT_TYPE, &type);
  curl->easy_getinfo(call.easy, CURLINFO_REQUEST_SIZE, &sent);
  curl->easy_getinfo(call.easy, CURLINFO_SSL_VERIFYRESULT, &verified);
  if (code == CURLE_OK) {
    long version = 0;
    curl->easy_getinfo(call.easy, CURLINFO_HTTP_VERSION, &version);
    http2 = version == CURL_HTTP_VERSION_2_0;
  }
  answer.status = static_cast<int>(status);
  answer.contentType = type != nullptr ? type : "";
  if (call.stopped) {
    answer.outcome = Outcome::Cancelled;
  } else if (call.refused != nullptr) {
    answer.outcome = Outcome::Broken;
    answer.reason = fmt::format("the answer was not read to its end: {}", call.refused);
  } else if (code != CURLE_OK) {
    auto words = explain(code, call.error[0] != '\0' ? call.error : curl->easy_strerror(code), sent > 0, verified, connection);
    answer.outcome = words.outcome;
    answer.reason = std::move(words.reason);
  }
  if (answer.outcome != Outcome::Answered) answer.status = 0;
  curl->multi_remove_handle(multi, call.easy);
  curl->slist_free_all(call.headers);
  call.headers = nullptr;
  if (call.stream()) {
    --streams;
    limitConnections();
  }
  if (call.generation == idleGeneration && code == CURLE_OK && idle.size() < inFlight) {
    idle.push_back(call.easy);
  } else {
    curl->easy_cleanup(call.easy);
  }
  call.easy = nullptr;
}

/// Calls what is done; it may send more.
bool Http::Impl::deliver() {
  const bool any = !finished.empty();
  auto batch = std::move(finished);
  finished.clear();
  for (auto& call : batch) {
    auto answer = std::move(call->answer);
    auto done = std::move(call->done);
    call.reset();
    if (done) done(std::move(answer));
  }
  return any;
}

bool Http::Impl::runTimers() {
  bool any = false;
  const auto now = Clock::now();
  while (!timers.empty() && timers.begin()->first <= now) {
    auto action = std::move(timers.begin()->second);
    timers.erase(timers.begin());
    action();
    any = true;
  }
  return any;
}

Http::Http(const Connection& connection) : impl_(std::make_unique<Impl>(connection, inFlight)) {}
Http::~Http() = default;

void Http::send(HttpRequest request, Done done) {
  auto call = std::make_unique<Impl::Call>();
  call->request = std::move(request);
  call->done = std::move(done);
  impl_->queue.push_back(std::move(call));
}

bool Http::step(milliseconds limit) {
  auto& impl = *impl_;
  if (impl.cancel) {
    impl.cancel = false;
    impl.cancelNow();
  }
  impl.startQueued();
  impl.collect();
  if (!impl.deliver() && !impl.runTimers()) {
    if (!impl.timers.empty()) {
      const auto until = std::chrono::ceil<milliseconds>(impl.timers.begin()->first - Clock::now());
      limit = std::clamp(until, milliseconds(0), limit);
    }
    if (!impl.active.empty()) {
      impl.curl->multi_poll(impl.multi, nullptr, 0, static_cast<int>(limit.count()), nullptr);
      impl.collect();
    } else if (!impl.timers.empty() && limit.count() > 0) {
      ::poll(nullptr, 0, static_cast<int>(limit.count()));   // unlike sleep, a signal ends it
    }
    impl.deliver();
    impl.runTimers();
  }
  return pending() > 0;
}

void Http::Impl::cancelNow() {
  for (auto& [easy, call] : active) {
    call->stopped = true;
    finish(*call, CURLE_ABORTED_BY_CALLBACK);
    give(std::move(call));
  }
  active.clear();
  for (auto& call : queue) {
    call->answer = {};
    call->answer.outcome = Outcome::Cancelled;
    give(std::move(call));
  }
  queue.clear();
}

void Http::after(milliseconds delay, std::function<void()> action) {
  impl_->timers.emplace(Clock::now() + delay, std::move(action));
}

void Http::cancelAll() { impl_->cancel = true; }

std::size_t Http::pending() const {
  return impl_->queue.size() + impl_->active.size() + impl_->finished.size() + impl_->timers.size();
}

std::chrono::seconds Http::clockSkew() const { return impl_->skew; }

}  // namespace mlstack::backend
