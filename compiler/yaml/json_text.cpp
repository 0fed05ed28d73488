// JSON that a server sent: one value without positions. Apart from json.cpp, which places every value in a file for people;
// lists of ten thousand objects come through here.

#include <charconv>
#include <string>

#include <fmt/format.h>

#include "base/source.h"
#include "base/utf8.h"
#include "yaml/yaml.h"

namespace mlstack::yaml {

using ir::Node;

namespace {

class TextReader {
 public:
  TextReader(std::string_view text, base::SymbolTable& symbols, ir::Builder& builder, const Limits& limits)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()), symbols_(symbols), builder_(builder), limits_(limits) {}

  /// Null with `error` set when the text is anything but one JSON value.
  Node* document(std::string& error) {
    skip();
    Node* root = value(0);
    if (root != nullptr) {
      skip();
      if (at_ != end_) root = fail("the end");
    }
    if (root == nullptr) {
      error = atEnd_ ? fmt::format("it ends after {} bytes, where {} should follow", end_ - begin_, expected_)
                     : fmt::format("{} was expected at byte {}", expected_, at_ - begin_);
    }
    return root;
  }

  [[nodiscard]] bool endedEarly() const { return atEnd_; }

 private:
  std::nullptr_t fail(const char* expected) {
    expected_ = expected;
    atEnd_ = at_ >= end_;
    return nullptr;
  }

  bool no(const char* expected) {
    fail(expected);
    return false;
  }

  void skip() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  bool count() { return ++nodes_ <= limits_.maxNodes; }

  Node* value(unsigned depth) {
    if (at_ == end_) return fail("a value");
    if (!count()) return fail("fewer values");
    switch (*at_) {
      case '{': return depth < limits_.maxDepth ? object(depth) : fail("less depth");
      case '[': return depth < limits_.maxDepth ? array(depth) : fail("less depth");
      case '"': {
        std::string_view text;
        return string(text) ? builder_.copyString(text) : nullptr;
      }
      case 't': return word("true") ? builder_.boolean(true) : nullptr;
      case 'f': return word("false") ? builder_.boolean(false) : nullptr;
      case 'n': return word("null") ? builder_.null() : nullptr;
      default: return number();
    }
  }

  bool word(std::string_view text) {
    if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, text.size()) != text) {
      fail("a value");
      return false;
    }
    at_ += text.size();
    return true;
  }

  Node* object(unsigned depth) {
    ++at_;
    auto* map = builder_.map();
    skip();
    if (at_ != end_ && *at_ == '}') {
      ++at_;
      return map;
    }
    while (true) {
      if (at_ == end_ || *at_ != '"') return fail("a key");
      std::string_view key;
      if (!string(key)) return nullptr;
      const auto symbol = symbols_.intern(key);
      skip();
      if (at_ == end_ || *at_ != ':') return fail("`:`");
      ++at_;
      skip();
      auto* child = value(depth + 1);
      if (child == nullptr) return nullptr;
      ir::Builder::add(*map, symbol, child);
      skip();
      if (at_ == end_ || (*at_ != ',' && *at_ != '}')) return fail("`,` or `}`");
      if (*at_++ == '}') return map;
      skip();
    }
  }

  Node* array(unsigned depth) {
    ++at_;
    auto* list = builder_.list();
    skip();
    if (at_ != end_ && *at_ == ']') {
      ++at_;
      return list;
    }
    while (true) {
      auto* child = value(depth + 1);
      if (child == nullptr) return nullptr;
      ir::Builder::append(*list, child);
      skip();
      if (at_ == end_ || (*at_ != ',' && *at_ != ']')) return fail("`,` or `]`");
      if (*at_++ == ']') return list;
      skip();
    }
  }

  bool digits() {
    const char* first = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ != first;
  }

  Node* number() {
    const char* from = at_;
    bool whole = true;
    if (*at_ == '-') ++at_;
    const char* first = at_;
    if (!digits()) return fail("a value");
    if (*first == '0' && at_ - first > 1) {
      at_ = first;
      return fail("a number without leading zeros");
    }
    if (at_ != end_ && *at_ == '.') {
      whole = false;
      ++at_;
      if (!digits()) return fail("a digit");
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      whole = false;
      ++at_;
      if (at_ != end_ && (*at_ == '-' || *at_ == '+')) ++at_;
      if (!digits()) return fail("a digit");
    }
    std::int64_t integer = 0;
    if (whole && std::from_chars(from, at_, integer).ec == std::errc{}) return builder_.integer(integer);
    double real = 0;
    if (std::from_chars(from, at_, real).ec != std::errc{}) return fail("a number that fits into 64 bits");
    return builder_.real(real);
  }

  /// The string at the cursor; `text` is valid until the next call.
  bool string(std::string_view& text) {
    const char* from = ++at_;
    while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) ++at_;
    if (at_ != end_ && *at_ == '"') {
      text = {from, static_cast<std::size_t>(at_++ - from)};
      return true;
    }
    decoded_.assign(from, at_);
    while (at_ != end_) {
      const auto c = static_cast<unsigned char>(*at_);
      if (c < 0x20) break;
      ++at_;
      if (c == '"') {
        text = decoded_;
        return true;
      }
      if (c != '\\') {
        decoded_ += static_cast<char>(c);
      } else if (!escape()) {
        return false;
      }
    }
    fail("the closing `\"`");
    return false;
  }

  bool escape() {
    if (at_ == end_) return no("an escape");
    switch (*at_++) {
      case '"': decoded_ += '"'; return true;
      case '\\': decoded_ += '\\'; return true;
      case '/': decoded_ += '/'; return true;
      case 'b': decoded_ += '\b'; return true;
      case 'f': decoded_ += '\f'; return true;
      case 'n': decoded_ += '\n'; return true;
      case 'r': decoded_ += '\r'; return true;
      case 't': decoded_ += '\t'; return true;
      case 'u': break;
      default: --at_; return no("an escape of JSON");
    }
    std::uint32_t code = 0;
    if (!unit(code)) return false;
    if (code >= 0xd800 && code < 0xdc00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
      const char* before = at_;
      at_ += 2;
      std::uint32_t low = 0;
      if (!unit(low)) return false;
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      } else {
        at_ = before;
      }
    }
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd;   // half a pair, as Go reads it
    append(code);
    return true;
  }

  bool unit(std::uint32_t& code) {
    if (end_ - at_ < 4) {
      at_ = end_;
      return no("four hexadecimal digits");
    }
    const auto [stop, error] = std::from_chars(at_, at_ + 4, code, 16);
    if (error != std::errc{} || stop != at_ + 4) return no("four hexadecimal digits");
    at_ += 4;
    return true;
  }

  void append(std::uint32_t code) { base::appendUtf8(decoded_, code); }

  const char* begin_;
  const char* at_;
  const char* end_;
  base::SymbolTable& symbols_;
  ir::Builder& builder_;
  const Limits& limits_;
  std::size_t nodes_ = 0;
  const char* expected_ = "";
  bool atEnd_ = false;
  std::string decoded_;
};

}  // namespace

Node* readJsonText(std::string_view text, base::SymbolTable& symbols, ir::Builder& builder, JsonError& error, const Limits& limits) {
  if (const auto bad = base::firstBadUtf8(text); bad != std::string_view::npos) {
    error = {fmt::format("byte {} is no UTF-8", bad), false};
    return nullptr;
  }
  TextReader reader(text, symbols, builder, limits);
  auto* root = reader.document(error.message);
  error.endedEarly = root == nullptr && reader.endedEarly();
  return root;
}

}  // namespace mlstack::yaml
