" Re-indents each file of the list and writes what came of it, with the settings that a user gets:
" one line of JSON a file.
set nocompatible encoding=utf-8 nomore noswapfile
filetype plugin indent on
syntax on
let s:out = []
for s:file in readfile($MLSTACK_LIST)
  execute 'edit' fnameescape(s:file)
  let s:settings = {'filetype': &filetype, 'commentstring': &commentstring, 'shiftwidth': &shiftwidth, 'expandtab': &expandtab, 'keyword': stridx(',' . &iskeyword . ',', ',-,') >= 0}
  silent normal! gg=G
  call add(s:out, json_encode([s:settings, getline(1, '$')]))
  set nomodified
  bwipeout!
endfor
call writefile(s:out, $MLSTACK_DUMP)
qall!
