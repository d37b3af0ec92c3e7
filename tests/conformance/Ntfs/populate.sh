# Fills the current directory, an NTFS volume that ntfs-3g has mounted, with one of everything that it can hold.
mkdir -p dir/a/b/c 'name with  blanks' empty many ünïcødé compressed streams
: > empty.txt
for n in 1 59 511 512 513 700 1023 1024 1025 4095 4096 4097 70000; do
  head -c $n /dev/urandom > size-$n
done
head -c 1500000 /dev/urandom > dir/a/random
echo deep > dir/a/b/c/deep
echo blank > 'name with  blanks/a b'
echo text > ünïcødé/ÿþ.txt
echo emoji > 'ünïcødé/🐧.txt'
echo case > Case
echo other > case
echo long > "$(printf 'n%.0s' $(seq 255))"
for n in $(seq 40); do echo -n "level $n/"; done | xargs -d '\n' mkdir -p
seq -f 'entry-with-a-longer-name-%05g' ${MANY:-600} | (cd many && xargs touch)
(cd many && for n in 1 2 3; do echo "é$n" > "é-entry-$n"; done)
ln dir/a/random dir/hard-link
ln dir/a/random dir/a/b/another-hard-link
ln -s target short-link
ln -s "$(printf 'long/%.0s' $(seq 60))" long-link
mknod null c 1 3
mknod wide b 259 70000
truncate -s 3000000 sparse
printf hello | dd of=sparse bs=1 seek=1500000 conv=notrunc status=none
printf end | dd of=big-sparse bs=1 seek=5000000000 conv=notrunc status=none
setfattr -h -v 0x00000001 -n system.ntfs_attrib_be size-59
setfattr -n user.note -v text size-1
setfattr -n user.note -v 'of a directory' dir
setfattr -n user.größe -v "$(seq 2000)" streams
seq 12000 > streams/file
setfattr -n user.long -v "$(seq 12000)" streams/file
touch -d '1969-12-31 23:59:58 UTC' size-4096
touch -d '2037-05-06 07:08:09.1234567 UTC' size-4097
