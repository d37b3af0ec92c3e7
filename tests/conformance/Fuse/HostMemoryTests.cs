using System.Security.Cryptography;
using System.Text;
using Imaged.Blocks;
using Imaged.Fuse;
using Imaged.Fuse.Handlers;
using Imaged.Linux;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.Conformance.Fuse;

public sealed class HostMemoryTests
{
    private const int Length = (6 << 20) + 777;

    [Theory]
    [InlineData("bs=1M iflag=direct", true)]
    [InlineData("bs=1M", true)]
    [InlineData("bs=64k iflag=direct", true)]
    [InlineData("bs=4k iflag=direct", false)]
    public void Large_reads_of_verbatim_bytes_come_from_the_mapping(string how, bool mapped)
    {
        FuseMount.Require();
        using TemporaryFolder folder = new();
        byte[] content = RandomNumberGenerator.GetBytes(Length);
        File.WriteAllBytes(folder["image"], content);
        using SafeFileHandle file = HostPath.OpenRead(folder["image"]);
        using FileSource source = new(file);
        using Mapping mapping = new(file);
        // The file begins in the middle of a page of the image, and ends before it does.
        using SliceSource slice = new(source, 1000, Length - 3000);
        DiskFileHandler handler = new(slice, Encoding.UTF8.GetBytes("file"));
        using ServedMount served = new(handler, hostMemory: mapping);
        byte[] read = Tool.Shell($"dd if='{served["file"]}' {how} status=none").Output;
        Assert.Equal(content[1000..^2000], read);
        Assert.Equal(mapped, mapping.Uses > 0);
        Assert.Empty(served.Failures);
    }

    [Fact]
    public void What_is_not_verbatim_is_read()
    {
        FuseMount.Require();
        using TemporaryFolder folder = new();
        byte[] content = RandomNumberGenerator.GetBytes(1 << 20);
        File.WriteAllBytes(folder["image"], content);
        using SafeFileHandle file = HostPath.OpenRead(folder["image"]);
        using FileSource source = new(file);
        using Mapping mapping = new(file);
        using ConcatSource disk = new(
            [source, new ZeroSource(1 << 20), new SliceSource(source, 0, 5000)], ownsParts: false);
        using ServedMount served = new(
            new DiskFileHandler(disk, Encoding.UTF8.GetBytes("file")), hostMemory: mapping);
        byte[] expected = [.. content, .. new byte[1 << 20], .. content.AsSpan(0, 5000)];
        Assert.Equal(expected, Tool.Run("cat", served["file"]).Output);
        Assert.Equal(expected[700_000..], Tool.Shell($"tail -c +700001 '{served["file"]}'").Output);
        Assert.Empty(served.Failures);
    }

    [Fact]
    public void A_file_that_is_cut_ends_in_an_error_and_a_message()
    {
        FuseMount.Require();
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["image"], RandomNumberGenerator.GetBytes(Length));
        using SafeFileHandle file = HostPath.OpenRead(folder["image"]);
        using FileSource source = new(file);

        // Says that everything can be had, as it does when the cut comes between question and answer.
        using Mapping mapping = new(file, careless: true);
        using ServedMount served = new(
            new DiskFileHandler(source, Encoding.UTF8.GetBytes("file")), threads: 1, hostMemory: mapping);
        Tool.Run("truncate", "-s", "1M", folder["image"]);
        ToolResult result = Tool.TryRun(
            "dd", $"if={served["file"]}", "of=/dev/null", "bs=1M", "skip=2", "count=1", "iflag=direct");
        Assert.Contains("Input/output error", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, mapping.Uses);
        Assert.Contains(served.Failures, failure => failure.Error is EndOfStreamException);
        Tool.Shell($"dd if='{served["file"]}' bs=1M count=1 iflag=direct status=none | cmp - '{folder["image"]}'");
        Assert.Equal(1, mapping.Uses);
    }

    private sealed unsafe class Mapping : IHostMemory, IDisposable
    {
        private readonly MappedFile _file;
        private readonly bool _careless;
        private readonly byte* _begin;
        private int _uses;

        public Mapping(SafeFileHandle file, bool careless = false)
        {
            _file = MappedFile.TryMap(file, RandomAccess.GetLength(file))!;
            _careless = careless;
            Assert.True(_file.TryGetCached(0, 1, out _begin));
        }

        public int Uses => Volatile.Read(ref _uses);

        public bool TryFind(HostRange range, int count, out byte* address)
        {
            bool found = _file.TryGetCached(range.Offset, count, out address);
            if (!found && _careless)
            {
                address = _begin + range.Offset;
                found = true;
            }

            Interlocked.Add(ref _uses, found ? 1 : 0);
            return found;
        }

        public void Forget(HostRange range, int count) => _file.Forget(range.Offset, count);

        public void Dispose() => _file.Dispose();
    }
}
