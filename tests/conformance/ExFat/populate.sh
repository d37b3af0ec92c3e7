# Fills the current directory, an exFAT volume that exfat-fuse has mounted.
mkdir -p dir/a/b/c 'name with  blanks' empty many ünïcødé
: > empty.txt
for n in 1 511 512 513 4095 4096 4097 70000; do
  head -c $n /dev/urandom > size-$n
done
head -c 1500000 /dev/urandom > dir/a/random
echo deep > dir/a/b/c/deep
echo blank > 'name with  blanks/a b'
echo text > ünïcødé/ÿþ.txt
echo emoji > 'ünïcødé/🐧.txt'
echo Upper > 'UPPER and lower.Txt'
echo long > "$(printf 'n%.0s' $(seq 255))"
for n in $(seq 40); do echo -n "level $n/"; done | xargs -d '\n' mkdir -p
seq -f 'entry-with-a-longer-name-%05g' ${MANY:-400} | (cd many && xargs touch)
truncate -s 300000 longer
printf hello | dd of=longer bs=1 seek=150000 conv=notrunc status=none

# Two files that grow by turns, and what a deleted file left between others.
for i in $(seq 40); do head -c 9000 /dev/urandom >> turn-1; head -c 9000 /dev/urandom >> turn-2; done
for i in $(seq 20); do head -c 5000 /dev/urandom > gap-$i; done
rm gap-*[13579]
head -c 400000 /dev/urandom > in-gaps
touch -d '1999-12-31 23:59:58 UTC' size-511
touch -d '2037-05-06 07:08:09 UTC' size-512
