#pragma once
// libcurl, loaded when the first request is made. Linked, it and the two dozen libraries behind it would cost every
// start-up of the program more than building a small stack does.

// Its type checks are macros over the functions that we do not link.
#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

#include <string>

namespace mlstack::backend {

/// The functions we use, by name.
struct Curl {
#define MLSTACK_CURL_FUNCTIONS(F)                                                                                         \
  F(global_init) F(version_info) F(getdate) F(slist_append) F(slist_free_all) F(easy_init) F(easy_cleanup)                \
  F(easy_reset) F(easy_getinfo) F(easy_strerror) F(multi_init) F(multi_cleanup) F(multi_add_handle)                       \
  F(multi_remove_handle) F(multi_perform) F(multi_poll) F(multi_info_read) F(multi_strerror)
#define MLSTACK_CURL_MEMBER(name) decltype(&::curl_##name) name = nullptr;
  MLSTACK_CURL_FUNCTIONS(MLSTACK_CURL_MEMBER)
#undef MLSTACK_CURL_MEMBER
  // These two are macros as well.
  CURLcode (*setEasy)(CURL*, CURLoption, ...) = nullptr;
  CURLMcode (*setMulti)(CURLM*, CURLMoption, ...) = nullptr;
};

/// Null, with the reason in `error`, when it is not installed or too old for certificates from memory (before 7.77).
[[nodiscard]] const Curl* loadCurl(std::string& error);

}  // namespace mlstack::backend
