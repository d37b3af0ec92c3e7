# fish completion for imagectl(1)

set -l verbs info ls cat cp convert backup restore deploy verify attach detach mount umount list monitor metrics job doctor formats completion automount help
set -l none "not __fish_seen_subcommand_from $verbs"
set -l image "__fish_seen_subcommand_from info ls cat cp convert backup restore deploy verify attach mount"

function __imagectl_formats
    imagectl formats 2>/dev/null | awk '/^FORMAT/ {on = 1; next} /^$/ {exit} on {print $1}'
end

function __imagectl_file_systems
    imagectl formats 2>/dev/null | awk '/^FILE SYSTEM/ {on = 1; next} /^$/ {on = 0} on {print $1}'
end

function __imagectl_attached
    imagectl list 2>/dev/null | awk 'NR > 1 {print $1}'
end

function __imagectl_jobs
    imagectl job list 2>/dev/null | awk 'NR > 1 {print $1}'
end

complete -c imagectl -n $none -f
complete -c imagectl -n $none -a info -d 'What an image is'
complete -c imagectl -n $none -a ls -d 'List the files in an image'
complete -c imagectl -n $none -a cat -d 'Print a file in an image'
complete -c imagectl -n $none -a cp -d 'Copy files out of an image'
complete -c imagectl -n $none -a convert -d 'Write an image in another format'
complete -c imagectl -n $none -a backup -d 'Save a disk, a partition or an image'
complete -c imagectl -n '__fish_seen_subcommand_from backup' -a 'list merge prune run' -d 'backup list, backup merge, backup prune, backup run'
complete -c imagectl -n '__fish_seen_subcommand_from prune' -l keep -x -d 'What to keep: daily=7,weekly=4'
complete -c imagectl -n '__fish_seen_subcommand_from prune' -l merge -d 'Make whole what is kept'
complete -c imagectl -n $none -a restore -d 'Write a backup to a disk'
complete -c imagectl -n $none -a deploy -d 'Write an image to one or many disks at once'
complete -c imagectl -n $none -a verify -d 'Check structure and checksums'
complete -c imagectl -n $none -a attach -d 'Make a block device of an image'
complete -c imagectl -n $none -a detach -d 'Undo attach'
complete -c imagectl -n $none -a mount -d 'Show the files of an image in a directory'
complete -c imagectl -n $none -a umount -d 'Undo mount'
complete -c imagectl -n $none -a list -d 'What is attached and mounted'
complete -c imagectl -n $none -a monitor -d 'Print what happens to attachments'
complete -c imagectl -n $none -a metrics -d 'Print counters for Prometheus'
complete -c imagectl -n $none -a job -d 'Long actions: job list, job show, job wait, job cancel'
complete -c imagectl -n '__fish_seen_subcommand_from job' -x -a 'list show wait cancel (__imagectl_jobs)'
complete -c imagectl -n $none -a doctor -d 'Check kernel, daemon, configuration'
complete -c imagectl -n $none -a formats -d 'Every format and file system known'
complete -c imagectl -n $none -a completion -d 'Print the script for a shell'
complete -c imagectl -n $none -a automount -d 'Mount what imaged.conf lets mount itself'
complete -c imagectl -n $none -a backup-guard -d 'Keep the source of a backup from changing'
complete -c imagectl -n $none -a help -d 'Explain a verb'

complete -c imagectl -l json -d 'Print JSON'
complete -c imagectl -l socket -r -d 'Where imaged listens'
complete -c imagectl -s q -l quiet -d 'No progress, no warnings'
complete -c imagectl -s v -l verbose -d 'Say how it is done'
complete -c imagectl -s h -l help -d 'Show help'
complete -c imagectl -l version -d 'Print the version'

complete -c imagectl -n $image -l format -x -a '(__imagectl_formats)' -d 'The image format'
complete -c imagectl -n $image -l session -x -d 'Session of a disc'
complete -c imagectl -n $image -l track -x -d 'Track of a disc'
complete -c imagectl -n $image -l snapshot -x -d 'Snapshot inside a qcow2 image'
complete -c imagectl -n $image -l allow-outside -d 'Follow references to other directories'
complete -c imagectl -n $image -l partition -x -d 'Partition by its number'
complete -c imagectl -n $image -l fs -x -a '(__imagectl_file_systems)' -d 'The file system'
complete -c imagectl -n $image -l extensions -x -a 'rockridge joliet none' -d 'Which names of ISO 9660 to use'
complete -c imagectl -n $image -l offset -x -d 'Where the image begins'
complete -c imagectl -n $image -l size -x -d 'How much of the file it takes'
complete -c imagectl -n $image -l sector-size -x -a '512 1024 2048 4096' -d 'Of a raw image'
complete -c imagectl -n $image -l password-file -r -d 'File that holds the password'

complete -c imagectl -n '__fish_seen_subcommand_from ls' -s l -l long -d 'Show all about each file'
complete -c imagectl -n '__fish_seen_subcommand_from ls' -s R -l recursive -d 'Go into directories'
complete -c imagectl -n '__fish_seen_subcommand_from convert' -l to -x -a '(__imagectl_formats)' -d 'Format to write'
complete -c imagectl -n '__fish_seen_subcommand_from convert backup restore deploy' -s f -l force -d 'Replace the output'
complete -c imagectl -n '__fish_seen_subcommand_from backup' -l since -r -F -d 'Save what changed since that backup'
complete -c imagectl -n '__fish_seen_subcommand_from verify' -l against -r -F -d 'Compare with a disk'
complete -c imagectl -n '__fish_seen_subcommand_from backup' -l to -x -a 'qcow2 raw' -d 'What to write'
complete -c imagectl -n '__fish_seen_subcommand_from backup' -l consistency -x -a 'auto unused snapshot freeze' -d 'How the source is kept from changing'
complete -c imagectl -n '__fish_seen_subcommand_from backup' -l level -x -d '1 fast to 19 small'
complete -c imagectl -n '__fish_seen_subcommand_from backup' -l rate -x -d 'Bytes per second at most'
complete -c imagectl -n '__fish_seen_subcommand_from backup' -l keep-going -d 'Leave out what cannot be read'
complete -c imagectl -n '__fish_seen_subcommand_from backup restore deploy' -l no-check -d 'Do not read it again'
complete -c imagectl -n '__fish_seen_subcommand_from restore deploy prune' -l dry-run -d 'Write nothing, say what would be done'
complete -c imagectl -n '__fish_seen_subcommand_from cp convert backup restore deploy verify wait' -l progress -x -a 'bar json none' -d 'How progress is shown'
complete -c imagectl -n '__fish_seen_subcommand_from restore deploy' -l grow -d 'Last partition and its file system up to the end'
complete -c imagectl -n '__fish_seen_subcommand_from restore deploy' -l identity -x -a 'fresh' -d 'New ids, machine-id and host keys, no name'
complete -c imagectl -n '__fish_seen_subcommand_from restore deploy' -l hostname -x -d 'The name of the machine'
complete -c imagectl -n '__fish_seen_subcommand_from attach mount' -l via -x -a 'auto loop fuse' -d 'How'
complete -c imagectl -n '__fish_seen_subcommand_from mount' -l as -x -a 'auto kernel tree disc' -d 'Who reads the files'
complete -c imagectl -n '__fish_seen_subcommand_from ls cat cp' -l as -x -a 'auto disc' -d 'Files or tracks of a disc'
complete -c imagectl -n '__fish_seen_subcommand_from mount' -s o -l options -x -a 'ro noexec nosuid nodev noatime' -d 'Mount options'
complete -c imagectl -n '__fish_seen_subcommand_from umount' -s l -l lazy -d 'As soon as nobody uses it'
complete -c imagectl -n '__fish_seen_subcommand_from metrics' -l output -r -d 'Write to a file'
complete -c imagectl -n '__fish_seen_subcommand_from automount' -l undo -d 'Unmount what was mounted for the device'
complete -c imagectl -n '__fish_seen_subcommand_from automount' -l watch -d 'Mount the images of the watched folder'
complete -c imagectl -n '__fish_seen_subcommand_from detach umount' -l all -d 'All there are'
complete -c imagectl -n '__fish_seen_subcommand_from detach umount' -a '(__imagectl_attached)'
complete -c imagectl -n '__fish_seen_subcommand_from completion' -x -a 'bash zsh fish'
complete -c imagectl -n '__fish_seen_subcommand_from help' -x -a "$verbs"
complete -c imagectl -n '__fish_seen_subcommand_from backup-guard' -l sweep -d 'Remove snapshots of backups that were killed'
