# What is wrong with an expression: where, and what to do.

$ printf 'host,status\na,1\n' > a.csv
$ dstream -i csv filter 'statsu >= 500' a.csv
dstream: filter: no field 'statsu'; did you mean 'status'?
    statsu >= 500
    ^^^^^^ the record has: host, status
? 2
$ dstream -i csv filter 'status >= ' a.csv
dstream: filter: expected a value here; did the shell expand $1? use single quotes, or write _1
    status >= 
              ^
? 2
$ dstream -i csv filter 'status >= 500 and' a.csv
dstream: filter: expected a value here; did the shell expand $1? use single quotes, or write _1
    status >= 500 and
                     ^
? 2
$ dstream -i csv filter '(status >= 500' a.csv
dstream: filter: no ')' closes this '('
    (status >= 500
    ^
? 2
$ dstream -i csv filter 'status => 500' a.csv
dstream: filter: '=' is assignment; did you mean '=='?
    status => 500
           ^
? 2
$ dstream -i csv filter 'status + 1' a.csv
dstream: filter needs a condition, 'status + 1' is a number
         (compare it with something, as in EXPR > 0)
    dstream -i csv filter 'status + 1' a.csv
                           ^^^^^^^^^^
? 2
$ dstream -i csv filter 'host =~ "a"' a.csv
dstream: filter: '=~' takes a /regex/ on its right
    host =~ "a"
            ^^^
? 2
$ dstream -i csv filter 'host =~ /(/' a.csv
dstream: filter: not a regex: unclosed group
    host =~ /(/
            ^^^
? 2
$ dstream -i csv map 'x=lowr(host)' a.csv
dstream: map: no function 'lowr'; did you mean 'lower'?
    x=lowr(host)
      ^^^^
? 2
$ dstream -i csv map 'x=lower()' a.csv
dstream: map: lower(x) is given 0 arguments
    x=lower()
      ^^^^^^^
? 2
$ dstream -i csv map 'x=lower(host,status)' a.csv
dstream: map: lower(x) is given 2 arguments
    x=lower(host,status)
      ^^^^^^^^^^^^^^^^^^
? 2
$ dstream -i csv map 'x="open' a.csv
dstream: map: no closing '"'; is the whole in single quotes, so that the shell leaves it alone?
    x="open
      ^^^^^
? 2
$ dstream -i csv map 'x=f"{host"' a.csv
dstream: map: no closing '}' in this f-string
    x=f"{host"
        ^
? 2
$ dstream -i csv map 'x=1 2' a.csv
dstream: map: unexpected '2'; expected an operator or the end
    x=1 2
        ^
? 2
$ dstream -i csv map 'x=a < b < c' a.csv
dstream: map: comparisons do not chain; write 'a < b and b < c'
    x=a < b < c
            ^
? 2
$ dstream -i csv filter 'a == 1 and b == 2' a.csv
dstream: filter: no field 'a'
    a == 1 and b == 2
    ^ the record has: host, status
? 2
$ dstream -i csv count-by nohost a.csv
dstream: count-by: no field 'nohost'; did you mean 'host'?
    nohost
    ^^^^^^ the record has: host, status
? 2
$ dstream -i csv sort-by nohost:desc a.csv
dstream: sort-by: no field 'nohost'; did you mean 'host'?
    nohost:desc
    ^^^^^^ the record has: host, status
? 2
$ dstream -i csv reduce sum:nohost a.csv
dstream: reduce: no field 'nohost'; did you mean 'host'?
    sum:nohost
        ^^^^^^ the record has: host, status
? 2
$ dstream -i csv select host,nohost a.csv
dstream: select: no field 'nohost'; did you mean 'host'?
    host,nohost
         ^^^^^^ the record has: host, status
? 2
$ dstream -i csv drop nohost a.csv
dstream: drop: no field 'nohost'; did you mean 'host'?
    nohost
    ^^^^^^ the record has: host, status
? 2
$ dstream -i csv rename nohost=x a.csv
dstream: rename: no field 'nohost'; did you mean 'host'?
    nohost=x
    ^^^^^^ the record has: host, status
? 2
$ dstream -i csv --time nohost window 1m count a.csv
dstream: --time: no field 'nohost'; did you mean 'host'?
    nohost
    ^^^^^^ the record has: host, status
? 2
$ dstream parse '(' a.csv
dstream: parse: this pattern cannot be read: unclosed group
    (
    ^
? 2
$ dstream parse 'x' a.csv
dstream: parse: the pattern names no field; write (?<name>…) around what you want
    x
    ^
? 2
$ dstream filter 'lines' a.csv
dstream: filter: no field 'lines'; did you mean 'line'?
    lines
    ^^^^^ the record has: line, $0, $1, $2, …, $NF, NF
? 2
