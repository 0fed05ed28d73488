// The grammar of `.mlstack`. Every decision is LL(1): the generated parser never simulates,
// so it is free of ambiguity and of full-context fallback by construction, and linear.
// Operator precedence is not in the grammar: `expr` is flat and the tree builder climbs
// precedences, which saves a dozen contexts an expression.
// Tokens come from compiler/parse/lexer.cpp; README.md describes them.
//
// The labels are the interface to compiler/parse: the tree builder reads nothing else. A run of
// tokens that needs no label (`DOC*`, the dots of a path, prefix operators) it reads from the tokens.
parser grammar MlstackParser;

options { superClass = ParserBase; contextSuperClass = Context; }  // compiler/parse/antlr/parser_base.h

tokens {
  // names and literals
  NAME, INT, FLOAT, SUFFIXED,          // SUFFIXED: 10Gi 500m 2h 1.5T
  STRING, BLOCK_STRING,                // without interpolation
  STRING_HEAD, STRING_MID, STRING_TAIL,// "a${ … }b${ … }c", block strings alike
  DOC,                                 // /// one line, belongs to what follows
  // statement words (a NAME where no statement of theirs can begin: compiler/parse/words.h)
  STACK, IMPORT, PARAM, LET, KIND, COMPONENT, FOR, IF, ASSERT, OUTPUT, EXTERNAL, OBJECT, ALLOW,
  // words inside statements and expressions
  AS, AT, ELSE, IN, MATCHES, THEN, TRUE, FALSE, NULL_, VIA,
  // punctuation
  LBRACE, RBRACE, LBRACKET, RBRACKET, LPAREN, RPAREN,
  ASSIGN, COLON, COMMA, DOT, RANGE, RANGE_BELOW, SPREAD, ARROW, QUESTION, PIPE,
  EQ, NE, LT, LE, GT, GE, PLUS, MINUS, STAR, SLASH, PERCENT, AND, OR, NOT
}

file: statement* EOF;

// Statements, items of lists and entries of maps are built as soon as they are read, and their contexts freed: only what
// stands around the current one has a parse tree. They need no labels.
statement
  : DOC*
    ( word=wordStatement
    | SPREAD spread=expr
    | quoted=(STRING | BLOCK_STRING) (ASSIGN value=expr | body=block)
    // `image = "x"`, `resources { … }`, `claim data { … }`, `port http = 80`, `port = 80 { … }`, `read data at "/data" { … }`
    | head=NAME (DOT NAME)*
      ( ASSIGN value=expr body=block?
      | body=block
      | label=labelOperand (ASSIGN value=expr)? (AT at=expr)? body=block?
      )
    )
  ;

wordStatement
  : word=STACK name=NAME body=block?
  | word=IMPORT from=STRING (AS name=NAME)?
  | word=PARAM name=NAME COLON ty=type refine=refinement? (ASSIGN value=expr)?
  | word=(LET | OUTPUT) name=NAME (COLON ty=type)? ASSIGN value=expr
  | word=KIND name=NAME (ASSIGN from=STRING)? fields=members
  | word=COMPONENT name=NAME body=block
  | word=FOR name=NAME (COMMA second=NAME)? IN value=expr body=block
  | word=IF value=expr body=block (ELSE (otherwise=block | chained=elseIf))?
  | word=ASSERT value=expr (COMMA message=expr)?
  | word=ALLOW name=NAME value=expr
  | word=EXTERNAL NAME (DOT NAME)* label=labelOperand body=block?
  | word=OBJECT from=STRING label=labelOperand body=block?
  ;
elseIf: IF value=expr body=block (ELSE (otherwise=block | chained=elseIf))?;

block: LBRACE statement* RBRACE;

// kind NAME = "group/version/Kind" { member… }
members: LBRACE items+=kindMember* RBRACE;
kindMember: DOC* name=NAME (COLON ty=type refine=refinement?)? (ARROW to=target)? (VIA via=NAME)? (ASSIGN value=expr)?;
target: steps+=targetStep (DOT steps+=targetStep)*;
targetStep: name=(NAME | STRING) (open=LBRACKET key=NAME? RBRACKET)?;

type: first=typeAtom (PIPE rest+=typeAtom)*;
typeAtom
  : ( name=NAME (DOT NAME)*
      ( LT arguments+=type (COMMA arguments+=type)* GT
      | LPAREN words+=(NAME | STRING) (COMMA words+=(NAME | STRING))* RPAREN
      )?
    | LBRACE (fields+=typeField COMMA?)+ RBRACE
    )
    optional=QUESTION?
  ;
typeField: DOC* name=NAME COLON ty=type (ASSIGN value=expr)?;
refinement: IN range=expr | MATCHES pattern=string;

expr
  : IF condition=expr THEN then=expr ELSE otherwise=expr
  | first=operand
    ( ops+=(OR | AND | EQ | NE | LT | LE | GT | GE | IN | RANGE | RANGE_BELOW | PLUS | MINUS | STAR | SLASH | PERCENT)
      rest+=operand
    )*
  ;
operand
  : (MINUS | NOT)*
    ( token=(NAME | INT | FLOAT | SUFFIXED | TRUE | FALSE | NULL_ | STRING | BLOCK_STRING)
    | text=interpolated
    | LPAREN inner=expr RPAREN
    | LBRACKET list=listBody RBRACKET
    | LBRACE map=mapBody RBRACE
    )
    suffixes+=suffix*
  ;
// What may name or size a statement: an operand that does not begin with a brace.
labelOperand
  : ( token=(NAME | INT | FLOAT | SUFFIXED | STRING | BLOCK_STRING)
    | text=interpolated
    | LPAREN inner=expr RPAREN
    )
    suffixes+=suffix*
  ;
suffix
  : DOT name=NAME
  | LBRACKET index=expr RBRACKET
  | LPAREN (arguments+=argument (COMMA arguments+=argument?)*)? RPAREN
  ;
argument: value=expr (equals=ASSIGN named=expr)?;
interpolated: head=STRING_HEAD parts+=expr (mids+=STRING_MID parts+=expr)* tail=STRING_TAIL;
string: plain=(STRING | BLOCK_STRING) | text=interpolated;

// Commas without an item between them are reported where they are read.
listBody
  : comprehension=forClause
  | (listItem (COMMA listItem?)*)?
  ;
listItem: SPREAD spread=expr | value=expr;
forClause: FOR first=NAME (COMMA second=NAME)? IN source=expr (IF condition=expr)? COLON element=expr (equals=ASSIGN mapped=expr)?;
mapBody: comprehension=forClause | mapEntry*;
mapEntry
  : DOC*
    ( SPREAD spread=expr
    | (name=NAME (DOT NAME)* | key=string) (ASSIGN value=expr | nested=mapNested)
    )
    COMMA?
  ;
mapNested: LBRACE map=mapBody RBRACE;
