#pragma once
// The one evaluator: runs statements, evaluates expressions with an expected type, and, in check mode,
// does the same over code that the given parameters do not reach. Private to this folder.
//
// Promises: an Error value means that a diagnostic was given; whatever touches one stays silent.
// An Unknown value occurs in check mode only. Complaints that depend on a value are muted there.

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/quantity.h"
#include "base/regex.h"
#include "sema/kind_build.h"
#include "sema/repeat.h"
#include "sema/scope.h"
#include "sema/sema.h"
#include "sema/types.h"

namespace mlstack::sema {

struct Function;

/// What is counted over a run, each against its place in Budgets.
enum class Budget : std::uint8_t { Steps, Elements, Text };

/// The objects by API, namespace and name.
class ObjectTable {
 public:
  struct Key {
    std::uint32_t api = 0, nameSpace = 0, name = 0;
    bool operator==(const Key&) const = default;
  };
  struct Row {
    Key key;                    // of nothing: a free row
    std::uint32_t turn = 0;     // in which turn of a loop it was made; 0: in none
    const Instance* instance = nullptr;   // may be gone when its turn is over
    Span head;
  };
  /// The one that is there already, or null after this one was put in.
  const Row* insert(const Key& key, const Instance* instance, Span head, std::uint32_t turn);
  [[nodiscard]] bool has(const Key& key) const {
    if (rows_.empty()) return false;
    for (auto at = hash(key) & (rows_.size() - 1); rows_[at].key != Key{}; at = (at + 1) & (rows_.size() - 1))
      if (rows_[at].key == key) return true;
    return false;
  }

 private:
  [[nodiscard]] static std::size_t hash(const Key& k) {
    auto h = k.api * 0x9e3779b97f4a7c15ull + k.name * 0xc2b2ae3d27d4eb4full + k.nameSpace * 0x165667b19e3779f9ull;
    return static_cast<std::size_t>(h ^ h >> 29);
  }
  std::vector<Row> rows_;
  std::size_t count_ = 0;
};

class Evaluator {
 public:
  /// While it lives, values are made in `arena`: who evaluates something that an outer block keeps must
  /// make it where that block lives.
  class InArena {
   public:
    InArena(Evaluator& evaluator, base::Arena* arena) : evaluator_(evaluator), before_(evaluator.arena_) {
      evaluator.arena_ = arena;
    }
    ~InArena() { evaluator_.arena_ = before_; }
    InArena(const InArena&) = delete;
    InArena& operator=(const InArena&) = delete;

   private:
    Evaluator& evaluator_;
    base::Arena* before_;
  };

  Evaluator(const FileAccess& access, const schema::Catalog& catalog, const Options& options,
            base::SymbolTable& symbols, diag::Sink& sink);

  [[nodiscard]] std::unique_ptr<Program> run(const base::SourceFile& source, const syntax::File& file);

  // --- values (values.cpp): also for functions ---
  [[nodiscard]] Value makeString(std::string_view text);       // copies
  [[nodiscard]] Value makeList(const std::vector<Element>& items);
  [[nodiscard]] Value makeMap(const std::vector<Entry>& entries);
  [[nodiscard]] Value makeQuantity(const base::Quantity& quantity);
  void checkDeclaredKind(const Statement& s);
  [[nodiscard]] bool sayHidden(Env* env, Symbol name, diag::Diagnostic& d) const;
  [[nodiscard]] bool onSlip(Span span) const;
  [[nodiscard]] Value errorAt(diag::Diagnostic d);             // reports; an Error value
  /// Reports unless this is check mode: the complaint depends on values.
  void valueError(diag::Diagnostic d);
  [[nodiscard]] bool checking() const { return checking_ != 0; }
  /// Counts `amount`; false when that is too much. The first time this is reported, at `span` or at the
  /// statement that runs; from then on nothing more is evaluated or reported.
  [[nodiscard]] bool spend(Budget budget, std::uint64_t amount, Span span = {}) {
    auto& spent = spent_[static_cast<std::size_t>(budget)];
    spent += amount;
    return spent <= budgets_[static_cast<std::size_t>(budget)] ? true : overspent(budget, span);
  }
  /// The same of what is still being put together, and is counted when it is made.
  [[nodiscard]] bool roomFor(Budget budget, std::uint64_t amount, Span span = {}) {
    const auto at = static_cast<std::size_t>(budget);
    return spent_[at] + amount <= budgets_[at] ? true : overspent(budget, span);
  }
  [[nodiscard]] std::string_view symbolText(Symbol symbol) const { return symbols_.text(symbol); }
  [[nodiscard]] Symbol intern(std::string_view text) { return symbols_.intern(text); }
  /// Where values and instances are made: the program's arena, or that of a turn of a loop.
  [[nodiscard]] base::Arena& arena() { return *arena_; }
  /// For what is remembered from turn to turn.
  [[nodiscard]] base::Arena& lasting() { return program_->arena; }
  [[nodiscard]] const FileAccess& access() const { return access_; }
  /// The text of a value inside a string; nullopt after a diagnostic (or for an Error value).
  [[nodiscard]] std::optional<std::string> textOf(const Value& value, Span span);
  [[nodiscard]] std::optional<int> compare(const Value& left, const Value& right) const;
  [[nodiscard]] bool equal(const Value& left, const Value& right) const;
  /// The value as a place of `type` takes it; complains at `span`. `literal`: it stands there as written.
  [[nodiscard]] Value conform(Value value, const Type* type, Span span, const Expr* literal = nullptr);
  [[nodiscard]] std::string_view nameOf(const Instance& instance);

 private:
  friend struct Function;
  friend class TurnReader;
  bool overspent(Budget budget, Span span);

  // --- names (scope.cpp) ---
  struct Found {
    Env* env = nullptr;
    std::uint32_t index = 0;
    explicit operator bool() const { return env != nullptr; }
    [[nodiscard]] Decl& decl() const { return env->body->decls[index]; }
    [[nodiscard]] Slot& slot() const { return env->slots[index]; }
  };
  [[nodiscard]] Body* makeBody(std::span<Statement* const> items, const Kind* kind, bool plain = false);
  void declare(Body& body, const Decl& decl);
  void declareItems(Body& body);
  [[nodiscard]] const Member* memberFor(const Kind& kind, const Statement& s) const;
  [[nodiscard]] bool declaresPart(const Statement& statement, const Kind& kind) const;
  [[nodiscard]] static std::uint32_t indexIn(const Body& body, Symbol name);
  [[nodiscard]] Found find(Env* env, Symbol name) const;
  [[nodiscard]] Found find(Env* env, const Expr& name) const;
  [[nodiscard]] Env* makeEnv(Body& body, Env* parent);
  [[nodiscard]] Env* enter(Body& body, Env* parent);
  void hoist(Env& env);
  [[nodiscard]] Symbol labelSymbol(const Statement& statement) const;
  [[nodiscard]] Value force(const Found& found, Span use);
  [[nodiscard]] Value forceLet(const Found& found, Span use);
  [[nodiscard]] Value unknownName(Env* env, Symbol name, Span span, const Type* expected);
  [[nodiscard]] std::vector<std::string_view> visibleNames(Env* env) const;
  [[nodiscard]] const Type* typeOf(const syntax::TypeExpr* type, const Expr* range, const Expr* pattern, Env* env);
  [[nodiscard]] const Kind* kindNamed(std::string_view name, Env* env);
  [[nodiscard]] const Kind* kindOf(const Found& found);
  [[nodiscard]] const Type* declaredType(const Found& found);

  // --- things of several kinds under one name (twins.cpp) ---
  [[nodiscard]] bool sameKind(const Statement& a, const Statement& b) const;
  /// The declaration that does not allow `decl` beside it, of those named so from `first` on; 0xffffffff: none.
  [[nodiscard]] std::uint32_t clashOf(const Body& body, std::uint32_t first, const Decl& decl) const;
  /// The declaration about to be added is one more of the name that `first` has.
  void joinTwins(Body& body, std::uint32_t first);
  /// What a name or `library.name` finds when it is several things; nothing otherwise.
  [[nodiscard]] Found twinsOf(const Expr* e, Env* env) const { return anyTwins_ ? findTwins(e, env) : Found{}; }
  [[nodiscard]] Found findTwins(const Expr* e, Env* env) const;
  [[nodiscard]] std::vector<Value> twinValues(const Found& found, bool& failed) const;
  /// The one that a place of type `expected` takes …
  [[nodiscard]] Value pickTwin(const Found& found, const Type* expected, Span use);
  /// … of which only the object's name is wanted …
  [[nodiscard]] Value pickNamed(const Found& found, Span use);
  /// … or a key.
  [[nodiscard]] Value pickKeyed(const Found& found, Span use);
  [[nodiscard]] Value twinMember(const Found& found, const Expr& e);
  [[nodiscard]] Value ambiguous(const Found& found, const std::vector<Value>& values, Span use);
  bool anyTwins_ = false;   // while it is false, nobody looks for them

  // --- expressions (expressions.cpp, members.cpp, operators.cpp) ---
  [[nodiscard]] Value eval(const Expr* e, Env* env, const Type* expected);
  [[nodiscard]] Value evalUnchecked(const Expr* e, Env* env, const Type* expected);
  [[nodiscard]] Value evalName(const Expr& e, Env* env, const Type* expected);
  [[nodiscard]] Value evalSuffixed(const Expr& e, const Type* expected);
  [[nodiscard]] Value evalTemplate(const Expr& e, Env* env);
  [[nodiscard]] Value evalList(const Expr& e, Env* env, const Type* expected);
  [[nodiscard]] Value evalMap(const Expr& e, Env* env, const Type* expected);
  void addMapEntry(const syntax::MapEntry& entry, Env* env, const Type* type, EntryList& out,
                   schema::TypeRef raw, bool isRaw);
  void insertEntry(EntryList& entries, const Entry& entry, bool mayReplace = false);
  void insertPath(EntryList& entries, std::span<const syntax::Name> path, Value value, Span span);
  [[nodiscard]] Value evalFor(const Expr& e, Env* env, const Type* expected);
  [[nodiscard]] Value evalConditional(const Expr& e, Env* env, const Type* expected);
  /// Bits in Expr::slot of conditionals, comprehensions, `&&` and `||`, below the number of the run.
  static constexpr std::uint32_t kThenReached = 1;
  static constexpr std::uint32_t kElseReached = 2;
  static constexpr std::uint32_t kThenQueued = 4;
  static constexpr std::uint32_t kElseQueued = 8;
  [[nodiscard]] std::uint32_t& flagsOf(const Expr& e) const {
    const auto tag = static_cast<std::uint32_t>(run_ & 0xfffffffu) << 4;
    auto& slot = const_cast<Expr&>(e).slot;
    if ((slot & ~15u) != tag) slot = tag;
    return slot;
  }
  [[nodiscard]] Value evalMember(const Expr& e, Env* env, const Type* expected);
  [[nodiscard]] Value evalIndex(const Expr& e, Env* env);
  /// Not a whole config or secret, which has keys (reported).
  [[nodiscard]] bool isOneText(const Instance& instance, Span span);
  [[nodiscard]] Value keyOf(const Value& left, std::string_view key, const Expr& e);
  [[nodiscard]] Value evalUnary(const Expr& e, Env* env, const Type* expected);
  [[nodiscard]] Value evalBinary(const Expr& e, Env* env, const Type* expected);
  [[nodiscard]] Value evalLogic(const Expr& e, Env* env);
  /// The enumeration that a name or member is of: a bare word compared with it is one of its words.
  [[nodiscard]] const Type* wordsOf(const Expr* e, Env* env);
  [[nodiscard]] Value arithmetic(const Expr& e, Value left, Value right);
  [[nodiscard]] Value integerArithmetic(const Expr& e, std::int64_t left, std::int64_t right);
  [[nodiscard]] Value floatArithmetic(const Expr& e, double left, double right);
  [[nodiscard]] Value quantityArithmetic(const Expr& e, const Value& left, const Value& right);
  [[nodiscard]] Value durationArithmetic(const Expr& e, const Value& left, const Value& right);
  [[nodiscard]] Value comparison(const Expr& e, const Value& left, const Value& right);
  [[nodiscard]] Value membership(const Expr& e, const Value& left, const Value& right);
  [[nodiscard]] Value operandError(const Expr& e, const Value& left, const Value& right);
  [[nodiscard]] Value unknown(const Type* type) const;
  [[nodiscard]] const Type* generalType(const Value& value);
  [[nodiscard]] Value instanceMember(DeclaredInstance& instance, Symbol name, const Expr& e);
  [[nodiscard]] Value unknownMember(const Value& left, Symbol name, const Expr& e, Env* env);
  [[nodiscard]] Value pendingField(DeclaredInstance& instance, const Member& member, Span use);
  [[nodiscard]] std::optional<Value> searchField(DeclaredInstance& instance, const Member& member,
                                                 std::span<Statement* const> items, Env* env);
  [[nodiscard]] Value fieldOf(DeclaredInstance& instance, const Member& member, Span use);
  [[nodiscard]] Value defaultOf(const Member& member);
  [[nodiscard]] Value clusterValue(const Instance& instance, std::string_view path);
  /// The elements that `for` and comprehensions walk; false after a diagnostic or for Unknown.
  struct Walk {
    Value source;
    std::size_t count = 0;
    bool known = false;
    const Type* element = nullptr;
    bool isMap = false;
  };
  [[nodiscard]] Walk walkOver(const Expr& source, Env* env);
  void bindStep(const Walk& walk, std::size_t step, Symbol second, Slot* slots);
  [[nodiscard]] Body* loopBody(const Expr& e);

  // --- calls (calls.cpp) ---
  [[nodiscard]] Value evalCall(const Expr& e, Env* env);
  struct Arguments {
    std::vector<Value> values;
    std::vector<Span> spans;
    bool failed = false;
    bool guessed = false;
  };
  [[nodiscard]] std::optional<Arguments> argumentsOf(const Function& function, const Expr& e, Env* env);
  [[nodiscard]] const Member* sourceMember(const Kind& kind, std::span<const Member* const> order, const syntax::Name& name);
  [[nodiscard]] Value callFunction(const Function& function, const Expr& e, Env* env);
  [[nodiscard]] Value callSource(const Kind& kind, const Expr& e, Env* env);
  [[nodiscard]] const Kind* sourceKind(std::string_view name, Env* env);

  // --- raw values, typed by the schema (raw.cpp) ---
  [[nodiscard]] Value evalRaw(const Expr* e, Env* env, schema::TypeRef type);
  [[nodiscard]] Value evalRawName(const Expr& e, Env* env, schema::TypeRef type);
  [[nodiscard]] Value evalRawMap(const Expr& e, Env* env, schema::TypeRef type);
  [[nodiscard]] Value evalRawFor(const Expr& e, Env* env, schema::TypeRef type);
  [[nodiscard]] schema::TypeRef rawField(schema::TypeRef type, std::string_view name) const;
  [[nodiscard]] schema::TypeRef rawTypeOf(const Instance& instance) const;
  [[nodiscard]] schema::TypeRef stepInto(schema::TypeRef type, std::span<const Step> target) const;
  [[nodiscard]] ir::Node* nodeOf(const Value& value, Span span, unsigned depth = 0);
  [[nodiscard]] schema::TypeRef objectType(std::string_view api) const;

  /// Written out: literals, words of the enumeration that is expected, and lists and maps of such.
  [[nodiscard]] Value lastingValue(const Value& value, const Expr* e, Env* env, const Type* expected);
  /// Where the statement keeps such values; null on its first run: most statements have one only.
  [[nodiscard]] Constants* constantsOf(StatementInfo& info);
  [[nodiscard]] bool isConstant(const Expr* e, const Type* expected) const;
  [[nodiscard]] bool appendText(std::string& out, const Value& value, Span span);

  // --- conformance (conform.cpp) ---
  [[nodiscard]] Value conformAny(Value value, const Type* type, Span span, const Expr* literal);
  [[nodiscard]] Value conformList(Value value, const Type& type, Span span, const Expr* literal);
  [[nodiscard]] Value conformMap(Value value, const Type& type, Span span);
  [[nodiscard]] Value conformRecord(Value value, const Type& type, Span span);
  [[nodiscard]] Value conformUnion(Value value, const Type& type, Span span, const Expr* literal);
  [[nodiscard]] Value conformReference(Value value, const Type& type, Span span);
  /// A place of `type` takes a reference to this thing.
  [[nodiscard]] static bool refers(const Instance& instance, const Type* type);
  [[nodiscard]] Value conformText(Value value, const Type& type, Span span, const Expr* literal);
  [[nodiscard]] Value conformNumber(Value value, const Type& type, Span span, const Expr* literal);
  [[nodiscard]] Value conformPort(Value value, const Type& type, Span span, const Expr* literal);
  [[nodiscard]] Value conformWord(Value value, const Type& type, Span span);
  [[nodiscard]] bool fits(const Value& value, const Type& type) const;
  [[nodiscard]] bool unknownFits(const Type& from, const Type& to) const;
  void checkRange(const Value& value, const Type& type, Span span, const Expr* literal);
  void checkPattern(const Value& value, const Type& type, Span span, const Expr* literal);
  [[nodiscard]] Value failQuietly();   // while an alternative is tried: no message is made
  [[nodiscard]] Value wrongType(const Value& value, const Type& type, Span span);
  [[nodiscard]] std::string placeText() const;

  // --- statements (statements.cpp) ---
  void runItems(std::span<Statement* const> items, Env* env, Block& block);
  void runBody(Body& body, Env* env, Block& block);
  void runStatement(const Statement& s, Env* env, Block& block);
  void runFor(const Statement& s, Env* env, Block& block);
  [[nodiscard]] bool mayHandOver(const Env* env, const Body& body, const Block& block) const;
  [[nodiscard]] std::size_t heldByTurns() const;
  void handOver(bool vanishing);
  /// `vanishing`: nothing outside of the turn came to hold what lives in it.
  void endTurn(bool vanishing);
  // --- turns that differ in texts only (repeat.cpp) ---
  [[nodiscard]] bool mayRepeat(const Body& body, Env* env, TurnPattern& into);
  void beginNotes(TurnPattern& pattern, const Env& turn);
  void endNotes(const std::uint64_t (&before)[3], bool whole);
  [[nodiscard]] Value boundText(const TurnPattern::Text& text, const Env& turn) const;
  void noteText(const Expr& e, const Value& value);
  void noteHeld(const Value& value, const Type& type, const Expr* literal, bool taken, bool faulted);
  void noteThing(const DeclaredInstance& instance, const ObjectTable::Key& key);
  [[nodiscard]] bool repeatTurn(const TurnPattern& pattern, Env& inner);
  [[nodiscard]] bool makeTexts(const TurnPattern& pattern, Env& inner);
  [[nodiscard]] bool nameThings(const TurnPattern& pattern);
  TurnPattern* noting_ = nullptr;              // of the turn that runs, when it is noted
  std::vector<std::string_view> turnTexts_;    // of the turn that is made, by number
  std::vector<Symbol> turnNames_;              // … of its things
  void runTurns(const Statement& s, const Walk& walk, Body& body, Env* env, Block& block);
  void runIf(const Statement& s, Env* env, Block& block);
  void runLet(const Statement& s, Env* env);
  void runAssert(const Statement& s, Env* env);
  void runOutput(const Statement& s, Env* env, Block& block);
  void runAllow(const Statement& s, Env* env, Block& block);
  void runSpread(const Statement& s, Env* env, Block& block);
  void runField(const Statement& s, Env* env, Block& block);
  void runUse(const Statement& s, Env* env, Block& block);
  [[nodiscard]] StatementInfo& infoOf(const Statement& s, const void* context);
  [[nodiscard]] std::pair<Body*, Body*> ifBody(const Statement& s, const Kind* kind);
  [[nodiscard]] Body* bodyOf(StatementInfo& info, const Statement& s, const Kind* kind, bool plain = false);
  void misplaced(const Statement& s, std::string_view where);
  [[nodiscard]] Block emptyCopy(const Block& block);
  void checkLater(Body* body, Env* env, const Block& block);
  void runChecks();

  // --- entries of maps (entries.cpp) ---
  [[nodiscard]] static bool takesBlock(const Type* type);
  static constexpr char kRawContext = 0;   // its address: the context of raw blocks
  void entryField(const Statement& s, Env* env, Block& block);
  void entryBlock(const Statement& s, Env* env, Block& block);
  void addEntry(Block& block, std::span<const syntax::Name> path, Value value, Span span);
  [[nodiscard]] Value evalBlockMap(const Statement& s, Env* env, const Type* type, schema::TypeRef raw, bool isRaw);
  [[nodiscard]] schema::TypeRef entryType(const Block& block, std::span<const syntax::Name> path) const;

  // --- things and their parts (things.cpp, parts.cpp) ---
  [[nodiscard]] std::vector<std::string_view> useNames(const Statement& s, Env* env) const;
  void resolveUse(const Statement& s, Env* env, StatementInfo& info);
  [[nodiscard]] bool takeDeclared(const Decl& decl, Env* env, std::uint32_t index, StatementInfo& info);
  [[nodiscard]] bool lookUpUse(const Statement& s, Env* env, StatementInfo& info);
  [[nodiscard]] bool isRest(const Statement& s, const Env* env);
  void unknownUse(const Statement& s, Env* env);
  void runThing(const Statement& s, Env* env, Block& block);
  void runObject(const Statement& s, Env* env, Block& block);
  [[nodiscard]] DeclaredInstance* makeThing(const Statement& s, Env* env, StatementInfo& info);
  [[nodiscard]] DeclaredInstance* hoisted(const Statement& s, Env* env) const;
  [[nodiscard]] bool readLabel(DeclaredInstance& instance, const Statement& s, Env* env);
  void nameRawObject(DeclaredInstance& instance, const Value& body);
  void finishRawObject(DeclaredInstance& instance);
  void runInstance(DeclaredInstance& instance, StatementInfo& info);
  void fillInstance(Instance& instance, const Statement& s, Body* body, Env* env, StatementInfo& info,
                    DeclaredInstance* declared);
  void finishInstance(Block& block, Span head, bool whole);
  void addDefaults(Block& block);
  void checkRequired(Block& block, Span head);
  void finishThing(DeclaredInstance& instance);
  void checkThingName(DeclaredInstance& instance);
  void checkUnique(DeclaredInstance& instance);
  void setField(Block& block, const Member& member, Value value, Span keySpan, Span span);
  [[nodiscard]] bool markSeen(Block& block, const Member& member, Span keySpan);
  void instanceField(const Statement& s, Env* env, Block& block);
  void fieldIntoMap(const Statement& s, Env* env, Block& block, const Member& member);
  void mergeField(Block& block, const Member& member, Value value, Span keySpan, Span span);
  /// The same type, that takes null too; made once.
  [[nodiscard]] const Type* optionalOf(const Type* type);
  [[nodiscard]] const std::vector<std::uint16_t>& requiredOf(const Kind& kind);
  void blockField(const Statement& s, Env* env, Block& block, const Member& member);
  void instanceUse(const Statement& s, Env* env, Block& block);
  void partFromField(const Statement& s, Env* env, Block& block, const Member& member, const Kind& kind);
  void runPart(const Statement& s, Env* env, Block& block, const Member* member, const Kind& kind, StatementInfo& info);
  void checkPartName(const Instance& part, const Member& label, const Value& name, const Expr& written);
  void operandOf(Instance& part, Block& inner, std::string_view memberName, const Expr* value, Env* env);
  void openPart(const Statement& s, Env* env, Block& block);
  void openParts(const Statement& s, Env* env, Block& block, const Member& member, const Kind& kind);
  void openPartFromValue(Block& outer, const Member& member, const Kind& kind, std::string_view key, Value value,
                         Span keySpan, Span span, const Expr* written);
  void appendPart(Block& block, Instance* part, const Member* member);
  void overlay(const Statement& s, Env* env, Block& block);
  void spreadParts(const Value& parts, Block& block, Span span);
  [[nodiscard]] bool handedTypeFits(const Found& param, const Block& block, Span span);
  [[nodiscard]] Instance* clonePart(const Instance& part, Instance* parent);
  /// Reports; the member that was meant, or null.
  const Member* unknownMemberOf(Block& block, const Statement& s, Env* env, bool field);
  [[nodiscard]] const Kind* partKind(const Member& member, const Statement& s, Env* env);

  // --- components (components.cpp) ---
  void describe(Component& component, Env* env);
  void runComponentUse(const Statement& s, Env* env, Block& block, StatementInfo& info);
  [[nodiscard]] DeclaredInstance* makeUse(const Statement& s, Env* env, StatementInfo& info);
  [[nodiscard]] bool openUse(ComponentUse& use);
  void readArguments(ComponentUse& use);
  void bindParams(ComponentUse& use);
  void argumentField(const Statement& s, Env* env, Block& block);
  void argumentBlock(const Statement& s, Env* env, Block& block);
  void argumentPart(const Statement& s, Env* env, Block& block, std::size_t param);
  void setArgument(const Statement& s, Block& block, std::size_t param, Value value, Span span);
  [[nodiscard]] std::size_t argumentFor(const Statement& s, Block& block);
  void unknownArgument(const Statement& s, Block& block);
  [[nodiscard]] Value exportAt(ComponentUse& use, std::size_t index);
  [[nodiscard]] Value exportOf(ComponentUse& use, Symbol name, const Expr& e);
  void checkComponent(Component& component);

  // --- files and parameters (evaluate.cpp, params.cpp) ---
  void runUnit(Unit& unit);
  void readHeader(const Statement& s, Env* env);
  void setVersion(std::string_view version, Span span);
  [[nodiscard]] Unit* loadUnit(Unit& unit);
  [[nodiscard]] Unit* importUnit(const Decl& decl, Unit& from);
  [[nodiscard]] bool lacksParams(const syntax::File& file) const;
  void readParams(Env* env);
  void paramValue(const Found& found);
  [[nodiscard]] Span givenAt(const Found& found) const;
  [[nodiscard]] Value conformGiven(Value value, const Type& expected, const Expr& e, Env* env);
  [[nodiscard]] Value fromText(std::string_view text, const Type& type, Span span, std::string_view param);
  [[nodiscard]] Value fromNumberText(std::string_view text, const Type& type, Span span, std::string_view param);
  [[nodiscard]] Value fromWrittenText(std::string_view text, const Type& type, Span span);
  [[nodiscard]] Value fromTextNode(const ir::Node& node, const Type& type);
  [[nodiscard]] Value fromListNode(const ir::Node& node, const Type& type, std::string_view param);
  [[nodiscard]] Value fromMapNode(const ir::Node& node, const Type& type, std::string_view param);
  [[nodiscard]] Value fromNode(const ir::Node& node, const Type& type, std::string_view param);
  [[nodiscard]] Value parameterText(std::string_view text, const Type& type, Span span, std::string_view param);
  void checkParamNames(Env* env);

  const FileAccess& access_;
  const schema::Catalog& catalog_;
  const Options& options_;
  base::SymbolTable& symbols_;
  diag::Sink& sink_;
  std::unique_ptr<Program> program_;
  base::Arena* arena_ = nullptr;
  std::unique_ptr<base::Arena> turn_;                  // of the turn that runs, when turns are handed over
  std::uint32_t turnNumber_ = 0;                       // 0: no turn runs that is handed over
  std::uint32_t turns_ = 0;
  std::size_t foreignErrors_ = 0;                      // reported by whom resources were handed over to

  std::uintptr_t run_ = 0;           // tells this run's caches in the tree from an earlier run's
  unsigned checking_ = 0;            // above 0: check mode
  unsigned quiet_ = 0;               // above 0: nothing is reported (an alternative is tried)
  unsigned depth_ = 0;               // of nested evaluation
  unsigned componentDepth_ = 0;
  bool failedQuietly_ = false;
  bool inText_ = false;              // a name inside a text is looked up
  std::unordered_set<base::Pos> unreadEnds_;   // of heads that could not be read: see isRest
  bool exhausted_ = false;           // a budget is spent
  std::uint64_t spent_[3] = {0, 0, 0};
  const std::uint64_t budgets_[3] = {options_.budgets.steps, options_.budgets.elements, options_.budgets.text};
  Span running_;                     // of the statement that runs
  std::size_t errorsTouched_ = 0;      // values with an error that were left out of what is made
  Place place_;
  bool inOutput_ = false;
  Span givenAt_;                     // where the value that is held against a type was given from outside

  std::deque<Body> bodies_;
  std::deque<Component> components_;
  std::deque<Unit> units_;
  std::deque<StatementInfo> infos_;
  std::unordered_map<const syntax::File*, Unit*> unitOf_;
  std::unordered_map<const Expr*, Body*> loopBodies_;
  std::unordered_map<const Member*, Value> defaults_;
  std::unordered_map<std::string_view, std::unique_ptr<base::Regex>> patterns_;
  ObjectTable objects_;
  std::string text_;   // of templates, while they are put together
  std::vector<std::pair<const Instance*, const Member*>> pending_;   // fields being read on demand
  std::unordered_map<const Kind*, Env*> kindEnv_;   // of declared kinds: where they stand
  struct LaterBody {
    Body* body;
    Env* env;
    Block block;
    bool entered;   // `env` is the block's own, its variables bound
  };
  struct LaterExpr {
    const Expr* e;
    Env* env;
    const Type* expected;
    schema::TypeRef raw;
    bool isRaw;
    const Expr* owner;          // the conditional or comprehension …
    std::uint32_t reached;      // … and its bit for this part
  };
  std::deque<LaterBody> laterBodies_;
  std::deque<LaterExpr> laterExprs_;
  const Statement* header_ = nullptr;
  unsigned importDepth_ = 0;
  std::deque<Block> spareBlocks_;
  std::deque<EntryList> spareEntries_;
  std::deque<std::vector<std::vector<Instance*>>> spareHanded_;
  unsigned plainBlock_ = 0;
  std::unordered_map<const Kind*, std::vector<std::uint16_t>> required_;
  std::unordered_map<const Type*, const Type*> optional_;
  const Kind* lastRequiredKind_ = nullptr;
  const std::vector<std::uint16_t>* lastRequired_ = nullptr;
  Symbol nameSymbol_;
  Symbol withSymbol_;
};

/// "did you mean `near`?", with the mend at `span`.
void suggest(diag::Diagnostic& d, std::string_view near, Span span);

/// Counts a level of nested evaluation; `ok` is false when it is too deep (reported).
inline constexpr unsigned kMaxNesting = 500;
inline constexpr unsigned kMaxComponentNesting = 64;
inline constexpr std::size_t kMaxElements = 10'000'000;

}  // namespace mlstack::sema
