using System.Runtime.CompilerServices;
using System.Text;
using Imaged.Formats.Model;
using Imaged.Fuse.Abi;
using Xunit;

namespace Imaged.UnitTests.Fuse;

public sealed unsafe class AbiTests
{
    // The numbers of linux/fuse.h, 7.45.
    [Fact]
    public void Structures_have_the_sizes_of_the_kernel()
    {
        Assert.Equal(40, sizeof(FuseInHeader));
        Assert.Equal(64, sizeof(FuseInitIn));
        Assert.Equal(16, sizeof(FuseGetAttrIn));
        Assert.Equal(24, sizeof(FuseStatxIn));
        Assert.Equal(8, sizeof(FuseOpenIn));
        Assert.Equal(40, sizeof(FuseReadIn));
        Assert.Equal(24, sizeof(FuseLSeekIn));
        Assert.Equal(8, sizeof(FuseGetXattrIn));
        Assert.Equal(16, sizeof(FuseOutHeader));
        Assert.Equal(64, sizeof(FuseInitOut));
        Assert.Equal(88, sizeof(FuseAttr));
        Assert.Equal(128, sizeof(FuseEntryOut));
        Assert.Equal(104, sizeof(FuseAttrOut));
        Assert.Equal(16, sizeof(FuseStatxTime));
        Assert.Equal(288, sizeof(FuseStatxOut));
        Assert.Equal(16, sizeof(FuseOpenOut));
        Assert.Equal(80, sizeof(FuseStatFsOut));
        Assert.Equal(24, sizeof(FuseDirent));
        Assert.Equal(8, sizeof(FuseGetXattrOut));
    }

    [Fact]
    public void Fields_stand_where_the_kernel_has_them()
    {
        FuseStatxOut statx = default;
        Assert.Equal(32, Offset(ref statx, ref Unsafe.As<uint, byte>(ref statx.Mask)));
        Assert.Equal(32 + 32, Offset(ref statx, ref Unsafe.As<ulong, byte>(ref statx.Inode)));
        Assert.Equal(32 + 80, Offset(ref statx, ref Unsafe.As<FuseStatxTime, byte>(ref statx.Created)));
        Assert.Equal(32 + 128, Offset(ref statx, ref Unsafe.As<uint, byte>(ref statx.NodeMajor)));
        FuseInitOut init = default;
        Assert.Equal(28, Offset(ref init, ref Unsafe.As<ushort, byte>(ref init.MaxPages)));
        Assert.Equal(32, Offset(ref init, ref Unsafe.As<uint, byte>(ref init.Flags2)));
        FuseAttr attr = default;
        Assert.Equal(60, Offset(ref attr, ref Unsafe.As<uint, byte>(ref attr.Mode)));
    }

    [Fact]
    public void A_short_request_ends_in_false_not_in_bytes_behind_it()
    {
        ArgumentReader reader = new(new byte[39]);
        Assert.False(reader.TryRead(out FuseReadIn _));
        ArgumentReader unterminated = new("name"u8);
        Assert.False(unterminated.TryReadName(out _));
        ArgumentReader empty = new("\0rest"u8);
        Assert.False(empty.TryReadName(out _));
        ArgumentReader both = new([1, 0, 0, 0, 2, 0, 0, 0, .. "a name\0"u8]);
        Assert.True(both.TryRead(out FuseGetXattrIn get));
        Assert.Equal(1u, get.Size);
        Assert.True(both.TryReadName(out ReadOnlySpan<byte> name));
        Assert.Equal("a name", Encoding.UTF8.GetString(name));
        Assert.False(both.TryReadName(out _));
    }

    [Fact]
    public void Device_numbers_and_blocks_are_encoded_as_the_kernel_reads_them()
    {
        NodeInfo node = new(9, FileType.CharacterDevice, 0x1B6, 1025)
        {
            DeviceMajor = 0xABC, DeviceMinor = 0x12345, AllocatedBytes = -1,
        };
        AttributeEncoder.Encode(node, out FuseAttr attr);
        Assert.Equal(0x123ABC45u, attr.Device);
        Assert.Equal(3, attr.Blocks);
        Assert.Equal(9u, attr.Inode);
        Assert.Equal(1u, attr.Links);
        Assert.Equal(0x21B6u, attr.Mode);
    }

    private static long Offset<T>(ref T structure, ref byte field)
        where T : unmanaged => Unsafe.ByteOffset(ref Unsafe.As<T, byte>(ref structure), ref field);
}
