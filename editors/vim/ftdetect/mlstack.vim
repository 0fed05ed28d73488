autocmd BufNewFile,BufRead *.mlstack setfiletype mlstack
