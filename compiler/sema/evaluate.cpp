// Files: the stack and its libraries, the header, and the order in which everything runs.

#include <atomic>

#include <fmt/format.h>

#include "sema/checks.h"
#include "sema/evaluator.h"

namespace mlstack::sema {

namespace {

std::uintptr_t nextRun() {
  static std::atomic<std::uintptr_t> run{1};
  return run.fetch_add(1) << 1 | 1;
}

// `stack NAME { … }`
constexpr Type kNamespace{.kind = TypeKind::Ref, .word = "namespace"};
constexpr const Type* kNamespaceForms[] = {&kNamespace, &types::kString};
constexpr Type kOptionalNamespace{.kind = TypeKind::Union, .optional = true, .alternatives = kNamespaceForms};
constexpr Type kOptionalString{.kind = TypeKind::String, .optional = true};
constexpr Type kOptionalStrings{.kind = TypeKind::Map, .optional = true, .element = &types::kString};
constexpr RecordField kHeaderFields[] = {
    {"namespace", &kOptionalNamespace, false},
    {"kubernetes", &kOptionalString, false},
    {"labels", &kOptionalStrings, false},
    {"annotations", &kOptionalStrings, false},
};
constexpr Type kHeader{.kind = TypeKind::Record, .fields = kHeaderFields};

}  // namespace

Evaluator::Evaluator(const FileAccess& access, const schema::Catalog& catalog, const Options& options,
                     base::SymbolTable& symbols, diag::Sink& sink)
    : access_(access), catalog_(catalog), options_(options), symbols_(symbols), sink_(sink),
      program_(std::make_unique<Program>()), run_(nextRun()) {
  program_->symbols = &symbols;
  arena_ = &program_->arena;
  nameSymbol_ = symbols_.intern("name");
  withSymbol_ = symbols_.intern("with");
}

Unit* Evaluator::loadUnit(Unit& unit) {
  unit.loading = true;
  unit.body = makeBody(unit.file->items, nullptr);
  unit.env = makeEnv(*unit.body, nullptr);
  unit.env->unit = &unit;
  for (Decl& decl : unit.body->decls) {
    if (decl.kind == DeclKind::Import) decl.unit = importUnit(decl, unit);
  }
  unit.loading = false;
  hoist(*unit.env);
  return &unit;
}

Unit* Evaluator::importUnit(const Decl& decl, Unit& from) {
  const Statement& s = *decl.statement;
  if (s.value == nullptr || s.value->kind != ExprKind::String || !access_.import) return nullptr;
  const base::SourceFile* source = nullptr;
  const syntax::File* file = access_.import(s.value->text, *from.source, s.value->span, source);
  if (file == nullptr) return nullptr;
  if (const auto known = unitOf_.find(file); known != unitOf_.end()) {
    if (known->second->loading) {
      (void)errorAt(diag::make<diag::Code::CyclicImport>(s.value->span, s.value->text)
                        .hint("move what both files need into a third one"));
      return nullptr;
    }
    return known->second;
  }
  if (importDepth_ >= kMaxComponentNesting) {
    (void)errorAt(diag::make<diag::Code::NestedTooDeep>(s.value->span, "imports", kMaxComponentNesting));
    return nullptr;
  }
  Unit& unit = units_.emplace_back();
  unit.source = source != nullptr ? source : from.source;
  unit.file = file;
  unit.path = std::string(s.value->text);
  unit.library = true;
  unit.alias = decl.name;
  unitOf_.emplace(file, &unit);
  ++importDepth_;
  (void)loadUnit(unit);
  --importDepth_;
  return &unit;
}

void Evaluator::runUnit(Unit& unit) {
  if (unit.ran) return;
  unit.ran = true;
  Block things;
  things.body = unit.body;
  if (checking_ == 0) unit.body->reached = true;
  for (const Statement* s : unit.body->items) {
    if (s->kind == StatementKind::Import) {
      const auto found = [&]() -> Unit* {
        for (const Decl& decl : unit.body->decls) {
          if (decl.statement == s) return decl.unit;
        }
        return nullptr;
      }();
      if (found != nullptr) runUnit(*found);
    } else if (s->kind == StatementKind::Stack && !unit.library && s == header_) {
      continue;
    } else {
      runStatement(*s, unit.env, things);
    }
  }
}

void Evaluator::readHeader(const Statement& s, Env* env) {
  program_->name = s.name.symbol;
  program_->stackSpan = s.name.span.known() ? s.headSpan.known() ? s.headSpan : s.name.span : s.span;
  const auto text = symbols_.text(s.name.symbol);
  if (const auto fault = checks::labelFault(text); !fault.empty() && s.name.symbol) {
    auto d = diag::make<diag::Code::ObjectName>(s.name.span, text, "a stack", fault);
    if (const auto mended = checks::slug(text); !mended.empty()) {
      d.fixes.push_back({fmt::format("write `{}`", mended), {{s.name.span, mended}}});
    }
    (void)errorAt(std::move(d));
  }
  if (!s.hasBody) return;
  place_ = {Place::Kind::Field, "stack"};
  const Value header = evalBlockMap(s, env, &kHeader, {}, false);
  place_ = {};
  if (header.kind != ValueKind::Map) return;
  for (Entry entry : header.map()) {
    const auto key = symbols_.text(entry.key);
    if (key == "namespace" && entry.value.kind == ValueKind::Ref) entry.value = makeString(nameOf(*entry.value.instance));
    if (entry.value.kind == ValueKind::Null || entry.value.kind == ValueKind::Unknown) continue;
    if (key == "labels") program_->labels = entry.value;
    if (key == "annotations") program_->annotations = entry.value;
    if (entry.value.kind != ValueKind::String) continue;
    if (key == "namespace") {
      program_->nameSpace = symbols_.intern(entry.value.text());
      if (const auto fault = checks::labelFault(entry.value.text()); !fault.empty()) {
        (void)errorAt(diag::make<diag::Code::ObjectName>(entry.span, entry.value.text(), "a namespace", fault));
      }
    }
    if (key == "kubernetes") setVersion(entry.value.text(), entry.span);
  }
}

void Evaluator::setVersion(std::string_view version, Span span) {
  if (schema::versionBit(version) == 0) {
    const auto shown = [](int minor) { return fmt::format("1.{}", minor); };
    auto d = diag::make<diag::Code::UnknownVersion>(span, version, shown(schema::kFirstMinor), shown(schema::kLastMinor));
    (void)errorAt(std::move(d));
    return;
  }
  program_->kubernetes = arena().copy(version);
}

std::unique_ptr<Program> Evaluator::run(const base::SourceFile& source, const syntax::File& file) {
  const auto errorsBefore = sink_.errorCount();
  Unit& unit = units_.emplace_back();
  unit.source = &source;
  unit.file = &file;
  unitOf_.emplace(&file, &unit);
  for (const Statement* s : file.items) {
    if (s->kind == StatementKind::Stack && header_ == nullptr) header_ = s;
  }
  if (header_ == nullptr && !file.items.empty() && !file.hasErrors) {
    const Span first = file.items.front()->headSpan.known() ? file.items.front()->headSpan : file.items.front()->span;
    (void)errorAt(diag::make<diag::Code::MissingStack>(first).hint("a file without `stack` is a library, for `import`"));
  }
  if (header_ != nullptr && !file.items.empty() && file.items.front() != header_ && file.items.front()->kind != StatementKind::Error) {
    (void)errorAt(diag::make<diag::Code::MisplacedStatement>(header_->headSpan.known() ? header_->headSpan : header_->span, "`stack`",
                                                             "here: it is the first statement of a file"));
  }
  program_->partial = options_.missingParamsAreUnknown && lacksParams(file);
  if (program_->partial) ++checking_;
  (void)loadUnit(unit);
  readParams(unit.env);
  if (header_ != nullptr) readHeader(*header_, unit.env);
  if (!options_.kubernetes.empty()) setVersion(options_.kubernetes, {});
  runUnit(unit);
  if (!exhausted_) runChecks();
  if (exhausted_) {   // what was made so far is no stack
    program_->resources.clear();
    program_->outputs.clear();
    program_->dropped = true;
  }
  program_->ok = sink_.errorCount() == errorsBefore + foreignErrors_ && !file.hasErrors && !program_->partial;
  return std::move(program_);
}

std::unique_ptr<Program> evaluate(const base::SourceFile& source, const syntax::File& file, const FileAccess& access,
                                  const schema::Catalog& catalog, const Options& options, base::SymbolTable& symbols,
                                  diag::Sink& sink) {
  Evaluator evaluator(access, catalog, options, symbols, sink);
  return evaluator.run(source, file);
}

}  // namespace mlstack::sema
