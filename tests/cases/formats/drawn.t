# Bars and sparklines beside the columns of a table.

$ printf '0 a 3\n1 b 2\n10 a 5\n11 b 10\n12 c 1\n' | dstream --time '$1:s' window 10s reduce-by '$2' 'n=sum:$3' --bar n --spark n -o table
window_start          $2   n
1970-01-01T00:00:00Z  a    3  ██████████  █
1970-01-01T00:00:00Z  b    2  ██████▋     █
1970-01-01T00:00:10Z  a    5  █████       ▅█
1970-01-01T00:00:10Z  b   10  ██████████  ▂█
1970-01-01T00:00:10Z  c    1  █            █

# The rows of a window that is not the first have a scale of their own; a value of nothing has no bar.
$ printf '0 a 100\n10 a 1\n10 b x\n10 c -1\n' | dstream --time '$1:s' window 10s reduce-by '$2' 'n=sum:$3' --bar n -o table
window_start          $2    n
1970-01-01T00:00:00Z  a   100  ██████████
1970-01-01T00:00:10Z  a     1  ██████████
1970-01-01T00:00:10Z  b
1970-01-01T00:00:10Z  c    -1
dstream: 1 value of $3 could not be converted and counts as null

$ printf '0 a 100\n10 a 7\n' | LC_ALL=C dstream --time '$1:s' window 10s reduce-by '$2' 'n=sum:$3' --bar n --spark n -o table
window_start          $2    n
1970-01-01T00:00:00Z  a   100  ##########  #
1970-01-01T00:00:10Z  a     7  ##########  #_

# Records have no window: the largest of all is the scale.
$ printf 'name,n\nann,3\nbob,12\ncy,\n' | dstream -i csv --bar n -o table
name   n
ann    3  ██▌
bob   12  ██████████
cy

# Sessions of a key are one behind the other, whatever others do.
$ printf '0 a\n1 b\n100 a\n101 a\n300 a\n' | dstream --time '$1:s' session-window 30s count-by '$2' --spark count -o table
window_start          window_end            $2  count
1970-01-01T00:00:00Z  1970-01-01T00:00:30Z  a       1  █
1970-01-01T00:00:01Z  1970-01-01T00:00:31Z  b       1  █
1970-01-01T00:01:40Z  1970-01-01T00:02:11Z  a       2  ▅█
1970-01-01T00:05:00Z  1970-01-01T00:05:30Z  a       1  ▅█▅

# Behind a ranking.
$ printf '0 a\n1 b\n1 b\n10 a\n' | dstream --time '$1:s' window 10s count-by '$2' top 1 --bar count --spark count -o table
window_start          $2  count
1970-01-01T00:00:00Z  b       2  ██████████  █
1970-01-01T00:00:10Z  a       1  ██████████   █

# Durations have lengths too.
$ printf '0 a\n5 a\n8 a\n' | dstream --time '$1:s' scan-by '$2' 's=since' select s --bar s -o table
 s

5s  ██████████
3s  ██████

# Colours are asked for, or not.
$ printf 'a\n' | CLICOLOR_FORCE=1 dstream count-by '$1' --bar count -o table | cat -v
^[[1m$1^[[0m  ^[[1mcount^[[0m
a       1  ^[[36mM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^H^[[0m
$ printf 'a\n' | CLICOLOR_FORCE=1 NO_COLOR=1 dstream count-by '$1' --bar count -o table
$1  count
a       1  ██████████
$ printf 'a\n' | CLICOLOR_FORCE=1 DSTREAM_COLORS=bar=red:header=plain dstream count-by '$1' --bar count -o table | cat -v
$1  count
a       1  ^[[31mM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^H^[[0m
$ printf 'a\n' | CLICOLOR_FORCE=1 DSTREAM_COLORS=bar=white dstream count-by '$1' --bar count -o table 2>&1 | cat -v
dstream: $DSTREAM_COLORS: 'white' is no colour; there are blue, cyan, green, magenta, red, yellow, bold, dim and plain
^[[1m$1^[[0m  ^[[1mcount^[[0m
a       1  ^[[36mM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^H^[[0m
$ mkdir -p c/dstream; echo 'bar = magenta' >c/dstream/colors; for o in --digits=6 --no-config; do printf 'a\n' | CLICOLOR_FORCE=1 XDG_CONFIG_HOME=$PWD/c dstream $o count-by '$1' --bar count -o table | cat -v; done
^[[1m$1^[[0m  ^[[1mcount^[[0m
a       1  ^[[35mM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^H^[[0m
^[[1m$1^[[0m  ^[[1mcount^[[0m
a       1  ^[[36mM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^HM-bM-^VM-^H^[[0m

# What cannot be drawn.
$ printf 'a\n' | dstream count-by '$1' --bar n -o table
dstream: --bar: the table has no column 'n'; it has $1, count
    dstream count-by '$1' --bar n -o table
                                ^
? 2
$ printf 'a\n' | dstream count-by '$1' --bar count
dstream: --bar: it draws in a table, and the output is tsv; give -o table
    dstream count-by '$1' --bar count
                          ^^^^^
? 2
$ printf 'a\n' | dstream filter true --bar count
dstream: --bar: lines that pass as they are have no columns; give -o table
    dstream filter true --bar count
                        ^^^^^
? 2
$ printf 'a\n' | dstream count-by '$1' --spark count -o table
dstream: --spark: it draws the last windows of each key, and the rows of this chain have no window
    dstream count-by '$1' --spark count -o table
                          ^^^^^^^
? 2
$ printf 'a\n' | dstream -i csv --time arrival window 1s count-by a --bar window_start -o table
dstream: --bar: 'window_start' is no number
    dstream -i csv --time arrival window 1s count-by a --bar window_start -o table
                                                             ^^^^^^^^^^^^
? 2

# A checkpoint keeps what a sparkline has seen.
$ export C="--once --checkpoint ck --time \$1:s window 10s count-by \$2 --spark count -o table log"; printf '0 a\n10 a\n11 a\n30 b\n' >log; dstream $C; printf '41 a\n60 b\n' >>log; dstream --final $C
window_start          $2  count
1970-01-01T00:00:00Z  a       1  █
1970-01-01T00:00:10Z  a       2  ▅█
1970-01-01T00:00:30Z  b       1    █
1970-01-01T00:00:40Z  a       1  ▅█ ▅
1970-01-01T00:01:00Z  b       1    █ █
