#include "diag/render.h"

#include <gtest/gtest.h>
#include <llvm/Support/JSON.h>

#include "diag/excerpt.h"

using namespace mlstack;
using namespace mlstack::diag;

namespace {

// Sources and one diagnostic on the text between « and ».
struct Marked {
  explicit Marked(const std::string& name, std::string text) {
    const auto begin = text.find("«");
    text.erase(begin, 2);
    const auto end = text.find("»");
    text.erase(end, 2);
    const auto& file = sources.add(name, text);
    span = {file.begin + static_cast<base::Pos>(begin), file.begin + static_cast<base::Pos>(end)};
  }
  std::string shown(Diagnostic d, Format format = Format::Text, bool color = false) const {
    return render({std::move(d)}, sources, {format, color});
  }
  Diagnostic unknown(const char* name = "x") const { return make<Code::UnknownName>(span, name); }

  base::SourceSet sources;
  base::Span span;
};

TEST(Text, HasTheDocumentedShape) {
  Marked m("resnet.mlstack", "claim c {\n  class = aws.gp3\n}\n\n  checkpoint «checkpoints» at \"/ckpt\"\n");
  const base::Pos note = m.sources.files()[0].begin + 12;
  EXPECT_EQ(m.shown(m.unknown("checkpoints")
                        .note({note, note + 5}, "its class is gp3")
                        .hint("use a class that several nodes can mount")
                        .fix("write `ckpt`", m.span, "ckpt")),
            "resnet.mlstack:5:14: error[MLS2001]: no `checkpoints` is declared here\n"
            "    5 |   checkpoint checkpoints at \"/ckpt\"\n"
            "      |              ^~~~~~~~~~~\n"
            "resnet.mlstack:2:3: note: its class is gp3\n"
            "help: use a class that several nodes can mount\n"
            "fix: write `ckpt`\n");
}

TEST(Text, AlignsTabsAndWideCharacters) {
  EXPECT_EQ(Marked("a", "\ta = «b»\n").shown(Marked("a", "\ta = «b»\n").unknown()),
            "a:1:6: error[MLS2001]: no `x` is declared here\n    1 |     a = b\n      |         ^\n");
  const Marked wide("a", "x = \"日本\" + «ωä»\n");
  EXPECT_EQ(wide.shown(wide.unknown()),
            "a:1:12: error[MLS2001]: no `x` is declared here\n    1 | x = \"日本\" + ωä\n      |              ^~\n");
}

TEST(Text, ShowsEndsOfFilesAndLines) {
  const Marked empty("a", "«»");
  EXPECT_EQ(empty.shown(empty.unknown()), "a:1:1: error[MLS2001]: no `x` is declared here\n    1 |\n      | ^\n");
  const Marked end("a", "ab«»");
  EXPECT_EQ(end.shown(end.unknown()), "a:1:3: error[MLS2001]: no `x` is declared here\n    1 | ab\n      |   ^\n");
  const Marked newline("a", "ab\r\n«»");
  EXPECT_EQ(newline.shown(newline.unknown()), "a:2:1: error[MLS2001]: no `x` is declared here\n    2 |\n      | ^\n");
  const Marked several("a", "a «bcd\r\nef» g\n");
  EXPECT_EQ(several.shown(several.unknown()),
            "a:1:3: error[MLS2001]: no `x` is declared here\n    1 | a bcd\n      |   ^~~\n");
  const Marked mark("a", "\xEF\xBB\xBF«ab»");
  EXPECT_EQ(mark.shown(mark.unknown()), "a:1:1: error[MLS2001]: no `x` is declared here\n    1 | ab\n      | ^~\n");
}

TEST(Text, NowhereNamesTheFileOrObject) {
  const base::SourceSet sources;
  Diagnostic d = make<Code::UnreadableFile>({}, "x.mlstack", "permission denied");
  EXPECT_EQ(render({d}, sources, {}), "error[MLS1001]: cannot read `x.mlstack`: permission denied\n");
  d.object = "Pod/a";
  EXPECT_EQ(render({d}, sources, {}), "Pod/a: error[MLS1001]: cannot read `x.mlstack`: permission denied\n");
  d.file = "x.mlstack";
  EXPECT_EQ(render({d}, sources, {}), "x.mlstack: error[MLS1001]: cannot read `x.mlstack`: permission denied\n");
}

TEST(Text, ColorsOnlyWhenAsked) {
  const Marked m("a", "«b»");
  EXPECT_EQ(m.shown(m.unknown()).find('\x1b'), std::string::npos);
  const std::string colored = m.shown(m.unknown(), Format::Text, true);
  EXPECT_NE(colored.find("\x1b["), std::string::npos);
  EXPECT_NE(colored.find("error[MLS2001]:"), std::string::npos);
}

TEST(Text, HostileTextCannotSteerTheTerminal) {
  const Marked m("a\x1b[2J", "«b» \x1b[31m \xFF \xE2\x80\xAE z\n");
  const std::string text = m.shown(m.unknown("\x1b]0;\x07"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
  EXPECT_EQ(text.find('\xFF'), std::string::npos);
  EXPECT_EQ(text.find("\xE2\x80\xAE"), std::string::npos);
}

TEST(Excerpt, CropsLongLines) {
  std::string line(5'000'000, 'a');
  line.replace(2'000'000, 6, "ä x日 b");
  const Excerpt e = excerpt(line, 2'000'003, 2'000'007);
  EXPECT_TRUE(e.line.starts_with("…a"));
  EXPECT_TRUE(e.line.ends_with("a…"));
  EXPECT_LT(e.line.size(), 140u);
  EXPECT_EQ(e.carets.find('^'), 41u);
  EXPECT_TRUE(e.carets.ends_with("^~~"));
  const Excerpt tail = excerpt(line, line.size(), line.size());
  EXPECT_TRUE(tail.line.starts_with("…") && tail.line.ends_with("a"));
  EXPECT_EQ(tail.carets.size(), tail.line.size() - 3 + 1 + 1);
  const Excerpt head = excerpt(line, 0, line.size());
  EXPECT_EQ(head.carets, "^" + std::string(109, '~'));
  EXPECT_TRUE(head.line.ends_with("…"));
  EXPECT_EQ(excerpt("ab", 9, 12).carets, "  ^");
  EXPECT_EQ(excerpt("ab", 1, 0).carets, " ^");
}

llvm::json::Value parsed(const std::string& text) {
  auto value = llvm::json::parse(text);
  EXPECT_TRUE(static_cast<bool>(value)) << text;
  return value ? *value : llvm::json::Value(nullptr);
}

std::int64_t number(const llvm::json::Object& object, llvm::StringRef key) {
  return object.getInteger(key).getValueOr(-1);
}

TEST(Json, HasTheDocumentedFields) {
  Marked m("dir/ä.mlstack", "let \"日\" = «old»\n");
  const auto value = parsed(m.shown(m.unknown("a\"\n").hint("do").about("Pod/p").note(m.span, "there").fix("mend", m.span, "new"), Format::Json));
  const auto& root = *value.getAsObject();
  EXPECT_EQ(number(root, "version"), 1);
  const auto& d = *(*root.getArray("diagnostics"))[0].getAsObject();
  EXPECT_EQ(d.getString("code")->str(), "MLS2001");
  EXPECT_EQ(d.getString("severity")->str(), "error");
  EXPECT_EQ(d.getString("message")->str(), "no `a\"\n` is declared here");
  EXPECT_EQ(d.getString("file")->str(), "dir/ä.mlstack");
  EXPECT_EQ(number(d, "line"), 1);
  EXPECT_EQ(number(d, "column"), 11);
  EXPECT_EQ(number(d, "endLine"), 1);
  EXPECT_EQ(number(d, "endColumn"), 14);
  EXPECT_EQ(d.getString("object")->str(), "Pod/p");
  EXPECT_EQ(d.getString("help")->str(), "do");
  const auto& related = *(*d.getArray("related"))[0].getAsObject();
  EXPECT_EQ(related.getString("message")->str(), "there");
  EXPECT_EQ(number(related, "column"), 11);
  const auto& fix = *(*d.getArray("fixes"))[0].getAsObject();
  EXPECT_EQ(fix.getString("title")->str(), "mend");
  const auto& edit = *(*fix.getArray("edits"))[0].getAsObject();
  EXPECT_EQ(edit.getString("newText")->str(), "new");
  EXPECT_EQ(number(edit, "endColumn"), 14);
}

TEST(Json, NowhereIsNull) {
  const auto value = parsed(render({make<Code::UnreadableFile>({}, "x", "why")}, {}, {.format = Format::Json}));
  const auto& d = *(*value.getAsObject()->getArray("diagnostics"))[0].getAsObject();
  EXPECT_EQ(d.get("file")->kind(), llvm::json::Value::Null);
  EXPECT_EQ(d.get("line")->kind(), llvm::json::Value::Null);
  EXPECT_EQ(d.get("object")->kind(), llvm::json::Value::Null);
  EXPECT_TRUE(d.getArray("related")->empty());
  const auto none = parsed(render({}, {}, {.format = Format::Json}));
  EXPECT_TRUE(none.getAsObject()->getArray("diagnostics")->empty());
}

TEST(Sarif, HasRulesResultsAndFixes) {
  Marked m("./my dir/ä:b.mlstack", "a = «old»\n");
  Diagnostic other = make<Code::UnreadableFile>({}, "x", "why");
  other.file = "/abs/x";
  other.severity = Severity::Warning;
  const auto value = parsed(render({m.unknown().hint("do").about("Pod/p").note(m.span, "there").fix("mend", m.span, "new"), other, m.unknown()},
                                   m.sources, {.format = Format::Sarif}));
  const auto& root = *value.getAsObject();
  EXPECT_EQ(root.getString("version")->str(), "2.1.0");
  const auto& run = *(*root.getArray("runs"))[0].getAsObject();
  EXPECT_EQ(run.getString("columnKind")->str(), "unicodeCodePoints");
  const auto& driver = *run.getObject("tool")->getObject("driver");
  EXPECT_EQ(driver.getString("name")->str(), "mlstackc");
  const auto& rules = *driver.getArray("rules");
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].getAsObject()->getString("id")->str(), "MLS1001");
  for (const auto& rule : rules) {
    EXPECT_FALSE(rule.getAsObject()->getObject("shortDescription")->getString("text")->empty());
    EXPECT_FALSE(rule.getAsObject()->getObject("fullDescription")->getString("text")->empty());
  }
  const auto& results = *run.getArray("results");
  ASSERT_EQ(results.size(), 3u);
  const auto& first = *results[0].getAsObject();
  EXPECT_EQ(number(first, "ruleIndex"), 1);
  EXPECT_EQ(first.getString("level")->str(), "error");
  const auto& place = *(*first.getArray("locations"))[0].getAsObject();
  const auto& physical = *place.getObject("physicalLocation");
  EXPECT_EQ(physical.getObject("artifactLocation")->getString("uri")->str(), "my%20dir/%C3%A4%3Ab.mlstack");
  EXPECT_EQ(number(*physical.getObject("region"), "startColumn"), 5);
  EXPECT_EQ(number(*physical.getObject("region"), "endColumn"), 8);
  EXPECT_EQ((*place.getArray("logicalLocations"))[0].getAsObject()->getString("fullyQualifiedName")->str(), "Pod/p");
  EXPECT_EQ(first.getArray("relatedLocations")->size(), 1u);
  const auto& change = *(*(*first.getArray("fixes"))[0].getAsObject()->getArray("artifactChanges"))[0].getAsObject();
  const auto& replacement = *(*change.getArray("replacements"))[0].getAsObject();
  EXPECT_EQ(replacement.getObject("insertedContent")->getString("text")->str(), "new");
  const auto& second = *results[1].getAsObject();
  EXPECT_EQ(second.getString("level")->str(), "warning");
  const auto& file = *(*second.getArray("locations"))[0].getAsObject()->getObject("physicalLocation");
  EXPECT_EQ(file.getObject("artifactLocation")->getString("uri")->str(), "file:///abs/x");
  EXPECT_EQ(file.getObject("region"), nullptr);
}

TEST(GitHub, EscapesMessagesAndProperties) {
  Marked m("a,b:c%.mlstack", "x = «old»\n");
  EXPECT_EQ(m.shown(m.unknown("50%\r\n").hint("a, b: c"), Format::GitHub),
            "::error file=a%2Cb%3Ac%25.mlstack,line=1,col=5,endLine=1,endColumn=8,title=MLS2001::"
            "no `50%25%0D%0A` is declared here%0Ahelp: a, b: c\n");
  Marked lines("a", "«x\ny»\n");
  EXPECT_EQ(lines.shown(lines.unknown(), Format::GitHub), "::error file=a,line=1,endLine=2,title=MLS2001::no `x` is declared here\n");
  EXPECT_EQ(render({make<Code::UnreadableFile>({}, "x", "why")}, {}, {.format = Format::GitHub}),
            "::error title=MLS1001::cannot read `x`: why\n");
}

}  // namespace
