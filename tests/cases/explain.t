# INTERFACE 12: --explain says when each row is printed and when its state is freed.

# A live window: by the watermark, and by the clock when the source falls silent.
$ printf '' | dstream --time '$1' window 10m count --explain
reads      standard input: a stream; format text (the default)
fields     $1
time       time($1); the watermark is 5s behind (the default for input that may not end)
zone       UTC ($TZ)
then       count: count; one row of state and each of windows of 10m; prints 12:00-12:10 when a record >= 12:10:05 arrives, or, if the source falls silent, when the clock has gone on as far; then freed
writes     window_start, count as tsv (the default here) to standard output
result     exact; the same for any number of threads
$ printf '' | dstream --time '$1' --watermark 90s window 10m --slide 1m count-by '$2' top 3 --explain | grep then
then       count-by $2: count; one row of state for each key and each of windows of 10m, one each 1m; prints 12:00-12:10 when a record >= 12:11:30 arrives, or, if the source falls silent, when the clock has gone on as far; then freed
then       top 3: keeps the first 3; prints when their window is complete; then freed
$ printf '' | dstream --time '$1' --watermark auto window 1m count --explain | grep -e time -e then
time       time($1); the watermark is as far behind as 99.9 % of the records seen so far (--watermark auto)
then       count: count; one row of state and each of windows of 1m; prints 12:00-12:01 when a record arrives that is later than 12:01 by the delay that 99.9 % of the records keep, or, if the source falls silent, when the clock has gone on as far; then freed
$ printf '' | dstream --time '$1' --tz Europe/Berlin window day count --explain | grep then
then       count: count; one row of state and each of windows of day by local time; prints 2026-03-02 when a record >= 2026-03-03T00:00:05 arrives, or, if the source falls silent, when the clock has gone on as far; then freed
$ printf '' | dstream --time '$1' window month count --explain | grep then
then       count: count; one row of state and each of windows of month by the local calendar; prints 2026-03-01 to 2026-04-01 when a record >= 2026-04-01T00:00:05 arrives, or, if the source falls silent, when the clock has gone on as far; then freed
$ printf '' | dstream --time arrival window 90s count --explain | grep then
then       count: count; one row of state and each of windows of 1m30s; prints 12:00-12:01:30 when the clock reaches 12:01:30; then freed
$ printf '' | dstream --batch 5s count-by-key --explain | grep then
then       count-by-key: count; one row of state for each key and batch; prints at its end; then freed
$ printf '' | dstream --batch-lines 10 count --explain | grep then
then       count: count; one row of state and batch; prints at its end; then freed

# Of files that end windows close at their end; with a watermark also before.
$ dstream -i csv --time time window 2m reduce sum:score --explain $DATA/scores.csv | grep then
then       reduce sum:score: sum_score; one row of state and each of windows of 2m; prints them at the end of the input; then freed
$ dstream -i csv --time time --watermark 30s window 2m reduce sum:score --explain $DATA/scores.csv | grep then
then       reduce sum:score: sum_score; one row of state and each of windows of 2m; prints 12:00-12:02 when a record >= 12:02:30 is read, or at the end of the input; then freed
$ dstream -i csv --time time --clock arrival --watermark 30s --every 1m --allowed-lateness 10m --panes retract window 2m reduce sum:score --explain $DATA/scores.csv | grep then
then       reduce sum:score: one row of state and each of windows of 2m; prints 12:00-12:02 when a record >= 12:02:30 is read, or at the end of the input; early rows at each multiple of 1m of the clock where something is new; a corrected row at each late record, each behind the row that it withdraws; freed 10m later
$ dstream -i csv --time time --watermark 30s --output-mode complete --every-records 5 window 2m reduce sum:score --explain $DATA/scores.csv | grep then
then       reduce sum:score: one row of state and each of windows of 2m; prints 12:00-12:02 when a record >= 12:02:30 is read, or at the end of the input; early rows at each 5 new records of key and window; never freed: grows without bound with the windows and keys
$ dstream -i csv --time time --watermark 30s --late update --late-every 2 window 2m reduce sum:score --explain $DATA/scores.csv | grep then
then       reduce sum:score: one row of state and each of windows of 2m; prints 12:00-12:02 when a record >= 12:02:30 is read, or at the end of the input; a corrected row at each 2 late records; freed 2m later
$ printf '' | dstream --time '$1' --late update window 1m count-by '$2' top 1 --explain | grep then
then       count-by $2: one row of state for each key and each of windows of 1m; prints 12:00-12:01 when a record >= 12:01:05 arrives, or, if the source falls silent, when the clock has gone on as far; a corrected row at each late record; freed 1m later
then       top 1: holds the rows of each window; prints its ranking when it is complete and at each early or corrected row; freed 1m later

# Windows of other shapes.
$ printf '' | dstream --time '$1' session-window 30m count-by '$2' --explain | grep then
then       count-by $2: one row of state for each key and session, whose records are at most 30m apart; prints one whose last record is of 12:00 when a record > 12:30:05 arrives, or, if the source falls silent, when the clock has gone on as far; then freed
$ printf '' | dstream --time '$1' look-back 5m count-by '$2' --explain | grep then
then       count-by $2: one row of state for each key and record of the last 5m; prints the row of 12:00 when a record > 12:00:05 arrives, or, if the source falls silent, when the clock has gone on as far; freed 5m later
$ printf '' | dstream --time '$1' window 1h --grow 10m count --explain | grep then
then       count: one row of state and each of windows of 1h and their beginnings, longer by 10m each; prints 12:00-12:10 when a record >= 12:10:05 arrives, or, if the source falls silent, when the clock has gone on as far; then freed
$ printf '' | dstream count-window 100 count --explain | grep then
then       count: one row of state; prints and begins anew at each 100 records of it
$ printf '' | dstream count-window 100 --slide-rows 10 count-by '$1' --explain | grep then
then       count-by $1: one row of state for each key and record of its last 100; prints at each 10; grows without bound with the keys
$ printf '' | dstream --time '$1' window 1m count fill zero --explain | grep then
then       count: count; one row of state and each of windows of 1m; prints 12:00-12:01 when a record >= 12:01:05 arrives, or, if the source falls silent, when the clock has gone on as far; then freed
then       fill zero: prints rows that it adds when their window is complete; keeps the last row of each key; grows without bound with the keys (no --max-keys)

# EVENT-TIME 2.7: state that nothing frees is named.
$ printf '' | dstream distinct --explain | grep then
then       distinct: passes the first record of each key at once; remembers the keys; grows without bound with the keys (no --ttl, no --max-keys)
$ printf '' | dstream --time '$1' distinct-by '$2' --ttl 1h --explain | grep then
then       distinct-by $2 --ttl 1h: passes the first record of each key; remembers the keys, each for 1h (--ttl)
$ printf '' | dstream distinct-by '$2' --max-keys 1000 --explain | grep then
then       distinct-by $2: passes the first record of each key; remembers the keys, 1000 at most (--max-keys)
$ printf '' | dstream --time '$1' window 1m distinct-by '$2' --explain | grep then
then       distinct-by $2: puts records into windows of 1m; keeps nothing
then       distinct-by $2: passes the first record of each key at once; remembers the keys of a window until it is complete
then       distinct-by $2: holds all records in memory; prints when their window is complete; then freed
$ printf '' | dstream distinct --last --explain | grep then
then       distinct --last: holds the last record of each key; prints at the end of the input; grows without bound with the keys
$ printf '' | dstream count-by-key --explain | grep then
then       count-by-key: count; one row of state for each key; prints at the end of the input; grows without bound with the keys
$ printf '' | dstream sort-by '$1' --explain | grep then
then       sort-by $1: holds all records in memory; prints at the end of the input; grows without bound with the input
$ printf '' | dstream top 3 --per '$1' --by '$2' --explain | grep then
then       top 3 --per $1 --by $2: keeps the first 3 of each key; prints at the end of the input; grows without bound with the keys
$ printf '' | dstream scan-by '$1' 'total=cumsum:$2' --explain | grep then
then       scan-by $1 total=cumsum:$2: adds to each record what its key's records around it make; keeps their state for each key; grows without bound with the keys (no --ttl, no --max-keys)
$ printf '' | dstream map-with-state-by '$1' 'n=n+1' --explain | grep then
then       map-with-state-by $1 n=n+1: gives each record at once; keeps the variables of each key; grows without bound with the keys (no --ttl, no --max-keys)
$ printf '' | dstream map-with-state-by '$1' 'n=n+1' --ttl 1h --explain | grep then
then       map-with-state-by $1 n=n+1 --ttl 1h: gives each record at once; keeps the variables of each key, each for 1h (--ttl)
$ printf '' | dstream update-state-by '$1' count --explain | grep then
then       update-state-by $1 count: prints the keys that had a record at the end of a window, a batch or the input; keeps the totals of each key; grows without bound with the keys (no --ttl, no --max-keys)
$ printf '' | dstream update-state-by '$1' count --ttl 1h --explain | grep then
then       update-state-by $1 count --ttl 1h: prints the keys that had a record at the end of a window, a batch or the input; keeps the totals of each key, each for 1h (--ttl)
$ printf '' | dstream --time '$1' key-by '$2' match 'A B' --where A='$3==1' --where B='$3==2' --explain | grep then
then       match A B --where A=$3==1 --where B=$3==2: holds records until the watermark has come to them; partial matches of each key are kept for ever, one for each state of the pattern; grows without bound with the keys (no --within)
$ printf '' | dstream --time '$1' key-by '$2' match 'A B' --where A='$3==1' --where B='$3==2' --within 1m --explain | grep then
then       match A B --where A=$3==1 --where B=$3==2 --within 1m: holds records until the watermark has come to them; partial matches of each key are freed when --within has passed, 100000 of a key at most
$ printf '' | dstream --time '$1' sort-by @time --explain | grep then
then       sort-by @time: holds records until the watermark passes them, and gives them in order of time

# Joins: without a time one side is held whole.
$ printf 'k,t\n' > r.csv; printf 'k,t\n' > l.csv; dstream -i csv join r.csv --on k --explain l.csv | grep then
then       join r.csv --on k: prints pairs at once; holds the other stream in memory; grows without bound with it (no --within, no window)
$ printf 'k,t\n' > r.csv; printf 'k,t\n' > l.csv; dstream -i csv --time t join r.csv --on k --within -5s..10s --explain l.csv | grep then
then       join r.csv --on k --within -5s..10s: keeps records of this stream until the watermark is more than 10s past them, and the other's 5s; prints pairs when it has passed both
$ printf 'k,t\n' > r.csv; printf 'k,t\n' > l.csv; dstream -i csv --time t window 1m join r.csv --on k --explain l.csv | grep then
then       join r.csv --on k: puts records into windows of 1m; keeps nothing
then       join r.csv --on k: keeps both streams' records of a window of 1m until it closes, then prints its pairs
$ printf 'k,t\n' > r.csv; printf 'k,t\n' > l.csv; dstream -i csv --time t asof-join r.csv --on k --explain l.csv | grep then
then       asof-join r.csv --on k: holds records until the watermark has passed them, then prints them; of the other stream it keeps the newest of each key; grows without bound with the keys
$ printf 'k,t\n' > r.csv; printf 'k,t\n' > l.csv; dstream -i csv lookup r.csv --on k --explain l.csv | grep then
then       lookup r.csv --on k: adds what its key has, and passes no record without a match, at once from r.csv, a table in memory, read again when the file changes
$ printf 'k,t\n' > r.csv; printf 'k,t\n' > l.csv; dstream -i csv cogroup r.csv --on k --explain l.csv | grep then
then       cogroup r.csv --on k: keeps both streams' records; prints the keys at the end of the input; grows without bound with the records (no window)

# --explain=disorder: how far records are behind the largest time before them.
$ dstream -i combined --explain=disorder $DATA/apache_logs.log | sed 's|^.*/||; s/  */ /g'
source records behind 50 % 90 % 99 % 99.9 % 100 %
apache_logs.log 500 468 29s 54s 59s 59s 59s
--watermark 59s: 99 % of the records in time
--watermark 59s: 99.9 % of the records in time
--watermark 59s: 100 % of the records in time
$ dstream -i combined filter 'status>=400' window 1m count --explain=disorder < $DATA/apache_logs.log
source          records  behind  50 %  90 %  99 %  99.9 %  100 %
standard input      500     468   29s   54s   59s     59s    59s
--watermark 59s: 99 % of the records in time
--watermark 59s: 99.9 % of the records in time
--watermark 59s: 100 % of the records in time
$ dstream -i csv --time time --explain=disorder < $DATA/scores.csv
source          records  behind  50 %   90 %   99 %  99.9 %  100 %
standard input       10       3    0s  1m13s  5m13s   5m13s  5m13s
--watermark 5m13s: 99 % of the records in time
--watermark 5m13s: 99.9 % of the records in time
--watermark 5m13s: 100 % of the records in time
$ printf '7\nx\n3\n9\n' | dstream --time '$1:s' --explain=disorder
dstream: 1 of 4 records is bad: without a time that can be read (first: standard input:2 col 1)
source          records  behind  50 %  90 %  99 %  99.9 %  100 %
standard input        3       1    0s    4s    4s      4s     4s
--watermark 4s: 99 % of the records in time
--watermark 4s: 99.9 % of the records in time
--watermark 4s: 100 % of the records in time
$ printf '{"ts":9,"a":1}\n{"ts":7,"a":1}\n' | dstream -i json --explain=disorder
dstream: taking event time from 'ts'
source          records  behind  50 %  90 %  99 %  99.9 %  100 %
standard input        2       1    0s    2s    2s      2s     2s
--watermark 2s: 99 % of the records in time
--watermark 2s: 99.9 % of the records in time
--watermark 2s: 100 % of the records in time
$ printf '' | dstream --time '$1:s' --explain=disorder
source          records  behind  50 %  90 %  99 %  99.9 %  100 %
standard input        0       0    0s    0s    0s      0s     0s
# Each stream of a join has its own.
$ printf 't,k\n1,a\n2,b\n' > l.csv; printf 't,k\n3,a\n2,b\n' > r.csv; dstream -i csv --time t:s join r.csv --on k --within 5s --explain=disorder l.csv
source  records  behind  50 %  90 %  99 %  99.9 %  100 %
l.csv         2       0    0s    0s    0s      0s     0s
r.csv         2       1    0s    1s    1s      1s     1s
--watermark 0s: 99 % of the records in time
--watermark 0s: 99.9 % of the records in time
--watermark 0s: 100 % of the records in time
--right-watermark 1s: 99 % of the records in time
--right-watermark 1s: 99.9 % of the records in time
--right-watermark 1s: 100 % of the records in time
# --since and --until come first, as in a run.
$ printf '1\n9\n5\n' | dstream --time '$1:s' --until 1970-01-01T00:00:06Z --explain=disorder
source          records  behind  50 %  90 %  99 %  99.9 %  100 %
standard input        2       0    0s    0s    0s      0s     0s
--watermark 0s: 99 % of the records in time
--watermark 0s: 99.9 % of the records in time
--watermark 0s: 100 % of the records in time
# Without event time there is nothing to say.
$ seq 3 | dstream --explain=disorder
dstream: --explain=disorder: by arrival nothing is late; give --time FIELD
    dstream --explain=disorder
            ^^^^^^^^^^^^^^^^^^
? 2
$ cp $DATA/scores.csv . && dstream -i csv --explain=disorder scores.csv
dstream: --explain=disorder: by arrival nothing is late; give --time FIELD
    dstream -i csv --explain=disorder scores.csv
                   ^^^^^^^^^^^^^^^^^^
? 2
$ seq 3 | dstream --time arrival --explain=disorder
dstream: --explain=disorder: by arrival nothing is late; give --time FIELD
    dstream --time arrival --explain=disorder
                           ^^^^^^^^^^^^^^^^^^
? 2
# Sources that are merged have each its own.
$ printf '1\n9\n' > a; printf '5\n3\n' > b; dstream --time '$1:s' --merge-sorted --explain=disorder a b
source  records  behind  50 %  90 %  99 %  99.9 %  100 %
a             2       0    0s    0s    0s      0s     0s
b             2       1    0s    2s    2s      2s     2s
--watermark 2s: 99 % of the records in time
--watermark 2s: 99.9 % of the records in time
--watermark 2s: 100 % of the records in time

# Files that are followed are each a source; with --once they are one together.
$ touch a b; dstream -F --explain --tz UTC --time '$1:s' --watermark 1s window 2s count a b | grep -o 'when [a-z ]* record'
when from each source a record
$ dstream -F --once --explain --tz UTC --time '$1:s' --watermark 1s window 2s count a b | grep -o 'when [a-z ]* record'
when a record
