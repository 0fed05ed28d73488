#include <istream>
#include <streambuf>

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "yaml/extent.h"
#include "yaml/resolve.h"
#include "yaml/tree.h"
#include "yaml/yaml.h"

namespace mlstack::yaml {

using base::Pos;
using base::Span;
using diag::Code;
using ir::Node;
using ir::NodeKind;

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

/// Of an alias in a message.
constexpr std::size_t kLongestName = 60;

/// The file's bytes as a stream, without a copy.
class TextBuffer : public std::streambuf {
 public:
  explicit TextBuffer(std::string_view text) {
    auto* begin = const_cast<char*>(text.data());  // setg's type; nothing is put back
    setg(begin, begin, begin + text.size());
  }
};

class Handler final : public YAML::EventHandler {
 public:
  Handler(const base::SourceFile& file, std::size_t skipped, base::SymbolTable& symbols,
          ir::Builder& builder, Tree& tree, std::vector<Node*>& documents,
          bool namesAsKeys)
      : file_(file),
        text_(file.text),
        skipped_(skipped),
        symbols_(symbols),
        builder_(builder),
        tree_(tree),
        documents_(documents),
        namesAsKeys_(namesAsKeys) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    anchors_.clear();
    // yaml-cpp begins a document where one of another kind stops, marker or not.
    const auto at = offset(mark);
    if (tree_.lastEnd() >= file_.begin && !isMarked(tree_.lastEnd() - file_.begin, at)) {
      tree_.say(diag::make<Code::YamlSyntax>(span(at, at + 1),
                                             "this line does not belong to what stands before it")
                    .hint("mend the indentation, or begin a new document with `---`"));
      throw Stop{};
    }
  }
  void OnDocumentEnd() override {
    if (auto* root = tree_.takeRoot()) documents_.push_back(root);
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    // The mark of a value that is not written is the next token's; only `~` and `null` are here.
    auto at = skipProperties(text_, offset(mark));
    const auto written = at < text_.size() &&
                         (text_[at] == '~' || text_[at] == 'n' || text_[at] == 'N') &&
                         lineHolds(tree_.lastEnd(), at);
    Span place{tree_.lastEnd(), tree_.lastEnd()};
    if (written) place = span(at, at + (text_[at] == '~' ? 1 : 4));
    if (!place.known()) place = span(at, at);
    if (tree_.wantsKey()) {
      tree_.say(diag::make<Code::YamlKeyNotText>(place, "null").hint("put the key in quotes"));
      return tree_.dropKey(place);
    }
    put(builder_.null(place), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto at = offset(mark);
    const auto end = std::min(text_.find_first_of(" \t\r\n,]}", at), text_.size());
    const auto place = span(at, end);
    const auto* target = anchor < anchors_.size() ? anchors_[anchor] : nullptr;
    if (!target || tree_.isOpen(target)) {
      const auto name = text_.substr(at, end - at);
      tree_.say(diag::make<Code::YamlRecursiveAlias>(place, name)
                    .hint("an alias repeats a value that is complete before it"));
      return putAlias(builder_.null(place), place);
    }
    tree_.count(target->isContainer() ? sizes_[anchor] : 1, place);
    auto* copy = cloneShared(*target, builder_);
    copy->span = place;
    putAlias(copy, place);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const auto at = skipProperties(text_, offset(mark));
    const auto end = scalarEnd(text_, at, value);
    if (end == std::string_view::npos) {  // yaml-cpp takes the end of the file for the quote
      tree_.say(diag::make<Code::YamlSyntax>(span(at, at + 1), "this quote is never closed"));
      throw Stop{};
    }
    const auto place = span(at, end);
    const bool plain = tag == "?";
    if (tree_.wantsKey()) return key(plain, tag, value, place, anchor);
    auto* node =
        plain ? typed(resolvePlain(value), value, place) : builder_.copyString(value, place);
    if (!plain && tag != "!") node = tagged(node, tag, value, place);
    if (at < text_.size() && (text_[at] == '|' || text_[at] == '>') &&
        node->kind == NodeKind::String)
      node->flags |= ir::FlagBlock;
    put(node, anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(builder_.list(), "seq", mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(']'); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(builder_.map(), "map", mark, tag, anchor, style);
  }
  void OnMapEnd() override { close('}'); }

 private:
  struct Open {
    Node* node;
    bool flow;
    YAML::anchor_t anchor;
  };

  /// yaml-cpp counts bytes, after the byte order mark.
  [[nodiscard]] std::size_t offset(const YAML::Mark& mark) const {
    return std::min(static_cast<std::size_t>(mark.pos) + skipped_, text_.size());
  }
  [[nodiscard]] Span span(std::size_t from, std::size_t to) const {
    return {file_.begin + static_cast<Pos>(from), file_.begin + static_cast<Pos>(to)};
  }
  /// Whether only blanks (and properties) of one line stand between two places.
  [[nodiscard]] bool lineHolds(Pos from, std::size_t to) const {
    if (from < file_.begin) return true;
    const auto begin = static_cast<std::size_t>(from - file_.begin);
    return begin <= to && text_.substr(begin, to - begin).find('\n') == std::string_view::npos;
  }

  /// Whether `---` or `...` stands between the end of a document and the begin of the next.
  [[nodiscard]] bool isMarked(std::size_t from, std::size_t to) const {
    if (text_.substr(to, 3) == "---" || to >= text_.size() || from > to) return true;
    const auto between = text_.substr(from, to - from);
    return between.find("\n---") != std::string_view::npos ||
           between.find("\n...") != std::string_view::npos;
  }

  Node* typed(const Resolved& resolved, std::string_view value, Span place) {
    switch (resolved.kind) {
      case NodeKind::Null:
        return builder_.null(place);
      case NodeKind::Bool:
        return builder_.boolean(resolved.boolean, place);
      case NodeKind::Int:
        return builder_.integer(resolved.integer, place);
      case NodeKind::Float:
        return builder_.real(resolved.real, place);
      case NodeKind::String:
      case NodeKind::List:
      case NodeKind::Map:
        break;
    }
    return builder_.copyString(value, place);
  }

  /// A value under a core tag (`!!int "5"`).
  Node* tagged(Node* asString, std::string_view tag, std::string_view value, Span place) {
    if (!tag.starts_with(kCoreTag)) {
      unknownTag(tag, place);
      return asString;
    }
    tag.remove_prefix(kCoreTag.size());
    if (tag == "str") return asString;
    const auto resolved = resolvePlain(value);
    const auto is = [&](std::string_view name, NodeKind kind) {
      return tag == name && resolved.kind == kind;
    };
    if (is("int", NodeKind::Int) || is("float", NodeKind::Float) || is("bool", NodeKind::Bool) ||
        is("null", NodeKind::Null)) {
      return typed(resolved, value, place);
    }
    if (is("float", NodeKind::Int))
      return builder_.real(static_cast<double>(resolved.integer), place);
    if (tag == "int" || tag == "float" || tag == "bool" || tag == "null") {
      tree_.say(diag::make<Code::YamlTagMismatch>(place, value, tag)
                    .hint("drop the tag, or write a value of that type"));
    } else {
      unknownTag(fmt::format("!!{}", tag), place);
    }
    return asString;
  }

  void unknownTag(std::string_view tag, Span place) {
    tree_.say(diag::make<Code::YamlTag>(place, tag)
                  .hint("drop the tag; quote the value where it must be a string"));
  }

  void key(bool plain, std::string_view tag, std::string_view value, Span place,
           YAML::anchor_t anchor) {
    if (!plain && tag != "!" && tag != "tag:yaml.org,2002:str") unknownTag(tag, place);
    if (anchor) remember(anchor, builder_.copyString(value, place), 1);
    if (!plain) return tree_.key(symbols_.intern(value), place);
    const auto resolved = resolvePlain(value);
    if (resolved.merge) return tree_.mergeKey(place);
    switch (resolved.kind) {
      case NodeKind::String:
        return tree_.key(symbols_.intern(value), place);
      case NodeKind::Int:
        // Kubernetes turns it back into the same text.
        if (fmt::format("{}", resolved.integer) == value)
          return tree_.key(symbols_.intern(value), place);
        return wrongKey(fmt::format("the number {}", resolved.integer), value, place);
      case NodeKind::Float:
        return wrongKey(fmt::format("the number {}", resolved.real), value, place);
      case NodeKind::Bool:
        if (namesAsKeys_) return tree_.key(symbols_.intern(value), place);
        return wrongKey(resolved.boolean ? "the boolean true" : "the boolean false", value, place);
      case NodeKind::Null:
        return wrongKey("null", value, place);
      case NodeKind::List:
      case NodeKind::Map:
        break;
    }
  }

  void wrongKey(std::string_view what, std::string_view written, Span place) {
    tree_.say(diag::make<Code::YamlKeyNotText>(place, what)
                  .hint(fmt::format("put it in quotes: \"{}\"", written))
                  .fix("Quote the key", place, fmt::format("\"{}\"", written)));
    tree_.dropKey(place);
  }

  void putAlias(Node* node, Span place) {
    if (!tree_.wantsKey()) return tree_.value(node);
    if (node->kind == NodeKind::String) return tree_.key(symbols_.intern(node->text()), place);
    tree_.say(diag::make<Code::YamlKeyNotText>(place, "an alias of something else")
                  .hint("write the key out"));
    tree_.dropKey(place);
  }

  void put(Node* node, YAML::anchor_t anchor) {
    node->flags |= ir::FlagRaw;
    tree_.count(1, node->span);
    if (anchor) remember(anchor, node, 1);
    tree_.value(node);
  }

  void remember(YAML::anchor_t anchor, Node* node, std::size_t size) {
    if (anchor >= anchors_.size()) {
      anchors_.resize(anchor + 1, nullptr);
      sizes_.resize(anchor + 1, 0);
    }
    anchors_[anchor] = node;
    sizes_[anchor] = size;
  }

  void open(Node* node, std::string_view coreTag, const YAML::Mark& mark, std::string_view tag,
            YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
    const auto begin = offset(mark);
    const auto at = skipProperties(text_, begin);
    node->flags |= ir::FlagRaw;
    node->span = span(at, at < text_.size() ? at + 1 : at);
    if (tag != "?" && tag != "!" &&
        (!tag.starts_with(kCoreTag) || tag.substr(kCoreTag.size()) != coreTag)) {
      unknownTag(tag, span(begin, std::min(text_.find_first_of(" \t\r\n", begin), text_.size())));
    }
    tree_.count(1, node->span);
    if (anchor) remember(anchor, node, 0);
    tree_.open(node);
    open_.push_back({node, style == YAML::EmitterStyle::Flow, anchor});
  }

  void close(char bracket) {
    const auto top = open_.back();
    open_.pop_back();
    auto end = static_cast<std::size_t>(tree_.lastEnd() - file_.begin);
    if (top.flow) end = flowEnd(text_, end, bracket);
    if (top.anchor) sizes_[top.anchor] = countNodes(*top.node);
    tree_.close(file_.begin + static_cast<Pos>(end));
  }

  const base::SourceFile& file_;
  std::string_view text_;
  std::size_t skipped_;
  base::SymbolTable& symbols_;
  ir::Builder& builder_;
  Tree& tree_;
  std::vector<Node*>& documents_;
  bool namesAsKeys_;
  std::vector<Node*> anchors_;      // by yaml-cpp's anchor number
  std::vector<std::size_t> sizes_;  // of the anchored trees, once complete
  std::vector<Open> open_;
};

struct Rewording {
  std::string_view theirs;
  std::string_view ours;
  std::string_view hint;
};

/// yaml-cpp's messages in our voice; the rest is passed on.
constexpr Rewording kRewordings[] = {
    {"end of map not found", "this line does not belong to the map around it",
     "indent it as the keys before it, or as their values"},
    {"end of map flow not found", "a `{` is not closed before this", "close it with `}`"},
    {"end of sequence not found", "this line does not belong to the list around it",
     "indent its `-` as those before it"},
    {"end of sequence flow not found", "a `[` is not closed before this", "close it with `]`"},
    {"illegal map value",
     "a second `: ` stands in one line, or a key is indented more than its map",
     "quote a text that holds `: `, or mend the indentation"},
    {"illegal block entry", "a `- ` cannot stand here",
     "start the item on its own line, or quote the text"},
    {"illegal flow end", "this bracket closes nothing", "remove it, or quote the text"},
    {"illegal map key", "a `? ` cannot stand here", "quote the text"},
    {"illegal EOF in scalar", "a quoted text is not closed before the end of the file",
     "close it with its quote"},
    {"illegal document indicator in scalar", "a quoted text holds a line `---` or `...`",
     "close the quote before it"},
    {"illegal character in scalar", "a text cannot begin or go on like this", "put it in quotes"},
    {"invalid unicode: ", "this escape means no character", "write the character itself"},
    {"unexpected character in block scalar", "only `+`, `-` and a digit may stand after `|` or `>`",
     "begin the text on the next line"},
    {"cannot set zero indentation for a block scalar", "a block is indented by one space at least",
     "write a digit from 1 to 9, or none"},
    {"unknown escape character: ", "this escape is not known to double-quoted text",
     "double the backslash, or use single quotes"},
    {"unknown token", "this character cannot begin a value", "put the text in quotes"},
    {"alias not found after *", "a name is expected after `*`",
     "quote a text that begins with `*`"},
    {"anchor not found after &", "a name is expected after `&`",
     "quote a text that begins with `&`"},
    {"aliases can't have any content, *including* tags",
     "an alias stands alone, without tag or anchor", "remove them"},
    {"cannot assign multiple tags to the same node", "a value has one tag", "remove the others"},
    {"cannot assign multiple anchors to the same node", "a value has one anchor",
     "remove the others"},
    {"illegal character found while scanning",
     "this character cannot stand in a tag, anchor or alias", "put the text in quotes"},
    {"bad character found while scanning hex number", "an escape takes hexadecimal digits",
     "double the backslash, or use single quotes"},
    {"invalid", "this cannot stand here", "put the text in quotes"},
    {"bad file", "this is too deep or damaged to be read", ""},
};

/// The tab in the indentation of the line that holds `at`, or npos: yaml-cpp blames what follows
/// it.
std::size_t indentingTab(std::string_view text, std::size_t at) {
  const auto lineBreak = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const auto begin = lineBreak == std::string_view::npos ? 0 : lineBreak + 1;
  const auto content = text.find_first_not_of(' ', begin);
  return content != std::string_view::npos && text[content] == '\t' ? content
                                                                    : std::string_view::npos;
}

void saySyntax(const YAML::Exception& e, const base::SourceFile& file, std::size_t skipped,
               diag::Sink& sink, const Limits& limits) {
  const auto at =
      std::min(e.mark.is_null() ? file.text.size() : static_cast<std::size_t>(e.mark.pos) + skipped,
               file.text.size());
  const Span place{file.begin + static_cast<Pos>(at),
                   file.begin + static_cast<Pos>(std::min(at + 1, file.text.size()))};
  if (dynamic_cast<const YAML::DeepRecursion*>(&e)) {
    sink.add(diag::make<Code::YamlTooDeep>(place, limits.maxDepth));
    return;
  }
  if (e.msg.starts_with("the referenced anchor is not defined")) {
    const auto text = std::string_view(file.text).substr(at);
    const auto name = text.substr(0, std::min(text.find_first_of(" \t\r\n,]}"), kLongestName));
    sink.add(diag::make<Code::YamlUnknownAlias>(
                 {place.begin, place.begin + static_cast<Pos>(name.size())}, name)
                 .hint("an anchor counts from where it stands to the end of its document"));
    return;
  }
  if (const auto tab = indentingTab(file.text, at); tab != std::string_view::npos) {
    const auto begin = file.begin + static_cast<Pos>(tab);
    sink.add(diag::make<Code::YamlSyntax>({begin, begin + 1}, "a tab indents this line")
                 .hint("YAML counts spaces only: replace it by spaces"));
    return;
  }
  for (const auto& row : kRewordings) {
    if (!std::string_view(e.msg).starts_with(row.theirs)) continue;
    sink.add(diag::make<Code::YamlSyntax>(place, row.ours).hint(std::string(row.hint)));
    return;
  }
  sink.add(diag::make<Code::YamlSyntax>(place, e.msg));
}

/// Bytes that no reader of YAML may accept, and at which yaml-cpp would lose count.
bool checkBytes(const base::SourceFile& file, diag::Sink& sink) {
  const std::string_view text = file.text;
  const auto bad = base::firstBadUtf8(text);
  if (bad != std::string_view::npos) {
    const auto at = file.begin + static_cast<Pos>(bad);
    sink.add(diag::make<Code::BadUtf8>({at, at + 1}, static_cast<unsigned char>(text[bad])));
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 || c == '\n' || c == '\t' || c == '\r') continue;
    const auto at = file.begin + static_cast<Pos>(i);
    sink.add(diag::make<Code::YamlControlCharacter>({at, at + 1}, unsigned{c})
                 .hint(fmt::format("in double quotes it can be written \\x{:02x}", c)));
    return false;
  }
  return true;
}

bool looksLikeJson(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

}  // namespace

std::vector<Node*> readDocuments(const base::SourceFile& file, base::SymbolTable& symbols,
                                 ir::Builder& builder, diag::Sink& sink, const Limits& limits) {
  std::vector<Node*> documents;
  if (!checkBytes(file, sink)) return documents;
  std::string_view text = file.text;
  const std::size_t skipped = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  text.remove_prefix(skipped);
  if (looksLikeJson(text) && readJson(file, symbols, builder, sink, limits, documents))
    return documents;
  TextBuffer buffer(text);
  std::istream stream(&buffer);
  Tree tree(file, builder, sink, limits);
  Handler handler(file, skipped, symbols, builder, tree, documents, limits.keysAreNames);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(handler)) {
    }
  } catch (const Stop&) {
  } catch (const YAML::Exception& e) {
    saySyntax(e, file, skipped, sink, limits);
  } catch (const std::exception& e) {  // memory, or a fault of the library
    sink.add(diag::make<Code::YamlSyntax>(Span{file.begin, file.begin}, e.what()));
  }
  return documents;
}

}  // namespace mlstack::yaml
