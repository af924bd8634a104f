# What stands in the way of a checkpoint: each has its status and says what to do.

# A second run on one checkpoint: 75 at once, or when the wait is over (GUARANTEES G8)
# once
$ printf 'a 1\nb 2\na 3\n' > log
$ touch ck.lock; flock ck.lock dstream --once --checkpoint ck count-by '$1' log
dstream: the checkpoint 'ck' is in use by another run; wait for it with --wait 30s
? 75
$ flock ck.lock dstream --once --wait 50ms --checkpoint ck count-by '$1' log
dstream: the checkpoint 'ck' is in use by another run; wait for it with --wait 30s
? 75
$ (flock 9; sleep 0.2) 9<>ck.lock & sleep 0.05; dstream --once --final --wait 30s --checkpoint ck count-by '$1' log
a	2
b	1

# Two runs, one output
# once
$ printf 'a 1\nb 2\na 3\n' > log
$ touch out; flock out dstream --once --checkpoint ck --append --output out count-by '$1' log
dstream: the output 'out' is in use by another run
? 75
$ flock out dstream --once --checkpoint other --bad-file out count-by '$1' log
dstream: the output 'out' is in use by another run
? 75

# No directory for it, and one that cannot hold it (GUARANTEES G5)
# once
$ printf 'a 1\nb 2\na 3\n' > log
$ dstream --once --checkpoint no/ck count-by '$1' log
dstream: cannot create 'no/ck.lock': No such file or directory
? 73
$ touch file; dstream --once --checkpoint file/ck count-by '$1' log
dstream: cannot create 'file/ck.lock': Not a directory
? 73
$ dstream --once --checkpoint . count-by '$1' log
dstream: --checkpoint: '.' is not a file's name
    dstream --once --checkpoint . count-by '$1' log
                                ^
? 2

# No room: nothing is lost, and when there is some it goes on
# once
$ printf 'a 1\nb 2\na 3\n' > log
$ (trap '' XFSZ; ulimit -f 0; dstream --once --checkpoint ck count-by '$1' log) 2>&1
dstream: cannot create 'ck.lock': File too large
? 73
$ dstream --once --checkpoint ck count-by '$1' log
$ dstream --once --final --checkpoint ck count-by '$1' log
a	2
b	1

# Files that are no checkpoints
# once
$ printf 'a 1\nb 2\na 3\n' > log
$ touch other; ln -s other ck; dstream --once --checkpoint ck count-by '$1' log
dstream: the checkpoint 'ck' is a symbolic link, which is not followed; name the file itself
? 65
$ rm ck; mkdir ck; dstream --once --checkpoint ck count-by '$1' log
dstream: the checkpoint 'ck' is not a file
? 65
$ dstream --checkpoint ck --show
dstream: the checkpoint 'ck' is not a file
? 65
$ rmdir ck; mkfifo ck; dstream --once --checkpoint ck count-by '$1' log
dstream: the checkpoint 'ck' is not a file
? 65
$ rm ck; echo something else > ck; chmod 600 ck; dstream --once --checkpoint ck count-by '$1' log
dstream: the checkpoint 'ck' is not a checkpoint of dstream; name another file
? 65
$ dstream --once --checkpoint-reset --checkpoint ck count-by '$1' log; cat ck
dstream: --checkpoint-reset: 'ck' is not a checkpoint of dstream; nothing was removed
something else
$ : > ck; dstream --once --checkpoint ck count-by '$1' log
dstream: the checkpoint 'ck' is damaged at byte 0 (it is empty), and there is none before it; --checkpoint-reset begins anew
? 65
$ dstream --once --final --checkpoint-reset --checkpoint ck count-by '$1' log
a	2
b	1

# Others may write it: it is not trusted; others may read it: that is said
# once
$ printf 'a 1\nb 2\na 3\n' > log
$ dstream --once --checkpoint ck count-by '$1' log
$ chmod 622 ck; dstream --once --checkpoint ck count-by '$1' log
dstream: others may write the checkpoint 'ck', so it is not trusted; chmod 600 if it is yours
? 65
$ chmod 644 ck; dstream --once --checkpoint ck count-by '$1' log
dstream: others may read the checkpoint 'ck'; it is written for its owner alone from now on
$ dstream --once --checkpoint ck count-by '$1' log; stat -c %a ck ck.1 ck.lock
600
600
600

# Damaged: the one before is gone on from, and without it nothing is (GUARANTEES G6)
# once
$ printf 'a 1\nb 2\na 3\n' > log
$ dstream --once --checkpoint ck count-by '$1' log
$ printf 'c 4\n' >> log; dstream --once --checkpoint ck count-by '$1' log
$ truncate -s 100 ck; dstream --once --checkpoint ck count-by '$1' log
dstream: the checkpoint 'ck' is damaged at byte 20 (it is cut off); going on from the one before it, 'ck.1'
$ rm ck.1; truncate -s 100 ck; dstream --once --checkpoint ck count-by '$1' log
dstream: the checkpoint 'ck' is damaged at byte 20 (it is cut off), and there is none before it; --checkpoint-reset begins anew
? 65
$ dstream --once --final --checkpoint-reset --checkpoint ck count-by '$1' log
a	2
b	1
c	1

# Gone, but the one before is there
# once
$ printf 'a 1\nb 2\na 3\n' > log
$ dstream --once --checkpoint ck count-by '$1' log
$ dstream --once --checkpoint ck count-by '$1' log
$ rm ck; dstream --once --final --checkpoint ck count-by '$1' log
dstream: the checkpoint 'ck' is gone; going on from the one before it, 'ck.1'
a	2
b	1
