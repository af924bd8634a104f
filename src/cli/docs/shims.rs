//! What the shells are given: a few lines each that ask the program itself. They know no operator.

pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("completions/dstream.bash", BASH.into()),
        ("completions/_dstream", ZSH.into()),
        ("completions/dstream.fish", FISH.into()),
    ]
}

/// A colon and `=` part words in bash: they are put together again, and what stands before the part that bash
/// completes is taken off the answers.
const BASH: &str = r#"# Completion of dstream for bash: the program knows what may come.
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
"#;

const ZSH: &str = r#"#compdef dstream
# Completion of dstream for zsh: the program knows what may come.
_dstream() {
    local -a answers unfinished
    answers=("${(@f)$(${(Q)words[1]} --complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    answers=(${answers:#})
    unfinished=(${(M)answers:#*[=:,/]})
    answers=(${answers:#*[=:,/]})
    compadd -U -Q -V dstream -a answers
    compadd -U -Q -S '' -V dstream -a unfinished
}
_dstream "$@"
"#;

const FISH: &str = r#"# Completion of dstream for fish: the program knows what may come.
function __dstream_complete
    set -l words (commandline -opc) (commandline -ct)
    command $words[1] --complete $words[2..-1] 2>/dev/null
end
complete -c dstream -f -a '(__dstream_complete)'
"#;
