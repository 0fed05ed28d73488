// Vim's syntax file as text. Of items that begin at the same place Vim takes the one defined last, so
// the order runs from the general to the special.
import { longestFirst, wordSets } from "./patterns.mjs";

const raw = String.raw;
const name = raw`\h\w*\%(-\+\w\+\)*`;
const after = raw`\%(-*\w\)\@!`;
const assign = raw`=\%(=\)\@!`;
const dot = raw`\.\.\@!`;
/// At the start of a line, or behind a brace.
const start = raw`\%(\%(^\|[{}]\)\s*\)\@40<=`;

const alternation = (words) => longestFirst(words).join(raw`\|`);
const word = (words) => raw`\%(${alternation(words)}\)${after}`;

/// Reserved words in places where they are names: defined behind the words themselves.
function plainNames(sets) {
  const soft = word(sets.soft);
  const notDeclared = raw`\%(\s*\%(${assign}\|->\)\)\@!`;
  return raw`syn match mlstackName #\%(\%([-=<+%!|([]\|&&\|\*\@1<!/\|/\@1<!\*\|->\|\.\.<\|\.\.\)\s*\)\@20<=${soft}${notDeclared}#
syn match mlstackName #\%([,:]\s*\)\@20<=${soft}\%(\s*\%(${assign}\|->\|:\)\)\@!#
syn match mlstackOperandName #${soft}\%(\s*\%(${assign}\|->\|:\)\)\@!# contained
syn match mlstackName #\%(\${\s*\)\@20<=${soft}#
syn match mlstackName #${word([...sets.statement, ...sets.inner])}\%(\s*${dot}\)\@=#
syn match mlstackName #${word(sets.nameBeforeBrace)}\%(\s*{\)\@=#
syn match mlstackName #${start}in${after}\%(\s*{\)\@=#
syn match mlstackField #\%(\%(^\|[{},]\)\s*\)\@40<=${word(sets.literals)}\%(\s*:\)\@=#
syn match mlstackName #${word([...sets.statement, ...sets.inner, ...sets.literals])}\%(\s*->\)\@=#
syn match mlstackField #${name}\%(\s*${assign}\)\@=#
syn match mlstackField #\%(${word(sets.literals)}\)\@!${name}\%(\s*:\)\@=#`;
}

/// A reserved word behind one that an operand must follow is a name.
function innerWords(group, list, sets) {
  const opening = list.filter((w) => sets.operandNext.includes(w));
  return `syn match ${group} #${word(list)}#
syn match ${group} #${word(opening)}# nextgroup=mlstackOperandName skipwhite${list.includes("in") ? `
syn match ${group} #in${after}# nextgroup=mlstackSource,mlstackOperandName skipwhite
syn match mlstackSource #${name}\\%(\\s*:\\)\\@=# contained` : ""}`;
}

function statements(sets) {
  const declaring = sets.naming.map(([w]) => w);
  const own = sets.declaring.filter((w) => !["assert", "object"].includes(w));
  const notHere = raw`\%(\s*\%(${assign}\|:\|{\|${dot}\|->\|[,)\]]\)\)\@!`;
  const begin = raw`\%(^\s*\)\@40<=`;
  const nextName = raw`\%(\s\+${name}\)\@=`;
  const nextLabel = raw`\%(\s\+\%(${word(sets.inner)}\)\@!${name}\)\@=`;
  const line = (group, pattern, rest = "") => `syn match ${group} #${pattern}#${rest}`;
  const out = [
    line("mlstackDeclare", begin + word(sets.declaring) + notHere),
    line("mlstackDeclare", start + word(own) + nextName),
    line("mlstackDeclare", word(own) + nextLabel),
    line("mlstackDeclare", raw`object${after}\%(\s*r\="\)\@=`),
    line("mlstackDeclare", raw`assert${after}\%(\s*\%(${word(sets.inner)}\)\@!\%(["(\[!A-Za-z0-9_]\|->\@!\)\)\@=`, " nextgroup=mlstackOperandName skipwhite"),
    line("mlstackControl", raw`${begin}import${after}${notHere}`),
    line("mlstackControl", raw`import${after}\%(\s*r\="\)\@=`),
    line("mlstackControl", word(sets.branches), " nextgroup=mlstackOperandName skipwhite"),
    line("mlstackControl", raw`for${after}${nextName}`, " nextgroup=mlstackLoopName skipwhite"),
  ];
  for (const w of declaring) {
    const next = sets.naming.find(([n]) => n === w)[1] === "parameter" ? "mlstackParameter" : "mlstackDeclared";
    out.push(line("mlstackDeclare", start + word([w]) + nextName, ` nextgroup=${next} skipwhite`));
    out.push(line("mlstackDeclare", word([w]) + nextLabel, ` nextgroup=${next} skipwhite`));
  }
  return out.join("\n");
}

export function vim(words) {
  const sets = wordSets(words);
  const label = raw`\%(${word([...sets.inner, ...sets.literals])}\)\@!${name}`;
  const operand = raw`\%(\s\+\%(${label}\|["(0-9]\)\)\@=`;
  const headed = raw`\%(\s*{\|\s\+\%(${label}\|["(0-9]\)\)\@=`;
  const functions = alternation(sets.functions).replace(/[-_]/g, "[-_]");

  return raw`" Vim syntax file
" Language: mlstack
" Made by editors/generate.mjs; change vim.mjs and build the target "editors".

if exists("b:current_syntax")
  finish
endif
let s:cpo_save = &cpo
set cpo&vim

syn case match
syn iskeyword a-z,A-Z,48-57,_,-
syn sync fromstart

" Names. What a name means is told by the words beside it.
syn match mlstackName #${name}#
syn match mlstackEnum #[A-Z][A-Za-z0-9]*${after}\%(\s*[.(]\)\@!#

" Punctuation and operators
syn match mlstackBracket #[][(){}]#
syn match mlstackComma #[,:]#
syn match mlstackOperator #[-=<>+*/%!?|]#
syn match mlstackOperator #->\|==\|!=\|<=\|>=\|&&\|||#
syn match mlstackDot #\.#
syn match mlstackOperator #\.\.\.\|\.\.<\|\.\.#

" Numbers
syn match mlstackNumber #\d\+#
syn match mlstackNumber #\d\+\.\d\+#
syn match mlstackNumber #\d\+\%(\.\d\+\)\=\h\@=# nextgroup=mlstackUnit
syn match mlstackNumber #\d\+\%(\.\d\+\)\=[eE][-+]\=\d\+\w\@!#
syn match mlstackUnit #\h\w*\%(\.\d\+\h\w*\)*# contained

" Functions
syn match mlstackFunction #\%(${functions}\)${after}\%(\s*(\)\@=#

" Heads of statements: components and kinds of the file, then the kinds and parts that come with the
" compiler
syn match mlstackComponent #${label}\%(\.${name}\)\=\%(\s\+${label}\s*{\)\@=# contains=mlstackDot nextgroup=mlstackLabel skipwhite
syn match mlstackPart #${word(sets.parts)}${headed}# nextgroup=mlstackLabel skipwhite
syn match mlstackKind #${word(sets.kinds)}${headed}# nextgroup=mlstackLabel skipwhite
syn match mlstackVerb #${word(sets.verbs)}${operand}#
syn match mlstackLabel #${label}# contained

" Words inside statements and expressions
${innerWords("mlstackWord", sets.innerOther, sets)}
${innerWords("mlstackControl", sets.innerControl, sets)}
syn match mlstackConstant #${word(sets.literals)}#

" Types: after a colon, until what follows a type. The colon of a comprehension comes here too, so
" that all else is still found inside.
syn region mlstackTypes matchgroup=mlstackComma start=#:# matchgroup=NONE end=#${assign}#me=s-1 end=#->#me=s-1 end=#[]{}]#me=s-1 end=#$# contains=@mlstackCode,mlstackType
syn match mlstackType #${word([...sets.types, ...sets.kinds])}\%(\s*[.(=:]\)\@!# contained
syn match mlstackType #enum\%((\)\@=# contained

" Statements
${statements(sets)}
syn match mlstackDeclared #${name}# contained
syn match mlstackParameter #${name}# contained
syn match mlstackLoopName #${name}# contained nextgroup=mlstackLoopComma skipwhite
syn match mlstackLoopComma #,# contained nextgroup=mlstackLoopName skipwhite

" Reserved words in places where they are names
${plainNames(sets)}

" Members
syn match mlstackMember #\.\@1<!\.\s*${name}# contains=mlstackDot
syn match mlstackMember #\%(->\s*\)\@20<=${name}#

" Strings
syn match mlstackBadEscape #\\.# contained
syn match mlstackEscape #\\\%(u{\x\{1,6}}\|[ntr"\\$]\)# contained
syn match mlstackLineEscape #\\$# contained
syn region mlstackInterpolated matchgroup=mlstackInterpolation start=#\${# end=#}\|$# contained contains=@mlstackCode,mlstackBraces
syn region mlstackBraces matchgroup=mlstackBracket start=#{# end=#}\|$# contained contains=@mlstackCode,mlstackBraces
syn region mlstackString start=#"# end=#"\|$# contains=mlstackEscape,mlstackBadEscape,mlstackInterpolated
syn region mlstackString start=#"""# end=#"\{3,}# contains=mlstackEscape,mlstackBadEscape,mlstackLineEscape,mlstackInterpolated
syn region mlstackString start=#r"# end=#"\|$#
syn region mlstackString start=#r"""# end=#"\{3,}#

" Comments
syn match mlstackComment #//.*# contains=mlstackTodo,@Spell
syn region mlstackComment start=#/\*# end=#\*/# contains=mlstackTodo,@Spell
syn match mlstackDoc #\%(^\s*\)\@200<=////\@!.*# contains=@Spell
syn match mlstackComment #\%^\%ufeff\=\#!.*#
syn keyword mlstackTodo TODO FIXME XXX contained

syn cluster mlstackCode contains=mlstackName,mlstackEnum,mlstackBracket,mlstackComma,mlstackOperator,mlstackDot,mlstackNumber,mlstackFunction,mlstackComponent,mlstackPart,mlstackKind,mlstackVerb,mlstackField,mlstackWord,mlstackControl,mlstackConstant,mlstackTypes,mlstackDeclare,mlstackMember,mlstackString,mlstackComment,mlstackDoc

hi def link mlstackComment Comment
hi def link mlstackDoc SpecialComment
hi def link mlstackTodo Todo
hi def link mlstackString String
hi def link mlstackEscape SpecialChar
hi def link mlstackLineEscape SpecialChar
hi def link mlstackBadEscape Error
hi def link mlstackInterpolation Special
hi def link mlstackNumber Number
hi def link mlstackUnit Number
hi def link mlstackConstant Boolean
hi def link mlstackControl Conditional
hi def link mlstackDeclare Keyword
hi def link mlstackWord Keyword
hi def link mlstackOperator Operator
hi def link mlstackBracket Delimiter
hi def link mlstackComma Delimiter
hi def link mlstackLoopComma Delimiter
hi def link mlstackDot Delimiter
hi def link mlstackKind Type
hi def link mlstackPart Type
hi def link mlstackType Type
hi def link mlstackVerb Statement
hi def link mlstackComponent Function
hi def link mlstackFunction Function
hi def link mlstackEnum Constant
hi def link mlstackDeclared Identifier
hi def link mlstackParameter Identifier
hi def link mlstackLoopName Identifier
hi def link mlstackLabel Identifier

let b:current_syntax = "mlstack"
let &cpo = s:cpo_save
unlet s:cpo_save
`;
}
