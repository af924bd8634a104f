# Completion of dstream for bash: the program knows what may come.
_dstream() {
    local i cut part word reply words=() quote="" open="${COMP_WORDS[COMP_CWORD]}"
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word="${COMP_WORDS[i]}"
        if [[ $word != [\'\"]* ]]; then
            part=""
            while [[ $word == *\\?* ]]; do
                part+="${word%%\\*}" word="${word#*\\}"
                part+="${word:0:1}" word="${word:1}"
            done
            word="$part$word"
        fi
        part="$word"
        if ((${#words[@]})) && [[ $word == [:=]* || ${COMP_WORDS[i - 1]} == *[:=] ]]; then
            words[-1]+="$word"
        else
            words+=("$word")
        fi
    done
    [[ $part == [:=] ]] && part=""
    cut="${words[-1]%"$part"}"
    [[ $open == [\'\"]* ]] && quote="$open"
    mapfile -t COMPREPLY < <(DSTREAM_COMPLETE_BEHIND="$(printf '%s\n' "${COMP_WORDS[@]:COMP_CWORD+1}")" \
        "${COMP_WORDS[0]}" --complete "${words[@]}" 2>/dev/null </dev/null)
    for i in "${!COMPREPLY[@]}"; do
        reply="${COMPREPLY[i]#"$cut"}"
        [[ -z $quote && $reply == *[!A-Za-z0-9_./:=,+@%^~-]* ]] && printf -v reply %q "$reply"
        COMPREPLY[i]="$reply"
    done
    [[ ${COMPREPLY[0]} == *[=:,/\(] ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -o nosort -F _dstream dstream
