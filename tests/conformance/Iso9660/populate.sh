# Fills the current folder with everything that Rock Ridge can hold. Sourced by the tests.
umask 022
echo one > one.txt
ln one.txt another-name-of-one.txt
head -c 300000 /dev/urandom > random.bin
: > empty
: > empty-too
mkdir -p directory/sub 'with space'
echo inner > directory/sub/inner
echo space > 'with space/a b'
chmod 4755 random.bin
chmod 1777 directory
chown 1234:70000 one.txt
ln -s one.txt link
ln -s ../../a/./b/.. link-up
ln -s /absolute/path link-absolute
ln -s / link-root
ln -s "$(printf 'x%.0s' {1..60})/$(printf 'y%.0s' {1..60})/z" link-long
# genisoimage writes a damaged continuation for the first of these and never comes back from the second
if [ "${TOOL:-}" = xorriso ]; then
    ln -s "$(printf 'x%.0s' {1..250})/$(printf 'y%.0s' {1..250})/z" link-longer
    ln -s "$(for i in {1..100}; do printf 'part%03d/' $i; done)end" link-many
fi
ln -s nowhere 'link with space'
mknod char c 5 1
mknod block b 259 3
mknod big-minor b 8 1000
mkfifo fifo
echo unicode > 'ünïcødé-😀.txt'
echo long > "$(printf 'n%.0s' {1..240}).txt"
mkdir deep
(cd deep; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do mkdir level-$i; cd level-$i; echo $i > file-$i; done)
mkdir -p deep/second/2/3/4/5/6/7/8/9 deep/second/2/3/4/5/6/7/8b/9/10/11/12/13/14/15/16/17/18/19/20
echo bottom > deep/second/2/3/4/5/6/7/8b/9/10/11/12/13/14/15/16/17/18/19/20/bottom
mkdir many
(cd many; for i in {1..2000}; do echo $i > "entry number $i of the many"; done)
find . -exec touch -h -d '2003-02-01 04:05:06 UTC' {} +
touch -d '1999-12-31 23:59:59 UTC' one.txt
touch -d '2038-01-19 03:14:08 UTC' random.bin
