# EVENT-TIME 2.3: a shift of a calendar window is the local clock's: days from 08:00, also where clocks change.
$ printf '%s\n' 2026-03-28T07:30:00Z 2026-03-29T06:30:00Z 2026-10-25T07:30:00Z | dstream --tz Europe/Berlin --time '$1' --watermark 1s window day --offset 8h count
2026-03-28T08:00:00+01:00	1
2026-03-29T08:00:00+02:00	1
2026-10-25T08:00:00+01:00	1

# The month so far, by local days; the day so far, by quarters of the local day.
$ echo 2026-10-31T12:00:00 | dstream --tz Europe/Berlin --time '$1' window month --grow 1d count
2026-10-01T00:00:00+02:00	2026-11-01T00:00:00+01:00	1
$ echo 2026-10-25T12:00:00 | dstream --tz Europe/Berlin --time '$1' window day --grow 6h count
2026-10-25T00:00:00+02:00	2026-10-25T18:00:00+01:00	1
2026-10-25T00:00:00+02:00	2026-10-26T00:00:00+01:00	1

# A day from 08:00 so far, and the months of a year.
$ echo 2026-10-25T05:00:00Z | dstream --tz UTC --time '$1' window 1d --grow 6h --offset 8h count
2026-10-24T08:00:00Z	2026-10-25T08:00:00Z	1
$ echo 2026-11-25T05:00:00Z | dstream --tz UTC --time '$1' window year --grow month count
2026-01-01T00:00:00Z	2026-12-01T00:00:00Z	1
2026-01-01T00:00:00Z	2027-01-01T00:00:00Z	1
$ echo 2026-11-25T05:00:00Z | dstream --tz UTC --time '$1' window year --grow 5m count
dstream: window: --grow: a record would be in more than 100000 beginnings of year; make 5m longer
    dstream --tz UTC --time '$1' window year --grow 5m count
                                             ^^^^^^
? 2
$ echo 2026-11-25T05:00:00Z | dstream --tz UTC --time '$1' window 36h --grow month count
dstream: window: --grow: a month has no fixed length, and 1d12h has one
    dstream --tz UTC --time '$1' window 36h --grow month count
                                            ^^^^^^
? 2

# A quarter each month, a week each day.
$ echo 2026-11-25T05:00:00Z | dstream --tz UTC --time '$1' -o csv window quarter --slide month count map e=window_end
window_start,count,e
2026-09-01T00:00:00Z,1,2026-12-01T00:00:00Z
2026-10-01T00:00:00Z,1,2027-01-01T00:00:00Z
2026-11-01T00:00:00Z,1,2027-02-01T00:00:00Z
$ echo 2026-11-25T05:00:00Z | dstream --tz UTC --time '$1' window week --slide day count
2026-11-19T00:00:00Z	1
2026-11-20T00:00:00Z	1
2026-11-21T00:00:00Z	1
2026-11-22T00:00:00Z	1
2026-11-23T00:00:00Z	1
2026-11-24T00:00:00Z	1
2026-11-25T00:00:00Z	1

# A month from a day that the next one does not have ends where that ends.
$ printf '2026-02-28T12:00:00Z\n2026-03-01T12:00:00Z\n' | dstream --tz UTC --time '$1' window month --slide 1d count map e=window_end filter 'window_start >= time("2026-01-27T00:00:00Z") and window_start < time("2026-02-03T00:00:00Z")'
2026-01-29T00:00:00Z	1	2026-03-01T00:00:00Z
2026-01-30T00:00:00Z	1	2026-03-01T00:00:00Z
2026-01-31T00:00:00Z	1	2026-03-01T00:00:00Z
2026-02-01T00:00:00Z	1	2026-03-01T00:00:00Z
2026-02-02T00:00:00Z	2	2026-03-02T00:00:00Z

# A window that would begin in the hour that clocks skip begins behind it, and ends on the grid.
$ echo 2024-03-10T14:30:00 | dstream --tz America/New_York --time '$1' window 12h --slide 2h count map e=window_end
2024-03-10T04:00:00-04:00	1	2024-03-10T16:00:00-04:00
2024-03-10T06:00:00-04:00	1	2024-03-10T18:00:00-04:00
2024-03-10T08:00:00-04:00	1	2024-03-10T20:00:00-04:00
2024-03-10T10:00:00-04:00	1	2024-03-10T22:00:00-04:00
2024-03-10T12:00:00-04:00	1	2024-03-11T00:00:00-04:00
2024-03-10T14:00:00-04:00	1	2024-03-11T02:00:00-04:00

# 9.1: rows come by the instant they close at, then by key: also of months from days that the next one does not have.
$ printf '2026-01-29T00:00:00Z a\n2026-01-30T00:00:00Z b\n2026-01-31T12:00:00Z a\n' | dstream --time '$1' window month --slide 1d count-by '$2' filter 'window_start>=time("2026-01-28T00:00:00Z")'
2026-01-28T00:00:00Z	a	2
2026-01-28T00:00:00Z	b	1
2026-01-29T00:00:00Z	a	2
2026-01-30T00:00:00Z	a	1
2026-01-31T00:00:00Z	a	1
2026-01-29T00:00:00Z	b	1
2026-01-30T00:00:00Z	b	1
