" Vim syntax file
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
syn match mlstackName #\h\w*\%(-\+\w\+\)*#
syn match mlstackEnum #[A-Z][A-Za-z0-9]*\%(-*\w\)\@!\%(\s*[.(]\)\@!#

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
syn match mlstackFunction #\%(resource[-_]field\|config[-_]files\|downward[-_]api\|image[-_]volume\|secret[-_]files\|starts[-_]with\|azure[-_]disk\|azure[-_]file\|config[-_]key\|secret[-_]key\|ends[-_]with\|enumerate\|host[-_]path\|projected\|to[-_]string\|basename\|contains\|distinct\|downward\|duration\|file[-_]key\|gce[-_]disk\|portworx\|quantity\|aws[-_]ebs\|dirname\|flatten\|replace\|reverse\|seconds\|vsphere\|base64\|cephfs\|cinder\|format\|indent\|length\|lookup\|sha256\|to[-_]int\|values\|bytes\|field\|floor\|iscsi\|local\|lower\|merge\|range\|round\|sleep\|split\|token\|upper\|ceil\|exec\|file\|flex\|grpc\|http\|join\|json\|keys\|slug\|sort\|trim\|yaml\|abs\|csi\|has\|max\|min\|nfs\|rbd\|sum\|tcp\|zip\|fc\)\%(-*\w\)\@!\%(\s*(\)\@=#

" Heads of statements: components and kinds of the file, then the kinds and parts that come with the
" compiler
syn match mlstackComponent #\%(\%(matches\|false\|else\|null\|then\|true\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\%(\.\h\w*\%(-\+\w\+\)*\)\=\%(\s\+\%(\%(matches\|false\|else\|null\|then\|true\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\s*{\)\@=# contains=mlstackDot nextgroup=mlstackLabel skipwhite
syn match mlstackPart #\%(controller-publish-secret\|controller-expand-secret\|container-resource\|namespace-labels\|default-request\|job-annotations\|pod-annotations\|prefer-together\|readiness-gates\|publish-secret\|scope-selector\|expand-secret\|node-selector\|pod-resources\|restart-rules\|device-claim\|pod-security\|prefer-apart\|stage-secret\|annotations\|pod-scratch\|prefer-node\|utilization\|attributes\|dns-config\|host-alias\|job-labels\|namespaces\|on-failure\|parameters\|pod-labels\|topologies\|aggregate\|container\|ephemeral\|readiness\|resources\|affinity\|behavior\|defaults\|external\|liveness\|overhead\|populate\|requests\|resource\|security\|subjects\|together\|tolerate\|default\|ingress\|options\|reserve\|selinux\|sidecar\|startup\|success\|variant\|windows\|allows\|binary\|egress\|labels\|limits\|metric\|object\|resize\|secret\|select\|spread\|values\|apart\|claim\|files\|items\|limit\|match\|ratio\|data\|from\|hard\|host\|init\|node\|path\|pods\|port\|rule\|when\|with\|env\|max\|min\|tls\|to\)\%(-*\w\)\@!\%(\s*{\|\s\+\%(\%(\%(matches\|false\|else\|null\|then\|true\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\|["(0-9]\)\)\@=# nextgroup=mlstackLabel skipwhite
syn match mlstackKind #\%(cluster-role-binding\|attributes-class\|network-policy\|snapshot-class\|runtime-class\|cluster-role\|role-binding\|limit-range\|statefulset\|deployment\|autoscale\|daemonset\|namespace\|priority\|snapshot\|account\|cronjob\|ingress\|service\|budget\|config\|secret\|volume\|claim\|class\|quota\|role\|job\|pod\)\%(-*\w\)\@!\%(\s*{\|\s\+\%(\%(\%(matches\|false\|else\|null\|then\|true\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\|["(0-9]\)\)\@=# nextgroup=mlstackLabel skipwhite
syn match mlstackVerb #\%(checkpoint\|scratch\|device\|write\|read\)\%(-*\w\)\@!\%(\s\+\%(\%(\%(matches\|false\|else\|null\|then\|true\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\|["(0-9]\)\)\@=#
syn match mlstackLabel #\%(\%(matches\|false\|else\|null\|then\|true\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*# contained

" Words inside statements and expressions
syn match mlstackWord #\%(matches\|via\|as\|at\)\%(-*\w\)\@!#
syn match mlstackWord #\%(via\|as\|at\)\%(-*\w\)\@!# nextgroup=mlstackOperandName skipwhite
syn match mlstackControl #\%(else\|then\|in\)\%(-*\w\)\@!#
syn match mlstackControl #\%(then\|in\)\%(-*\w\)\@!# nextgroup=mlstackOperandName skipwhite
syn match mlstackControl #in\%(-*\w\)\@!# nextgroup=mlstackSource,mlstackOperandName skipwhite
syn match mlstackSource #\h\w*\%(-\+\w\+\)*\%(\s*:\)\@=# contained
syn match mlstackConstant #\%(false\|null\|true\)\%(-*\w\)\@!#

" Types: after a colon, until what follows a type. The colon of a comprehension comes here too, so
" that all else is still found inside.
syn region mlstackTypes matchgroup=mlstackComma start=#:# matchgroup=NONE end=#=\%(=\)\@!#me=s-1 end=#->#me=s-1 end=#[]{}]#me=s-1 end=#$# contains=@mlstackCode,mlstackType
syn match mlstackType #\%(cluster-role-binding\|attributes-class\|network-policy\|snapshot-class\|runtime-class\|cluster-role\|role-binding\|limit-range\|statefulset\|deployment\|autoscale\|daemonset\|namespace\|duration\|priority\|quantity\|snapshot\|account\|cronjob\|include\|ingress\|service\|budget\|config\|secret\|string\|volume\|claim\|class\|float\|image\|parts\|quota\|bool\|cron\|list\|name\|part\|path\|port\|role\|any\|int\|job\|map\|pod\)\%(-*\w\)\@!\%(\s*[.(=:]\)\@!# contained
syn match mlstackType #enum\%((\)\@=# contained

" Statements
syn match mlstackDeclare #\%(^\s*\)\@40<=\%(component\|external\|assert\|object\|output\|allow\|param\|stack\|kind\|let\)\%(-*\w\)\@!\%(\s*\%(=\%(=\)\@!\|:\|{\|\.\.\@!\|->\|[,)\]]\)\)\@!#
syn match mlstackDeclare #\%(\%(^\|[{}]\)\s*\)\@40<=\%(component\|external\|output\|allow\|param\|stack\|kind\|let\)\%(-*\w\)\@!\%(\s\+\h\w*\%(-\+\w\+\)*\)\@=#
syn match mlstackDeclare #\%(component\|external\|output\|allow\|param\|stack\|kind\|let\)\%(-*\w\)\@!\%(\s\+\%(\%(matches\|else\|then\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\)\@=#
syn match mlstackDeclare #object\%(-*\w\)\@!\%(\s*r\="\)\@=#
syn match mlstackDeclare #assert\%(-*\w\)\@!\%(\s*\%(\%(matches\|else\|then\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\%(["(\[!A-Za-z0-9_]\|->\@!\)\)\@=# nextgroup=mlstackOperandName skipwhite
syn match mlstackControl #\%(^\s*\)\@40<=import\%(-*\w\)\@!\%(\s*\%(=\%(=\)\@!\|:\|{\|\.\.\@!\|->\|[,)\]]\)\)\@!#
syn match mlstackControl #import\%(-*\w\)\@!\%(\s*r\="\)\@=#
syn match mlstackControl #\%(for\|if\)\%(-*\w\)\@!# nextgroup=mlstackOperandName skipwhite
syn match mlstackControl #for\%(-*\w\)\@!\%(\s\+\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackLoopName skipwhite
syn match mlstackDeclare #\%(\%(^\|[{}]\)\s*\)\@40<=\%(stack\)\%(-*\w\)\@!\%(\s\+\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackDeclared skipwhite
syn match mlstackDeclare #\%(stack\)\%(-*\w\)\@!\%(\s\+\%(\%(matches\|else\|then\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackDeclared skipwhite
syn match mlstackDeclare #\%(\%(^\|[{}]\)\s*\)\@40<=\%(kind\)\%(-*\w\)\@!\%(\s\+\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackDeclared skipwhite
syn match mlstackDeclare #\%(kind\)\%(-*\w\)\@!\%(\s\+\%(\%(matches\|else\|then\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackDeclared skipwhite
syn match mlstackDeclare #\%(\%(^\|[{}]\)\s*\)\@40<=\%(component\)\%(-*\w\)\@!\%(\s\+\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackDeclared skipwhite
syn match mlstackDeclare #\%(component\)\%(-*\w\)\@!\%(\s\+\%(\%(matches\|else\|then\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackDeclared skipwhite
syn match mlstackDeclare #\%(\%(^\|[{}]\)\s*\)\@40<=\%(param\)\%(-*\w\)\@!\%(\s\+\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackParameter skipwhite
syn match mlstackDeclare #\%(param\)\%(-*\w\)\@!\%(\s\+\%(\%(matches\|else\|then\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackParameter skipwhite
syn match mlstackDeclare #\%(\%(^\|[{}]\)\s*\)\@40<=\%(let\)\%(-*\w\)\@!\%(\s\+\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackDeclared skipwhite
syn match mlstackDeclare #\%(let\)\%(-*\w\)\@!\%(\s\+\%(\%(matches\|else\|then\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackDeclared skipwhite
syn match mlstackDeclare #\%(\%(^\|[{}]\)\s*\)\@40<=\%(output\)\%(-*\w\)\@!\%(\s\+\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackDeclared skipwhite
syn match mlstackDeclare #\%(output\)\%(-*\w\)\@!\%(\s\+\%(\%(matches\|else\|then\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackDeclared skipwhite
syn match mlstackDeclare #\%(\%(^\|[{}]\)\s*\)\@40<=\%(allow\)\%(-*\w\)\@!\%(\s\+\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackDeclared skipwhite
syn match mlstackDeclare #\%(allow\)\%(-*\w\)\@!\%(\s\+\%(\%(matches\|else\|then\|via\|as\|at\|in\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\)\@=# nextgroup=mlstackDeclared skipwhite
syn match mlstackDeclared #\h\w*\%(-\+\w\+\)*# contained
syn match mlstackParameter #\h\w*\%(-\+\w\+\)*# contained
syn match mlstackLoopName #\h\w*\%(-\+\w\+\)*# contained nextgroup=mlstackLoopComma skipwhite
syn match mlstackLoopComma #,# contained nextgroup=mlstackLoopName skipwhite

" Reserved words in places where they are names
syn match mlstackName #\%(\%([-=<+%!|([]\|&&\|\*\@1<!/\|/\@1<!\*\|->\|\.\.<\|\.\.\)\s*\)\@20<=\%(component\|external\|matches\|assert\|import\|object\|output\|allow\|param\|stack\|else\|kind\|then\|let\|via\|as\|at\|in\)\%(-*\w\)\@!\%(\s*\%(=\%(=\)\@!\|->\)\)\@!#
syn match mlstackName #\%([,:]\s*\)\@20<=\%(component\|external\|matches\|assert\|import\|object\|output\|allow\|param\|stack\|else\|kind\|then\|let\|via\|as\|at\|in\)\%(-*\w\)\@!\%(\s*\%(=\%(=\)\@!\|->\|:\)\)\@!#
syn match mlstackOperandName #\%(component\|external\|matches\|assert\|import\|object\|output\|allow\|param\|stack\|else\|kind\|then\|let\|via\|as\|at\|in\)\%(-*\w\)\@!\%(\s*\%(=\%(=\)\@!\|->\|:\)\)\@!# contained
syn match mlstackName #\%(\${\s*\)\@20<=\%(component\|external\|matches\|assert\|import\|object\|output\|allow\|param\|stack\|else\|kind\|then\|let\|via\|as\|at\|in\)\%(-*\w\)\@!#
syn match mlstackName #\%(component\|external\|matches\|assert\|import\|object\|output\|allow\|param\|stack\|else\|kind\|then\|for\|let\|via\|as\|at\|if\|in\)\%(-*\w\)\@!\%(\s*\.\.\@!\)\@=#
syn match mlstackName #\%(component\|external\|matches\|assert\|import\|object\|output\|allow\|param\|stack\|kind\|for\|let\|via\|as\|at\|if\)\%(-*\w\)\@!\%(\s*{\)\@=#
syn match mlstackName #\%(\%(^\|[{}]\)\s*\)\@40<=in\%(-*\w\)\@!\%(\s*{\)\@=#
syn match mlstackField #\%(\%(^\|[{},]\)\s*\)\@40<=\%(false\|null\|true\)\%(-*\w\)\@!\%(\s*:\)\@=#
syn match mlstackName #\%(component\|external\|matches\|assert\|import\|object\|output\|allow\|false\|param\|stack\|else\|kind\|null\|then\|true\|for\|let\|via\|as\|at\|if\|in\)\%(-*\w\)\@!\%(\s*->\)\@=#
syn match mlstackField #\h\w*\%(-\+\w\+\)*\%(\s*=\%(=\)\@!\)\@=#
syn match mlstackField #\%(\%(false\|null\|true\)\%(-*\w\)\@!\)\@!\h\w*\%(-\+\w\+\)*\%(\s*:\)\@=#

" Members
syn match mlstackMember #\.\@1<!\.\s*\h\w*\%(-\+\w\+\)*# contains=mlstackDot
syn match mlstackMember #\%(->\s*\)\@20<=\h\w*\%(-\+\w\+\)*#

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
