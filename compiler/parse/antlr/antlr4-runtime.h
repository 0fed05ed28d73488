#pragma once
// Stands in for the runtime's umbrella header, which clang 14 rejects (InterpreterDataReader.h)
// and which costs seconds a file: only what a generated parser and a token stream of our own need.

#include "antlr4-common.h"

#include "ANTLRErrorStrategy.h"
#include "Exceptions.h"
#include "InputMismatchException.h"
#include "NoViableAltException.h"
#include "Parser.h"
#include "ParserRuleContext.h"
#include "RecognitionException.h"
#include "Token.h"
#include "TokenStream.h"
#include "Vocabulary.h"
#include "atn/ATN.h"
#include "atn/ATNDeserializer.h"
#include "atn/ParserATNSimulator.h"
#include "dfa/DFA.h"
#include "misc/IntervalSet.h"
#include "support/CPPUtils.h"
#include "tree/TerminalNode.h"

#include "parser_base.h"
