using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Partclone;

/// <summary>Images in pieces, as Clonezilla stores them.</summary>
public sealed class PartclonePiecesTests
{
    [Fact]
    public void Any_piece_opens_the_file_system()
    {
        Requires.Tool("partclone.ext4", "partclone.restore", "mkfs.ext4", "split", "xz");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}; mkdir tree; head -c 900000 /dev/urandom >tree/noise
            mkfs.ext4 -q -d tree disk 8M; truncate -s 8M restored
            partclone.ext4 -c -q -F -s disk -o image -L log >log 2>&1
            partclone.restore -q -C -s image -O restored -L log >log 2>&1
            split -b 400000 image sda1.ext4-ptcl-img.uncomp.
            xz -T1 --block-size=200KiB <image | split -b 400000 - sda1.ext4-ptcl-img.xz.
            """);
        byte[] expected = File.ReadAllBytes(folder["restored"]);
        foreach ((string name, string[] formats) in ((string, string[])[])
            [
                ("sda1.ext4-ptcl-img.uncomp.aa", ["splitraw", "partclone"]),
                ("sda1.ext4-ptcl-img.uncomp.ac", ["splitraw", "partclone"]),
                ("sda1.ext4-ptcl-img.xz.aa", ["splitraw", "xz", "partclone"]),
                ("sda1.ext4-ptcl-img.xz.ab", ["splitraw", "xz", "partclone"]),
            ])
        {
            using FolderFiles files = new(folder.Path, name);
            using ImageStack stack =
                ImageStack.Open(new ImageOpener(files.First, name, files, new BlockCache(8 << 20)), null);
            Assert.Equal(formats, stack.Layers.Select(layer => layer.Format.Id));
            Assert.Equal(expected, stack.Innermost.Content.ReadBytes(0, expected.Length));
            Assert.Empty(RecordedCheck.Run(stack.Innermost).Problems);
        }
    }
}
