#include "diag/diag.h"

#include <set>

#include <gtest/gtest.h>

#include "diag/render.h"

using namespace mlstack;
using namespace mlstack::diag;

namespace {

Diagnostic unknown(base::Pos begin, base::Pos end, const char* name) {
  return make<Code::UnknownName>(base::Span{begin, end}, name);
}

TEST(Rows, AreSortedUniqueAndSpeakTheHouseVoice) {
  std::set<std::string> names;
  Code last{};
  for (const MessageRow& r : allRows()) {
    EXPECT_GT(r.code, last) << r.name;
    last = r.code;
    EXPECT_TRUE(names.insert(std::string(r.name)).second) << r.name;
    EXPECT_EQ(&row(r.code), &r);
    EXPECT_EQ(r.text.find("nvalid"), std::string_view::npos) << r.name;
    EXPECT_EQ(r.text.find("llegal"), std::string_view::npos) << r.name;
    EXPECT_FALSE(r.text.ends_with('.')) << r.name;
  }
  EXPECT_EQ(codeText(Code::UnreadableFile), "MLS1001");
}

TEST(Sink, KeepsIdenticalOnesOnce) {
  Sink sink;
  for (base::Pos i = 0; i < 1000; ++i) {
    sink.add(unknown(i + 1, i + 2, "a"));
    sink.add(unknown(i + 1, i + 2, "a"));
    sink.add(unknown(i + 1, i + 2, "b"));
  }
  EXPECT_EQ(sink.all().size(), 2000u);
  EXPECT_EQ(sink.errorCount(), 2000u);
  sink.sort();
  sink.add(unknown(500, 501, "a"));
  EXPECT_EQ(sink.all().size(), 2000u);
}

TEST(Sink, SortsByPlaceThenCode) {
  Sink sink;
  sink.add(unknown(9, 10, "c"));
  sink.add(make<Code::UnknownKind>(base::Span{5, 6}, "b"));
  sink.add(unknown(5, 6, "a"));
  Diagnostic nowhere = make<Code::UnreadableFile>({}, "z", "there is no such file");
  nowhere.file = "z";
  sink.add(nowhere);
  sink.sort();
  ASSERT_EQ(sink.all().size(), 4u);
  EXPECT_EQ(sink.all()[0].code, Code::UnreadableFile);
  EXPECT_EQ(sink.all()[1].message, "no `a` is declared here");
  EXPECT_EQ(sink.all()[2].code, Code::UnknownKind);
  EXPECT_EQ(sink.all()[3].span.begin, 9u);
}

TEST(Sink, PromotesWarnings) {
  Sink sink;
  Diagnostic d = unknown(1, 2, "a");
  d.severity = Severity::Warning;
  sink.add(d);
  EXPECT_FALSE(sink.hasErrors());
  sink.promoteWarnings();
  EXPECT_EQ(sink.errorCount(), 1u);
  EXPECT_EQ(sink.all()[0].severity, Severity::Error);
}

TEST(Nearest, FindsSlips) {
  const std::vector<std::string_view> fields = {"capacity", "access", "class", "reclaim", "source", "hostPath", "image"};
  EXPECT_EQ(nearest("acces", fields), "access");
  EXPECT_EQ(nearest("capactiy", fields), "capacity");
  EXPECT_EQ(nearest("host_path", fields), "hostPath");
  EXPECT_EQ(nearest("Class", fields), "class");
  EXPECT_EQ(nearest("imge", fields), "image");
  EXPECT_EQ(nearest("replicas", fields), "");
  EXPECT_EQ(nearest("x", fields), "");
  EXPECT_EQ(nearest("", fields), "");
  EXPECT_EQ(nearest("data", {}), "");
  EXPECT_EQ(nearest("data", {"", "date", "dota"}), "date");
  EXPECT_EQ(nearest("cat", {"bat", "car"}), "car");
}

TEST(Explain, FindsPagesByAnySpelling) {
  const std::string_view page = explainPage("MLS1008");
  EXPECT_TRUE(page.starts_with("# MLS1008: "));
  EXPECT_EQ(explainPage("1008"), page);
  EXPECT_EQ(explainPage("mls1008"), page);
  EXPECT_EQ(explainPage("MLS0000"), "");
  EXPECT_EQ(explainPage(""), "");
  EXPECT_EQ(explainPage("MLS1008.md"), "");
  const ExplainParts parts = explainParts("MLS1008");
  EXPECT_FALSE(parts.title.empty());
  EXPECT_EQ(parts.title.find('\n'), std::string_view::npos);
  EXPECT_FALSE(parts.paragraph.empty());
  EXPECT_EQ(parts.paragraph.find("##"), std::string_view::npos);
  EXPECT_TRUE(explainParts("9999").title.empty());
}

}  // namespace
