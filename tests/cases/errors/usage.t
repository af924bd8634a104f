# The texts of mistakes on the command line (INTERFACE 2.3), each with status 2 and nothing run.

$ dstream coutn-by status
dstream: 'coutn-by' is neither an operator nor a file; did you mean the operator 'count-by'?
    dstream coutn-by status
            ^^^^^^^^
? 2

$ dstream filter 'status = 500'
dstream: filter: '=' is assignment; did you mean '=='?
    status = 500
           ^
? 2

$ printf 'h,status\na,500\n' > a.csv
$ dstream -i csv filter status a.csv
dstream: filter needs a condition, 'status' is only a field
         (did the shell take part of it? put the expression in single quotes)
    dstream -i csv filter status a.csv
                          ^^^^^^
? 2

$ touch a.log
$ dstream window 10s count a.log
dstream: window: sizes over a regular file need a time field; give --time FIELD, or --time arrival if you mean it
    dstream window 10s count a.log
            ^^^^^^
? 2

$ dstream filter ' > 5'
dstream: filter: expected a value here; did the shell expand $1? use single quotes, or write _1
     > 5
     ^
? 2

# An operand that is missing swallows the next operator's name.
$ dstream window count
dstream: window: 'count' is not a duration; is the size missing before the operator `count`?
    dstream window count
                   ^^^^^
? 2

$ dstream top count
dstream: top: 'count' is not a whole number; is the number missing before the operator `count`?
    dstream top count
                ^^^^^
? 2

$ dstream filter
dstream: filter needs EXPR: The condition
    dstream filter 
                   ^
? 2

$ dstream window 10s --slide
dstream: window: --slide needs a value, D
    dstream window 10s --slide
                       ^^^^^^^
? 2

$ dstream window 10x count
dstream: window: '10x' is not a duration; write 500ms, 10s, 1h30m, 1d or 2w
    dstream window 10x count
                   ^^^
? 2

$ dstream window 10s --slid 5s count
dstream: '--slid' is neither a flag of window nor an option; did you mean '--slide'?
    dstream window 10s --slid 5s count
                       ^^^^^^
? 2

$ dstream --no-such-option count
dstream: there is no option '--no-such-option'; 'dstream help options' lists them
    dstream --no-such-option count
            ^^^^^^^^^^^^^^^^
? 2

$ dstream -Z count
dstream: there is no option '-Z'; 'dstream help options' lists them
    dstream -Z count
            ^^
? 2

$ dstream -o yaml count
dstream: no format 'yaml'
    formats that can be written: csv json lines logfmt table template tsv
    dstream -o yaml count
               ^^^^
? 2

$ dstream -i combind count
dstream: -i: no format 'combind'; did you mean 'combined'?
    formats that can be read: combined common csv grok json lines logfmt regex syslog text tsv
    dstream -i combind count
               ^^^^^^^
? 2

# once
$ dstream -j 0 count
dstream: --threads: '0' is not a whole number from 1
    dstream -j 0 count
               ^
? 2

# once
$ dstream -j many count
dstream: --threads: 'many' is not a whole number from 1
    dstream -j many count
               ^^^^
? 2

$ dstream count-by-key -- no-such-file
dstream: no-such-file: No such file or directory, nor is it an operator
? 66


$ dstream count-by-key count-by-key kafka:topic
dstream: no source of kind 'kafka:'; known are files, -, dir:, glob:, tcp:, unix:, tcp-listen:, udp-listen:, unix-listen:, rate:
    dstream count-by-key count-by-key kafka:topic
                                      ^^^^^^
? 2

$ printf 'a\n' > a; dstream count a filter '/a/'
dstream: 'filter' is no file; operators stand before the sources, which begin at 'a'
    dstream count a filter /a/
                    ^^^^^^
? 2

$ dstream --count count
dstream: there is no option '--count'; it is an operator, without dashes: count
    dstream --count count
            ^^^^^^^
? 2

$ dstream count --slide 5s
dstream: --slide is a flag of the operator 'window', which is not here
    dstream count --slide 5s
                  ^^^^^^^
? 2

$ dstream -i csv -i json count
dstream: --input-format is given twice
    dstream -i csv -i json count
            ^^
? 2

$ dstream head 0
dstream: head: '0' is too small; it must be 1 or more
    dstream head 0
                 ^
? 2

$ dstream sample 2
dstream: sample: '2' is not a share; it must be above 0 and at most 1 (or 100%)
    dstream sample 2
                   ^
? 2

$ dstream help nothing
dstream: there is no help on 'nothing'; topics are operators, functions, aggregates, formats, options, time, state, spark, and each of their names
    dstream help nothing
                 ^^^^^^^
? 2

# A key is needed where records are no lines.
$ printf 'a,b\n1,2\n' | dstream -i csv count-by-key
dstream: count-by-key: no key is set; put key-by K in front, or name the key with an operator as count-by K
    dstream -i csv count-by-key
                   ^^^^^^^^^^^^
? 2

$ dstream top 5
dstream: top: there is no aggregate to go by; name the fields with --by F,…
    dstream top 5
            ^^^
? 2

$ dstream window 0s count
dstream: window: '0s' is no time at all; it must be above zero
    dstream window 0s count
                   ^^
? 2

$ dstream map 'a'
dstream: map: expected NAME=EXPR, as in 'x=ms*2'
    a
     ^
? 2

$ dstream map 'a=b c'
dstream: map: unexpected 'c'; expected an operator or the end
    a=b c
        ^
? 2

$ dstream reduce 'sum'
dstream: reduce: sum needs an expression, for example sum:bytes
    sum
    ^^^
? 2

$ dstream reduce 'sumn:x'
dstream: reduce: no aggregate 'sumn'; did you mean 'sum'?
    there are: any approx_distinct avg collect count count_if distinct first hist join last max median min mode p50 rate span stddev sum topk topk_distinct var
    sumn:x
    ^^^^
? 2

$ dstream -f no-such-script
dstream: no-such-script: No such file or directory
    dstream -f no-such-script
               ^^^^^^^^^^^^^^
? 2

# An option whose value was forgotten has taken the operator for it.
$ dstream --watermark window 1m count
dstream: '1m' is neither an operator nor a file; --watermark has taken 'window' for its value
    dstream --watermark window 1m count
                               ^^
? 2
