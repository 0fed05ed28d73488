// A loop's turns, lowered one by one and settled, come to what the whole program lowered at once comes to.

#include <algorithm>
#include <memory>
#include <span>
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
  std::string graph;
  std::vector<std::string> said;
  int repeated = 0;   // turns that were made without running

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
      options.repeat = [&](std::span<const std::string_view> texts) {
        const bool made = steps.repeat(texts);
        repeated += made ? 1 : 0;
        return made;
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
    graph = ir::dumpText(*stack, sources);
    for (const auto& intent : stack->mountIntents) {
      graph += "intent " + std::to_string(intent.object) + " " + std::string(symbols.text(intent.container)) + " " + std::string(intent.path) + " " +
               std::to_string(static_cast<int>(intent.intent)) + " " + std::to_string(intent.span.begin) +
               (intent.contract != nullptr ? " " + std::to_string(intent.contract->keep.value_or(-1)) : std::string()) + "\n";
    }
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
  EXPECT_EQ(whole.graph, turns.graph);
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

/// A loop, and how many of its turns are made like another.
struct Loop {
  const char* text;
  int repeated;
};
class Repeats : public testing::TestWithParam<Loop> {};

TEST_P(Repeats, ComeToTheSame) {
  const Made whole(std::string(kHead) + GetParam().text, false);
  const Made turns(std::string(kHead) + GetParam().text, true);
  EXPECT_EQ(whole.yaml, turns.yaml);
  EXPECT_EQ(whole.graph, turns.graph);
  EXPECT_EQ(whole.said, turns.said);
  EXPECT_EQ(oneByOne(turns), turns.yaml);
  EXPECT_EQ(turns.repeated, GetParam().repeated);
}

INSTANTIATE_TEST_SUITE_P(
    Loops, Repeats,
    testing::Values(
        // all that may hold a text: names, labels, lists, calls, variables, keys of a config; and what names it
        Loop{R"(for i in 0..<12 {
  let id = "train-${i}"
  volume disk { name = "${id}-pv"  labels { app = id }  capacity = 10Gi  access = ReadWriteMany  class = "manual"  source = nfs("filer", "/exports/${i}") }
  claim model { name = "${id}-pvc"  labels { app = id  team = "x" }  volume = disk }
  config settings { name = "${id}-config"  data { epochs = "90"  run = id } }
  service peers { name = id  headless = true  select { app = id }  port meet = 29500 }
  job trainer {
    name = id  pod-labels { app = id }  mode = Indexed  parallelism = 2  completions = 2  subdomain = id
    image = "ghcr.io/x/trainer:${i}"  args = ["--out=/model", "--run=${id}", "same"]
    env { MASTER_ADDR = "${id}-0.${id}"  PORT = 29500  EPOCHS = settings["epochs"]  NAME = id }
    init prepare { image = "busybox:1"  write model at "/model" }
    checkpoint model at "/model" { keep = 3  size = 1Gi  every = 5m }
    read settings at "/etc/train"
    scratch 1Gi at "/dev/shm" { medium = Memory }
  }
})", 10},
        // over texts, over a map, over records
        Loop{R"(for m in ["a", "b", "c", "d", "e"] { claim c { name = m  size = 1Gi  access = ReadWriteOnce  labels { model = m  long = "of-${m}" } } })", 3},
        Loop{R"(for k, v in { a = "x", b = "y", c = "z", d = "w" } { config c { name = k  data { value = v  both = "${k}=${v}" } } })", 2},
        Loop{R"(let runs = [{ name = "a", image = "x:1" }, { name = "b", image = "x:2" }, { name = "c", image = "x:1" }, { name = "d", image = "x:4" }, { name = "e", image = "x:5" }]
for run in runs { job j { name = run.name  image = run.image  command = ["go", run.name] } })", 3},
        // the same text written twice, a text that is no other in some turns, sums
        Loop{R"(for i in 0..<8 { config c { name = "c-${i}"  labels { at = "c-${i}" }  data { half = "h${i / 4}"  next = "${i + 1}" } } })", 3},
        // a name that cannot be, in one turn; one that is there already; one that meets another of its turn
        Loop{R"(for n in ["a", "b", "c", "D!", "e", "f"] { claim c { name = n  size = 1Gi  access = ReadWriteOnce } })", 2},
        Loop{R"(claim other { name = "c-4"  size = 1Gi  access = ReadWriteOnce }
for i in 0..<8 { claim c { name = "c-${i}"  size = 1Gi  access = ReadWriteOnce } })", 4},
        Loop{R"(for n in ["a", "b", "c", "a", "e"] { claim c { name = n  size = 1Gi  access = ReadWriteOnce } })", 1},
        Loop{R"(let pairs = [{ a = "p", b = "q" }, { a = "r", b = "s" }, { a = "t", b = "t" }, { a = "u", b = "v" }]
for p in pairs { claim c { name = p.a  size = 1Gi  access = ReadWriteOnce }  claim d { name = p.b  size = 1Gi  access = ReadWriteOnce } })", 0},
        // texts that are held against a form: a path, an image, a name
        Loop{R"(for p in ["/a", "/b", "/c", "no", "/e"] { volume v { name = "v-${p}"  capacity = 1Gi  access = ReadWriteMany  source = nfs("filer", p) } })", 0},
        Loop{R"(let all = [{ n = "a", p = "/a" }, { n = "b", p = "/b" }, { n = "c", p = "/c" }, { n = "d", p = "bad" }, { n = "e", p = "/e" }, { n = "f", p = "/f" }]
for v in all { volume v { name = v.n  capacity = 1Gi  access = ReadWriteMany  source = nfs("filer", v.p) } })", 2},
        // a container has the object's name, unless that cannot be one, or another has it
        Loop{R"(for n in ["a", "b", "c.d", "e", "f"] { job j { name = n  image = "x:1"  scratch 1Gi at "/t" } })", 1},
        Loop{R"(for n in ["a", "b", "main", "d", "e"] { job j { name = n  image = "x:1"  container main { image = "y:1"  scratch 1Gi at "/t" }  scratch 1Gi at "/t" } })", 1},
        Loop{R"(for n in ["a", "b", "prepare", "d", "e"] { job j { name = n  image = "x:1"  init prepare { image = "y:1"  scratch 1Gi at "/t" }  scratch 1Gi at "/t" } })", 3},
        // a text that something else in the turn says as well
        Loop{R"(for n in ["a", "same", "c", "d", "e"] { config c { name = n  labels { x = "same" } } })", 2},
        // values of other kinds in some turns
        Loop{R"(for n in ["a", "b", 3, "d", "e"] { config c { name = "c-${n}"  data { v = n } } })", 1},
        // a name that hides another one
        Loop{R"(let id = "out"
for i in 0..<6 { let id = "in-${i}"  config c { name = id  data { a = "of-${id}" } } })", 0},
        // what decides by what it says runs as ever: selectors, conditions, numbers, places
        Loop{R"(for i in 0..<6 { deployment d { name = "d-${i}"  image = "x:1" } })", 0},
        Loop{R"(for i in 0..<6 { job j { name = "j-${i}"  image = "x:1"  if i == 3 { retries = 1 } } })", 0},
        Loop{R"(for i in 0..<6 { job j { name = "j-${i}"  image = "x:1"  parallelism = i + 1 } })", 0},
        Loop{R"(for i in 0..<6 { claim c { name = "c-${i}"  size = 1Gi  access = ReadWriteMany }
  job j { name = "j-${i}"  image = "x:1"  write c at "/data/${i}" } })", 0},
        Loop{R"(for i in 0..<6 { claim c { name = "c-${i}"  size = 1Gi  access = ReadWriteMany  class = "c${i}" } })", 0},
        Loop{R"(for i in 0..<6 { config c { name = "c-${i}" } allow MLS3001 "because" })", 0}));

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
