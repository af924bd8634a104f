# Source words: what is refused before anything runs, and what is told.

# An unknown kind lists the known ones.
$ dstream count kafka:topic
dstream: no source of kind 'kafka:'; known are files, -, dir:, glob:, tcp:, unix:, tcp-listen:, udp-listen:, unix-listen:, rate:
    dstream count kafka:topic
                  ^^^^^^
? 2

# A file of that name is that file.
$ printf 'a\n' > rate:x; dstream count rate:x
1

# Words that lack what they are about.
$ dstream count dir:
dstream: dir: is dir:PATH
    dstream count dir:
                  ^^^^
? 2
$ dstream count glob:
dstream: glob: is glob:PATTERN
    dstream count glob:
                  ^^^^^
? 2
$ dstream count rate:0
dstream: rate:0: rows a second are a whole number from 1 to 1000000000
    dstream count rate:0
                  ^^^^^^
? 2
$ dstream count rate:1e3
dstream: rate:1e3: rows a second are a whole number from 1 to 1000000000
    dstream count rate:1e3
                  ^^^^^^^^
? 2
$ dstream count tcp:localhost
dstream: tcp:localhost: an address is HOST:PORT
    dstream count tcp:localhost
                  ^^^^^^^^^^^^^
? 2
$ dstream count tcp-listen:x
dstream: tcp-listen:x: an address is PORT or ADDR:PORT, with a port from 1 to 65535
    dstream count tcp-listen:x
                  ^^^^^^^^^^^^
? 2
$ dstream count udp-listen:0
dstream: udp-listen:0: an address is PORT or ADDR:PORT, with a port from 1 to 65535
    dstream count udp-listen:0
                  ^^^^^^^^^^^^
? 2

# What is not there.
$ dstream count dir:none
dstream: dir:none: No such file or directory
? 66
$ dstream count 'glob:none/*'
dstream: glob:none/*: no file matches
? 66
$ dstream count 'glob:a[b'
dstream: glob:'a[b': the '[' is not closed
    dstream count 'glob:a[b'
                        ^^^
? 2
$ dstream count unix:none
dstream: unix:none: No such file or directory
? 69
$ printf 'x\n' > plain; dstream count unix-listen:plain
dstream: unix-listen:plain: it is there, and it is no socket
? 69
$ mkdir d; dstream count d
dstream: d is a directory; name its files, as in d/*, or read each that appears in it by dir:d
? 66

# A pattern: files in the order of their names, as one source, and hidden ones by a dot only.
$ printf 'b\n' > b.log; printf 'a\n' > a.log; printf 'h\n' > .h.log; dstream map 'f=@file' 'glob:*.log'
a	a.log
b	b.log
$ printf 'h\n' > .h.log; printf 'b\n' > b.log; dstream map 'f=@file' 'glob:.*.log'
h	.h.log
$ printf 'b\n' > b.log; dstream count 'glob:{a,b}.log' 'glob:*.none' b.log
3
dstream: glob:*.none: no file matches
? 66

# Names that a directory's files must have.
$ dstream count --glob 'a/b' dir:.
dstream: --glob: 'a/b' is for names, which hold no '/'
    dstream count --glob a/b dir:.
                         ^^^
? 2
$ dstream count --glob '[' dir:.
dstream: --glob: '[': the '[' is not closed
    dstream count --glob '[' dir:.
                          ^
? 2

# Rows of our own have the form that is read.
$ dstream -i json select value head 2 rate:1000
0
1
$ dstream -i csv select value head 2 rate:1000000
0
1
$ dstream -i logfmt select value head 2 rate:1000000
0
1
$ dstream head 2 map 'digits=len($1),n=$2' select digits,n rate:7
30	0
30	1

# Rates and bounds.
$ dstream count --max-rate fast a.log
dstream: --max-rate: 'fast' is not a rate; write 100/s or 30/m
    dstream count --max-rate fast a.log
                             ^^^^
? 2
$ dstream count --max-rate 0/s a.log
dstream: --max-rate: '0/s' is not a rate; write 100/s or 30/m
    dstream count --max-rate 0/s a.log
                             ^^^
? 2
$ printf 'a\nb\nc' | dstream count --max-rate 6000/m
3
$ dstream count --max-ratio 0 a.log
dstream: --max-ratio: '0' is not a whole number from 1
    dstream count --max-ratio 0 a.log
                              ^
? 2
$ dstream count --idle-close 0s tcp-listen:1
dstream: --idle-close: '0s' is no time at all
    dstream count --idle-close 0s tcp-listen:1
                               ^^
? 2

# What is there may be passed over.
$ printf 'a\nb\n' > a.log; dstream count --skip-to-end a.log
0
