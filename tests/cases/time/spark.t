# SPARK 4, 3: a window without records gives nothing; Spark's countByWindow gives 0 after the first one.
$ printf '5\n35\n' | dstream --time '$1:s' window 10s count
1970-01-01T00:00:00Z	1
1970-01-01T00:00:30Z	1
# SPARK 4, 7: the first windows may be part ones; with a slide longer than the window records between give no row.
$ printf '5\n12\n' | dstream --time '$1:s' window 20s --slide 10s reduce 'join:$1'
1969-12-31T23:59:50Z	5
1970-01-01T00:00:00Z	5,12
1970-01-01T00:00:10Z	12
$ printf '1\n6\n11\n16\n' | dstream --time '$1:s' window 5s --slide 10s reduce 'join:$1'
dstream: the slide of 10s is longer than the window of 5s: records between windows count nowhere
1970-01-01T00:00:00Z	1
1970-01-01T00:00:10Z	11
# SPARK 4, 11: a gap's end is in the session, as Spark has it; a row at the watermark is not late here, one behind is.
$ printf '30\n40\n' | dstream --time '$1:s' session-window 10s count
1970-01-01T00:00:30Z	1970-01-01T00:00:50Z	2
$ printf '30 a\n20 b\n' | dstream --time '$1:s' --watermark 0s session-window 10s count-by '$2'
1970-01-01T00:00:20Z	1970-01-01T00:00:30Z	b	1
1970-01-01T00:00:30Z	1970-01-01T00:00:40Z	a	1
$ printf '30 a\n19 b\n' | dstream --time '$1:s' --watermark 0s session-window 10s count-by '$2'
1970-01-01T00:00:30Z	1970-01-01T00:00:40Z	a	1
dstream: 1 of 2 records came too late for its window and was dropped; --watermark D waits longer
$ printf '20\n10\n9\n' | dstream --time '$1:s' --watermark 10s window 10s count
1970-01-01T00:00:10Z	1
1970-01-01T00:00:20Z	1
dstream: 1 of 3 records came too late for its window and was dropped; --watermark D waits longer
