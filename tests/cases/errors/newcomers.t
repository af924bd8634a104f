# The transcript of a newcomer's mistakes: each is typed as somebody would who comes from elsewhere, and each message says
# what is wrong, where, and what to type instead (INTERFACE 2.3, 10).

# Files that are not there, and words that are none.

$ printf 'user,status,ms,city\nann,200,12,Rome\nbob,500,7,Paris\n' > data.csv; printf '1 x\n' > access.log; printf '{"level":"error","ms":5}\n' > app.json
$ dstream acces.log
dstream: acces.log: No such file or directory, nor is it an operator; did you mean 'access.log'?
? 66
$ dstream count-by path acces.log
dstream: acces.log: No such file or directory, nor is it an operator; did you mean 'access.log'?
? 66
$ dstream -i csv count data.cvs
dstream: data.cvs: No such file or directory, nor is it an operator; did you mean 'data.csv'?
? 66
$ dstream count *.nope
dstream: '*.nope' is neither an operator nor a file; no file's name matches this pattern, so the shell has left it as it is
    dstream count '*.nope'
                   ^^^^^^
? 2
$ dstream -i csv count data.csv -- -o json
dstream: '-o' is no file; behind '--' there are only sources: put the option in front of it
    dstream -i csv count data.csv -- -o json
                                     ^^
? 2
$ dstream count access.log top 3
dstream: 'top' is no file; operators stand before the sources, which begin at 'access.log'
    dstream count access.log top 3
                             ^^^
? 2
$ dstream -i csv count-by user '|' top 3 data.csv
dstream: '|' is neither an operator nor a file; operators follow each other with nothing between them
    dstream -i csv count-by user '|' top 3 data.csv
                                  ^
? 2
$ dstream coutn access.log
dstream: 'coutn' is neither an operator nor a file; did you mean the operator 'count'?
    dstream coutn access.log
            ^^^^^
? 2

# What the shell makes of a condition without quotes.

$ printf 'user,status,ms,city\nann,200,12,Rome\n' > data.csv
$ dstream -i csv filter status>=500 data.csv
dstream: filter needs a condition, 'status' is only a field
         (did the shell take part of it? put the expression in single quotes)
    dstream -i csv filter status data.csv
                          ^^^^^^
? 2
$ dstream -i csv filter status >= 500 data.csv
dstream: '500' is neither an operator nor a file; what filter takes is one word: put it in single quotes, or the shell takes it apart and < and > out of it
    dstream -i csv filter status 500 data.csv
                                 ^^^
? 2
$ cat =; rm =
$ dstream -i csv filter status == 500 data.csv
dstream: '==' is neither an operator nor a file; an expression is one word: put it in single quotes, as in filter 'status >= 500' or map 'x=ms*2'
    dstream -i csv filter status == 500 data.csv
                                 ^^
? 2
$ dstream filter "$1 > 5" data.csv
dstream: filter: expected a value here; did the shell expand $1? use single quotes, or write _1
     > 5
     ^
? 2
$ dstream -i csv map x = ms*2 data.csv
dstream: '=' is neither an operator nor a file; an expression is one word: put it in single quotes, as in filter 'status >= 500' or map 'x=ms*2'
    dstream -i csv map x = 'ms*2' data.csv
                         ^
? 2
$ dstream -i csv filter 'city == “Rome”' data.csv
dstream: filter: '“' means nothing here; it is a quote as texts on the web have them: type "
    city == “Rome”
            ^
? 2
$ dstream -i csv filter ‘status==1’ data.csv
dstream: filter: '‘' means nothing here; it is a quote as texts on the web have them: type ' around the whole and " within
    ‘status==1’
    ^
? 2
$ dstream -i csv filter '' data.csv
dstream: filter: the condition is empty
    dstream -i csv filter '' data.csv
                   ^^^^^^
? 2
$ dstream -i csv filter "city == "Rome"" data.csv
dstream: filter: no field 'Rome'; a text is in double quotes: "Rome"
    city == Rome
            ^^^^ the record has: user, status, ms, city
? 2
$ dstream -i csv filter 'city == "Rome' data.csv
dstream: filter: no closing '"'; is the whole in single quotes, so that the shell leaves it alone?
    city == "Rome
            ^^^^^
? 2

# Coming from awk, sort, uniq, grep and head.

$ printf 'user,status,ms,city\nann,200,12,Rome\n' > data.csv
$ dstream '{print $1}' data.csv
dstream: '{print $1}' is neither an operator nor a file; what awk prints is select, as in filter '$3 > 5' select '$1'
    dstream '{print $1}' data.csv
             ^^^^^^^^^^
? 2
$ dstream '$1 > 5' data.csv
dstream: '$1 > 5' is neither an operator nor a file; a condition stands behind filter: filter '$1 > 5'
    dstream '$1 > 5' data.csv
             ^^^^^^
? 2
$ dstream -F: count-by '$1' data.csv
dstream: there is no option '-:'; awk's -F is -d here: -d ':'; -F follows files
    dstream -F: count-by '$1' data.csv
            ^^^
? 2
$ dstream -n 5 data.csv
dstream: there is no option '-n'; it is the operator head N
    dstream -n 5 data.csv
            ^^
? 2
$ dstream sort -nr ms data.csv
dstream: 'sort' is neither an operator nor a file; here it is sort-by FIELD, or top N for the largest
    dstream sort -nr ms data.csv
            ^^^^
? 2
$ dstream uniq -c data.csv
dstream: 'uniq' is neither an operator nor a file; here it is distinct, or count-by-key, which counts them
    dstream uniq -c data.csv
            ^^^^
? 2
$ dstream grep ERROR data.csv
dstream: 'grep' is neither an operator nor a file; here it is filter '/RE/'
    dstream grep ERROR data.csv
            ^^^^
? 2
$ dstream '/ERROR/' data.csv
dstream: '/ERROR/' is neither an operator nor a file; a search stands behind filter: filter '/ERROR/'
    dstream /ERROR/ data.csv
            ^^^^^^^
? 2
$ dstream tail 5 data.csv
dstream: 'tail' is neither an operator nor a file; here it is tail -n N FILE | dstream …, or -F --skip-to-end to follow
    dstream tail 5 data.csv
            ^^^^
? 2
$ dstream wc data.csv
dstream: 'wc' is neither an operator nor a file; here it is count
    dstream wc data.csv
            ^^
? 2
$ dstream -i csv head -n 5 data.csv
dstream: head: '-n' is not a whole number; it stands alone: head N
    dstream -i csv head -n 5 data.csv
                        ^^
? 2
$ dstream -i csv head -5 data.csv
dstream: head: '-5' is not a whole number; it stands alone: head 5
    dstream -i csv head -5 data.csv
                        ^^
? 2
$ dstream -i csv filter 'length(city) > 2' data.csv
dstream: filter: no function 'length'; it is len(x)
    length(city) > 2
    ^^^^^^
? 2
$ dstream -i csv filter 'city ~ /R/' data.csv
dstream: filter: '~' means nothing here; a pattern is matched by =~ /regex/
    city ~ /R/
         ^
? 2

# Coming from Miller, jq and angle-grinder.

$ printf 'user,status,ms,city\nann,200,12,Rome\n' > data.csv; printf '{"level":"error","ms":5}\n' > app.json
$ dstream --icsv --ojson cat data.csv
dstream: there is no option '--icsv'; write -i csv
    dstream --icsv --ojson cat data.csv
            ^^^^^^
? 2
$ dstream --csv count data.csv
dstream: there is no option '--csv'; write -i csv to read csv, -o csv to write it
    dstream --csv count data.csv
            ^^^^^
? 2
$ dstream -i csv put '$x = $ms * 2' data.csv
dstream: 'put' is neither an operator nor a file; here it is map 'NAME=EXPR', as in map 'x=replace(x, /a/, "b")'
    dstream -i csv put '$x = $ms * 2' data.csv
                   ^^^
? 2
$ dstream -i csv stats1 -a mean -f ms data.csv
dstream: 'stats1' is neither an operator nor a file; here it is reduce avg:FIELD, or reduce-by KEY avg:FIELD
    dstream -i csv stats1 -a mean -f ms data.csv
                   ^^^^^^
? 2
$ dstream -i json .level app.json
dstream: '.level' is neither an operator nor a file; a field of JSON is written without the point: -i json select level
    dstream -i json .level app.json
                    ^^^^^^
? 2
$ dstream -i json filter '.level == "error"' app.json
dstream: filter: expected a value here; a field is written without a point in front: level, user.name
    .level == "error"
    ^
? 2
$ dstream '* | json | count by level' app.json
dstream: '* | json | count by level' is neither an operator nor a file; operators are words of the command line with nothing between them, as in -i json filter 'ms > 5' count-by level
    dstream '* | json | count by level' app.json
             ^^^^^^^^^^^^^^^^^^^^^^^^^
? 2
$ dstream json app.json
dstream: 'json' is neither an operator nor a file; it is a format: -i json
    dstream json app.json
            ^^^^
? 2
$ dstream -i csv count by user data.csv
dstream: 'by' is neither an operator nor a file; it is one word: 'count-by'
    dstream -i csv count by user data.csv
                         ^^
? 2

# Coming from SQL and Spark.

$ printf 'user,status,ms,city\nann,200,12,Rome\n' > data.csv
$ dstream -i csv 'select user from data.csv'
dstream: 'select user from data.csv' is neither an operator nor a file; SQL is written as operators, as in filter 'ms > 5' select user,ms
    dstream -i csv 'select user from data.csv'
                    ^^^^^^^^^^^^^^^^^^^^^^^^^
? 2
$ dstream -i csv select '*' data.csv
dstream: select: expected a value here; '*' is no name: where fields are not named, all of them are there
    *
    ^
? 2
$ dstream -i csv where 'ms > 5' data.csv
dstream: 'where' is neither an operator nor a file; here it is filter 'CONDITION'
    dstream -i csv where 'ms > 5' data.csv
                   ^^^^^
? 2
$ dstream -i csv filter 'status == 500 AND ms > 5' data.csv
dstream: filter: unexpected 'AND'; it is written small: and
    status == 500 AND ms > 5
                  ^^^
? 2
$ dstream -i csv filter 'NOT status == 500' data.csv
dstream: filter: unexpected 'status' behind 'NOT', which is written small: not
    NOT status == 500
        ^^^^^^
? 2
$ dstream -i csv filter 'status <> 500' data.csv
dstream: filter: no operator '<>'; did you mean '!='?
    status <> 500
           ^^
? 2
$ dstream -i csv filter 'city like "R%"' data.csv
dstream: filter: unexpected 'like'; a pattern is matched by =~ /regex/
    city like "R%"
         ^^^^
? 2
$ dstream -i csv filter 'city is null' data.csv
dstream: filter: unexpected 'is'; write x == null, or has(x)
    city is null
         ^^
? 2
$ dstream -i csv filter 'ms between 1 and 2' data.csv
dstream: filter: unexpected 'between'; write x >= 1 and x <= 2
    ms between 1 and 2
       ^^^^^^^
? 2
$ dstream -i csv filter "city == 'Rome'" data.csv
dstream: filter: texts are in double quotes, with single ones around the whole: '… == "text"'
    city == 'Rome'
            ^^^^^^
? 2
$ dstream -i csv filter 'city == Rome' data.csv
dstream: filter: no field 'Rome'; a text is in double quotes: "Rome"
    city == Rome
            ^^^^ the record has: user, status, ms, city
? 2
$ dstream -i csv group by user data.csv
dstream: 'group' is neither an operator nor a file; it is one word: group-by K
    dstream -i csv group by user data.csv
                   ^^^^^
? 2
$ dstream -i csv reduce 'avg(ms)' data.csv
dstream: reduce: no aggregate 'avg(ms)'; it is written avg:ms
    avg(ms)
    ^^^^^^^
? 2
$ dstream -i csv reduce 'sum ms' data.csv
dstream: reduce: no aggregate 'sum ms'; it is written sum:ms
    sum ms
    ^^^^^^
? 2
$ dstream -i csv map 'n=sum(ms)' data.csv
dstream: map: 'sum' is an aggregate, not a function: reduce sum:x, or scan
    n=sum(ms)
      ^^^
? 2
$ dstream -i csv reduceByKey user data.csv
dstream: 'reduceByKey' is neither an operator nor a file; it is spelt reduce-by-key A
    dstream -i csv reduceByKey user data.csv
                   ^^^^^^^^^^^
? 2
$ dstream -i csv withWatermark ts 10m data.csv
dstream: 'withWatermark' is neither an operator nor a file; here it is the option --watermark D, with --time FIELD
    dstream -i csv withWatermark ts 10m data.csv
                   ^^^^^^^^^^^^^
? 2
$ dstream -i csv avg ms data.csv
dstream: 'avg' is neither an operator nor a file; it is an aggregate: reduce avg:FIELD, or reduce-by KEY avg:FIELD
    dstream -i csv avg ms data.csv
                   ^^^
? 2

# Lists, operands and flags in the wrong place.

$ printf 'user,status,ms,city\nann,200,12,Rome\n' > data.csv
$ dstream -i csv select user, ms data.csv
dstream: 'ms' is neither an operator nor a file; a list is one word without blanks: select user,ms
    dstream -i csv select user, ms data.csv
                                ^^
? 2
$ dstream -i csv select user ms data.csv
dstream: 'ms' is neither an operator nor a file; a list of select is one word with commas: select user,ms
    dstream -i csv select user ms data.csv
                               ^^
? 2
$ dstream -i csv select usr data.csv
dstream: select: no field 'usr'; did you mean 'user'?
    usr
    ^^^ the record has: user, status, ms, city
? 2
$ dstream -i csv top 10 ms data.csv
dstream: 'ms' is neither an operator nor a file; the operator before it is whole: top N [--by F[:asc],…] [--per K] [--ties] [--rank]
    dstream -i csv top 10 ms data.csv
                          ^^
? 2
$ dstream -i csv top data.csv
dstream: top: 'data.csv' is not a whole number; is the number missing before the file `data.csv`?
    dstream -i csv top data.csv
                       ^^^^^^^^
? 2
$ dstream -i csv reduce-by user data.csv
dstream: reduce-by: no aggregate 'data.csv'; is the aggregate missing before the file `data.csv`?
    there are: any approx_distinct avg collect count count_if distinct first hist join last max median min mode p50 rate span stddev sum topk topk_distinct var
    data.csv
    ^^^^^^^^
? 2
$ dstream -i csv count-by
dstream: count-by needs K: The key: fields or expressions, with commas between
    dstream -i csv count-by 
                            ^
? 2
$ dstream -i csv window 10 count data.csv
dstream: window: '10' is not a duration; the unit is missing: 10s, 10m, 10h
    dstream -i csv window 10 count data.csv
                          ^^
? 2
$ dstream -i csv window count data.csv
dstream: window: 'count' is not a duration; is the size missing before the operator `count`?
    dstream -i csv window count data.csv
                          ^^^^^
? 2
$ dstream -i csv window 10m slide 1m count data.csv
dstream: 'slide' is neither an operator nor a file; it is a flag of window: --slide
    dstream -i csv window 10m slide 1m count data.csv
                              ^^^^^
? 2
$ dstream -i csv --slide 1m window 10m count data.csv
dstream: --slide belongs directly behind 'window' and its operands
    dstream -i csv --slide 1m window 10m count data.csv
                   ^^^^^^^
? 2
$ dstream -i csv --time tmie window 1m count data.csv
dstream: --time: no field 'tmie'
    tmie
    ^^^^ the record has: user, status, ms, city
? 2
$ dstream -i csv map 'ms * 2' data.csv
dstream: map: expected NAME=EXPR, as in 'x=ms*2'
    ms * 2
       ^
? 2
$ dstream count-by user --top 3 data.csv
dstream: '--top' is neither a flag of count-by nor an option; it is an operator, without dashes: top N
    dstream count-by user --top 3 data.csv
                          ^^^^^
? 2
$ dstream count --output-mode=apend data.csv
dstream: --output-mode: 'apend' is none of append, update, complete
    dstream count --output-mode=apend data.csv
                                ^^^^^
? 2

# Formats and options.

$ printf 'user,status,ms,city\nann,200,12,Rome\n' > data.csv
$ dstream -i=csv count data.csv
dstream: a short option takes its value without '=': write -i csv, or --input-format=csv
    dstream -i=csv count data.csv
            ^^^^^^
? 2
$ dstream -i cvs count data.csv
dstream: -i: no format 'cvs'; did you mean 'csv'?
    formats that can be read: combined common csv grok json lines logfmt regex syslog text tsv
    dstream -i cvs count data.csv
               ^^^
? 2
$ dstream -o jsn count data.csv
dstream: no format 'jsn'; did you mean 'json'?
    formats that can be written: csv json lines logfmt table template tsv
    dstream -o jsn count data.csv
               ^^^
? 2
$ dstream -i csv count -o out.csv data.csv
dstream: no format 'out.csv'; if it is a file: --output out.csv
    formats that can be written: csv json lines logfmt table template tsv
    dstream -i csv count -o out.csv data.csv
                            ^^^^^^^
? 2
$ dstream --hlep
dstream: there is no option '--hlep'; did you mean '--help'?
    dstream --hlep
            ^^^^^^
? 2
$ dstream -v count data.csv
dstream: there is no option '-v'; awk's -v is a value in the expression, grep's is filter 'not /RE/', and --stats tells what was done
    dstream -v count data.csv
            ^^
? 2
$ dstream --verbose count data.csv
dstream: there is no option '--verbose'; --stats tells what was done, --explain what would be
    dstream --verbose count data.csv
            ^^^^^^^^^
? 2
$ dstream help widow
dstream: there is no help on 'widow'; did you mean 'window'?
    dstream help widow
                 ^^^^^
? 2
$ dstream --append count data.csv
dstream: --append needs --output FILE, which it adds to
    dstream --append count data.csv
            ^^^^^^^^
? 2

# An aggregate whose field the shell has taken.

$ printf 'a 1\n' | dstream reduce-by '$1' "n=count,p99:$2"
dstream: reduce-by: p99 needs an expression behind ':'; did the shell expand $1? use single quotes, or write _1
    n=count,p99:
            ^^^
? 2

# What a shell makes of "status == 200 and !cat(x)" at its prompt, where the last cat was one of a file.

$ printf 'status,x\n200,1\n' > data.csv; dstream -i csv filter "status == 200 and cat -n app.log(x)" data.csv
dstream: filter: unexpected 'app'; did the shell put a command of its history in the place of '!'? use single quotes, or write not
    status == 200 and cat -n app.log(x)
                             ^^^
? 2
$ dstream -i csv filter "dstream -i csv count data.csv" data.csv
dstream: filter: unexpected 'csv'; did the shell put a command of its history in the place of '!'? use single quotes, or write not
    dstream -i csv count data.csv
               ^^^
? 2

# Flags and what belongs to a word, where they do not stand.
$ printf '{"id":1}\n' > t.json; printf '1 2\n' > f
$ dstream -i json join t.json on id t.json
dstream: 'on' is neither an operator nor a file; it is a flag of join: --on
    dstream -i json join t.json on id t.json
                                ^^
? 2
$ dstream -i json lookup t.json -on id t.json
dstream: there is no option '-on'; did you mean '--on'?
    dstream -i json lookup t.json -on id t.json
                                  ^^^
? 2
$ dstream -i json lookup t.json --on id==id t.json
dstream: lookup: one '=' stands between the two names: id=id
    id==id
    ^^^^^^
? 2
$ dstream count-by --heavy 1 '$1' f
dstream: '1' is neither an operator nor a file; flags of count-by stand behind its operands: count-by K --heavy
    dstream count-by --heavy 1 '$1' f
                             ^
? 2
$ dstream distinct-by --ttl 5s '$1' f
dstream: '5s' is neither an operator nor a file; flags of distinct-by stand behind its operands: distinct-by K --ttl
    dstream distinct-by --ttl 5s '$1' f
                              ^^
? 2
$ dstream sort-by _1 desc f
dstream: 'desc' is neither an operator nor a file; the direction is a part of the field: sort-by _1:desc
    dstream sort-by _1 desc f
                       ^^^^
? 2
$ dstream count-by '$1' as n f
dstream: 'as' is neither an operator nor a file; rename OLD=NEW behind it gives a column another name
    dstream count-by '$1' as n f
                          ^^
? 2
$ dstream reduce-by _1 sum:_2 as s f
dstream: 'as' is neither an operator nor a file; a name stands in front of what it is given to: s=sum:_2
    dstream reduce-by _1 sum:_2 as s f
                                ^^
? 2
$ dstream count-by 'x=$1' f
dstream: count-by: '=' is assignment; for a key of that name put map 'x=$1' in front, or did you mean '=='?
    x=$1
    ^^^^
? 2
$ dstream window hour count f
dstream: window: 'hour' is not a duration; write 1h
    dstream window hour count f
                   ^^^^
? 2
$ dstream window 1month count f
dstream: window: '1month' is no size of a window; write month
    dstream window 1month count f
                   ^^^^^^
? 2
$ dstream window 3M count f
dstream: window: '3M' is no size of a window; the calendar has day, week, month, quarter and year
    dstream window 3M count f
                   ^^
? 2
