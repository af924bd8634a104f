# Batches to commands and through them, and Spark's print: INTERFACE 3, 6.1, 9.1; SPARK 1.3, 3.9.

# INTERFACE 9.1: a command reads what a pipe would get: original lines, with the header anew for each.
$ printf 'a,b\n1,x\n2,y\n3,z\n' | dstream -i csv --batch-lines 2 filter 'a>0' foreach-batch 'echo "== $DSTREAM_BATCH"; cat'
== 1
a,b
1,x
2,y
== 2
a,b
3,z

# Else tab-separated values, or the format of -o.
$ printf 'b\na\nb\n' | dstream count-by-key foreach-batch 'cat'
a	1
b	2
$ printf 'b\na\nb\n' | dstream --batch-lines 2 count-by-key foreach-batch 'cat' -o csv
line,count
a,1
b,1
line,count
b,1

# SPARK 1.1: an empty batch still runs every output.
$ printf 'a\n--\n--\nb\n--\n' | dstream --batch-on '^--' foreach-batch 'echo "$DSTREAM_BATCH: $(wc -l)"'
1: 1
2: 0
3: 1
$ printf '' | dstream foreach-batch 'wc -c | tr -d " "'
0

# Windows by event time are there only if a record is; a command knows its window.
$ printf 't,k\n2026-01-01T00:00:01Z,a\n2026-01-01T00:05:02Z,b\n' | dstream -i csv --time t window 1m count-by k foreach-batch 'echo "$DSTREAM_BATCH $DSTREAM_WINDOW_START $DSTREAM_WINDOW_END"; cat'
1 2026-01-01T00:00:00Z 2026-01-01T00:01:00Z
2026-01-01T00:00:00Z	a	1
2 2026-01-01T00:05:00Z 2026-01-01T00:06:00Z
2026-01-01T00:05:00Z	b	1

# SPARK 1.2: a window by batch comes at each slide, the part ones at the begin and the end too.
$ printf 'a\n--\nb\n--\n--\n' | dstream --batch-on '^--' window 2s --slide 1s foreach-batch 'echo "$DSTREAM_BATCH: $(cut -f 2 | tr "\n" " ")"'
1: a 
2: a b 
3: b 

# SPARK 3.9: a failing command ends the run, and later batches do not run.
$ printf '1\n2\n3\n' | dstream --batch-lines 1 foreach-batch 'read n; echo "got $n"; test $n != 2'
got 1
got 2
dstream: foreach-batch: the command of batch 2 ended with status 1
? 74
$ printf '1\n2\n3\n' | dstream --batch-lines 1 foreach-batch 'read n; echo "got $n"; test $n = 3' --keep-going
got 1
got 2
got 3
dstream: foreach-batch: 2 of 3 commands failed; the first, of batch 1, ended with status 1
? 74
$ printf '1\n' | dstream foreach-batch 'kill -9 $$'
dstream: foreach-batch: the command was killed by signal 9
? 74
$ printf '1\n' | dstream foreach-batch 'exec 2>/dev/null; no-such-command-at-all'
dstream: foreach-batch: the command ended with status 127
? 74
$ printf '1\n2\n3\n4\n' | dstream --batch-lines 2 transform 'exit 3' count
dstream: transform: the command of batch 1 ended with status 3
? 74

# The command's own message comes first.
$ printf '1\n2\n' | dstream transform 'echo "I cannot" >&2; exit 9'
I cannot
dstream: transform: the command ended with status 9
? 74

# What it has answered before it failed has gone on.
$ printf '1\n2\n' | dstream transform 'cat; exit 9'
1
2
dstream: transform: the command ended with status 9
? 74

# A command that does not read everything is no failure if it says that it is none.
$ seq 30000 | dstream foreach-batch 'head -n 1'
1
$ seq 30000 | dstream --batch-lines 10000 transform 'head -n 1'
1
10001
20001
$ seq 30000 | dstream --batch-lines 10000 foreach-batch 'exit 0'

# Commands that write while they are fed, and much more than they read.
$ seq 20000 | dstream transform 'cat; cat' count
20000
$ seq 20000 | dstream transform 'awk "{print; print; print}"' reduce n=count,last:_1
60000	20000
$ seq 20 | dstream transform 'yes' head 3
y
y
y

# Quotes in the command are the shell's, and the expression's are not.
$ printf "it's\nso\n" | dstream transform "sed \"s/'/\\\"/\"" map 'n=len($1)'
it"s	4
so	2

# What comes back has the names that went out, by place; further columns are numbers.
$ printf 'b\na\nb\n' | dstream count-by-key transform 'awk "{print \$0 \"\\t\" \$2*10}"' filter 'count>1' map 'ten=$3'
b	2	20
$ printf 'a,b\n1,x\n2,y\n' | dstream -i csv transform 'tac | sed "1h;1d;\$G"' count-by b
dstream: transform: the command has answered what cannot be read: no field 'b'; did you mean '1'?
    the header has: 1, x
? 74
$ printf 'a,b\n1,x\n2,y\n' | dstream -i csv transform 'sed 2d' map 'c=f"{b}{a}"' -o csv
a,b,c
2,y,y2
$ printf 'a\nb\n' | dstream -o json transform 'sed s/a/z/' map 'up=upper(line)'
{"line":"z","up":"Z"}
{"line":"b","up":"B"}
$ printf 'a\nb\n' | dstream -o json transform 'echo no; cat' count
{"count":2}
dstream: 1 record that commands answered cannot be read

# INTERFACE 8.2: transform works batch by batch, and so does what follows; its rows keep their window.
$ printf 'a 1\na 2\nb 3\nb 4\n' | dstream --batch-lines 2 transform 'sort -r' head 3
a 2
a 1
b 4
$ printf 'a\na\nb\nb\n' | dstream --batch-lines 2 transform 'uniq' count
1
1
$ printf 't,k\n2026-01-01T00:00:01Z,a\n2026-01-01T00:00:02Z,b\n2026-01-01T00:01:02Z,a\n' | dstream -i csv --time t window 1m count-by k transform 'sort -r' reduce sum:count -o json
{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","sum_count":2}
{"window_start":"2026-01-01T00:01:00Z","window_end":"2026-01-01T00:02:00Z","sum_count":1}

# Two commands in one chain, and one that is in another's environment.
$ printf 'c\na\nb\n' | dstream --batch-lines 3 transform 'sort' transform 'tac' foreach-batch 'cat'
c
b
a
$ printf 'a\n' | dstream --batch-lines 1 foreach-batch 'printf "x\n" | dstream foreach-batch "echo \${DSTREAM_WINDOW_END-none}"'
none

# SPARK 1.3 print: the header also for an empty batch, `...` if there are more, an empty line (here a point).
$ printf 'a\nb\n--\n--\nc\n--\n' | dstream --batch-on '^--' print 1 | sed 's/^$/./'
-------------------------------------------
Time: 1000 ms
-------------------------------------------
a
...
.
-------------------------------------------
Time: 2000 ms
-------------------------------------------
.
-------------------------------------------
Time: 3000 ms
-------------------------------------------
c
.
$ printf 'a\nb\na\n' | dstream count-by-key print 10 -o table | sed 's/^$/./'
-------------------------------------------
Time: the whole input
-------------------------------------------
line  count
a         2
b         1
.

# What it cannot do is said.
$ printf 'a\n' | dstream foreach-batch cat count
dstream: count: behind 'foreach-batch cat' there is no stream any more; put that last
    dstream foreach-batch cat count
                              ^^^^^
? 2
$ printf 'a\n' | dstream print 0
dstream: print: '0' is too small; it must be 1 or more
    dstream print 0
                  ^
? 2

# With a checkpoint a batch that failed is given again, under its number; one that did not is not.
# once
$ cd "$(mktemp -d)" && printf '1\n2\n' > in && dstream --once --checkpoint ck foreach-batch 'echo "batch $DSTREAM_BATCH"; cat' in && printf '3\n' >> in && dstream --once --checkpoint ck foreach-batch 'echo "batch $DSTREAM_BATCH"; cat; exit 1' in || dstream --once --checkpoint ck foreach-batch 'echo "batch $DSTREAM_BATCH"; cat' in
batch 1
1
2
batch 2
3
dstream: foreach-batch: the command ended with status 1
batch 2
3
