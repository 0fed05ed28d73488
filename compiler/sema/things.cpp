// Things: resources, externals and raw objects, from their statement to an Instance of the program.

#include <algorithm>

#include <fmt/format.h>

#include "sema/checks.h"
#include "sema/evaluator.h"
#include "sema/kubernetes_words.h"

namespace mlstack::sema {

namespace {

std::string partOf(std::string_view part) {
  std::string out;
  int count = 0;
  for (const Kind& kind : preludeKinds()) {
    for (const Member& member : kind.members) {
      if (member.part != part || (kind.api.empty() && kind.role == KindRole::Plain)) continue;
      if (count++ < 3) out += (count > 1 ? ", `" : "`") + std::string(kind.name) + "`";
      break;
    }
  }
  return count > 3 ? out + " and others" : (out.empty() ? "other things" : out);
}

bool isThing(const Kind& kind) { return !kind.api.empty(); }

}  // namespace

/// What could have stood where `s` names a kind that is not known: only asked for when it is not.
std::vector<std::string_view> Evaluator::useNames(const Statement& s, Env* env) const {
  std::vector<std::string_view> names;
  const auto add = [&](const Body& body, bool imports) {
    for (const Decl& decl : body.decls) {
      const bool fits = imports ? decl.kind == DeclKind::Import : decl.kind == DeclKind::Component || decl.kind == DeclKind::Kind;
      if (fits) names.push_back(symbols_.text(decl.name));
    }
  };
  if (s.head.size() == 1) {
    for (const Kind& kind : preludeKinds()) {
      if (isThing(kind)) names.push_back(kind.name);
    }
    for (Env* at = env; at != nullptr; at = at->parent) add(*at->body, false);
    return names;
  }
  const Found found = find(env, s.head[0].symbol);
  if (found && found.decl().kind == DeclKind::Import) {
    if (const Unit* unit = found.decl().unit; unit != nullptr && unit->body != nullptr) add(*unit->body, false);
  } else if (!found) {
    for (Env* at = env; at != nullptr; at = at->parent) add(*at->body, true);
  }
  return names;
}

/// What `decl` declares, when that is what a use can be of. False when it could not be read, which has been said.
bool Evaluator::takeDeclared(const Decl& decl, Env* env, std::uint32_t index, StatementInfo& info) {
  switch (decl.kind) {
    case DeclKind::Unread: return false;
    case DeclKind::Component:
      info.component = decl.component;
      info.componentEnv = env;
      return true;
    case DeclKind::Kind: info.kind = kindOf({env, index}); return true;
    case DeclKind::Variable: case DeclKind::Let: case DeclKind::Param: case DeclKind::Thing: case DeclKind::Import: return true;
  }
  return true;
}

/// Finds the component or kind that the head of `s` names; false when nothing is to be said of it.
bool Evaluator::lookUpUse(const Statement& s, Env* env, StatementInfo& info) {
  if (s.head.size() == 1) {
    for (Env* at = env; at != nullptr; at = at->parent) {
      const auto index = indexIn(*at->body, s.head[0].symbol);
      if (index == 0xffffffffu) continue;
      if (!takeDeclared(at->body->decls[index], at, index, info)) return false;
      if (info.component != nullptr || info.kind != nullptr) return true;
    }
    info.kind = preludeKind(symbols_.text(s.head[0].symbol));
    return true;
  }
  const Found found = find(env, s.head[0].symbol);
  if (found && found.decl().kind == DeclKind::Unread) return false;
  if (!found || found.decl().kind != DeclKind::Import) return true;
  Unit* unit = found.decl().unit;
  if (unit == nullptr || unit->env == nullptr) return false;   // the import was reported
  const auto index = indexIn(*unit->body, s.head[1].symbol);
  return index == 0xffffffffu || takeDeclared(unit->body->decls[index], unit->env, index, info);
}

void Evaluator::resolveUse(const Statement& s, Env* env, StatementInfo& info) {
  if (info.resolved) return;
  info.resolved = true;
  if (s.head.empty() || !lookUpUse(s, env, info)) {
    info.failed = true;
    return;
  }
  if (info.component != nullptr && s.kind != StatementKind::External) return;
  if (info.kind != nullptr && isThing(*info.kind)) return;
  info.failed = true;
  const bool part = info.kind != nullptr && info.kind->role != KindRole::Source && !(info.kind->role == KindRole::Plain);
  info.kind = nullptr;
  info.component = nullptr;
  const auto text = symbols_.text(s.head[0].symbol);
  if (part) {
    (void)errorAt(diag::make<diag::Code::PartElsewhere>(s.headSpan, text, partOf(text)));
    return;
  }
  unknownUse(s, env);
}

namespace {

/// How other languages call what this one has, and how it is written here.
struct ForeignWord {
  std::string_view word;
  std::string_view here;
};
constexpr ForeignWord kForeignWords[] = {
    {"const", "a value is named by `let NAME = …`"},
    {"var", "a value is named by `let NAME = …`"},
    {"val", "a value is named by `let NAME = …`"},
    {"local", "a value is named by `let NAME = …`"},
    {"locals", "each value has a `let NAME = …` of its own"},
    {"variable", "a parameter is declared `param NAME: TYPE = DEFAULT`"},
    {"parameter", "a parameter is declared `param NAME: TYPE = DEFAULT`"},
    {"input", "a parameter is declared `param NAME: TYPE = DEFAULT`"},
    {"resource", "an object is written `KIND NAME { … }`, without quotes"},
    {"module", "what is made of several objects is a `component NAME { … }`, and used as `NAME x { … }`"},
    {"def", "what is made of several objects is a `component NAME { param n: int … }`"},
    {"func", "what is made of several objects is a `component NAME { param n: int … }`"},
    {"function", "what is made of several objects is a `component NAME { param n: int … }`"},
    {"fn", "what is made of several objects is a `component NAME { param n: int … }`"},
    {"class", "what is made of several objects is a `component NAME { param n: int … }`"},
    {"from", "a file is imported as a whole: `import \"std/aws\"`"},
    {"include", "a file is imported as a whole: `import \"./lib.mlstack\"`"},
    {"require", "a file is imported as a whole: `import \"./lib.mlstack\"`"},
    {"provider", "the cluster is chosen on the command line, or by `kubernetes = …` in the stack's block"},
    {"end", "a block ends with `}`"},
    {"unless", "it is written `if !CONDITION { … }`"},
    {"when", "it is written `if CONDITION { … }`"},
};

std::string_view foreignWord(std::string_view text) {
  for (const auto& row : kForeignWords)
    if (row.word == text) return row.here;
  return {};
}

}  // namespace

/// `resource "pod" "p" { … }`: what follows a head that could not be read, one blank apart, is the rest of the same slip.
bool Evaluator::isRest(const Statement& s, const Env* env) {
  if (!s.hasBody && s.value == nullptr) unreadEnds_.insert(s.span.end);
  if (env->unit == nullptr || s.span.begin == 0 || !unreadEnds_.contains(s.span.begin - 1)) return false;
  const auto& source = *env->unit->source;
  return s.span.begin > source.begin && source.text[s.span.begin - 1 - source.begin] == ' ';
}

void Evaluator::unknownUse(const Statement& s, Env* env) {
  if (isRest(s, env)) return;
  const auto text = symbols_.text(s.head[0].symbol);
  const auto& wrong = s.head.back();
  std::string whole(text);
  if (s.head.size() > 1) whole += fmt::format(".{}", symbols_.text(s.head[1].symbol));
  const auto& asked = s.head.size() > 1 && find(env, s.head[0].symbol) ? wrong : s.head[0];
  auto d = diag::make<diag::Code::UnknownKind>(s.headSpan.known() && s.head.size() == 1 ? s.head[0].span : asked.span, whole);
  const Kind* ours = s.head.size() == 1 ? kindFor(text) : nullptr;
  const Kind* named = s.label == nullptr && s.hasBody && s.value != nullptr && s.value->kind == ExprKind::NameRef
                          ? preludeKind(symbols_.text(s.value->name)) : nullptr;
  if (named != nullptr) {
    d.help = fmt::format("the kind comes first: `{} {} {{ … }}`", named->name, text);
  } else if (const auto here = s.head.size() == 1 && ours == nullptr ? foreignWord(text) : std::string_view{}; !here.empty()) {
    d.help = here;
  } else if (ours != nullptr) {
    d.help = fmt::format("here it is called `{}`", ours->name);
    d.fixes.push_back({fmt::format("write `{}`", ours->name), {{asked.span, std::string(ours->name)}}});
  } else if (const auto near = diag::nearest(symbols_.text(asked.symbol), useNames(s, env)); !near.empty()) {
    suggest(d, near, asked.span);
  } else if (const Kind* about = s.head.size() == 1 ? kindAbout(text) : nullptr; about != nullptr) {
    d.help = fmt::format("did you mean `{}` ({})?", about->name, about->api.substr(about->api.rfind('/') + 1));
  } else {
    d.help = "`mlstackc explain` lists the kinds; any other object is written `object \"group/version/Kind\" name { … }`";
  }
  (void)errorAt(std::move(d));
}

DeclaredInstance* Evaluator::makeThing(const Statement& s, Env* env, StatementInfo& info) {
  auto* made = arena().make<DeclaredInstance>();
  made->declared = true;
  made->kind = info.kind;
  if (info.kind != nullptr) made->api = info.kind->api;
  if (s.kind == StatementKind::Object && s.value != nullptr) made->api = s.value->text, made->apiSpan = s.value->span;
  made->member = info.member;
  made->label = labelSymbol(s);
  if (env->unit != nullptr && env->unit->library && env->parent == nullptr) made->library = env->unit->alias;
  made->span = s.span;
  made->labelSpan = s.label != nullptr ? s.label->span : s.headSpan;
  made->headSpan = s.label != nullptr ? s.headSpan.to(s.label->span) : s.headSpan;
  made->external = s.kind == StatementKind::External;
  made->statement = &s;
  made->env = env;
  if (s.kind != StatementKind::Object) made->body = bodyOf(info, s, info.kind);
  return made;
}

DeclaredInstance* Evaluator::hoisted(const Statement& s, Env* env) const {
  if (s.label == nullptr || env == nullptr) return nullptr;
  auto index = indexIn(*env->body, labelSymbol(s));
  if (index == 0xffffffffu) return nullptr;
  while (env->body->decls[index].statement != &s && env->body->decls[index].twin != 0) index = env->body->decls[index].twin;
  const Decl& decl = env->body->decls[index];
  const Slot& slot = env->slots[index];
  if (decl.statement != &s || slot.value.kind != ValueKind::Ref) return nullptr;
  return const_cast<DeclaredInstance*>(static_cast<const DeclaredInstance*>(slot.value.instance));
}

bool Evaluator::readLabel(DeclaredInstance& instance, const Statement& s, Env* env) {
  if (instance.label) return true;
  const Value label = eval(s.label, env, &types::kString);
  if (label.kind == ValueKind::String) instance.label = symbols_.intern(label.text());
  return label.kind != ValueKind::Error;
}

void Evaluator::runThing(const Statement& s, Env* env, Block& block) {
  auto& info = infoOf(s, nullptr);
  resolveUse(s, env, info);
  if (info.failed) return;
  const auto head = symbols_.text(s.head.back().symbol);
  if (s.label == nullptr) {
    auto d = diag::make<diag::Code::MissingLabel>(s.headSpan, head, "a name");
    d.help = fmt::format("`{} NAME {{ … }}`", head);
    (void)errorAt(std::move(d));
    return;
  }
  if (s.at != nullptr || s.value != nullptr) {
    auto d = diag::make<diag::Code::NothingHere>(s.at != nullptr ? s.at->span : s.value->span, head, s.at != nullptr ? "`at`" : "`=`");
    if (s.at == nullptr && s.value->kind == ExprKind::Map) d.help = fmt::format("its block stands right behind its name: `{} NAME {{ … }}`", head);
    (void)errorAt(std::move(d));
    return;
  }
  if (info.component != nullptr) return runComponentUse(s, env, block, info);
  DeclaredInstance* instance = hoisted(s, env);
  if (instance == nullptr) instance = makeThing(s, env, info);
  if (!readLabel(*instance, s, env)) {
    if (!s.hasBody) unreadEnds_.insert(s.span.end);
    return;
  }
  runInstance(*instance, info);
}

void Evaluator::runInstance(DeclaredInstance& instance, StatementInfo& info) {
  instance.progress = Progress::Running;
  const auto before = sink_.errorCount() + errorsTouched_;
  fillInstance(instance, *instance.statement, instance.body, instance.env, info, &instance);
  finishThing(instance);
  instance.broken = sink_.errorCount() + errorsTouched_ != before;
  instance.progress = Progress::Done;
}

void Evaluator::fillInstance(Instance& instance, const Statement& s, Body* body, Env* env, StatementInfo& info,
                             DeclaredInstance* declared) {
  Block block;
  block.mode = BlockMode::Instance;
  block.instance = &instance;
  block.kind = instance.kind;
  block.info = &info;
  block.body = body;
  block.fieldTail = &instance.fields;
  block.partTail = &instance.parts;
  block.allowTail = &instance.allows;
  block.overlayTail = &instance.overlays;
  if (checking_ == 0) body->reached = true;
  if (declared != nullptr && declared->inner == nullptr) declared->inner = enter(*body, env);
  Env* inner = declared != nullptr ? declared->inner : enter(*body, env);
  runItems(body->items, inner, block);
  finishInstance(block, instance.headSpan.known() ? instance.headSpan : s.span, checking_ == 0 || body->straight);
}

const ObjectTable::Row* ObjectTable::insert(const Key& key, const Instance* instance, Span head, std::uint32_t turn) {
  if (rows_.size() < 2 * (count_ + 1)) {
    std::vector<Row> old(std::max<std::size_t>(64, rows_.size() * 2));
    old.swap(rows_);
    for (const Row& row : old) {
      if (row.key == Key{}) continue;
      auto at = hash(row.key) & (rows_.size() - 1);
      while (rows_[at].key != Key{}) at = (at + 1) & (rows_.size() - 1);
      rows_[at] = row;
    }
  }
  auto at = hash(key) & (rows_.size() - 1);
  for (; rows_[at].key != Key{}; at = (at + 1) & (rows_.size() - 1)) {
    if (rows_[at].key == key) return &rows_[at];
  }
  rows_[at] = {key, turn, instance, head};
  ++count_;
  return nullptr;
}

void Evaluator::finishThing(DeclaredInstance& instance) {
  instance.name = instance.label;
  for (const FieldValue* field = instance.fields; field != nullptr; field = field->next) {
    if (field->member->via != Via::Self) continue;
    if (field->member->name == "name" && field->value.kind == ValueKind::String) instance.name = symbols_.intern(field->value.text());
    if (field->member->name == "protect") instance.isProtected = field->value.kind == ValueKind::Bool && field->value.boolean;
  }
  if (checking_ != 0) return;
  if (ComponentUse* use = instance.env != nullptr ? instance.env->use : nullptr) {
    for (const AllowValue* allow = use->allows; allow != nullptr; allow = allow->next) {
      auto* copy = arena().make<AllowValue>(*allow);
      copy->next = instance.allows;
      instance.allows = copy;
    }
  }
  checkThingName(instance);
  checkUnique(instance);
  instance.order = program_->handedOver + static_cast<std::uint32_t>(program_->resources.size());
  program_->resources.push_back(&instance);
}

void Evaluator::checkThingName(DeclaredInstance& instance) {
  const auto text = symbols_.text(instance.name);
  const auto fault = checks::objectNameFault(instance.api, text);
  if (fault.empty()) return;
  const FieldValue* name = instance.field("name");
  const bool stated = name != nullptr && name->value.kind == ValueKind::String && name->span.known();
  const auto kind = instance.kind != nullptr ? instance.kind->name : instance.api.substr(instance.api.rfind('/') + 1);
  auto d = diag::make<diag::Code::ObjectName>(stated ? name->span : instance.labelSpan, text, withArticle(kind), fault);
  const auto mended = checks::slug(text);
  if (!mended.empty() && mended != text) {
    d.help = stated ? fmt::format("\"{}\" would do; slug(text) makes such a name", mended) : fmt::format("name it otherwise inside: name = \"{}\"", mended);
  }
  (void)errorAt(std::move(d));
}

void Evaluator::checkUnique(DeclaredInstance& instance) {
  if (instance.external) return;
  std::uint32_t nameSpace = 0;
  if (const FieldValue* stated = instance.field("namespace"); stated != nullptr && stated->value.kind == ValueKind::String) {
    nameSpace = symbols_.intern(stated->value.text()).id;
    if (nameSpace == program_->nameSpace.id) nameSpace = 0;
  }
  auto& info = infoOf(*instance.statement, nullptr);
  if (!info.api) info.api = symbols_.intern(instance.api);
  const ObjectTable::Key key{info.api.id, nameSpace, instance.name.id};
  if (noting_ != nullptr) noteThing(instance, key);
  const auto* row = objects_.insert(key, &instance, instance.headSpan, turnNumber_);
  if (row == nullptr) return;
  const Span first = row->head;
  const Instance* twin = row->turn == 0 || row->turn == turnNumber_ ? row->instance : nullptr;
  if (twin != nullptr && twin->declared && twin->label == instance.label && twin->headSpan != instance.headSpan &&
      static_cast<const DeclaredInstance&>(*twin).env == instance.env && twin->kind == instance.kind) {
    return;   // the label stands twice in one block, and that has been said
  }
  const FieldValue* name = instance.field("name");
  const Span span = name != nullptr && name->span.known() ? name->span : instance.headSpan;
  const auto kind = instance.kind != nullptr ? instance.kind->name : instance.api;
  auto d = diag::make<diag::Code::DuplicateObject>(span, kind, symbols_.text(instance.name));
  if (first == instance.headSpan) {
    const bool component = instance.env != nullptr && instance.env->use != nullptr;
    d.related.push_back({instance.headSpan, component ? "each use of the component makes one: its name must differ from use to use"
                                                      : "each turn of the loop makes one: its name must differ from turn to turn"});
    if (name == nullptr) {
      d.help = component ? fmt::format("`name = \"${{name}}-{}\"` names it after the use", symbols_.text(instance.label))
                         : "`name = \"…${i}\"` in the body names each";
    }
  } else {
    d.related.push_back({first, "the first is declared here"});
  }
  (void)errorAt(std::move(d));
}

void Evaluator::runObject(const Statement& s, Env* env, Block&) {
  const auto api = s.value != nullptr ? s.value->text : std::string_view{};
  const auto slashes = std::count(api.begin(), api.end(), '/');
  const bool formed = slashes >= 1 && slashes <= 2 && api.front() != '/' && api.back() != '/' && api.find("//") == std::string_view::npos;
  auto& info = infoOf(s, nullptr);
  if (!formed && !info.failed) {
    info.failed = true;
    (void)errorAt(diag::make<diag::Code::ObjectType>(s.value != nullptr ? s.value->span : s.headSpan, api));
  }
  if (s.label == nullptr) {
    (void)errorAt(diag::make<diag::Code::MissingLabel>(s.headSpan, "object", "a name"));
    return;
  }
  DeclaredInstance* instance = hoisted(s, env);
  if (instance == nullptr) instance = makeThing(s, env, info);
  if (!readLabel(*instance, s, env)) return;
  instance->progress = Progress::Running;
  const Value body = evalBlockMap(s, env, nullptr, objectType(api), true);
  if (checking_ == 0 && body.kind == ValueKind::Map) {
    instance->raw = nodeOf(body, s.span);
    nameRawObject(*instance, body);
  }
  if (checking_ == 0 && formed) finishRawObject(*instance);
  instance->progress = Progress::Done;
}

void Evaluator::nameRawObject(DeclaredInstance& instance, const Value& body) {
  instance.name = instance.label;
  for (const Entry& entry : body.map()) {
    if (symbols_.text(entry.key) != "metadata" || entry.value.kind != ValueKind::Map) continue;
    for (const Entry& inner : entry.value.map()) {
      if (symbols_.text(inner.key) == "name" && inner.value.kind == ValueKind::String) instance.name = symbols_.intern(inner.value.text());
    }
  }
}

void Evaluator::finishRawObject(DeclaredInstance& instance) {
  if (!instance.name) instance.name = instance.label;
  checkThingName(instance);
  checkUnique(instance);
  instance.order = program_->handedOver + static_cast<std::uint32_t>(program_->resources.size());
  program_->resources.push_back(&instance);
}

}  // namespace mlstack::sema
