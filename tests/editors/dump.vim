" Writes, for each file of the list, the syntax group of every byte: one line of JSON a file, as
" [filetype, [[group, count], …]]; line ends count as one byte without a group.
set nocompatible encoding=utf-8 nomore noswapfile lazyredraw maxmempattern=2000000 redrawtime=60000 synmaxcol=0
filetype plugin indent on
syntax on
let s:out = []
for s:file in readfile($MLSTACK_LIST)
  execute 'edit ++enc=utf-8 ++ff=unix' fnameescape(s:file)
  let s:runs = []
  let s:group = ''
  let s:count = 0
  for s:line in range(1, line('$'))
    for s:column in range(1, col([s:line, '$']) - 1) + [0]
      let s:now = s:column == 0 ? '' : synIDattr(synID(s:line, s:column, 1), 'name')
      if s:now !=# s:group
        call add(s:runs, [s:group, s:count])
        let s:group = s:now
        let s:count = 0
      endif
      let s:count += 1
    endfor
  endfor
  call add(s:runs, [s:group, s:count])
  call add(s:out, json_encode([&filetype, s:runs]))
  bwipeout!
endfor
call writefile(s:out, $MLSTACK_DUMP)
qall!
