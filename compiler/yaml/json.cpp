#include <charconv>

#include <fmt/format.h>

#include "base/utf8.h"
#include "yaml/tree.h"

namespace mlstack::yaml {

using diag::Code;
using ir::Node;
using ir::NodeKind;

namespace {

/// Larger files are not tried as YAML: yaml-cpp holds a whole flow document in tokens, forty times
/// its size.
constexpr std::size_t kLargestFlowYaml = std::size_t{8} << 20;

/// Thrown where the text stops being JSON.
struct NotJson {
  std::size_t at;
  const char* expected;
};

class JsonReader {
 public:
  JsonReader(const base::SourceFile& file, base::SymbolTable& symbols, ir::Builder& builder,
             Tree& tree)
      : file_(file), text_(file.text), symbols_(symbols), builder_(builder), tree_(tree) {}

  /// Throws NotJson and Stop.
  void documents(std::vector<Node*>& out) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    for (skip(); at_ < text_.size(); skip()) {
      if (peek() != '{' && peek() != '[') fail("an object or a list");
      value();
      if (auto* root = tree_.takeRoot()) out.push_back(root);
    }
  }

 private:
  [[noreturn]] void fail(const char* expected) const { throw NotJson{at_, expected}; }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }
  [[nodiscard]] base::Span span(std::size_t from) const {
    return {file_.begin + static_cast<base::Pos>(from), file_.begin + static_cast<base::Pos>(at_)};
  }

  void value() {
    const auto from = at_;
    switch (peek()) {
      case '{':
        return object();
      case '[':
        return array();
      case '"': {
        const auto text = string();
        return put(builder_.copyString(text, span(from)));
      }
      case 't':
        return word("true", builder_.boolean(true));
      case 'f':
        return word("false", builder_.boolean(false));
      case 'n':
        return word("null", builder_.null());
      default:
        return number();
    }
  }

  void put(Node* node) {
    node->flags |= ir::FlagRaw;
    tree_.count(1, node->span);
    tree_.value(node);
  }

  void word(std::string_view text, Node* node) {
    const auto from = at_;
    if (text_.substr(at_, text.size()) != text) fail("a value");
    at_ += text.size();
    node->span = span(from);
    put(node);
  }

  void open(Node* container) {
    container->flags |= ir::FlagRaw;
    tree_.count(1, container->span);
    tree_.open(container);
  }

  void object() {
    ++at_;
    open(builder_.map(span(at_ - 1)));
    skip();
    if (peek() != '}') {
      while (true) {
        const auto from = at_;
        if (peek() != '"') fail("a key in double quotes");
        const auto key = symbols_.intern(string());
        tree_.key(key, span(from));
        skip();
        if (peek() != ':') fail("`:`");
        ++at_;
        skip();
        value();
        skip();
        if (peek() == '}') break;
        if (peek() != ',') fail("`,` or `}`");
        ++at_;
        skip();
      }
    }
    ++at_;
    tree_.close(span(0).end);
  }

  void array() {
    ++at_;
    open(builder_.list(span(at_ - 1)));
    skip();
    if (peek() != ']') {
      while (true) {
        value();
        skip();
        if (peek() == ']') break;
        if (peek() != ',') fail("`,` or `]`");
        ++at_;
        skip();
      }
    }
    ++at_;
    tree_.close(span(0).end);
  }

  void number() {
    const auto from = at_;
    const auto digits = [&] {
      const auto first = at_;
      while (peek() >= '0' && peek() <= '9') ++at_;
      if (at_ == first) fail("a value");
    };
    if (peek() == '-') ++at_;
    const bool zero = peek() == '0';
    const auto firstDigit = at_;
    digits();
    if (zero && at_ - firstDigit > 1) fail("a number without leading zeros");
    bool whole = true;
    if (peek() == '.') {
      whole = false;
      ++at_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      ++at_;
      if (peek() == '-' || peek() == '+') ++at_;
      digits();
    }
    const auto* begin = text_.data() + from;
    const auto* end = text_.data() + at_;
    std::int64_t integer = 0;
    if (whole && std::from_chars(begin, end, integer).ec == std::errc{}) {
      return put(builder_.integer(integer, span(from)));
    }
    double real = 0;
    if (std::from_chars(begin, end, real).ec != std::errc{})
      fail("a number that fits into 64 bits");
    put(builder_.real(real, span(from)));
  }

  /// The text of the string at the cursor; valid until the next call.
  std::string_view string() {
    const auto from = ++at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
           static_cast<unsigned char>(text_[at_]) >= 0x20)
      ++at_;
    if (peek() == '"') return text_.substr(from, at_++ - from);
    decoded_.assign(text_.substr(from, at_ - from));
    while (true) {
      const auto c = static_cast<unsigned char>(peek());
      if (c < 0x20) fail("the closing `\"`");
      ++at_;
      if (c == '"') return decoded_;
      if (c == '\\')
        escape();
      else
        decoded_ += static_cast<char>(c);
    }
  }

  void escape() {
    const char c = peek();
    ++at_;
    switch (c) {
      case '"':
      case '\\':
      case '/':
        decoded_ += c;
        return;
      case 'b':
        decoded_ += '\b';
        return;
      case 'f':
        decoded_ += '\f';
        return;
      case 'n':
        decoded_ += '\n';
        return;
      case 'r':
        decoded_ += '\r';
        return;
      case 't':
        decoded_ += '\t';
        return;
      case 'u':
        break;
      default:
        --at_;
        fail("an escape of JSON");
    }
    auto code = unit();
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      const auto low = unit();
      if (low < 0xdc00 || low > 0xdfff) fail("the second half of a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code >= 0xd800 && code < 0xe000) fail("a code point, not half of a surrogate pair");
    append(code);
  }

  std::uint32_t unit() {
    std::uint32_t code = 0;
    const auto digits = text_.substr(at_, 4);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() < 4 || end != digits.data() + 4) fail("four hexadecimal digits");
    (void)error;
    at_ += 4;
    return code;
  }

  void append(std::uint32_t code) { base::appendUtf8(decoded_, code); }

  const base::SourceFile& file_;
  std::string_view text_;
  base::SymbolTable& symbols_;
  ir::Builder& builder_;
  Tree& tree_;
  std::size_t at_ = 0;
  std::string decoded_;
};

}  // namespace

bool readJson(const base::SourceFile& file, base::SymbolTable& symbols, ir::Builder& builder,
              diag::Sink& sink, const Limits& limits, std::vector<Node*>& documents) {
  const auto before = documents.size();
  diag::Sink found;  // held back until it is sure that this is JSON
  Tree tree(file, builder, found, limits);
  const auto report = [&] {
    for (const auto& d : found.all()) sink.add(d);
  };
  try {
    JsonReader(file, symbols, builder, tree).documents(documents);
  } catch (const NotJson& no) {
    if (file.text.size() <= kLargestFlowYaml) {
      documents.resize(before);
      return false;
    }
    report();
    const auto at = file.begin + static_cast<base::Pos>(no.at);
    sink.add(diag::make<Code::YamlSyntax>({at, at + 1},
                                          fmt::format("{} is expected here", no.expected)));
    return true;
  } catch (const Stop&) {
  }
  report();
  return true;
}

}  // namespace mlstack::yaml
