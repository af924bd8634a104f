//! What the shells are given: a few lines each that ask the program itself. They know no operator.

pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("completions/dstream.bash", BASH.into()),
        ("completions/_dstream", ZSH.into()),
        ("completions/dstream.fish", FISH.into()),
    ]
}

/// A colon and `=` part words in bash: they are put together again, and what stands before the part that bash
/// completes is taken off the answers. What the shell would take for its own is escaped, unless a quote is open.
const BASH: &str = r#"# Completion of dstream for bash: the program knows what may come.
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
"#;

const ZSH: &str = r#"#compdef dstream
# Completion of dstream for zsh: the program knows what may come.
_dstream() {
    local -a answers unfinished home
    local -x DSTREAM_COMPLETE_BEHIND="${(F)${(@Q)words[CURRENT+1,-1]}}"
    answers=("${(@f)$(${(Q)words[1]} --complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null </dev/null)}")
    answers=(${answers:#})
    home=(${(M)answers:#\~/*})
    answers=(${answers:#\~/*})
    (($#home)) && compadd -U -Q -S '' -V dstream -- \~/${^${(q)home#\~/}}
    unfinished=(${(M)answers:#*[=:,/\(]})
    answers=(${answers:#*[=:,/\(]})
    compadd -U -V dstream -a answers
    compadd -U -S '' -V dstream -a unfinished
}
if [[ $funcstack[1] = _dstream ]]; then
    _dstream "$@"
else
    compdef _dstream dstream
fi
"#;

const FISH: &str = r#"# Completion of dstream for fish: the program knows what may come.
function __dstream_complete
    set -l before (commandline -opc)
    set -l all (commandline -o)
    set -lx DSTREAM_COMPLETE_BEHIND (string join \n -- $all[(math (count $before) + 2)..-1])
    command $before[1] --complete $before[2..-1] (commandline -ct) 2>/dev/null </dev/null
end
complete -c dstream -f -a '(__dstream_complete)'
"#;
