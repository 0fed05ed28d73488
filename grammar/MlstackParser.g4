// The grammar of `.mlstack`. Every decision is LL(1): the generated parser never simulates,
// so it is free of ambiguity and of full-context fallback by construction, and linear.
// Operator precedence is not in the grammar: `expr` is flat and the tree builder climbs
// precedences, which saves a dozen contexts an expression.
// Tokens come from compiler/parse/lexer.cpp; README.md describes them.
parser grammar MlstackParser;

tokens {
  // names and literals
  NAME, INT, FLOAT, SUFFIXED,          // SUFFIXED: 10Gi 500m 2h 1.5T
  STRING, BLOCK_STRING,                // without interpolation
  STRING_HEAD, STRING_MID, STRING_TAIL,// "a${ … }b${ … }c", block strings alike
  DOC,                                 // /// one line, belongs to what follows
  // statement words (a NAME when followed by `=`, `:` or `{`, or after a dot)
  STACK, IMPORT, PARAM, LET, KIND, COMPONENT, FOR, IF, ASSERT, OUTPUT, EXTERNAL, OBJECT, ALLOW,
  // words inside statements and expressions
  AS, AT, ELSE, IN, MATCHES, THEN, TRUE, FALSE, NULL_, VIA,
  // punctuation
  LBRACE, RBRACE, LBRACKET, RBRACKET, LPAREN, RPAREN,
  ASSIGN, COLON, COMMA, DOT, RANGE, RANGE_BELOW, SPREAD, ARROW, QUESTION, PIPE,
  EQ, NE, LT, LE, GT, GE, PLUS, MINUS, STAR, SLASH, PERCENT, AND, OR, NOT
}

file: items+=statement* EOF;

// One statement after another; the builder calls this rule so that only one top-level
// statement's tree is alive at a time.
single: item=statement;

statement
  : docs+=DOC* (
      stackHeader | importDecl | paramDecl | letDecl | kindDecl | componentDecl
    | forStatement | ifStatement | assertStatement | outputDecl | allowStatement
    | externalDecl | objectDecl | spreadStatement | stringField | nameStatement
    )
  ;

stackHeader: STACK name=NAME body=block?;
importDecl: IMPORT from=STRING (AS name=NAME)?;
paramDecl: PARAM name=NAME COLON ty=type refine=refinement? (ASSIGN value=expr)?;
letDecl: LET name=NAME (COLON ty=type)? ASSIGN value=expr;
outputDecl: OUTPUT name=NAME (COLON ty=type)? ASSIGN value=expr;
assertStatement: ASSERT value=expr (COMMA message=expr)?;
allowStatement: ALLOW code=NAME reason=expr;
forStatement: FOR first=NAME (COMMA second=NAME)? IN items=expr body=block;
ifStatement: IF condition=expr then=block (ELSE (otherwise=block | chained=ifStatement))?;
componentDecl: COMPONENT name=NAME body=block;
externalDecl: EXTERNAL head=path label=labelOperand body=block?;
objectDecl: OBJECT type_=STRING label=labelOperand body=block?;
spreadStatement: SPREAD value=expr;
stringField: key=string (ASSIGN value=expr | body=block);

// kind NAME = "group/version/Kind" { member… }
kindDecl: KIND name=NAME (ASSIGN api=STRING)? LBRACE members+=kindMember* RBRACE;
kindMember: docs+=DOC* name=NAME (COLON ty=type refine=refinement?)? (ARROW to=target)? (VIA via+=NAME)? (ASSIGN value=expr)?;
target: steps+=targetStep (DOT steps+=targetStep)*;
targetStep: (name=NAME | quoted=STRING) (LBRACKET key=NAME? RBRACKET)?;

// `image = "x"`, `resources { … }`, `claim data { … }`, `port http = 80`, `read data at "/data" { … }`
nameStatement
  : head=path
    ( ASSIGN value=expr
    | body=block
    | label=labelOperand (ASSIGN labelled=expr)? (AT at=expr)? body=block?
    )
  ;

block: LBRACE items+=statement* RBRACE;
path: parts+=NAME (DOT parts+=NAME)*;

type: alternatives+=typeAtom (PIPE alternatives+=typeAtom)*;
typeAtom
  : (name=path (LT arguments+=type (COMMA arguments+=type)* GT | LPAREN words+=typeWord (COMMA words+=typeWord)* RPAREN)?
    | LBRACE fields+=typeField (COMMA? fields+=typeField)* RBRACE
    ) optional=QUESTION?
  ;
typeWord: name=NAME | quoted=STRING;
typeField: name=NAME COLON ty=type (ASSIGN value=expr)?;
refinement: IN range=expr | MATCHES pattern=string;

expr: IF condition=expr THEN then=expr ELSE otherwise=expr | first=operand (ops+=operator_ rest+=operand)*;
operator_
  : op=(OR | AND | EQ | NE | LT | LE | GT | GE | IN | RANGE | RANGE_BELOW | PLUS | MINUS | STAR | SLASH | PERCENT)
  ;
operand: prefixes+=(MINUS | NOT)* base=primary suffixes+=suffix*;
// What may name or size a statement: an operand that does not begin with a brace.
labelOperand: (token=(NAME | INT | FLOAT | SUFFIXED) | text=string | LPAREN inner=expr RPAREN) suffixes+=suffix*;
suffix
  : DOT name=NAME
  | LBRACKET index=expr RBRACKET
  | LPAREN (arguments+=argument (commas+=COMMA arguments+=argument?)*)? RPAREN
  ;
argument: value=expr (ASSIGN named=expr)?;
primary
  : token=(NAME | INT | FLOAT | SUFFIXED | TRUE | FALSE | NULL_)
  | text=string
  | LPAREN inner=expr RPAREN
  | LBRACKET list=listBody RBRACKET
  | LBRACE map=mapBody RBRACE
  ;
string: plain=(STRING | BLOCK_STRING) | head=STRING_HEAD parts+=expr (mids+=STRING_MID parts+=expr)* tail=STRING_TAIL;

listBody
  : comprehension=forClause
  | (items+=listItem (commas+=COMMA items+=listItem?)*)?
  ;
listItem: SPREAD spread=expr | value=expr;
forClause: FOR first=NAME (COMMA second=NAME)? IN source=expr (IF condition=expr)? COLON element=expr (ASSIGN mapped=expr)?;
mapBody: comprehension=forClause | entries+=mapEntry*;
mapEntry
  : (SPREAD spread=expr | key=mapKey (ASSIGN value=expr | nested=mapNested)) COMMA?
  ;
mapKey: path | string;
mapNested: LBRACE map=mapBody RBRACE;
