# Fills the directory "compressed" of an NTFS volume; what is made in it from now on is compressed.
setfattr -h -v 0x00000800 -n system.ntfs_attrib_be compressed
seq 200000 > compressed/numbers
head -c 300000 /dev/urandom > compressed/random
head -c 300000 /dev/zero > compressed/zeros
(seq 9000; head -c 65536 /dev/urandom; head -c 200000 /dev/zero; seq 3000) > compressed/mixed
for n in 700 4096 20000 65535 65536 65537; do head -c $n compressed/numbers > compressed/text-$n; done
truncate -s 900000 compressed/sparse
seq 100 | dd of=compressed/sparse bs=1 seek=400000 conv=notrunc status=none
for i in $(seq 40); do seq $i 3000 >> compressed/appended; done
