#include "base/regex.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace mlstack::base {
namespace {

constexpr std::size_t kMostSteps = 20'000;  // of a compiled program; `((a{200}){200}){200}` would take all memory
constexpr unsigned kMostRepeats = 1000;
constexpr unsigned kMostDepth = 100;
constexpr unsigned kUnbounded = ~0U;
constexpr char32_t kLastCodePoint = 0x10FFFF;

struct Range {
  char32_t low;
  char32_t high;
};
using Class = std::vector<Range>;

// Takes one code point off the front; a byte that is not UTF-8 counts as one.
char32_t takeCodePoint(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  char32_t value = lead;
  if (lead >= 0x80) {
    value = length == 1 || length > text.size() ? 0xFFFD : lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length && value != 0xFFFD; ++i) {
      const auto next = static_cast<unsigned char>(text[i]);
      value = (next & 0xC0) == 0x80 ? value << 6 | (next & 0x3FU) : 0xFFFD;
    }
  }
  text.remove_prefix(value == 0xFFFD && lead != 0xEF ? 1 : length);
  return value;
}

void negate(Class& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](Range a, Range b) { return a.low < b.low; });
  Class outside;
  char32_t next = 0;
  for (const Range range : ranges) {
    if (range.low > next) outside.push_back({next, range.low - 1});
    next = std::max<char32_t>(next, range.high + 1);
  }
  if (next <= kLastCodePoint) outside.push_back({next, kLastCodePoint});
  ranges = std::move(outside);
}

void append(Class& to, const Class& from) { to.insert(to.end(), from.begin(), from.end()); }

struct NamedClass {
  std::string_view name;
  Class ranges;
};

const std::vector<NamedClass>& posixClasses() {
  static const std::vector<NamedClass> classes = {
      {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
      {"alpha", {{'A', 'Z'}, {'a', 'z'}}},
      {"blank", {{' ', ' '}, {'\t', '\t'}}},
      {"cntrl", {{0, 0x1F}, {0x7F, 0x7F}}},
      {"digit", {{'0', '9'}}},
      {"graph", {{0x21, 0x7E}}},
      {"lower", {{'a', 'z'}}},
      {"print", {{0x20, 0x7E}}},
      {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
      {"space", {{' ', ' '}, {'\t', '\r'}}},
      {"upper", {{'A', 'Z'}}},
      {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
      {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}},
  };
  return classes;
}

const Class* posixClass(std::string_view name) {
  for (const NamedClass& named : posixClasses()) {
    if (named.name == name) return &named.ranges;
  }
  return nullptr;
}

// `\d`, `\W` and the like.
std::optional<Class> letterClass(char32_t letter) {
  const char32_t lower = letter | 0x20;
  const Class* known = lower == 'd'   ? posixClass("digit")
                       : lower == 'w' ? posixClass("word")
                       : lower == 's' ? posixClass("space")
                                      : nullptr;
  if (known == nullptr) return std::nullopt;
  Class ranges = *known;
  if (letter < 'a') negate(ranges);
  return ranges;
}

enum class NodeKind : std::uint8_t { Empty, One, Begin, End, Sequence, Choice, Repeat };

struct Node {
  NodeKind kind = NodeKind::Empty;
  std::uint32_t first = 0;  // Sequence, Choice: left; Repeat: what; One: number of the class
  std::uint32_t second = 0;
  unsigned least = 0;
  unsigned most = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view pattern) : left_(pattern) {}

  // The number of the root node, or nothing and a sentence in `error`.
  std::optional<std::uint32_t> parse(std::string& error) {
    const std::uint32_t root = choice(0);
    if (error_.empty() && !left_.empty()) error_ = "a `)` closes nothing";
    error = error_;
    if (!error_.empty()) return std::nullopt;
    return root;
  }

  std::vector<Node> nodes;
  std::vector<Class> classes;

 private:
  std::uint32_t add(Node node) {
    nodes.push_back(node);
    return static_cast<std::uint32_t>(nodes.size() - 1);
  }
  std::uint32_t one(Class ranges) {
    classes.push_back(std::move(ranges));
    return add({NodeKind::One, static_cast<std::uint32_t>(classes.size() - 1)});
  }
  std::uint32_t fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
    left_ = {};
    return add({});
  }
  bool takeText(std::string_view text) {
    if (!left_.starts_with(text)) return false;
    left_.remove_prefix(text.size());
    return true;
  }

  std::uint32_t choice(unsigned depth) {
    std::uint32_t result = sequence(depth);
    while (takeText("|")) {
      const std::uint32_t right = sequence(depth);
      result = add({NodeKind::Choice, result, right});
    }
    return result;
  }

  std::uint32_t sequence(unsigned depth) {
    std::uint32_t result = add({});
    while (!left_.empty() && left_.front() != '|' && left_.front() != ')') {
      const std::uint32_t right = repeated(depth);
      result = nodes[result].kind == NodeKind::Empty ? right : add({NodeKind::Sequence, result, right});
    }
    return result;
  }

  std::uint32_t repeated(unsigned depth) {
    std::uint32_t result = item(depth);
    for (bool again = false; !left_.empty(); again = true) {
      unsigned least = 0;
      unsigned most = kUnbounded;
      if (takeText("+")) {
        least = 1;
      } else if (takeText("?")) {
        most = 1;
      } else if (!takeText("*") && !bounds(least, most)) {
        break;
      }
      if (again) return fail("two repetitions follow each other");
      (void)takeText("?");  // laziness changes what is captured, never whether it matches
      result = add({NodeKind::Repeat, result, 0, least, most});
    }
    return result;
  }

  // `{3}`, `{3,}`, `{3,5}`; any other brace stands for itself.
  bool bounds(unsigned& least, unsigned& most) {
    const auto end = left_.find('}');
    if (!left_.starts_with('{') || end == std::string_view::npos) return false;
    const std::string_view inside = left_.substr(1, end - 1);
    const bool counted = !inside.empty() && inside.front() != ',' &&
                         inside.find_first_not_of("0123456789,") == std::string_view::npos &&
                         std::count(inside.begin(), inside.end(), ',') <= 1;
    if (!counted) return false;
    const auto comma = inside.find(',');
    least = number(inside.substr(0, comma));
    most = comma == std::string_view::npos ? least
           : comma + 1 == inside.size() ? kUnbounded
                                        : number(inside.substr(comma + 1));
    if (least > kMostRepeats || (most != kUnbounded && most > kMostRepeats)) {
      fail(fmt::format("a count in `{{{}}}` is above {}", inside, kMostRepeats));
    } else if (most < least) {
      fail(fmt::format("the counts in `{{{}}}` fall", inside));
    } else {
      left_.remove_prefix(end + 1);
    }
    return true;
  }

  static unsigned number(std::string_view digits) {
    unsigned value = 0;
    for (const char c : digits) value = std::min(value * 10 + static_cast<unsigned>(c - '0'), 1'000'000U);
    return value;
  }

  std::uint32_t item(unsigned depth) {
    const char32_t c = takeCodePoint(left_);
    switch (c) {
      case '(': return group(depth);
      case '[': return bracket();
      case '\\': return escape();
      case '^': return add({NodeKind::Begin});
      case '$': return add({NodeKind::End});
      case '*':
      case '+':
      case '?': return fail(fmt::format("`{}` repeats nothing", static_cast<char>(c)));
      case '.': return one({{0, '\n' - 1}, {'\n' + 1, kLastCodePoint}});
      default: return one({{c, c}});
    }
  }

  std::uint32_t group(unsigned depth) {
    if (left_.starts_with('?') && !takeText("?:")) {
      return fail("`(?` opens a flag, a named group or a look-around, which are not supported");
    }
    if (depth == kMostDepth) return fail(fmt::format("its groups nest more than {} deep", kMostDepth));
    const std::uint32_t inside = choice(depth + 1);
    if (!takeText(")")) return fail("a `(` is not closed");
    return inside;
  }

  std::uint32_t escape() {
    if (left_.empty()) return fail("it ends in a lone `\\`");
    if (takeText("A")) return add({NodeKind::Begin});
    if (takeText("z")) return add({NodeKind::End});
    const char32_t c = takeCodePoint(left_);
    if (auto ranges = letterClass(c)) return one(std::move(*ranges));
    const char32_t meant = escaped(c);
    return one({{meant, meant}});
  }

  char32_t escaped(char32_t c) {
    switch (c) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case 'f': return '\f';
      case 'v': return '\v';
      default: break;
    }
    if (c >= '1' && c <= '9') {
      fail(fmt::format("`\\{}` refers back to a group, which is not supported", static_cast<char>(c)));
    } else if (c == '0' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      fail(fmt::format("`\\{}` is not supported", static_cast<char>(c)));
    }
    return c;
  }

  std::uint32_t bracket() {
    Class ranges;
    const bool outside = takeText("^");
    for (bool first = true; first || !takeText("]"); first = false) {
      if (left_.empty()) return fail("a `[` is not closed");
      if (takeText("[:")) {
        const auto end = left_.find(":]");
        const Class* named = posixClass(left_.substr(0, end));
        if (named == nullptr) return fail("a `[:` names no known class of letters");
        append(ranges, *named);
        left_.remove_prefix(end + 2);
        continue;
      }
      const char32_t low = member(ranges);
      if (low > kLastCodePoint) continue;
      char32_t high = low;
      if (left_.size() > 1 && left_.front() == '-' && left_[1] != ']') {
        left_.remove_prefix(1);
        high = member(ranges);
        if (high > kLastCodePoint || high < low) return fail("a range in a `[…]` falls");
      }
      ranges.push_back({low, high});
    }
    if (outside) negate(ranges);
    return one(std::move(ranges));
  }

  // One letter of a bracket; a class such as `\d` goes into `ranges` and gives a value above all letters.
  char32_t member(Class& ranges) {
    if (!takeText("\\")) return takeCodePoint(left_);
    if (left_.empty()) {
      fail("a `[` is not closed");
      return kLastCodePoint + 1;
    }
    const char32_t c = takeCodePoint(left_);
    const auto letters = letterClass(c);
    if (!letters) return escaped(c);
    append(ranges, *letters);
    return kLastCodePoint + 1;
  }

  std::string_view left_;
  std::string error_;
};

enum class Op : std::uint8_t { One, Split, Jump, Begin, End, Accept };

struct Step {
  Op op;
  std::uint32_t first = 0;   // One: number of the class; Split, Jump: next
  std::uint32_t second = 0;  // Split: the other next
};

// Thompson's construction. Every fragment falls through to the step after its last.
class Compiler {
 public:
  Compiler(const std::vector<Node>& nodes, std::vector<Step>& steps) : nodes_(nodes), steps_(steps) {}

  [[nodiscard]] bool compile(std::uint32_t root) {
    emit(root);
    put({Op::Accept});
    return !full();
  }

 private:
  std::uint32_t here() const { return static_cast<std::uint32_t>(steps_.size()); }
  std::uint32_t put(Step step) {
    steps_.push_back(step);
    return here() - 1;
  }

  // Repeating what is empty makes no steps but takes as long.
  bool full() const { return steps_.size() > kMostSteps || visits_ > 2 * kMostSteps; }

  void emit(std::uint32_t number) {
    if (full()) return;
    ++visits_;
    const Node node = nodes_[number];
    switch (node.kind) {
      case NodeKind::Empty: return;
      case NodeKind::One: put({Op::One, node.first}); return;
      case NodeKind::Begin: put({Op::Begin}); return;
      case NodeKind::End: put({Op::End}); return;
      case NodeKind::Sequence: sequence(number); return;
      case NodeKind::Choice: {
        const std::uint32_t split = put({Op::Split});
        emit(node.first);
        const std::uint32_t jump = put({Op::Jump});
        steps_[split] = {Op::Split, split + 1, here()};
        emit(node.second);
        steps_[jump].first = here();
        return;
      }
      case NodeKind::Repeat: repeat(node); return;
    }
  }

  // Left-deep chains are as long as the pattern: walked, not recursed into.
  void sequence(std::uint32_t number) {
    std::vector<std::uint32_t> parts;
    for (; nodes_[number].kind == NodeKind::Sequence; number = nodes_[number].first) {
      parts.push_back(nodes_[number].second);
    }
    emit(number);
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) emit(*part);
  }

  void repeat(const Node& node) {
    for (unsigned i = 0; i < node.least && !full(); ++i) emit(node.first);
    if (node.most == kUnbounded) {
      const std::uint32_t split = put({Op::Split});
      emit(node.first);
      put({Op::Jump, split});
      steps_[split] = {Op::Split, split + 1, here()};
      return;
    }
    std::vector<std::uint32_t> splits;
    for (unsigned i = node.least; i < node.most && !full(); ++i) {
      splits.push_back(put({Op::Split}));
      emit(node.first);
    }
    for (const std::uint32_t split : splits) steps_[split] = {Op::Split, split + 1, here()};
  }

  const std::vector<Node>& nodes_;
  std::vector<Step>& steps_;
  std::size_t visits_ = 0;
};

// The set of steps that the text read so far may have reached.
class Threads {
 public:
  explicit Threads(const std::vector<Step>& steps) : steps_(steps), seen_(steps.size(), 0) {}

  void clear() {
    ++round_;
    live.clear();
  }

  // Follows what consumes nothing.
  void add(std::uint32_t start, bool atBegin, bool atEnd) {
    pending_.push_back(start);
    while (!pending_.empty()) {
      const std::uint32_t at = pending_.back();
      pending_.pop_back();
      if (seen_[at] == round_) continue;
      seen_[at] = round_;
      const Step& step = steps_[at];
      switch (step.op) {
        case Op::One:
        case Op::Accept: live.push_back(at); break;
        case Op::Jump: pending_.push_back(step.first); break;
        case Op::Split:
          pending_.push_back(step.second);
          pending_.push_back(step.first);
          break;
        case Op::Begin:
          if (atBegin) pending_.push_back(at + 1);
          break;
        case Op::End:
          if (atEnd) pending_.push_back(at + 1);
          break;
      }
    }
  }

  std::vector<std::uint32_t> live;

 private:
  const std::vector<Step>& steps_;
  std::vector<std::uint64_t> seen_;
  std::uint64_t round_ = 1;
  std::vector<std::uint32_t> pending_;
};

bool contains(const Class& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [c](Range r) { return r.low <= c && c <= r.high; });
}

}  // namespace

struct Regex::Program {
  std::vector<Class> classes;
  std::vector<Step> steps;
};

Regex::Regex(std::unique_ptr<Program> program) : program_(std::move(program)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

std::optional<Regex> Regex::compile(std::string_view pattern, std::string& error) {
  if (pattern.size() > kMostSteps) {
    error = fmt::format("it is longer than {} bytes", kMostSteps);
    return std::nullopt;
  }
  Parser parser(pattern);
  const auto root = parser.parse(error);
  if (!root) return std::nullopt;
  auto program = std::make_unique<Program>();
  if (!Compiler(parser.nodes, program->steps).compile(*root)) {
    error = "its repetitions multiply to too many steps";
    return std::nullopt;
  }
  program->classes = std::move(parser.classes);
  return Regex(std::move(program));
}

bool Regex::run(std::string_view text, bool whole) const {
  Threads now(program_->steps);
  Threads next(program_->steps);
  now.add(0, true, text.empty());
  for (;;) {
    const bool atEnd = text.empty();
    for (const std::uint32_t at : now.live) {
      if (program_->steps[at].op == Op::Accept && (atEnd || !whole)) return true;
    }
    if (atEnd || (whole && now.live.empty())) return false;
    const char32_t c = takeCodePoint(text);
    next.clear();
    for (const std::uint32_t at : now.live) {
      const Step& step = program_->steps[at];
      if (step.op == Op::One && contains(program_->classes[step.first], c)) next.add(at + 1, false, text.empty());
    }
    if (!whole) next.add(0, false, text.empty());
    std::swap(now.live, next.live);
  }
}

bool Regex::matches(std::string_view text) const { return run(text, true); }

bool Regex::foundIn(std::string_view text) const { return run(text, false); }

bool matches(std::string_view pattern, std::string_view text) {
  std::string error;
  const auto regex = Regex::compile(pattern, error);
  return regex && regex->matches(text);
}

}  // namespace mlstack::base
