# A file that is read is not written, and none is written twice: nothing is lost.

$ printf '1\n9\n2\n' > z; dstream --time '$1:s' --watermark 0s --late z window 4s count z
dstream: --late: 'z' is read as input: it would be lost; name another file
    dstream --time '$1:s' --watermark 0s --late z window 4s count z
                                                ^
? 2
$ dstream --time '$1:s' --watermark 0s --late z window 4s count < z
dstream: --late: 'z' is read as standard input: it would be lost; name another file
    dstream --time '$1:s' --watermark 0s --late z window 4s count
                                                ^
? 2
$ dstream --bad-file z filter true z
dstream: --bad-file: 'z' is read as input: it would be lost; name another file
    dstream --bad-file z filter true z
                       ^
? 2
$ dstream filter true tee z count z
dstream: tee: 'z' is read as input: it would be lost; name another file
    dstream filter true tee z count z
                            ^
? 2
$ dstream filter true --metrics-file z z
dstream: --metrics-file: 'z' is read as input: it would be lost; name another file
    dstream filter true --metrics-file z z
                                       ^
? 2
$ cat z
1
9
2

# By whatever name.
$ echo 1 > z; ln -s z link; ln z hard; mkdir in; echo 2 > in/a
$ dstream tee link count z
dstream: tee: 'link' is the file that is read as 'z': it would be lost; name another file
    dstream tee link count z
                ^^^^
? 2
$ dstream tee hard count z
dstream: tee: 'hard' is the file that is read as 'z': it would be lost; name another file
    dstream tee hard count z
                ^^^^
? 2
$ dstream tee ./z count z
dstream: tee: './z' is the file that is read as 'z': it would be lost; name another file
    dstream tee ./z count z
                ^^^
? 2
$ dstream tee in/b count dir:in
dstream: tee: 'in/b' is read by 'dir:in': what is written to it would be read; name another file
    dstream tee in/b count dir:in
                ^^^^
? 2
$ dstream tee in/a count 'glob:in/*'
dstream: tee: 'in/a' is read by 'glob:in/*': it would be lost; name another file
    dstream tee in/a count 'glob:in/*'
                ^^^^
? 2
$ dstream --glob '*.log' --once tee in/b count dir:in
0
$ cat z in/a
1
2

# Second streams and tables are read, too.
$ echo 'k 1' > z; echo k > t
$ dstream tee t join t --on '$1' z
dstream: tee: 't' is read as input: it would be lost; name another file
    dstream tee t join t --on '$1' z
                ^
? 2
$ dstream tee t lookup t --on '$1' z
dstream: tee: 't' is read as input: it would be lost; name another file
    dstream tee t lookup t --on '$1' z
                ^
? 2

# Live input: the output is written while it is read.
$ echo 1 > z
$ dstream -F --for 0.2s filter true --output z z
dstream: --output: 'z' is read as input: it would be lost; name another file
    dstream -F --for 0.2s filter true --output z z
                                               ^
? 2
$ dstream -F --for 0.2s filter true --append --output z z
dstream: --output: 'z' is read as input: what is added to it would be read again; name another file
    dstream -F --for 0.2s filter true --append --output z z
                                                        ^
? 2
$ dstream --once --checkpoint ck filter true --output z z
dstream: --output: 'z' is read as input: it would be lost; name another file
    dstream --once --checkpoint ck filter true --output z z
                                                        ^
? 2
$ cat z
1

# Input that ends is read before its output gets its name.
$ echo 1 > z; dstream filter true --output z z; cat z
1

# Two writers.
$ echo 1 > z
$ dstream --late l --output l filter true z
dstream: --late: 'l' is written by --output as well; give each a file of its own
    dstream --late l --output l filter true z
                   ^
? 2
$ dstream --late l --bad-file ./l filter true z
dstream: --bad-file: './l' is written by --late as well; give each a file of its own
    dstream --late l --bad-file ./l filter true z
                                ^^^
? 2
$ dstream tee l --output l filter true z
dstream: tee: 'l' is written by --output as well; give each a file of its own
    dstream tee l --output l filter true z
                ^
? 2
$ dstream tee l filter true tee l z
dstream: tee: 'l' is written by tee as well; give each a file of its own
    dstream tee l filter true tee l z
                ^
? 2

# Devices and pipes may have any number.
$ echo 1 > z; dstream --late /dev/null --bad-file /dev/null tee /dev/null tee /dev/stderr count z
1
1

# Standard output onto what is read, as the shell has opened it.
$ echo 1 > z; mkdir out; cp z out/a; cp z l
$ dstream filter true z >> z
dstream: 'z' is read as input, and is standard output, too: what is written would be read again; write to another file
    dstream filter true z
                        ^
? 2
$ dstream --once filter true dir:out >> out/a
dstream: 'out/a' is read by 'dir:out', and is standard output, too: what is written would be read again; write to another file
    dstream --once filter true dir:out
                               ^^^^^^^
? 2
$ dstream filter true 'glob:out/*' >> out/a
dstream: 'out/a' is read by 'glob:out/*', and is standard output, too: what is written would be read again; write to another file
    dstream filter true 'glob:out/*'
                         ^^^^^^^^^^
? 2
$ dstream join z --on '$1' l >> z
dstream: 'z' is read as input, and is standard output, too: what is written would be read again; write to another file
    dstream join z --on '$1' l
                 ^
? 2
$ dstream -q filter true z >> z
$ dstream count z --output y >> z; cat y
1
$ dstream -q filter true < z >> z; dstream filter true < z >> z; cat z
dstream: standard input is the file that is standard output, too: what is written would be read again; write to another file
1
$ dstream join - --on '$1' l < z >> z
dstream: '-', standard input, is the file that is standard output, too: what is written would be read again; write to another file
    dstream join - --on '$1' l
                 ^
? 2

# Files that a pattern may name.
$ echo 1 > 1970-01.log; mkdir out
$ dstream --time '$1:s' window month filter true --output '%Y-%m.log' 1970-01.log
dstream: --output: '1970-01.log' is read as input: it would be lost; name another file
    … --time '$1:s' window month filter true --output %Y-%m.log 1970-01.log
                                                                ^^^^^^^^^^^
? 2
$ dstream --once filter true --output 'out/{$1}' dir:out
dstream: --output: 'out/{$1}' is read by 'dir:out': what is written to it would be read; name another file
    dstream --once filter true --output 'out/{$1}' dir:out
                                         ^^^^^^^^
? 2
$ dstream --time '$1:s' window month filter true --output 'new-%Y-%m.log' 1970-01.log; cat new-1970-01.log
1970-01-01T00:00:00Z	1
# Those by value of input that ends get their names at the end.
$ echo 1 > 1.log; dstream map 'n=2' --output '{$1}.log' 1.log; cat 1.log
1	2

# Those that values of live input name are refused when one names what is read.
# once
$ echo 1970-01 > 1970-01.log; timeout 20 dstream -F filter true --output '{$1}.log' 1970-01.log; cat 1970-01.log
dstream: --output: '1970-01.log' is read as input: it would be lost; name another file
1970-01
$ timeout 20 dstream -F filter true --output '{$1}.log' --append 'glob:1970*.log'; cat 1970-01.log
dstream: --output: '1970-01.log' is read by 'glob:1970*.log': what is added to it would be read again; name another file
1970-01
$ dstream -F filter true --output '{$1}.log' 'glob:*.log'
dstream: --output: '{$1}.log' is read by 'glob:*.log': what is written to it would be read; name another file
    dstream -F filter true --output '{$1}.log' 'glob:*.log'
                                     ^^^^^^^^
? 2
$ echo 1 > 1970-01.log; dstream -F --for 0.5s map n=2 --output '{$1}.log' 1970-01.log; cat 1.log
1	2

# Checkpoints and logs.
$ echo 1 > z; cp z ck.1; mkdir wal
$ dstream --once --checkpoint z filter true z
dstream: --checkpoint: 'z' is read as input: it would be lost; name another file
    dstream --once --checkpoint z filter true z
                                ^
? 2
$ dstream --once --checkpoint ck filter true ck.1
dstream: --checkpoint: 'ck.1' is read as input: it would be lost; name another file
    dstream --once --checkpoint ck filter true ck.1
                                               ^^^^
? 2
$ dstream --once --checkpoint ck --wal wal filter true dir:wal
dstream: --wal: 'wal' is read by 'dir:wal': what is written to it would be read; name another directory
    dstream --once --checkpoint ck --wal wal filter true dir:wal
                                         ^^^
? 2
# A run that was killed between its two names leaves one file by both: it is no other's.
# once
$ echo 1 > z; dstream --once --checkpoint ck filter true z; ln -f ck ck.1; echo 2 >> z; dstream --once --checkpoint ck filter true z
1
2

# With a checkpoint a file is read as far as it goes.
$ echo 1 > z
$ dstream --checkpoint c filter true --output z --append z
dstream: --output: 'z' is read as input: what is added to it would be read again; name another file
    dstream --checkpoint c filter true --output z --append z
                                                ^
? 2
# Of a file without one what was there when it was opened.
$ echo 1 > z; echo 1 > y; dstream filter true --output z --append z; dstream join y --on '$1' --as r --output z --append z; cat z
1
1
1	1
1	1

# Followed by a pattern, files that appear later are read.
$ mkdir new; echo 1 > new/a.log
$ dstream -F --for 0.2s tee new/b.log count 'glob:new/*.log'
dstream: tee: 'new/b.log' is read by 'glob:new/*.log': what is written to it would be read; name another file
    dstream -F --for 0.2s tee new/b.log count 'glob:new/*.log'
                              ^^^^^^^^^
? 2
$ cd new; dstream -F --for 0.2s filter true --output ../new/b.log 'glob:*.log'; cd ..
dstream: --output: '../new/b.log' is read by 'glob:*.log': what is written to it would be read; name another file
    dstream -F --for 0.2s filter true --output ../new/b.log 'glob:*.log'
                                               ^^^^^^^^^^^^

# What the command itself is made of is read, too.
$ echo 'filter true' > chain; echo 'twice(a) = 2*a' > fx; echo '1 5' > init; echo 1 > z
$ dstream -f chain --late chain z
dstream: --late: 'chain' is read by -f: it would be lost; name another file
    dstream -f chain --late chain z
                            ^^^^^
? 2
$ dstream -x fx --bad-file fx map 'n=twice($1)' z
dstream: --bad-file: 'fx' is read by -x: it would be lost; name another file
    dstream -x fx --bad-file fx map 'n=twice($1)' z
                             ^^
? 2
$ dstream -x fx map 'n=twice($1)' tee fx z
dstream: tee: 'fx' is read by -x: it would be lost; name another file
    dstream -x fx map 'n=twice($1)' tee fx z
               ^^
? 2
$ dstream --late init update-state-by '$1' count --initial init z
dstream: --late: 'init' is read by --initial: it would be lost; name another file
    dstream --late init update-state-by '$1' count --initial init z
                   ^^^^
? 2
$ cat chain fx init
filter true
twice(a) = 2*a
1 5
# It was read when an output gets its name.
$ echo '1 5' > init; echo 1 > z; dstream update-state-by '$1' count --initial init --output init z; cat init
1	6

# A checkpoint has neighbours.
$ echo 1 > z; dstream --once --checkpoint ck --bad-file ck.1 filter true z
dstream: --bad-file: 'ck.1' is written by --checkpoint as well; give each a file of its own
    dstream --once --checkpoint ck --bad-file ck.1 filter true z
                                              ^^^^
? 2
$ dstream --once --checkpoint ck --output ck.lock filter true z
dstream: --output: 'ck.lock' is written by --checkpoint as well; give each a file of its own
    dstream --once --checkpoint ck --output ck.lock filter true z
                                            ^^^^^^^
? 2

# Names of a time have digits where that has.
$ printf 't\n1\n5\n' > in.csv; dstream -i csv --time t:s --output '%s.csv' window 2s count in.csv; cat 0.csv
window_start,count
1970-01-01T00:00:00Z,1
$ cp 0.csv 12.csv; dstream -i csv --time window_start --output '%s.csv' window 2s count 12.csv
dstream: --output: '12.csv' is read as input: it would be lost; name another file
    dstream -i csv --time window_start --output %s.csv window 2s count 12.csv
                                                                       ^^^^^^
? 2

# A file that is read and written is underlined where it is said to be written.
$ printf 'k\n1\n' > r.csv; cp r.csv l.csv; dstream -i csv join r.csv --on k --late r.csv l.csv
dstream: --late: 'r.csv' is read as input: it would be lost; name another file
    dstream -i csv join r.csv --on k --late r.csv l.csv
                                            ^^^^^
? 2

# Standard output is a file like others.
$ printf '1 a\n9 b\n2 c\n' > in; dstream --time '$1:s' --watermark 0s --late q window 3s count in > q
dstream: --late: 'q' is standard output, too, and one would be written over the other; give each a file of its own
    dstream --time '$1:s' --watermark 0s --late q window 3s count in
                                                ^
? 2
$ dstream tee q in > q
dstream: tee: 'q' is standard output, too, and one would be written over the other; give each a file of its own
    dstream tee q in
                ^
? 2
$ dstream --bad-file q count in >> q
dstream: --bad-file: 'q' is standard output, too, and one would be written over the other; give each a file of its own
    dstream --bad-file q count in
                       ^
? 2
