# Records of several lines.

$ printf 'a\n b\nc\n' > log; dstream --multiline indent filter '/b/' log
a
 b
$ dstream --multiline indent count log
2
$ dstream --multiline indent count-by-key -o json log
{"line":"a\n b","count":1}
{"line":"c","count":1}

# Line feeds alone join lines, the ones that pass keep their line ends.
$ printf 'a\r\n b\r\nc\r\n' | dstream --multiline indent select '$0' -o json
{"$0":"a\n b"}
{"$0":"c"}
$ printf 'a\r\n b\r\nc\r\n' | dstream --multiline indent filter '/^a\n b$/' | od -c | sed 1q
0000000   a  \r  \n       b  \r  \n

# What comes first begins a record in any case, in each file.
$ printf ' x\n y\nz\n' > one; printf ' p\nq\n' > two; dstream --multiline indent select '@file,@line,NF' -o tsv one two
one	1	2
one	3	1
two	1	1
two	2	1

# A last line without its end is part of the record.
$ printf 'a\n b' | dstream --multiline indent count
1

# Fields of text go over line ends; with -d they do not end there.
$ printf 'a b\n c d\n' | dstream --multiline indent select '$3,$NF' -o tsv
c	d
$ printf 'a,b\n c,d\n' | dstream -d , --multiline indent select '$2' -o json
{"$2":"b\n c"}

# The first lines of records by a regex; of a regex . is no line feed, and (?s) makes it one.
$ printf -- '--\na\n--\nb\nc\n' > marks; dstream --multiline '^--$' select '$NF' -o tsv marks
a
c
$ dstream --multiline '^--$' -i 'regex:(?s)^--\n(?<body>.*)$' select body -o json marks
{"body":"a"}
{"body":"b\nc"}
$ dstream --multiline '^--$' -i 'regex:^--\n(?<first>.*)' select first -o json marks
{"first":"a"}
{"first":"b"}

# Of syslog the lines that follow are the message's.
$ printf '<34>Oct 11 22:14:15 web app[7]: one\n  two\n<34>Oct 11 22:14:16 web app: three\n' | dstream -i syslog --multiline time select app,msg -o json
{"app":"app","msg":"one\n  two"}
{"app":"app","msg":"three"}

# A record that is too long is one bad record, by its first line.
$ (echo a; echo b; seq -f ' %g' 100; echo c) > long; dstream --multiline indent --max-line 100 select '@line,$1' -o tsv long
1	a
103	c
dstream: 1 of 3 records is longer than --max-line (first: long:2 col 1)
$ (echo a; echo b; seq -f ' %g' 100; echo c) | dstream --multiline indent --max-line 100 select '@line,$1' -o tsv
1	a
103	c
dstream: 1 of 3 records is longer than --max-line (first: standard input:2 col 1)

# Runs that go on: the last record waits.
$ printf 'a\n b\nc\n' > log; dstream --once --checkpoint ck --multiline indent select '@line,NF' -o tsv log
1	2
$ printf ' d\n' >> log; dstream --once --final --checkpoint ck --multiline indent select '@line,NF' -o tsv log
3	2
$ dstream --once --checkpoint ck --multiline time select '@line,NF' -o tsv log
dstream: the checkpoint 'ck' is of another chain:
  - parse     text --multiline indent
  + parse     text --multiline time
    time      none
name another file, begin anew with --checkpoint-reset, or keep the state that fits with --checkpoint-adopt
? 65

# Formats whose record is a line.
$ dstream -i json --multiline indent count
dstream: --multiline: json is one object a line; jq -c . makes lines of objects that are written over several
    dstream -i json --multiline indent count
                    ^^^^^^^^^^^
? 2
$ dstream -i csv --multiline time count
dstream: --multiline: of csv a cell in quotes may have line ends, which needs no option
    dstream -i csv --multiline time count
                   ^^^^^^^^^^^
? 2
$ dstream -i combined --multiline time count
dstream: --multiline: a record of combined is a line; it is for text, lines, regex:, grok: and syslog
    dstream -i combined --multiline time count
                        ^^^^^^^^^^^
? 2
$ dstream --multiline '(' count
dstream: --multiline: regex: unclosed group
    (
    dstream --multiline '(' count
            ^^^^^^^^^^^
? 2
$ dstream --multiline '' count
dstream: --multiline: nothing is given; write indent, time, or a regex that first lines match
    dstream --multiline '' count
            ^^^^^^^^^^^
? 2
