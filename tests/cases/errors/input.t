# Bad input: counted, told once, and the rest goes on.

# No field of that name in the header: an error before anything is read.
$ printf 'host,status\na,500\n' | dstream -i csv count-by stats
dstream: count-by: no field 'stats'; did you mean 'status'?
    stats
    ^^^^^ the record has: host, status
? 2

# Of several files each has its own header, and one lacks the column.
$ printf 'a,b\n1,2\n' > one.csv; printf 'b\n3\n' > two.csv; dstream -i csv select a one.csv two.csv
dstream: two.csv: no field 'a'; did you mean 'b'?
    the header has: b
    dstream -i csv select a one.csv two.csv
                          ^
? 2

# Columns are found by name.
$ printf 'a,b\n1,2\n' > one.csv; printf 'b,a\n3,4\n' > two.csv; dstream -i csv select a,b one.csv two.csv
1	2
4	3

# A quote inside a bare cell, and one behind a closing quote.
$ printf 'a,b\n1,x"y"\n4,5\n' | dstream -i csv select a,b
4	5
dstream: 1 of 2 records is bad: quote in a bare cell (first: standard input:2 col 3)
$ printf 'a,b\n"2"z,3\n4,5\n' | dstream -i csv select a,b
4	5
dstream: 1 of 2 records is bad: text behind a closing quote (first: standard input:2 col 1)

# A quote that never closes.
$ printf 'a,b\n1,2\n"3,4\n5,6\n' | dstream -i csv select a,b
1	2
dstream: 1 of 2 records is bad: no closing quote (first: standard input:3 col 1)

# Too few and too many cells.
$ printf 'a,b\n1\n2,3\n4,5,6\n' | dstream -i csv select a,b
2	3
dstream: 1 of 3 records is bad: fewer cells than the header (first: standard input:2 col 2)
dstream: 1 of 3 records is bad: more cells than the header (first: standard input:4 col 4)

# Truncated JSON.
$ printf '{"a":1}\n{"a":\n{"a":3}\n' | dstream -i json select a
1
3
dstream: 1 of 3 records is not JSON (first: standard input:2 col 6)

$ printf '{"a":1}\n{"a":2' | dstream -i json select a
1
dstream: 1 of 2 records is not JSON (first: standard input:2 col 7)

$ printf '{"a":1}\nnull\n[1]\n"x"\n{"a":2}x\n' | dstream -i json select a
1
dstream: 2 of 5 records are not a JSON object (first: standard input:2 col 1)
dstream: 1 of 5 records is not JSON (first: standard input:5 col 8)
dstream: 1 of 5 records is not a JSON object but an array (first: standard input:3 col 1)

# A list is not lines.
$ printf '[{"a":1},{"a":2}]\n' | dstream -i json select a
dstream: this does not look like json; the first line is '[{"a":1},{"a":2}]'; it looks like json lists (jq -c '.[]' makes lines of it)
? 65

# All of the input is bad.
$ printf 'a b c\nd e f\n' | dstream -i combined count-by status
dstream: this does not look like combined; the first line is 'a b c'
? 65

$ printf '{"a":1}\n{"a":2}\n' | dstream -i combined count-by status
dstream: this does not look like combined; the first line is '{"a":1}'; it looks like json
? 65

# It is of its format, but no time is where one was said to be.
$ printf '{"ts":1}\n{"ts":2}\n' > in.json; dstream -i json --time tz window 1m count in.json
dstream: none of 2 records has a time that can be read; the first line is '{"ts":1}'; is --time right?
? 65

$ printf 'a b c\nd e f\n' | dstream --on-bad skip -i json count-by a

$ printf '{"a":1}\nx\n{"a":3}\n' | dstream --on-bad abort -i json select a
1
dstream: standard input:2 col 1: a bad record, not JSON (--on-bad abort)
? 65

$ printf '{"a":1}\nx\ny\n{"a":3}\n' | dstream --max-bad 1 -i json count
dstream: more than 1 bad records (--max-bad)
dstream: 2 of 3 records are not JSON (first: standard input:2 col 1)
? 65

$ printf '{"a":1}\nx\n{"a":3}\n' | dstream --max-bad 50% -i json select a
1
3
dstream: 1 of 3 records is not JSON (first: standard input:2 col 1)

$ printf '{"a":1}\nx\n{"a":3}\n' > in; dstream --bad-file bad -i json select a in; cat bad
1
3
dstream: 1 of 3 records is not JSON (first: in:2 col 1)
not JSON	in byte 8	x

# Invalid UTF-8 passes as it came, and is escaped where it must be text.
$ printf 'a\xffb 1\nc 2\n' | dstream filter '$2 > 0' | od -An -c
   a 377   b       1  \n   c       2  \n

$ printf 'a\xffb\n' | dstream count-by-key | od -An -c
   a 377   b  \t   1  \n

$ printf 'a\xffb\n' | dstream -o json
{"line":"a�b"}

$ printf 'a\xffb\n' | dstream map 'n=len($0)' select n
3

# NUL bytes are bytes like others.
$ printf 'a\0b\na\0b\nab\n' | dstream count-by-key | od -An -c
   a  \0   b  \t   2  \n   a   b  \t   1  \n

# CR LF: in no field, and kept where lines pass.
$ printf 'a 1\r\nb 2\r\n' | dstream filter '$2 == 2' | od -An -c
   b       2  \r  \n

$ printf 'a 1\r\na 1\n' | dstream count-by-key
a 1	2

$ printf 'a,b\r\n1,2\r\n' | dstream -i csv select b -o json
{"b":2}

$ printf '{"a":1}\r\n' | dstream -i json select a | od -An -c
   1  \n

# A byte order mark.
$ printf '\xef\xbb\xbfa,b\n1,2\n' | dstream -i csv select a
1

$ printf '\xef\xbb\xbfx\nx\n' | dstream count-by-key
x	2

$ printf '\xef\xbb\xbf{"a":1}\n' > in; dstream -i json select a in
1

# No final newline.
$ printf 'a\nb' | dstream count
2

$ printf 'a\nb' | dstream filter '/b/' | od -An -c
   b  \n

$ printf 'a,b\n1,2' | dstream -i csv select b
2

$ printf 'a,b' | dstream -i csv count
0

# An empty file.
$ : > empty
$ dstream count empty
0
$ dstream count-by-key empty
$ dstream filter '/a/' empty
$ dstream -i json -o csv empty

$ dstream -e count-by-key empty
dstream: 'empty' is neither an operator nor a file; the operator before it is whole: count-by-key [--heavy N]
    dstream -e count-by-key empty
                            ^^^^^
? 2
$ dstream -i csv filter 'a > 1' empty
dstream: 'empty' is neither an operator nor a file; the operator before it is whole: filter EXPR
    dstream -i csv filter 'a > 1' empty
                                  ^^^^^
? 2


$ dstream -i csv count < /dev/null
0

# A directory as a file.
$ mkdir d; dstream count d
dstream: d is a directory; name its files, as in d/*, or read each that appears in it by dir:d
? 66

# A missing file among three: the others are read.
$ echo a > one; echo b > three; dstream count-by-key one two.log three
a	1
b	1
dstream: two.log: No such file or directory
? 66

$ dstream count no-such.log
dstream: no-such.log: No such file or directory, nor is it an operator
? 66

$ echo a > secret; mkdir private; dstream count secret/x
dstream: secret/x: Not a directory
? 66

# A full disk.
$ seq 100000 | dstream filter '/1/' > /dev/full
dstream: cannot write to standard output: No space left on device
? 74

$ echo a | dstream --output /dev/full count
dstream: cannot write to /dev/full: No space left on device
? 74

$ echo a | dstream --output no/such/place count
dstream: cannot create 'no/such/place': No such file or directory
? 73

# A long line.
$ (echo a; head -c 100000 /dev/zero | tr '\0' x; echo; echo b) | dstream --max-line 10KB count-by-key
a	1
b	1
dstream: 1 of 3 records is longer than --max-line (first: standard input:2 col 1)

$ (echo a; head -c 100000 /dev/zero | tr '\0' x; echo; echo b) > in; dstream --max-line 10KB count-by-key in
a	1
b	1
dstream: 1 of 3 records is longer than --max-line (first: in:2 col 1)

# A reader that leaves: silent, 141.
# once
$ seq 100000 | dstream filter '/1/' | head -1; echo ${PIPESTATUS[1]}
1
141

# once
$ (yes | dstream; echo $? >&2) | head -1
y
141

# A terminal as standard input.
# once
$ script -qec 'dstream count' /dev/null < /dev/null | tr -d '\r\004\b' | sed 's/\^D//'
dstream: reading from the terminal; end with Ctrl-D
count
    0

# once
$ script -qec 'dstream >/dev/null; echo $?' /dev/null < /dev/null | tail -1 | tr -d '\r'
2

# Nothing of what is behind the record that ends the run is seen, wherever the input is cut.
$ printf '{"n":1}\n{"n":"x"}\n{"n":3}\n' | dstream -i json --strict --on-bad abort map z=n+1
1	2
dstream: standard input:2 col 1: a bad record, with a value that does not convert (--strict) (--on-bad abort)
? 65
$ printf '{"n":1}\n{"n":"x"}\n{"n":3}\n' > in; dstream -i json --strict --max-bad 0 map z=n+1 in 2>&1 | head -2
1	2
dstream: more than 0 bad records (--max-bad)
$ printf '{"n":1}\nx\n{"n":3}\ny\n{"n":5}\n' > in; dstream -i json --max-bad 1 select n in 2>&1 | head -3
1
3
dstream: more than 1 bad records (--max-bad)
$ printf '\n{"n":1}\n\n{"n":2}\nx\n{"n":3}\n' > in; dstream -i json --on-bad abort select n in
1
2
dstream: in:5 col 1: a bad record, not JSON (--on-bad abort)
? 65
$ { yes bad | head -1000; echo '{"n":1}'; } | dstream -i json map x=n
dstream: this does not look like json; the first line is 'bad'
? 65
$ { yes bad | head -999; echo '{"n":1}'; } > in; dstream -i json map x=n in
1	1
dstream: 999 of 1,000 records are not JSON (first: in:1 col 1)

# Standard input that is a file has lines, too.
$ printf '{"a":1}\nx\n' > in; dstream -i json select a < in
1
dstream: 1 of 2 records is not JSON (first: standard input:2 col 1)

# What is no number in a bad record is not told twice.
$ printf '{"n":1}\n{"n":"x"}\n' | dstream -i json --strict map z=n+1
1	2
dstream: 1 of 2 records is bad: with a value that does not convert (--strict) (first: standard input:2 col 1)

# A bad record has no fields.
$ printf '{"a" 1}\n{"b":2}\n' | dstream -i json map y=a
2	
dstream: 1 of 2 records is not JSON (first: standard input:1 col 6)
dstream: field 'a' never occurred in 1 record

# A quote in a bare cell takes the lines up to the next one with it.
$ printf 'a,b\n1,x"y\n2,3\n4,"5\n6,7\n' | dstream -i csv select a
6
dstream: 1 of 2 records is bad: quote in a bare cell (first: standard input:2 col 3, 3 lines up to the next quote)

# A field of schemaless input that never occurred.
$ printf '{"status":1}\n{"status":2}\n' | dstream -i json select stauts


dstream: field 'stauts' never occurred in 2 records; did you mean 'status'?

# Also one that is only spoken of; an empty line is no record.
$ printf '{"a":1,"q":null}\n\n{"a":2}\n \n' > in; dstream -i json drop stauts,q -o json in
{"a":1}
{"a":2}
dstream: field 'stauts' never occurred in 2 records
$ dstream -i json rename stauts=A,q=B -o json in
{"a":1,"B":null}
{"a":2}
dstream: field 'stauts' never occurred in 2 records
$ printf '{"b":1}\n' > r.ndjson; dstream -i json union r.ndjson drop b,c -o json in
{"a":1,"q":null}
{"a":2}
{}
dstream: field 'c' never occurred in 2 records of in
$ printf 'a=1\n\na=2 q\n' | dstream -i logfmt drop q,b rename a=B,c=D -o logfmt
B=1
B=2
dstream: field 'b' never occurred in 2 records
dstream: field 'c' never occurred in 2 records
$ printf '{"a":1}\n{"\\u0071":"a"}\n' | dstream -i json drop q rename b=a -o json
{}
{}
dstream: field 'b' never occurred in 2 records
$ printf '{"a":1}\n' | dstream -i json drop q map q=1 drop q -o json
{"a":1}
dstream: field 'q' never occurred in 1 record
$ printf '{"a":1}\n\n{"a":2}\n{"a":3}\n\n' | dstream -i json --batch-on '^$' drop b count -o json
{"count":1}
{"count":2}
dstream: field 'b' never occurred in 3 records
$ printf 'x\n\ny\n' | dstream -i json drop b
dstream: this does not look like json; the first line is 'x'
? 65

# A conversion that failed is null, and counted.
$ printf '1\nx\n3\n' | dstream reduce 'sum:$1,count:$1,count'
4	3	3
dstream: 1 value of $1 could not be converted and counts as null

$ printf 'a 1\nb x\n' | dstream --on-bad skip filter '$2 > 0'
a 1
dstream: 1 value of $2 could not be converted and counts as null

# A compressed file that is cut short.
$ seq 1000 | gzip -c | head -c 1000 > cut.gz; dstream -q count cut.gz
dstream: cut.gz: incomplete deflate stream
? 66

# Of a path each name has to occur.
$ printf '{"price":1,"dir1":null}\n' | dstream -i json map 'a=x.price,b=dir1' select a,b -o json
{"a":null,"b":null}
dstream: field 'x.price' never occurred in 1 record; did you mean 'price'?

# What is told ends with the record that ends the run, whatever others had read by then.
$ seq 36 | sed -E 's/.*/{"a":&}/; 14s/^/x/; 17,18s/^/x/; 22s/^/x/; 30s/^/x/' > in; dstream -i json --max-bad 2 --stats count in 2>&1 | grep -E 'records (in|are)|bad rec'
dstream: more than 2 bad records (--max-bad)
dstream: 3 of 18 records are not JSON (first: in:14 col 1)
18 records in, 15 kept, 3 bad, 0 late; 0 out
$ dstream -i json --on-bad abort --stats filter 'a>1' in 2>&1 | grep -E 'records (in|are)|bad rec'
dstream: in:14 col 1: a bad record, not JSON (--on-bad abort)
14 records in, 13 kept, 1 bad, 0 late; 12 out
$ (echo; seq 9 | sed 's/.*/{"a":&}/'; echo; echo '{"a":"q"}'; cat in) > s; dstream -i json --strict --on-bad abort --stats map z=a+1 select z s 2>&1 | grep -E 'records (in|are)|bad rec'
dstream: s:12 col 1: a bad record, with a value that does not convert (--strict) (--on-bad abort)
10 records in, 9 kept, 1 bad, 0 late; 9 out
$ dstream -i json --on-bad abort --max-line 9 --stats filter 'a=="q"' s 2>&1 | grep -E 'records (in|are)|bad rec'
dstream: s:26 col 1: a bad record, not JSON (--on-bad abort)
24 records in, 23 kept, 1 bad, 0 late; 1 out

# What time has let out in front of the record that ends the run is printed, however the input is cut.
$ printf '{"t":2}\n{"t":3}\n{"t":6}\nbad\n{"t":9}\n{"t":19}\n' > in; dstream -i json --time t:s --watermark 0s --on-bad abort window 2s count in
1970-01-01T00:00:02Z	2
dstream: in:4 col 1: a bad record, not JSON (--on-bad abort)
? 65
$ printf '{"t":1}\n{"t":2}\n{"t":3}\nbad\n{"t":9}\n' > in; dstream -i json --batch-lines 3 --max-bad 0 count in
3
dstream: more than 0 bad records (--max-bad)
dstream: 1 of 4 records is not JSON (first: in:4 col 1)
? 65
$ printf '{"t":1,"n":1}\n{"t":3,"n":2}\n{"t":9,"n":"x"}\n{"t":19,"n":1}\n' > in; dstream -i json --time t:s --watermark 0s --strict --on-bad abort window 2s reduce s=sum:n in
1970-01-01T00:00:00Z	1
dstream: in:3 col 1: a bad record, with a value that does not convert (--strict) (--on-bad abort)
? 65
# Rows enough in front of it: it need not be read.
$ printf '{"t":2}\n{"t":3}\n{"t":6}\nbad\n{"t":9}\n{"t":19}\n' > in; dstream -i json --time t:s --watermark 0s --on-bad abort window 2s count head 1 in
1970-01-01T00:00:02Z	2

# A row that waited for others is no record of the block at hand: a value of it that does not convert is null and counted.
$ printf 't,v\n0,x\n1,3\n2,4\n9,5\n' > in.csv; dstream -i csv --strict scan l=lead:t filter 'v>1' in.csv
1	3	2
2	4	9
9	5	
dstream: 1 value of v could not be converted and counts as null
$ dstream -i csv --strict scan l=lag:t filter 'v>1' in.csv
1	3	0
2	4	1
9	5	2
dstream: 1 of 4 records is bad: with a value that does not convert (--strict) (first: in.csv:2 col 1)
# A share is of whole records.
$ { seq 71 | sed 's/.*/{"a":&}/'; yes x | head -29; } > in; dstream -i json --max-bad 29% count in
71
dstream: 29 of 100 records are not JSON (first: in:72 col 1)
$ dstream -i json --max-bad 28% count in
71
dstream: more than 28% of the records are bad (--max-bad)
dstream: 29 of 100 records are not JSON (first: in:72 col 1)
? 65
