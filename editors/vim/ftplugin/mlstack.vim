" Settings for mlstack files.

if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1

setlocal commentstring=//\ %s
setlocal comments=:///,://,sr:/*,mb:*,ex:*/
setlocal formatoptions-=t formatoptions+=croql
" The formatter's own style: two spaces.
setlocal expandtab shiftwidth=2 softtabstop=2
setlocal iskeyword+=-
setlocal suffixesadd=.mlstack
setlocal matchpairs=(:),{:},[:]
if executable("mlstackc")
  setlocal formatprg=mlstackc\ fmt\ -
endif

let b:undo_ftplugin = "setlocal commentstring< comments< formatoptions< expandtab< shiftwidth< softtabstop< iskeyword< suffixesadd< matchpairs< formatprg<"
