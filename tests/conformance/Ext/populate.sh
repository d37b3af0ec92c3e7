# Fills the current directory with one of everything that a file system for Linux can hold. Run as root, inside a
# mounted volume or a plain folder; what the place cannot hold is left out with "|| true".
mkdir -p dir/a/b/c 'name with  blanks' empty many ünïcødé
: > empty.txt
for n in 1 59 60 61 100 150 156 157 1023 1024 1025 4095 4096 4097 70000; do
  head -c $n /dev/urandom > size-$n
done
head -c 1500000 /dev/urandom > dir/a/random
echo deep > dir/a/b/c/deep
echo blank > 'name with  blanks/a b'
echo text > ünïcødé/ÿþ.txt
echo long > "$(printf 'n%.0s' $(seq 255))"
seq -f 'entry-with-a-longer-name-%05g' ${MANY:-600} | (cd many && xargs touch)
(cd many && for n in 1 2 3; do echo "é$n" > "é-entry-$n"; done)
ln dir/a/random dir/hard-link
ln -s target short-link
ln -s "$(printf 't%.0s' $(seq 59))" link-59
ln -s "$(printf 't%.0s' $(seq 60))" link-60
ln -s "$(printf 'long/%.0s' $(seq 60))" long-link
mknod null c 1 3
mknod wide b 259 70000
mkfifo fifo
chmod 4755 size-1
chmod 1777 dir
chown 70000:80000 size-59
truncate -s 3000000 sparse
printf hello | dd of=sparse bs=1 seek=1500000 conv=notrunc status=none
printf end | dd of=big-sparse bs=1 seek=${FAR:-3000000000} conv=notrunc status=none
touch -d '1969-12-31 23:59:58.25 UTC' size-60
touch -d '2037-05-06 07:08:09.123456789 UTC' size-61
