# Completion of dstream for bash: the program knows what may come.
_dstream() {
    local i cut word words=() part="${COMP_WORDS[COMP_CWORD]}"
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word="${COMP_WORDS[i]}"
        if ((${#words[@]})) && [[ $word == [:=]* || ${COMP_WORDS[i - 1]} == *[:=] ]]; then
            words[-1]+="$word"
        else
            words+=("$word")
        fi
    done
    [[ $part == [:=] ]] && part=""
    cut="${words[-1]%"$part"}"
    mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" --complete "${words[@]}" 2>/dev/null)
    COMPREPLY=("${COMPREPLY[@]#"$cut"}")
    [[ ${COMPREPLY[0]} == *[=:,/] ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -o nosort -F _dstream dstream
