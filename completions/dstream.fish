# Completion of dstream for fish: the program knows what may come.
function __dstream_complete
    set -l words (commandline -opc) (commandline -ct)
    command $words[1] --complete $words[2..-1] 2>/dev/null
end
complete -c dstream -f -a '(__dstream_complete)'
