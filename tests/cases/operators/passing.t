# Operators that pass records as they came.

# oracle: printf 'b 2\na 1\nc 3\n'
$ printf 'b 2\na 1\nc 3\n' | dstream
b 2
a 1
c 3

# oracle: seq 1 30 | awk '$1 % 3 == 0'
$ seq 1 30 | dstream filter '$1 % 3 == 0'
3
6
9
12
15
18
21
24
27
30

# oracle: grep -c 'Failed password' $DATA/openssh.log
$ dstream filter '/Failed password/' count $DATA/openssh.log
113

# oracle: seq 1 1000 | head -5
$ seq 1 1000 | dstream head 5
1
2
3
4
5

# oracle: seq 1 1000 | awk '$1 % 7 == 0' | head -20 | wc -l
$ seq 1 1000 | dstream filter '$1 % 7 == 0' head 20 count
20

# oracle: seq 1 500 | awk '$1 % 7 == 0' | head -20 | awk '{s += $1} END {print s}'
$ seq 1 500 | dstream filter '$1 % 7 == 0' head 20 reduce 'sum:$1'
1470

# oracle: awk '{print $1 % 10}' <(seq 1 100) | awk '!s[$0]++'
$ seq 1 100 | dstream map 'd=$1%10' select d distinct -o lines
1
2
3
4
5
6
7
8
9
0

# A header comes first where there is one.
$ printf 'a,b\n1,x\n2,y\n' | dstream -i csv filter 'a > 1'
a,b
2,y

$ printf 'a,b\n1,x\n2,y\n' | dstream -i csv filter 'a > 5'
a,b

$ printf 'a,b\n1,"x\ny"\n2,y\n' | dstream -i csv filter 'a == 1'
a,b
1,"x
y"

$ printf 'k v\na 1\nb 2\na 3\n' | dstream distinct-by '$1'
k v
a 1
b 2

$ printf 'a 1\nb 2\na 3\n' | dstream distinct-by '$1' --last
a 3
b 2

# The same lines each time, whatever the threads.
$ seq 1 1000 | dstream sample 1% | wc -l
11
$ seq 1 1000 | dstream sample 1% > one; seq 1 1000 | dstream sample 1% | cmp - one && echo same
same

$ printf 'n\n2\n9\n10\nx\n' | dstream -i csv sort-by n:desc
n
x
10
9
2

$ printf 'a 2\nb 1\nc 2\nd 1\n' | dstream sort-by '$2'
b 1
d 1
a 2
c 2

$ printf 'a 2\nb 1\nc 2\nd 1\n' | dstream sort-by '$2:desc,$1:desc'
c 2
a 2
d 1
b 1

# tee copies the stream at its place.
$ seq 1 5 | dstream filter '$1 > 2' tee copy map 'x=$1*10' select x; cat copy
30
40
50
3
4
5

$ dstream -qe filter '/x/' < /dev/null
? 1

$ echo x | dstream -qe filter '/x/'

# The header comes first however the input is read.
# once
$ printf 'ts,v\n1,a\n2,b\n' > g.csv; mkdir in; cp g.csv in/; for source in g.csv dir:in 'glob:in/*'; do dstream -i csv --once filter 'ts > 1' "$source"; done
ts,v
2,b
ts,v
2,b
ts,v
2,b
$ dstream -i csv -F --for 0.3s filter 'ts > 1' tee t.csv g.csv; cat t.csv
ts,v
2,b
ts,v
2,b
$ dstream -i csv --once foreach-batch cat g.csv
ts,v
1,a
2,b

# An empty file in front of it has none.
$ printf 'ts,v\n1,a\n2,b\n' > g.csv; : > e.csv; dstream -i csv filter 'ts > 1' e.csv g.csv
ts,v
2,b

# The account ends with the first row, as with `head 1`.
$ (seq 300 | sed 's/.*/{"k":&}/'; echo '{"k":1,"v":2}'; echo oops) > in; (echo oops; cat in) > bad; dstream -qe -i json --stats -o csv in 2>&1 | head -1
1 record in, 1 kept, 0 bad, 0 late; 1 out
$ dstream -q -i json -o csv in; dstream -q -i json -o json bad
dstream: 1 of 2 records is not JSON (first: bad:1 col 1)
$ dstream -qe -i json --stats -o csv filter 'k==1 && v==2' in 2>&1 | head -1
301 records in, 301 kept, 0 bad, 0 late; 1 out
$ dstream -qe -i json -o csv filter 'k==0' in
dstream: 1 of 302 records is not JSON (first: in:302 col 1)
? 1
$ dstream -q -i json -o csv sort-by k in
dstream: 1 of 302 records is not JSON (first: in:302 col 1)
