# Ten scores with the time they were made and the time they arrived, as in the worked example of the streaming
# literature (Streaming 102): total 51; windows of two minutes 14, 22, 3, 12; sessions 39 and 12; one score, the 9,
# comes when its window has been printed. `--clock arrival` takes processing time from the data.
# What, where: classic batch and fixed windows; where nothing closes before the end, nothing is late.
$ dstream -i csv reduce sum:score $DATA/scores.csv
51
$ dstream -i csv --time time window all reduce sum:score $DATA/scores.csv
51
$ dstream -i csv --time time window 2m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:00Z	14
2026-03-02T12:02:00Z	22
2026-03-02T12:04:00Z	3
2026-03-02T12:06:00Z	12
$ dstream -i csv --time time window 2m --slide 1m reduce sum:score $DATA/scores.csv
2026-03-02T11:59:00Z	5
2026-03-02T12:00:00Z	14
2026-03-02T12:01:00Z	16
2026-03-02T12:02:00Z	22
2026-03-02T12:03:00Z	18
2026-03-02T12:04:00Z	3
2026-03-02T12:05:00Z	3
2026-03-02T12:06:00Z	12
2026-03-02T12:07:00Z	9
# By processing time: windows by arrival.
$ dstream -i csv --time arrival --clock arrival window 2m reduce sum:score $DATA/scores.csv
2026-03-02T12:04:00Z	12
2026-03-02T12:06:00Z	21
2026-03-02T12:08:00Z	18
# When: the watermark alone; EVENT-TIME 2.4: the 9 is late for its window.
$ dstream -i csv --time time --clock arrival --watermark 30s window 2m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:00Z	5
2026-03-02T12:02:00Z	22
2026-03-02T12:04:00Z	3
2026-03-02T12:06:00Z	12
dstream: 1 of 10 records came too late for its window and was dropped; --watermark D waits longer
# A watermark that waits longer has it in time.
$ dstream -i csv --time time --clock arrival --watermark 6m window 2m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:00Z	14
2026-03-02T12:02:00Z	22
2026-03-02T12:04:00Z	3
2026-03-02T12:06:00Z	12
# EVENT-TIME 2.5: early panes at multiples of the clock, one on time, late ones; accumulating.
$ dstream -i csv --time time --clock arrival --watermark 30s --allowed-lateness 10m --pane-columns --every 1m window 2m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:00Z	5	early	0
2026-03-02T12:02:00Z	7	early	0
2026-03-02T12:00:00Z	5	on_time	1
2026-03-02T12:02:00Z	14	early	1
2026-03-02T12:04:00Z	3	early	0
2026-03-02T12:02:00Z	22	on_time	2
2026-03-02T12:04:00Z	3	on_time	1
2026-03-02T12:06:00Z	3	early	0
2026-03-02T12:00:00Z	14	late	2
2026-03-02T12:06:00Z	12	on_time	1
# Discarding: the panes of a window add up to it.
$ dstream -i csv --time time --clock arrival --watermark 30s --allowed-lateness 10m --pane-columns --every 1m --panes discard window 2m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:00Z	5	early	0
2026-03-02T12:02:00Z	7	early	0
2026-03-02T12:00:00Z	0	on_time	1
2026-03-02T12:02:00Z	7	early	1
2026-03-02T12:04:00Z	3	early	0
2026-03-02T12:02:00Z	8	on_time	2
2026-03-02T12:04:00Z	0	on_time	1
2026-03-02T12:06:00Z	3	early	0
2026-03-02T12:00:00Z	9	late	2
2026-03-02T12:06:00Z	9	on_time	1
# Accumulating and retracting: + less - is right at every moment.
$ dstream -i csv --time time --clock arrival --watermark 30s --allowed-lateness 10m --pane-columns --every 1m --panes retract window 2m reduce sum:score $DATA/scores.csv
+	2026-03-02T12:00:00Z	5	early	0
+	2026-03-02T12:02:00Z	7	early	0
-	2026-03-02T12:00:00Z	5	early	0
+	2026-03-02T12:00:00Z	5	on_time	1
-	2026-03-02T12:02:00Z	7	early	0
+	2026-03-02T12:02:00Z	14	early	1
+	2026-03-02T12:04:00Z	3	early	0
-	2026-03-02T12:02:00Z	14	early	1
+	2026-03-02T12:02:00Z	22	on_time	2
-	2026-03-02T12:04:00Z	3	early	0
+	2026-03-02T12:04:00Z	3	on_time	1
+	2026-03-02T12:06:00Z	3	early	0
-	2026-03-02T12:00:00Z	5	on_time	1
+	2026-03-02T12:00:00Z	14	late	2
-	2026-03-02T12:06:00Z	3	early	0
+	2026-03-02T12:06:00Z	12	on_time	1
# The same without lateness: the late one is dropped.
$ dstream -i csv --time time --clock arrival --watermark 30s --every 1m --pane-columns window 2m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:00Z	5	early	0
2026-03-02T12:02:00Z	7	early	0
2026-03-02T12:00:00Z	5	on_time	1
2026-03-02T12:02:00Z	14	early	1
2026-03-02T12:04:00Z	3	early	0
2026-03-02T12:02:00Z	22	on_time	2
2026-03-02T12:04:00Z	3	on_time	1
2026-03-02T12:06:00Z	3	early	0
2026-03-02T12:06:00Z	12	on_time	1
dstream: 1 of 10 records came too late for its window and was dropped; --watermark D waits longer
# EVENT-TIME 2.5: early rows a minute of the clock after the first new record, and at each second record.
$ dstream -i csv --time time --clock arrival --watermark 30s --allowed-lateness 10m --pane-columns --every-delay 1m window 2m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:00Z	5	on_time	0
2026-03-02T12:02:00Z	10	early	0
2026-03-02T12:02:00Z	22	on_time	1
2026-03-02T12:04:00Z	3	on_time	0
2026-03-02T12:06:00Z	3	early	0
2026-03-02T12:00:00Z	14	late	1
2026-03-02T12:06:00Z	12	on_time	1
$ dstream -i csv --time time --clock arrival --watermark 30s --allowed-lateness 10m --pane-columns --every-records 2 window 2m reduce sum:score $DATA/scores.csv
2026-03-02T12:02:00Z	10	early	0
2026-03-02T12:00:00Z	5	on_time	0
2026-03-02T12:02:00Z	22	early	1
2026-03-02T12:02:00Z	22	on_time	2
2026-03-02T12:04:00Z	3	on_time	0
2026-03-02T12:00:00Z	14	late	1
2026-03-02T12:06:00Z	11	early	0
2026-03-02T12:06:00Z	12	on_time	1
# EVENT-TIME 2.5: --late-every 0: the late one counts, no row comes for it.
$ dstream -i csv --time time --clock arrival --watermark 30s --allowed-lateness 10m --pane-columns --late-every 0 window 2m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:00Z	5	on_time	0
2026-03-02T12:02:00Z	22	on_time	0
2026-03-02T12:04:00Z	3	on_time	0
2026-03-02T12:06:00Z	12	on_time	0
# --late update: an allowed lateness of one window, which is too short for the 9.
$ dstream -i csv --time time --clock arrival --watermark 30s --late update --pane-columns window 2m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:00Z	5	on_time	0
2026-03-02T12:02:00Z	22	on_time	0
2026-03-02T12:04:00Z	3	on_time	0
2026-03-02T12:06:00Z	12	on_time	0
dstream: 1 of 10 records came too late for its window and was dropped; --watermark D waits longer
# Output modes: what has changed, and all there is, at each minute of the clock.
$ dstream -i csv --time time --clock arrival --watermark 30s --allowed-lateness 10m --every 1m --output-mode update window 2m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:00Z	5
2026-03-02T12:02:00Z	7
2026-03-02T12:00:00Z	5
2026-03-02T12:02:00Z	14
2026-03-02T12:04:00Z	3
2026-03-02T12:02:00Z	22
2026-03-02T12:04:00Z	3
2026-03-02T12:06:00Z	3
2026-03-02T12:00:00Z	14
2026-03-02T12:06:00Z	12
$ dstream -i csv --time time --clock arrival --watermark 30s --every 1m --output-mode complete window 2m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:00Z	5
2026-03-02T12:02:00Z	7
2026-03-02T12:00:00Z	5
2026-03-02T12:00:00Z	5
2026-03-02T12:02:00Z	14
2026-03-02T12:04:00Z	3
2026-03-02T12:02:00Z	22
2026-03-02T12:04:00Z	3
2026-03-02T12:00:00Z	5
2026-03-02T12:02:00Z	22
2026-03-02T12:04:00Z	3
2026-03-02T12:06:00Z	3
2026-03-02T12:00:00Z	14
2026-03-02T12:06:00Z	12
# The running total of all scores.
$ dstream -i csv --time time --clock arrival --watermark 30s --every 1m reduce sum:score $DATA/scores.csv
12
22
33
51
# EVENT-TIME 2.3: sessions of a minute; scores just a minute apart are together.
$ dstream -i csv --time time session-window 1m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:26Z	2026-03-02T12:05:19Z	39
2026-03-02T12:06:39Z	2026-03-02T12:08:46Z	12
$ dstream -i csv --time time --clock arrival --watermark 30s session-window 1m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:26Z	2026-03-02T12:01:26Z	5
2026-03-02T12:02:26Z	2026-03-02T12:05:19Z	25
2026-03-02T12:06:39Z	2026-03-02T12:08:46Z	12
dstream: 1 of 10 records came too late for its window and was dropped; --watermark D waits longer
# EVENT-TIME 2.5: the late 9 joins two sessions that were printed: discarding, and with their withdrawal.
$ dstream -i csv --time time --clock arrival --watermark 30s --allowed-lateness 10m --pane-columns --every 1m session-window 1m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:26Z	2026-03-02T12:01:26Z	5	on_time	0
2026-03-02T12:02:26Z	2026-03-02T12:03:26Z	7	early	0
2026-03-02T12:02:26Z	2026-03-02T12:05:19Z	17	early	0
2026-03-02T12:02:26Z	2026-03-02T12:05:19Z	25	on_time	1
2026-03-02T12:06:39Z	2026-03-02T12:07:39Z	3	early	0
2026-03-02T12:00:26Z	2026-03-02T12:05:19Z	39	late	0
2026-03-02T12:06:39Z	2026-03-02T12:08:46Z	12	on_time	1
$ dstream -i csv --time time --clock arrival --watermark 30s --allowed-lateness 10m --pane-columns --every 1m --panes discard session-window 1m reduce sum:score $DATA/scores.csv
2026-03-02T12:00:26Z	2026-03-02T12:01:26Z	5	on_time	0
2026-03-02T12:02:26Z	2026-03-02T12:03:26Z	7	early	0
2026-03-02T12:02:26Z	2026-03-02T12:05:19Z	10	early	0
2026-03-02T12:02:26Z	2026-03-02T12:05:19Z	8	on_time	1
2026-03-02T12:06:39Z	2026-03-02T12:07:39Z	3	early	0
2026-03-02T12:00:26Z	2026-03-02T12:05:19Z	9	late	0
2026-03-02T12:06:39Z	2026-03-02T12:08:46Z	9	on_time	1
$ dstream -i csv --time time --clock arrival --watermark 30s --allowed-lateness 10m --pane-columns --every 1m --panes retract session-window 1m reduce sum:score $DATA/scores.csv
+	2026-03-02T12:00:26Z	2026-03-02T12:01:26Z	5	on_time	0
+	2026-03-02T12:02:26Z	2026-03-02T12:03:26Z	7	early	0
-	2026-03-02T12:02:26Z	2026-03-02T12:03:26Z	7	early	0
+	2026-03-02T12:02:26Z	2026-03-02T12:05:19Z	17	early	0
-	2026-03-02T12:02:26Z	2026-03-02T12:05:19Z	17	early	0
+	2026-03-02T12:02:26Z	2026-03-02T12:05:19Z	25	on_time	1
+	2026-03-02T12:06:39Z	2026-03-02T12:07:39Z	3	early	0
-	2026-03-02T12:00:26Z	2026-03-02T12:01:26Z	5	on_time	0
-	2026-03-02T12:02:26Z	2026-03-02T12:05:19Z	25	on_time	1
+	2026-03-02T12:00:26Z	2026-03-02T12:05:19Z	39	late	0
-	2026-03-02T12:06:39Z	2026-03-02T12:07:39Z	3	early	0
+	2026-03-02T12:06:39Z	2026-03-02T12:08:46Z	12	on_time	1
