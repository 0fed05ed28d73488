#include "backend/curl.h"

#include <dlfcn.h>

#include <fmt/format.h>

namespace mlstack::backend {
namespace {

/// CURLOPT_CAINFO_BLOB: https://curl.se/libcurl/c/CURLOPT_CAINFO_BLOB.html
constexpr unsigned kOldest = 0x074d00;
constexpr const char* kNames[] = {"libcurl.so.4", "libcurl.so", "libcurl.4.dylib"};

template <class Function>
bool resolve(void* library, const char* name, Function*& function, std::string& error) {
  function = reinterpret_cast<Function*>(::dlsym(library, name));
  if (function == nullptr) error = fmt::format("libcurl has no `{}`", name);
  return function != nullptr;
}

bool fill(void* library, Curl& curl, std::string& error) {
#define MLSTACK_CURL_RESOLVE(name) \
  if (!resolve(library, "curl_" #name, curl.name, error)) return false;
  MLSTACK_CURL_FUNCTIONS(MLSTACK_CURL_RESOLVE)
#undef MLSTACK_CURL_RESOLVE
  return resolve(library, "curl_easy_setopt", curl.setEasy, error) && resolve(library, "curl_multi_setopt", curl.setMulti, error);
}

struct Loaded {
  Curl curl;
  std::string error;
};

Loaded load() {
  Loaded result;
  void* library = nullptr;
  for (const char* name : kNames) {
    if (library == nullptr) library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  }
  if (library == nullptr) {
    result.error = "libcurl is not installed, which talks to API servers (Debian, Ubuntu: libcurl4; Fedora: libcurl; Alpine: libcurl)";
    return result;
  }
  if (!fill(library, result.curl, result.error)) return result;
  const auto* version = result.curl.version_info(CURLVERSION_NOW);
  if (version == nullptr || version->version_num < kOldest) {
    result.error = fmt::format("libcurl {} is too old: 7.77 is the first that takes certificates from memory",
                               version != nullptr ? version->version : "");
  } else if ((version->features & CURL_VERSION_SSL) == 0) {
    result.error = "the installed libcurl cannot speak TLS";
  } else if (result.curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    result.error = "libcurl does not start";
  }
  return result;
}

}  // namespace

const Curl* loadCurl(std::string& error) {
  static const Loaded loaded = load();
  error = loaded.error;
  return error.empty() ? &loaded.curl : nullptr;
}

}  // namespace mlstack::backend
