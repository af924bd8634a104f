# Completion of dstream for fish: the program knows what may come.
function __dstream_complete
    set -l before (commandline -opc)
    set -l all (commandline -o)
    set -lx DSTREAM_COMPLETE_BEHIND (string join \n -- $all[(math (count $before) + 2)..-1])
    command $before[1] --complete $before[2..-1] (commandline -ct) 2>/dev/null </dev/null
end
complete -c dstream -f -a '(__dstream_complete)'
