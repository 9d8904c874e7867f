# Ends the servers in the folder $1 and removes it, once whoever started this is gone, in whatever way:
# standard input is a pipe of which that process alone holds the other end.
while read -r _; do :; done
cd "$1" || exit
for data in "$1"/*/; do
    # The first time none is left that could start another, the second time none at all.
    for _ in 1 2; do
        for process in /proc/[0-9]*; do
            [ "$process/cwd" -ef "$data" ] && kill -KILL "${process#/proc/}"
        done
    done
    # The one piece of shared memory that outlives a killed server; its last word on this line names it.
    segment=$(sed -n '7s/.*[^0-9]\([0-9][0-9]*\) *$/\1/p' "${data}postmaster.pid")
    [ -n "$segment" ] && ipcrm -m "$segment"
done
cd /
# What was killed may still be writing its last.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf -- "$1" && exit
    sleep 0.1
done
