#pragma once
// Writing JSON. Output is ASCII-safe only where JSON demands it: UTF-8 passes through.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mlstack::base {

/// Appends `text` quoted and escaped. Bytes that are not UTF-8 become U+FFFD, so the result is always JSON.
void appendJsonString(std::string& out, std::string_view text);

/// Appends values to a string as they come. The caller keeps begin and end in balance and writes a
/// key before each value of an object. `indent` 0 gives one line without spaces.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out, unsigned indent = 0) : out_(out), indent_(indent) {}

  JsonWriter& beginObject() { return begin('{'); }
  JsonWriter& endObject() { return end('}'); }
  JsonWriter& beginArray() { return begin('['); }
  JsonWriter& endArray() { return end(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth) { return raw(truth ? "true" : "false"); }
  /// Shortest text that reads back as the same number; infinities and NaN, which JSON lacks, become null.
  JsonWriter& value(double number);
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  JsonWriter& value(T number) {
    return std::signed_integral<T> ? integer(static_cast<std::int64_t>(number))
                                   : natural(static_cast<std::uint64_t>(number));
  }
  JsonWriter& null() { return raw("null"); }
  /// Text that is JSON already.
  JsonWriter& raw(std::string_view json);

  template <class T>
  JsonWriter& field(std::string_view name, const T& content) {
    return key(name).value(content);
  }

 private:
  JsonWriter& begin(char bracket);
  JsonWriter& end(char bracket);
  JsonWriter& integer(std::int64_t number);
  JsonWriter& natural(std::uint64_t number);
  void separate();
  void newLine();

  std::string& out_;
  unsigned indent_;
  std::vector<bool> filled_;  // for each open bracket: something stands in it
  bool afterKey_ = false;
};

}  // namespace mlstack::base
