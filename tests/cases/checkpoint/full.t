# A run that has no room for its state ends with 65, and nothing of what it could not hold is kept: the next run, with
# more room, goes on from the commit before.
$ printf 'a\nb\n' > log; dstream --once --checkpoint ck --max-keys 2 --on-full fail distinct-by '$1' --output out --append log; cat out
a
b
$ printf 'c\na\nd\n' >> log; dstream --once --checkpoint ck --max-keys 2 --on-full fail distinct-by '$1' --output out --append log; cat out
dstream: distinct-by: more than 2 keys (--max-keys); allow more, let --ttl forget silent ones, or give --on-full evict-oldest or spill
a
b
$ dstream --once --checkpoint ck --max-keys 9 distinct-by '$1' --output out --append log; cat out
a
b
c
d
