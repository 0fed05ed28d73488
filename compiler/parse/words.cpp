#include "parse/words.h"

#include "parse/token_set.h"

namespace mlstack::parse {
namespace {

using enum syntax::TokenKind;
using syntax::TokenKind;

/// After these a name cannot be anything but a field, a part or a member of that name.
constexpr TokenSet kNameMakers{Assign, Colon, LBrace, Dot, Arrow};

/// After these an operand must follow, and no statement can begin.
constexpr TokenSet kOperandNext{Assign, Colon, Comma, LParen, LBracket, Range, RangeBelow, Spread, Arrow, Pipe,
                                Eq, Ne, Lt, Le, Gt, Ge, Plus, Minus, Star, Slash, Percent, And, Or, Not,
                                StringHead, StringMid, As, At, In, Then, Via, Param, Let, Kind, Component,
                                For, If, Assert, Output, External, Stack, Allow, Dot};

/// `list<int> in …`: a word that joins operands may stand behind a `>`.
constexpr TokenSet kOperandNextBeforeJoiner = kOperandNext.without(Gt);

/// Where a statement, a member or an entry begins.
constexpr TokenSet kStatementBefore{LBrace, RBrace, Doc, EndOfFile};

constexpr TokenSet kExpressionStart{Name, Int, Float, Suffixed, String, BlockString, StringHead, LParen, LBracket,
                                    LBrace, Minus, Not, True, False, Null, If};

constexpr bool isStatementWord(TokenKind kind) { return kind >= Stack && kind <= Allow; }
constexpr bool isInnerWord(TokenKind kind) { return kind >= As && kind <= Via; }

/// Could `next` be the second token of the statement that `word` begins?
constexpr bool opens(TokenKind word, TokenKind next, bool atStatementStart) {
  if (word == Assert) return kExpressionStart.has(next);
  if (word == Import || word == Object) return next == String || next == BlockString;
  return next == Name || isStatementWord(next) || (atStatementStart && isInnerWord(next));
}

bool statementWord(TokenKind word, const WordPlace& place) {
  if (kNameMakers.has(place.next)) return false;
  // A `>` at a line's end closes a type.
  const bool operandNext = (place.newLine ? kOperandNextBeforeJoiner : kOperandNext).has(place.previous);
  if (place.newLine && !operandNext) return true;
  if (place.nextOnNewLine && (operandNext || place.previous == Name)) return false;
  const bool start = place.newLine || kStatementBefore.has(place.previous);
  if (operandNext && !place.newLine) return false;
  return opens(word, place.next, start);
}

bool innerWord(TokenKind word, const WordPlace& place) {
  if (place.next == Assign || place.next == Colon || place.next == Dot || place.next == Arrow) return false;
  if (place.next == LBrace) {
    const bool start = place.newLine || kStatementBefore.has(place.previous);
    switch (word) {
      case Else:
      case Then: return true;
      case In: return !start;
      default: return false;
    }
  }
  return !kOperandNextBeforeJoiner.has(place.previous);
}

/// `true`, `false`, `null` are names only where a field or member is declared.
bool literalWord(const WordPlace& place) {
  if (place.next == Assign || place.next == Arrow) return false;
  if (place.next == Colon) {
    return !(place.newLine || kStatementBefore.has(place.previous) || place.previous == Comma ||
             place.previous == Param || place.previous == Let || place.previous == Output);
  }
  return true;
}

}  // namespace

bool isReserved(TokenKind word, const WordPlace& place) {
  if (place.previous == Dot || place.previous == Arrow) return false;
  if (word == If || word == For) return !kNameMakers.has(place.next);
  if (word == True || word == False || word == Null) return literalWord(place);
  return isStatementWord(word) ? statementWord(word, place) : innerWord(word, place);
}

}  // namespace mlstack::parse
