" One step for each bracket that is open at the end of the line before.

if exists("b:did_indent")
  finish
endif
let b:did_indent = 1

setlocal nosmartindent indentexpr=MlstackIndent(v:lnum) indentkeys=0{,0},0),0],!^F,o,O
let b:undo_indent = "setlocal smartindent< indentexpr< indentkeys<"

if exists("*MlstackIndent")
  finish
endif

" Brackets that are code, not text: opened minus closed; a bracket that closes first counts apart.
function! s:Balance(lnum) abort
  let l:text = getline(a:lnum)
  let [l:open, l:closedFirst] = [0, 0]
  for l:column in range(len(l:text))
    let l:char = l:text[l:column]
    if l:char !~# '[][(){}]' || synIDattr(synID(a:lnum, l:column + 1, 1), "name") !=# "mlstackBracket"
      continue
    endif
    if l:char =~# '[[({]'
      let l:open += 1
    elseif l:open > 0
      let l:open -= 1
    else
      let l:closedFirst += 1
    endif
  endfor
  return [l:open, l:closedFirst]
endfunction

function! s:InText(lnum) abort
  return synIDattr(synID(a:lnum, 1, 1), "name") =~# '^mlstack\(String\|Escape\|Comment\)$'
endfunction

function! MlstackIndent(lnum) abort
  " Lines inside a block string or a comment stay as they are.
  if a:lnum > 1 && s:InText(a:lnum) && getline(a:lnum) !~# '^\s*//'
    return -1
  endif
  let l:before = prevnonblank(a:lnum - 1)
  while l:before > 0 && s:InText(l:before) && getline(l:before) !~# '^\s*//'
    let l:before = prevnonblank(l:before - 1)
  endwhile
  if l:before == 0
    return 0
  endif
  let l:steps = s:Balance(l:before)[0] > 0 ? 1 : 0
  if getline(a:lnum) =~# '^\s*[])}]'
    let l:steps -= 1
  endif
  return max([0, indent(l:before) + l:steps * shiftwidth()])
endfunction
