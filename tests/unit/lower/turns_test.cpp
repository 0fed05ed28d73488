// A loop's turns, lowered one by one and settled, come to what the whole program lowered at once comes to.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "emit/emit.h"
#include "ir/dump.h"
#include "lower/lower.h"
#include "parse/parse.h"
#include "schema/schema.h"
#include "sema/sema.h"

namespace mlstack::lower {
namespace {

class Text final : public emit::Writer {
 public:
  [[nodiscard]] bool write(std::string_view bytes) override {
    text.append(bytes);
    return true;
  }
  std::string text;
};

struct Made {
  base::SourceSet sources;
  base::SymbolTable symbols;
  diag::Sink sink;
  schema::Catalog catalog;
  std::unique_ptr<ir::Stack> stack;
  std::string yaml;
  std::vector<std::string> said;

  Made(std::string text, bool inTurns) {
    const auto& source = sources.add("test.mlstack", std::move(text));
    const auto file = parse::parseFile(source, symbols, sink);
    sema::FileAccess access;
    access.import = [](std::string_view, const base::SourceFile&, base::Span, const base::SourceFile*&) -> const syntax::File* { return nullptr; };
    access.read = [](std::string_view, const base::SourceFile&, base::Span) { return std::optional<std::string_view>(); };
    Steps steps(catalog, sink);
    sema::Options options;
    if (inTurns) {
      options.finished = [&](const sema::Program& program, std::span<sema::Instance* const> resources, const base::Arena* vanishing) {
        steps.take(program, resources, vanishing);
      };
    }
    const auto program = sema::evaluate(source, *file, access, catalog, options, symbols, sink);
    stack = steps.finish(*program);
    ir::link(*stack);
    for (const auto& breach : ir::verify(*stack)) said.push_back(breach);
    for (const auto& breach : ir::verify(*stack, ir::Depth::Promises)) said.push_back(breach);
    schema::checkObjects(catalog, *stack, {.everything = true}, sink);
    emit::proveComplete(*stack, sink);
    sink.sort();
    for (const auto& d : sink.all()) said.push_back(d.message + " @" + std::to_string(d.span.begin));
    Text out;
    EXPECT_TRUE(emit::emitYaml(*stack, out));
    yaml = out.text;
  }
};

std::string oneByOne(const Made& made) {
  std::string out;
  for (const auto* object : ir::applyOrder(*made.stack)) {
    if (!out.empty()) out += "---\n";
    emit::appendYaml(out, *object->root, made.symbols);
  }
  return out;
}

constexpr const char* kHead = "stack demo { namespace = \"ml\"  labels { team = \"ml\" } }\n";

class Turns : public testing::TestWithParam<const char*> {};

TEST_P(Turns, ComeToTheSame) {
  const Made whole(std::string(kHead) + GetParam(), false);
  const Made turns(std::string(kHead) + GetParam(), true);
  EXPECT_EQ(whole.yaml, turns.yaml);
  EXPECT_EQ(oneByOne(turns), turns.yaml);
  EXPECT_EQ(whole.said, turns.said);
  EXPECT_TRUE(whole.stack->patterns.empty());
  EXPECT_FALSE(turns.stack->patterns.empty());
  std::size_t ofPatterns = 0;
  for (const auto& object : turns.stack->objects) ofPatterns += object.pattern != 0 ? 1u : 0u;
  EXPECT_GE(ofPatterns * 3, turns.stack->objects.size());
}

INSTANTIATE_TEST_SUITE_P(
    Programs, Turns,
    testing::Values(
        // texts, numbers and quantities that vary; what is the same stands between them
        R"(for i in 0..<12 {
  claim data { name = "data-${i}"  size = 1Gi * (i + 1)  access = ReadWriteOnce  class = "fast" }
  job train {
    name = "train-${i}"  parallelism = i + 1  completions = 20  mode = Indexed
    image = "busybox:1"  command = ["run", "${i}", "same"]
    env { RANK = i  SAME = "x"  TEXT = "no" }
    read data at "/data"
    scratch 1Gi at "/tmp/x"
  }
})",
        // turns of two forms, and a scalar that begins to vary late
        R"(for i in 0..<12 {
  config c {
    name = "c-${i}"
    labels { half = if i < 6 then "first" else "second" }
    data { a = "1"  b = if i == 9 then "true" else "other" }
  }
  job j {
    name = "j-${i}"  image = "busybox:1"
    if i % 4 == 3 { retries = 2 }
    read c at "/etc/c"
  }
})",
        // raw objects and overlays, of which one turn has what the schema refuses
        R"(for i in 0..<8 {
  object "v1/Service" s {
    metadata { name = "s-${i}" }
    spec { type = if i == 5 then "Sideways" else "ClusterIP"  ports = [{ name = "p${i}", port = 80 }, { name = if i == 6 then "p6" else "q", port = 81 }] }
  }
  job j {
    name = "j-${i}"  image = "busybox:1"
    with { spec { template { spec { priority = i } } } }
  }
})",
        // names that meet in one turn only
        R"(for i in 0..<6 {
  object "v1/Pod" p {
    metadata { name = "p-${i}" }
    spec { containers = [{ name = "c${i}", image = "a:1" }, { name = if i == 4 then "c4" else "d${i}", image = "a:1" }] }
  }
})",
        // what an older workload is given by a turn
        R"(cronjob nightly { schedule = "0 3 * * *"  image = "busybox:1" }
for i in 0..<4 {
  service s { name = "s-${i}"  selects = nightly  port web = 80 + i }
  pod p { name = "p-${i}"  image = "busybox:1" }
  service t { name = "t-${i}"  selects = p  port web = 80 }
})",
        // loops in loops
        R"(for a in ["x", "y"] { for i in 0..<5 {
  claim c { name = "${a}-${i}"  size = 1Gi  access = ReadWriteMany }
  deployment d { name = "${a}-${i}"  image = "busybox:1"  write c at "/data" }
} })"));

TEST(Turns, ShareWhatIsTheSame) {
  const Made made(std::string(kHead) + R"(for i in 0..<9 {
  job j { name = "j-${i}"  image = "busybox:1"  command = ["a", "b"]  resources { cpu = 1 } }
})", true);
  ASSERT_EQ(made.stack->objects.size(), 9u);
  ASSERT_TRUE(made.said.empty()) << made.said.front();
  const auto command = [&](std::size_t i) {
    const auto* list = ir::findPath(made.stack->objects[i].root, "spec.template.spec.containers", made.symbols);
    return ir::findPath(list->last, "command", made.symbols);
  };
  EXPECT_NE(command(3), command(7));
  EXPECT_EQ(command(3)->last, command(7)->last);
}

TEST(Turns, LostStateIsFoundInEach) {
  Made made(std::string(kHead) + R"(for i in 0..<5 {
  claim c { name = "c-${i}"  size = 1Gi  access = ReadWriteOnce }
  job j { name = "j-${i}"  image = "busybox:1"  write c at "/data" }
})", true);
  ASSERT_TRUE(made.said.empty()) << made.said.front();
  for (auto& edge : made.stack->edges) {
    if (edge.kind == ir::EdgeKind::Mounts && made.symbols.text(edge.name) == "c-3") edge.name = made.symbols.intern("c-2");
  }
  emit::proveComplete(*made.stack, made.sink);
  ASSERT_EQ(made.sink.all().size(), 1u);
  EXPECT_EQ(made.sink.all().front().code, diag::Code::LostMount);
}

}  // namespace
}  // namespace mlstack::lower
