using Imaged.Daemon.Recovery;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.UnitTests.Daemon;

public sealed class DescriptorStoreTests
{
    [Fact]
    public void Descriptors_are_sorted_by_their_names_in_whatever_order_they_come()
    {
        SafeFileHandle[] handles = [.. Enumerable.Range(0, 9).Select(_ => HostPath.OpenRead("/dev/null"))];
        Dictionary<string, HeldDescriptors> held = DescriptorStore.Sort(
            [
                ("attachment.abc.image", handles[0]),
                ("imaged.socket", handles[1]), // what systemd calls the socket of imaged.socket
                ("attachment.abc.device", handles[2]),
                ("attachment.xyz.journal", handles[3]),
                ("attachment.abc.journal", handles[4]),
                ("attachment.abc.device", handles[5]),
                ("attachment.abc.unheard-of", handles[6]),
                ("attachment.", handles[7]),
                ("stored", handles[8]),
            ],
            out List<SafeFileHandle> others);
        Assert.Equal([handles[1], handles[8]], others);
        Assert.True(held["abc"].IsComplete);
        Assert.Equal(
            [handles[2], handles[4], handles[0], null],
            new[] { held["abc"].Device, held["abc"].Journal, held["abc"].Image, held["abc"].Directory });
        Assert.False(held["xyz"].IsComplete);
        Assert.True(handles[5].IsClosed);
        Assert.True(handles[6].IsClosed);
        Assert.True(handles[7].IsClosed);
        foreach (HeldDescriptors one in held.Values)
        {
            one.Dispose();
        }

        Assert.All(handles.Except(others), handle => Assert.True(handle.IsClosed));
        others.ForEach(handle => handle.Dispose());
    }
}
