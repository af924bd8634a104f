# What is told of a run: --stats and --metrics-file.

# once
$ printf 't,k\n0,a\n1,b\n30,a\n2,a\nx,a\n' >in.csv; dstream -i csv --time t:s --watermark 0s window 10s count-by k in.csv --stats 2>&1 >/dev/null | grep -o '^.* out\|^[0-9]* windows\|state at most [0-9]* keys'
5 records in, 3 kept, 1 bad, 1 late (by 28s half of them, 28s 99 %, 28s at most); 3 out
2 windows
state at most 3 keys

$ printf '0 a\n1 b\n30 a\n' | dstream --time '$1:s' window 10s count-by '$2' --stats=json 2>&1 >/dev/null | grep -o '"\(kept\|windows\|commits\|batches\|late_by\|records_out\)":[^,}]*'
"batches":0
"commits":0
"kept":3
"late_by":null
"records_out":3
"windows":2

# Sessions are windows too, and so are those that state in row order has.
$ printf '0 a\n1 b\n300 a\n' | dstream --time '$1:s' session-window 30s count-by '$2' --stats=json 2>&1 >/dev/null | grep -o '"windows":[0-9]*'
"windows":3

# Those that close while rows come count like those that the end closes, wherever blocks and epochs end.
$ printf '0 a\n1 b\n300 a\n301 b\n600 a\n' | dstream --time '$1:s' --watermark 0s session-window 30s count-by '$2' --stats=json 2>&1 >/dev/null | grep -o '"windows":[0-9]*'
"windows":5

# What has been held is told where all of it has gone before the input ends, which it does behind the rows of head.
# once
$ { printf 't,k\n'; sleep 0.1; printf '0,a\n1,b\n11,a\n90,a\n'; } | dstream -j 1 -i csv --time t:s --watermark 0s head 3 window 10s count-by k --stats 2>&1 >/dev/null | grep -o '^.* kept\|^[0-9]* windows; state at most [0-9]* keys'
3 records in, 3 kept
2 windows; state at most 3 keys

# Nothing is open and nothing is kept.
$ printf 'a\nb\n' | dstream filter '/a/' --stats 2>&1 >/dev/null | head -1
2 records in, 2 kept, 0 bad, 0 late; 1 out

# once
$ printf 'a\nb\n' >log; dstream --once --checkpoint ck count-by '$1' log --stats=json 2>&1 | grep -o '"commits":[0-9]*\|"commit_pause":{"max\|"commit_bytes":'
"commit_bytes":
"commit_pause":{"max
"commits":2

# A file of metrics that cannot be written is told of once, and the run goes on.
$ printf 'a\n' | dstream count --metrics-file nowhere/m.prom
1
dstream: --metrics-file: cannot write nowhere/m.prom: No such file or directory; the run goes on

# once
$ printf '1\n2\n3\n' | dstream --batch-lines 2 count --metrics-file m.prom; grep -c . m.prom >/dev/null; grep '^dstream_\(batch_total_delay_seconds_count\|records_in\|windows\|info\)' m.prom; ls -A
2
1
dstream_info{version="0.1.0",input_format="text",output_format="tsv"} 1
dstream_records_in_total 3
dstream_windows_closed_total 2
dstream_batch_total_delay_seconds_count 1
m.prom

# What can be read is for everybody, whatever the mask; a link is replaced.
$ umask 077; ln -s elsewhere m.prom; printf 'a\n' | dstream count --metrics-file m.prom; stat -c '%F %a' m.prom; ls
1
regular file 644
m.prom
