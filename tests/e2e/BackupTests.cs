using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Imaged.TestKit;
using Xunit;
using static Imaged.E2e.SavedVolume;

namespace Imaged.E2e;

/// <summary>Backups, looked at with QEMU's tools, the kernel and fsck: with no imaged.</summary>
public sealed class BackupTests
{
    [Fact]
    public void A_raw_backup_is_the_disk_with_holes_for_what_is_free_and_a_stream_has_zeros_there()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);

        // What was deleted is still on the disk, and in no backup.
        SavedVolume.Change(system, "rm at/big; sync");
        string text = system.Run("backup", system["disk"], system["disk.raw"], "--to", "raw").Succeeds().Output;
        Assert.Contains("read again and compared", text, StringComparison.Ordinal);
        In(system, "e2fsck -fn disk.raw; cmp -n 1024 disk disk.raw; [ $(stat -c %s disk) = $(stat -c %s disk.raw) ]; "
            + "[ $(stat -c %b disk.raw) -lt $(stat -c %b disk) ]; [ $(stat -c %a disk.raw) = 600 ]");
        AssertSameFiles(system, "disk", "disk.raw");
        In(system, $"IMAGED_JOBS=jobs {Programs.Control} backup disk - >stream; cmp stream disk.raw");
        system.Run("backup", system["disk"], system["x.raw"], "--to", "raw", "--since", system["disk.raw"])
            .Fails(2, "qcow2");
        Assert.False(File.Exists(system["x.raw"]));
    }

    [Fact]
    public void Only_used_blocks_of_a_partition_are_saved_and_QEMU_reads_them()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        JsonElement summary = Backup(system, "disk", "a.qcow2");
        Assert.Equal(64 << 20, summary.GetProperty("length").GetInt64());
        Assert.InRange(summary.GetProperty("used").GetInt64(), 4 << 20, 32 << 20);
        Assert.True(summary.GetProperty("checked").GetBoolean());
        Assert.Equal("ext", summary.GetProperty("volumes")[0].GetProperty("fileSystem").GetString());
        Assert.Null(JsonString(summary.GetProperty("volumes")[0], "whole"));

        In(system, "qemu-img check a.qcow2 && qemu-img convert -O raw a.qcow2 raw && e2fsck -fn raw");
        AssertSameFiles(system, "disk", "raw");

        // What the volume does not use held 0x5a before.
        byte[] raw = File.ReadAllBytes(system["raw"]);
        (int First, int Last)[] free = FreeBlocks(system["disk"]);
        Assert.True(free.Sum(run => run.Last - run.First) > 1000);
        Assert.DoesNotContain(
            free, run => raw.AsSpan(run.First * 1024, (run.Last - run.First + 1) * 1024).ContainsAnyExcept((byte)0));
        system.Run("verify", system["a.qcow2"]).Succeeds();
    }

    [Fact]
    public void Every_digest_of_the_manifest_is_that_of_the_bytes_which_QEMU_shows()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        Backup(system, "disk", "a.qcow2");
        In(system, "qemu-img convert -O raw a.qcow2 raw");
        JsonElement manifest = ReadManifest(system["a.qcow2"]);
        byte[] raw = File.ReadAllBytes(system["raw"]);
        int size = manifest.GetProperty("chunkSize").GetInt32();
        byte[] digests = new byte[(raw.Length + size - 1) / size * SHA256.HashSizeInBytes];
        foreach (JsonElement run in manifest.GetProperty("chunks").EnumerateArray())
        {
            byte[] listed = run.GetProperty("sha256").GetBytesFromBase64();
            listed.CopyTo(digests, run.GetProperty("first").GetInt32() * SHA256.HashSizeInBytes);
        }

        for (int i = 0; i * size < raw.Length; i++)
        {
            ReadOnlySpan<byte> chunk = raw.AsSpan(i * size, Math.Min(size, raw.Length - (i * size)));
            ReadOnlySpan<byte> digest = digests.AsSpan(i * SHA256.HashSizeInBytes, SHA256.HashSizeInBytes);
            bool isZero = !chunk.ContainsAnyExcept((byte)0);
            Assert.Equal(isZero, !digest.ContainsAnyExcept((byte)0));
            Assert.True(isZero || digest.SequenceEqual(SHA256.HashData(chunk)));
        }

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(digests)), manifest.GetProperty("digest").GetString());
    }

    [Fact]
    public void An_increment_stores_what_changed_and_shows_the_whole()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        JsonElement first = Backup(system, "disk", "1.qcow2");
        Change(system, "rm at/big && echo new >at/new");
        JsonElement second = Backup(system, "disk", "2.qcow2", "--since", system["1.qcow2"]);
        Change(system, "head -c 1M /dev/urandom >at/more");
        JsonElement third = Backup(system, "disk", "3.qcow2", "--since", system["2.qcow2"]);
        JsonElement whole = Backup(system, "disk", "whole.qcow2");
        Assert.InRange(second.GetProperty("stored").GetInt64(), 1, first.GetProperty("stored").GetInt64() / 2);
        Assert.Equal(whole.GetProperty("digest").GetString(), third.GetProperty("digest").GetString());
        In(
            system,
            "for n in 1 2 3; do qemu-img check $n.qcow2; done; qemu-img convert -O raw 3.qcow2 raw; e2fsck -fn raw; "
            + "qemu-img compare 3.qcow2 whole.qcow2");
        AssertSameFiles(system, "disk", "raw");
        system.Run("verify", system["3.qcow2"]).Succeeds();
        Assert.Equal("new\n", system.Run("cat", system["2.qcow2"], "/new").Succeeds().Output);
        Assert.Equal("small\n", system.Run("cat", system["1.qcow2"], "/folder/small").Succeeds().Output);
    }

    [Fact]
    public void A_chain_with_a_member_swapped_or_missing_is_refused_by_name()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        Backup(system, "disk", "1.qcow2");
        Change(system, "echo new >at/new");
        Backup(system, "disk", "2.qcow2", "--since", system["1.qcow2"]);
        Backup(system, "disk", "other.qcow2");
        In(system, "cp 1.qcow2 kept; cp other.qcow2 1.qcow2");
        AssertWrong(system, "2.qcow2", "'1.qcow2', which is another backup");
        system.Run("ls", system["2.qcow2"]).Fails(1, "'1.qcow2', which is another backup");
        In(system, "cp kept 1.qcow2; qemu-io -c 'write -P 1 0 64k' 1.qcow2 >&2");
        system.Run("info", system["2.qcow2"]).Fails(1, "'1.qcow2', which is no backup any more");
        In(system, "rm 1.qcow2");
        system.Run("info", system["2.qcow2"]).Fails(1, "1.qcow2");
        In(system, "cp kept 1.qcow2");
        system.Run("verify", system["2.qcow2"]).Succeeds();
    }

    [Fact]
    public void A_disk_is_saved_with_its_table_boot_sector_and_gaps()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        SavedVolume.MakeDisk(system);
        JsonElement summary = Backup(system, "big.img", "a.qcow2");
        Assert.Equal(2, summary.GetProperty("volumes").GetArrayLength());
        Assert.NotNull(JsonString(summary.GetProperty("volumes")[1], "whole"));
        In(
            system,
            "qemu-img convert -O raw a.qcow2 raw; sfdisk --verify raw; sfdisk -d raw | grep -v device >b; "
            + "sfdisk -d big.img | grep -v device >a; sed -i 's/^[^ ]*[0-9] :/:/' a b; cmp a b; "
            + "cmp -n 2097152 raw big.img; cmp -n 35651584 -i 69206016 raw big.img; "
            + "cmp -i 104857600 -n 51200000 raw big.img; cmp -i 156057600 raw big.img; "
            + "dd if=raw of=part bs=1M skip=2 count=64 status=none; e2fsck -fn part");
        AssertSameFiles(system, "disk", "part");
        JsonElement table = ReadManifest(system["a.qcow2"]).GetProperty("partitionTable");
        Assert.Equal("gpt", table.GetProperty("type").GetString());
        Assert.Equal(2 << 20, table.GetProperty("partitions")[0].GetProperty("offset").GetInt64());

        // One partition alone.
        string only = system["only.qcow2"];
        system.Run("backup", system["big.img"], only, "--partition", "1").Succeeds();
        In(system, "qemu-img convert -O raw only.qcow2 one; cmp one part");
    }

    [Fact]
    public void Damage_is_told_with_the_file_that_has_it()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        Backup(system, "disk", "a.qcow2");

        // The file of random bytes is stored as it is; a byte of its middle is another one.
        byte[] file = File.ReadAllBytes(system["a.qcow2"]);
        byte[] big = File.ReadAllBytes(system["tree/big"]);
        int at = file.AsSpan().IndexOf(big.AsSpan(big.Length / 2, 64));
        Assert.True(at > 0);
        file[at] ^= 1;
        File.WriteAllBytes(system["a.qcow2"], file);
        CommandResult result = AssertWrong(system, "a.qcow2", "are not those that were saved");
        Assert.Contains("'/big'", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("'/folder/small'", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_manifest_with_another_byte_is_found_out()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        Backup(system, "disk", "a.qcow2");
        In(system, "printf x | dd of=a.qcow2 bs=1 seek=$(($(stat -c %s a.qcow2) - 20)) conv=notrunc status=none");
        AssertWrong(system, "a.qcow2", "the manifest is damaged");
        system.Run("backup", system["disk"], system["b.qcow2"], "--since", system["a.qcow2"])
            .Fails(1, "the manifest is damaged");
        Assert.False(File.Exists(system["b.qcow2"]));
    }

    [Fact]
    public void A_source_that_may_change_is_refused_and_a_read_only_one_is_not()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        Directory.CreateDirectory(system["at"]);
        string loop = Tool.Run("losetup", "-f", "--show", system["disk"]).Text.Trim();
        try
        {
            Tool.Run("mount", loop, system["at"]);
            system.Run("backup", loop, system["a.qcow2"]).Fails(5, $"mounted at '{system["at"]}'");
            Assert.False(File.Exists(system["a.qcow2"]));
            Tool.Run("mount", "-o", "remount,ro", system["at"]);
            string text = system.Run("backup", loop, system["a.qcow2"]).Succeeds().Output;
            Assert.Contains("read-only", text, StringComparison.Ordinal);
            JsonElement source = ReadManifest(system["a.qcow2"]).GetProperty("source");
            Assert.Equal(loop, source.GetProperty("name").GetString());
            Assert.Equal("disk", source.GetProperty("kind").GetString());
        }
        finally
        {
            Tool.TryRun("umount", system["at"]);
            Tool.Run("losetup", "-d", loop);
        }
    }

    [Fact]
    public void What_cannot_be_read_ends_the_job_or_is_noted()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();

        // A disk with one cluster that does not decode: as a medium with a bad place.
        In(
            system,
            "head -c 4M /dev/urandom >disk; qemu-img create -q -f qcow2 -o cluster_size=64k bad.qcow2 4M; "
            + "qemu-io -f qcow2 -c 'write -c -P 5 1M 64k' -c 'write -P 1 0 1M' -c 'write -P 1 1088k 3008k' "
            + "bad.qcow2 >&2");
        int at = FindCompressed(system["bad.qcow2"], 16);
        byte[] image = File.ReadAllBytes(system["bad.qcow2"]);
        image.AsSpan(at, 40).Fill(0xff);
        File.WriteAllBytes(system["bad.qcow2"], image);

        string target = system["a.qcow2"];
        system.Run("backup", system["bad.qcow2"], target).Fails(1);
        Assert.False(File.Exists(target));
        CommandResult result = system.Run("backup", "--json", system["bad.qcow2"], target, "--keep-going").Fails(6);
        JsonElement ranges = result.Json.GetProperty("lost");
        Assert.Equal(65536, ranges.GetProperty("bytes").GetInt64());
        JsonElement lost = Assert.Single(ranges.GetProperty("first").EnumerateArray());
        Assert.Equal(1 << 20, lost.GetProperty("offset").GetInt64());
        Assert.Equal(65536, lost.GetProperty("length").GetInt64());
        In(
            system,
            "qemu-img check a.qcow2; qemu-img convert -O raw a.qcow2 raw; "
            + "head -c 1M /dev/zero | tr '\\0' '\\1' >ones; cmp -n 1048576 raw ones; "
            + "cmp -n 65536 -i 1048576:0 raw /dev/zero; cmp -n 1048576 -i 2097152:0 raw ones");
        AssertWrong(system, "a.qcow2", "could not be read when it was made");
    }

    [Fact]
    public void Only_the_owner_may_read_what_was_on_a_disk()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = system.Sample("demo.iso");
        system.Run("backup", disk, system["a.qcow2"]).Succeeds();
        system.Run("restore", system["a.qcow2"], system["raw"]).Succeeds();
        system.Run("backup", "merge", system["a.qcow2"]).Succeeds();
        Assert.Equal("600\n600\n", In(system, "stat -c %a a.qcow2 raw"));
    }

    [Fact]
    public void A_disk_of_terabytes_is_right_to_its_last_sector()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();

        // Clusters of 2 MiB, chunks of 8 MiB, the last of each cut off.
        long length = (5L << 40) + 1536;
        In(
            system,
            $"truncate -s {length} disk; for at in 0 4095 $((3 << 30)) {(length / 512) - 1}; do "
            + "head -c 512 /dev/urandom | dd of=disk bs=512 seek=$at conv=notrunc status=none; done");
        Backup(system, "disk", "a.qcow2");
        JsonElement manifest = ReadManifest(system["a.qcow2"]);
        Assert.Equal(8 << 20, manifest.GetProperty("chunkSize").GetInt32());
        In(
            system,
            "qemu-img check a.qcow2; qemu-img info a.qcow2 | grep -q 'cluster_size: 2097152'; "
            + "qemu-img compare -f raw -F qcow2 disk a.qcow2");
        In(system, "printf x | dd of=disk bs=1 seek=5M conv=notrunc status=none");
        Backup(system, "disk", "b.qcow2", "--since", system["a.qcow2"]);
        In(system, "qemu-img check b.qcow2; qemu-img compare -f raw -F qcow2 disk b.qcow2");
        system.Run("verify", system["b.qcow2"]).Succeeds();
    }

    [Theory]
    [InlineData("KILL")]
    [InlineData("INT")]
    public void A_backup_that_is_stopped_leaves_nothing(string signal)
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        In(system, "head -c 300M /dev/urandom >disk; mkdir out");
        string folder = system["out"];
        using RunningCommand command =
            system.Begin("backup", system["disk"], Path.Combine(folder, "a.qcow2"), "--level", "12");
        Assert.True(Machine.Eventually(() => Machine.OpenFiles(command.Pid).Any(
            path => path.StartsWith(folder, StringComparison.Ordinal))));
        command.Signal(signal);
        command.Finish();
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public void A_full_disk_leaves_what_was_there()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        In(system, "head -c 20M /dev/urandom >disk; mkdir small; mount -t tmpfs -o size=8m none small");
        try
        {
            File.WriteAllText(system["small/kept"], "kept");
            system.Run("backup", system["disk"], system["small/a.qcow2"]).Fails(1, "which is as it was before");
            string kept = Assert.Single(Directory.GetFileSystemEntries(system["small"]));
            Assert.Equal("kept", File.ReadAllText(kept));
        }
        finally
        {
            Tool.Run("umount", system["small"]);
        }
    }

    private static CommandResult AssertWrong(PrivateSystem system, string backup, string says)
    {
        CommandResult result = system.Run("verify", system[backup]);
        Assert.Equal(6, result.ExitCode);
        Assert.Contains(says, result.Output, StringComparison.Ordinal);
        return result;
    }

    // As dumpe2fs lists them: "  Free blocks: 10-20, 30".
    private static (int First, int Last)[] FreeBlocks(string volume) =>
    [
        .. Tool.Shell($"dumpe2fs '{volume}' 2>/dev/null | sed -n 's/^  Free blocks: //p' | tr -d ' ' | tr , '\\n'").Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(run => run.Split('-'))
            .Select(run => (int.Parse(run[0]), int.Parse(run[^1]))),
    ];

    private static string? JsonString(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    // Where the compressed cluster of this number stands in an image of 64 KiB clusters, by QEMU's own map.
    private static int FindCompressed(string path, int cluster)
    {
        byte[] image = File.ReadAllBytes(path);
        int Entry(long at) => (int)(BinaryPrimitives.ReadInt64BigEndian(image.AsSpan((int)at))
            & 0x003f_ffff_ffff_ffff);
        int table = Entry(BinaryPrimitives.ReadInt64BigEndian(image.AsSpan(40)));
        return Entry(table + (cluster * 8));
    }
}
