#pragma once
// What the generated parser stands on (grammar options superClass and contextSuperClass). The names
// that generated code calls (match, enterRule, _input, _errHandler, _tracker, …) are found here before
// the runtime's own, so that the way of a token through the parser is inlined: no virtual calls, no
// reference counts, no parse tree beyond the labels, contexts in an arena.
//
// Unlike the runtime, an error unwinds to the next statement, member, entry or item at once: no token is
// guessed away or made up, so one slip is one message.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "syntax/token.h"

namespace mlstack::parse::antlr {

/// A token as labels see it: its place in the token array.
class Lexeme final : public antlr4::Token {
 public:
  Lexeme(std::uint32_t index, syntax::TokenKind kind) : index_(index), kind_(kind) {}
  std::uint32_t index() const { return index_; }
  syntax::TokenKind kind() const { return kind_; }

  std::string getText() const override { return {}; }
  std::size_t getType() const override { return kind_ == syntax::TokenKind::EndOfFile ? antlr4::Token::EOF : static_cast<std::size_t>(kind_); }
  std::size_t getLine() const override { return 0; }
  std::size_t getCharPositionInLine() const override { return 0; }
  std::size_t getChannel() const override { return antlr4::Token::DEFAULT_CHANNEL; }
  std::size_t getTokenIndex() const override { return index_; }
  std::size_t getStartIndex() const override { return index_; }
  std::size_t getStopIndex() const override { return index_; }
  antlr4::TokenSource* getTokenSource() const override { return nullptr; }
  antlr4::CharStream* getInputStream() const override { return nullptr; }
  std::string toString() const override { return {}; }

 private:
  std::uint32_t index_;
  syntax::TokenKind kind_;
};

/// A rule's context: the labels of the generated subclass, and the tokens it covers.
class Context : public antlr4::ParserRuleContext {
 public:
  using antlr4::ParserRuleContext::ParserRuleContext;
  std::uint32_t begin = 0;     // index of the first token
  std::uint32_t end = 0;       // index after the last
  std::uint8_t rule = 0;
  bool failed = false;         // an error was found in it; its labels may be missing
  std::uint32_t firstBuilt = 0;  // what was built inside of it: ContextStack::built[firstBuilt … endBuilt)
  std::uint32_t endBuilt = 0;
};

/// What was made of a rule that is built as soon as it is read.
struct Built {
  void* node = nullptr;
  std::uint32_t size = 0;    // of a node that has no memory of its own yet: what to keep of it
  std::uint32_t depth = 0;   // how deep it nests
};

/// The contexts and lexemes that are alive, as a stack, and beside them what was built already.
class ContextStack {
 public:
  struct Mark {
    std::size_t live;
    std::size_t chunk;
    std::byte* cursor;
    std::size_t built;
  };

  /// In the order of the text. What stands inside of something built goes when that is built.
  std::vector<Built> built;

  ContextStack() { chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(kChunk)); rewind(0, chunks_[0].get()); }
  ContextStack(const ContextStack&) = delete;
  ContextStack& operator=(const ContextStack&) = delete;
  ~ContextStack() { release({0, 0, chunks_[0].get(), 0}); }

  template <class T>
  T* createInstance(antlr4::ParserRuleContext* parent, std::size_t state) {
    T* context = ::new (allocate(sizeof(T))) T(parent, state);
    live_.push_back(context);
    return context;
  }
  Lexeme* lexeme(std::uint32_t index, syntax::TokenKind kind) { return ::new (allocate(sizeof(Lexeme))) Lexeme(index, kind); }

  Mark mark() const { return {live_.size(), chunk_, cursor_, built.size()}; }
  void release(const Mark& to) {
    while (live_.size() > to.live) {
      live_.back()->~Context();
      live_.pop_back();
    }
    rewind(to.chunk, to.cursor);
    built.resize(to.built);
  }
  /// In the place of the contexts that it was made of.
  void replace(const Mark& from, Built made) {
    std::byte kept[kMostKept];
    if (made.size != 0) std::memcpy(kept, made.node, made.size);
    release(from);
    if (made.size != 0) made.node = std::memcpy(allocate(made.size), kept, made.size);
    built.push_back(made);
  }
  static constexpr std::size_t kMostKept = 64;

 private:
  static constexpr std::size_t kChunk = 64 * 1024;

  void* allocate(std::size_t size) {
    size = (size + 15) & ~std::size_t{15};
    if (cursor_ + size > limit_) {
      if (chunk_ + 1 == chunks_.size()) chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(kChunk));
      rewind(chunk_ + 1, chunks_[chunk_ + 1].get());
    }
    void* at = cursor_;
    cursor_ += size;
    return at;
  }
  void rewind(std::size_t chunk, std::byte* cursor) {
    chunk_ = chunk;
    cursor_ = cursor;
    limit_ = chunks_[chunk].get() + kChunk;
  }

  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::size_t chunk_ = 0;
  std::byte* cursor_ = nullptr;
  std::byte* limit_ = nullptr;
  std::vector<Context*> live_;
};

/// The token array as ANTLR reads it.
class Cursor final : public antlr4::TokenStream {
 public:
  Cursor(const syntax::Token* tokens, std::size_t count, ContextStack& stack) : tokens_(tokens), count_(count), stack_(stack) {}

  std::uint32_t position() const { return position_; }
  const syntax::Token& token(std::size_t at) const { return tokens_[at < count_ ? at : count_ - 1]; }
  syntax::TokenKind kind() const { return tokens_[position_].kind; }
  bool startsLine() const { return tokens_[position_].newlineBefore; }

  void consume() override { position_ += position_ + 1 < count_ ? 1 : 0; }
  std::size_t LA(ssize_t) override { return type(tokens_[position_].kind); }
  antlr4::Token* LT(ssize_t) override { return stack_.lexeme(position_, kind()); }
  antlr4::Token* get(std::size_t at) const override { return stack_.lexeme(static_cast<std::uint32_t>(at), token(at).kind); }
  ssize_t mark() override { return 0; }
  void release(ssize_t) override {}
  std::size_t index() override { return position_; }
  void seek(std::size_t to) override { position_ = static_cast<std::uint32_t>(to < count_ ? to : count_ - 1); }
  std::size_t size() override { return count_; }
  std::string getSourceName() const override { return {}; }
  antlr4::TokenSource* getTokenSource() const override { return nullptr; }
  std::string getText(const antlr4::misc::Interval&) override { return {}; }
  std::string getText() override { return {}; }
  std::string getText(antlr4::RuleContext*) override { return {}; }
  std::string getText(antlr4::Token*, antlr4::Token*) override { return {}; }

 private:
  static std::size_t type(syntax::TokenKind kind) {
    return kind == syntax::TokenKind::EndOfFile ? antlr4::Token::EOF : static_cast<std::size_t>(kind);
  }
  const syntax::Token* tokens_;
  std::size_t count_;
  std::uint32_t position_ = 0;
  ContextStack& stack_;
};

/// Who turns contexts into nodes and slips into messages.
class Actions {
 public:
  virtual ~Actions() = default;
  /// One of the rules that are built at once is complete; its contexts go as soon as this returns.
  virtual Built build(Context& context) = 0;
  /// Two commas with nothing between them, the second at the cursor.
  virtual void emptyItem(std::uint8_t rule) = 0;
  /// The token at the cursor cannot follow. `wanted` is the one token that could, or EndOfFile when it is not one.
  /// Called once a slip.
  virtual void unexpected(std::uint8_t rule, syntax::TokenKind wanted) = 0;
  /// Rules nest beyond the limit.
  virtual void tooDeep() = 0;
  /// Moves the cursor behind what a slip spoiled. False when `rule` cannot go on: its caller has to.
  virtual bool resume(std::uint8_t rule, std::uint32_t begin) = 0;
  /// Whether a rule of `lineRules` may begin with the token at the cursor, which is the first of its line.
  virtual bool mayBegin(std::uint8_t rule) const = 0;
};

class ParserBase : public antlr4::Parser {
 public:
  /// Rules alive at once. Brackets are limited before (kMaxDepth, five rules each); this bounds
  /// `else if` chains.
  static constexpr unsigned kMaxRules = 1600;

  explicit ParserBase(antlr4::TokenStream* input) : antlr4::Parser(input), _input(static_cast<Cursor*>(input)) {}

  /// Call before parsing. `loops`: the rules (as bits) that are lists of things, each with its own resumption,
  /// in which only `follow` (token kinds as bits) may stand at the head of a round; `lineRules`: see mayBegin; `builtRules`:
  /// see Actions::build.
  void prepare(Actions& actions, ContextStack& stack, std::uint64_t loops, const std::uint64_t* follow, std::uint64_t lineRules,
               std::uint64_t builtRules) {
    actions_ = &actions;
    _tracker.stack = &stack;
    loops_ = loops;
    follow_ = follow;
    lineRules_ = lineRules;
    builtRules_ = builtRules;
  }

  // The error strategy, as generated code calls it.
  void sync(antlr4::Parser*) {
    if ((loops_ >> rule_ & 1) != 0 && (follow_[rule_] >> static_cast<unsigned>(_input->kind()) & 1) == 0) leaveDebris();
  }
  void reportMatch(antlr4::Parser*) {}
  antlr4::Token* recoverInline(antlr4::Parser*) { throw antlr4::InputMismatchException(this); }
  void reportError(antlr4::Parser*, const antlr4::RecognitionException&) {
    auto* context = static_cast<Context*>(_ctx);
    context->failed = true;
    if (!reported_) actions_->unexpected(rule_, wanted_);
    reported_ = true;
  }
  void recover(antlr4::Parser*, const std::exception_ptr& error) {
    auto* context = static_cast<Context*>(_ctx);
    // A list that lacks its own brackets is its caller's trouble.
    if ((loops_ >> rule_ & 1) != 0 || !actions_->resume(rule_, context->begin)) std::rethrow_exception(error);
    reported_ = false;
    wanted_ = syntax::TokenKind::EndOfFile;
  }
  /// The slip was reported in other words already.
  void alreadyReported() { reported_ = true; }

  std::size_t getState() const final { return 0; }

 protected:
  struct Tracker {
    ContextStack* stack = nullptr;
    ContextStack::Mark before{};   // the newest context
    template <class T>
    T* createInstance(antlr4::ParserRuleContext* parent, std::size_t state) {
      before = stack->mark();
      return stack->createInstance<T>(parent, state);
    }
  };
  template <class F>
  struct AtExit {
    F action;
    ~AtExit() { action(); }
  };
  template <class F>
  static AtExit<F> finally(F action) {
    return {std::move(action)};
  }

  void setState(std::size_t) {}
  void enterOuterAlt(antlr4::ParserRuleContext*, std::size_t) final {}

  void enterRule(Context* context, std::size_t, std::size_t rule) {
    // Before anything of this rule is known: the slip is its caller's.
    if ((lineRules_ >> rule & 1) != 0 && _input->startsLine() && !actions_->mayBegin(static_cast<std::uint8_t>(rule))) {
      throw antlr4::InputMismatchException(this);
    }
    context->begin = _input->position();
    context->rule = static_cast<std::uint8_t>(rule);
    _ctx = context;
    rule_ = context->rule;
    context->firstBuilt = static_cast<std::uint32_t>(_tracker.stack->built.size());
    if ((builtRules_ >> rule & 1) != 0) marks_.push_back(_tracker.before);
    ++depth_;
  }
  void exitRule() {
    auto* context = static_cast<Context*>(_ctx);
    context->end = _input->position();
    --depth_;
    auto* parent = static_cast<Context*>(_ctx->parent);
    _ctx = parent;
    rule_ = parent != nullptr ? parent->rule : kNoRule;
    context->endBuilt = static_cast<std::uint32_t>(_tracker.stack->built.size());
    if ((builtRules_ >> context->rule & 1) == 0) return;
    _tracker.stack->replace(marks_.back(), actions_->build(*context));
    marks_.pop_back();
  }

  antlr4::Token* match(std::size_t type) final {
    if (_input->LA(1) != type) {
      wanted_ = type == antlr4::Token::EOF ? syntax::TokenKind::EndOfFile : static_cast<syntax::TokenKind>(type);
      throw antlr4::InputMismatchException(this);
    }
    if (depth_ > kMaxRules) stopDescent();
    if (type == static_cast<std::size_t>(syntax::TokenKind::Comma)) {   // no label asks for one, and there are many
      _input->consume();
      if (_input->kind() == syntax::TokenKind::Comma) actions_->emptyItem(rule_);
      return nullptr;
    }
    antlr4::Token* token = _input->LT(1);
    _input->consume();
    return token;
  }
  antlr4::Token* consume() final {
    if (depth_ > kMaxRules) stopDescent();
    _input->consume();
    return nullptr;  // generated code has taken it by LT
  }

  Cursor* _input;
  ParserBase* _errHandler = this;
  Tracker _tracker;

 private:
  static constexpr std::uint8_t kNoRule = 63;

  void stopDescent() {
    actions_->tooDeep();
    reported_ = true;
    throw antlr4::InputMismatchException(this);
  }
  void leaveDebris() {
    auto* context = static_cast<Context*>(_ctx);
    while ((follow_[rule_] >> static_cast<unsigned>(_input->kind()) & 1) == 0 && _input->kind() != syntax::TokenKind::EndOfFile) {
      actions_->unexpected(rule_, syntax::TokenKind::EndOfFile);
      context->failed = true;
      const auto before = _input->position();
      (void)actions_->resume(rule_, before);
      if (_input->position() == before) break;
    }
  }

  Actions* actions_ = nullptr;
  std::uint64_t loops_ = 0;
  const std::uint64_t* follow_ = nullptr;
  std::uint64_t lineRules_ = 0;
  std::uint64_t builtRules_ = 0;
  std::vector<ContextStack::Mark> marks_;
  unsigned depth_ = 0;
  std::uint8_t rule_ = kNoRule;
  bool reported_ = false;
  syntax::TokenKind wanted_ = syntax::TokenKind::EndOfFile;
};

}  // namespace mlstack::parse::antlr
