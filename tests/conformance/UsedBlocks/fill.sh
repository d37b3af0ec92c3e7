# Fills the current folder with files of all sizes, deletes every second one, and fills the gaps: fragmented files among
# blocks that were in use. FILES says how many, LARGE how many bytes the largest has.
mkdir -p few/nested many
head -c "${LARGE:-9000000}" /dev/urandom > few/large
for i in $(seq "${FILES:-240}"); do head -c $((i * i * 7 % 300000)) /dev/urandom > few/nested/$i; done
for i in $(seq "${FILES:-240}"); do echo "$i" > many/$i; done
sync -f . 2> /dev/null || sync
for i in $(seq 1 2 "${FILES:-240}"); do rm few/nested/$i; done
for i in $(seq 1 3 "${FILES:-240}"); do rm many/$i; done
rm few/large
sync -f . 2> /dev/null || sync
for i in $(seq 1 "$((${FILES:-240} / 6))"); do
    head -c 5000 /dev/urandom >> few/a
    head -c $((i * 1000)) /dev/urandom >> few/b
done
head -c "$((${LARGE:-9000000} / 3))" /dev/urandom > few/c
