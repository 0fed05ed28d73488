# Every decision of the grammar takes one token of look-ahead: the generated parser never predicts, so it cannot be
# ambiguous, cannot fall back to full context, and is linear. It also never reads its ATN, which is left packed.
set -euo pipefail
cd "${MLSTACK_SOURCE_DIR:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp grammar/MlstackParser.g4 "$work"
(cd "$work" && antlr4 -Dlanguage=Cpp -no-visitor -no-listener -Werror -o out MlstackParser.g4)
if grep -n -B 20 adaptivePredict "$work/out/MlstackParser.cpp"; then
  echo "the grammar needs more than one token of look-ahead"
  exit 1
fi
if grep -n 'sempred\|_localctx->.*precpred' "$work/out/MlstackParser.h"; then
  echo "the grammar has predicates"
  exit 1
fi
generated=${MLSTACK_BINARY_DIR:?}/generated/antlr/MlstackParser.cpp
if grep -n '^MlstackParser::Initializer MlstackParser::_init;' "$generated"; then
  echo "the generated parser unpacks its ATN at start-up"
  exit 1
fi
# The tokens of the grammar and of the lexer are one list.
grammar=$(sed -n '/^tokens {/,/^}/p' grammar/MlstackParser.g4 | sed 's,//.*,,; 1d; $d' | tr -d ' \n' | tr ',' '\n' |
  tr -d '_' | tr '[:upper:]' '[:lower:]')
lexer=$(sed -n '/^enum class TokenKind/,/^};/p' compiler/syntax/token.h | sed 's,//.*,,; 1d; $d' | tr -d ' \n' | tr ',' '\n' |
  sed 1d | tr '[:upper:]' '[:lower:]')
[[ $grammar == "$lexer" ]] || { diff <(echo "$grammar") <(echo "$lexer"); exit 1; }
