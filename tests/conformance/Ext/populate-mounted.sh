# What only a mounted ext volume can be given: attributes, lists, unwritten and fragmented extents.
touch -d '2050-01-01 00:00:01.5 UTC' size-100 || true
touch -d '1910-01-01 00:00:00 UTC' size-150 || true
fallocate -l 500000 unwritten 2>/dev/null && printf written | dd of=unwritten bs=1 seek=200000 conv=notrunc status=none || true
head -c 3000000 /dev/urandom > fragmented
for n in $(seq 0 32768 2990000); do fallocate -p -o $n -l 4096 fragmented 2>/dev/null || break; done
setfattr -n user.short -v hello size-1
setfattr -n user.empty size-1
setfattr -n trusted.secret -v 0x00ff10 size-1
setfattr -n security.imaged -v label size-1
setfattr -n user.big -v "$(printf 'v%.0s' $(seq ${BIGATTR:-700}))" size-59
setfattr -n user.one -v 1 size-59
setfattr -h -n trusted.link -v onlink short-link || true
setfattr -n user.dir -v ondir dir
setfacl -m u:1000:rwx,g:1001:r-x,m::rwx dir/a
setfacl -d -m u:1002:r--,o::- dir/a
