using Imaged.Fuse.Abi;
using Imaged.Fuse.Session;
using Xunit;

namespace Imaged.UnitTests.Fuse;

public sealed class NegotiationTests
{
    private const uint AllButInitExt = ~(1u << 30);

    [Fact]
    public void Everything_offered_ends_in_what_is_wanted_and_large_requests()
    {
        FuseInitIn offer = new() { Major = 7, Minor = 45, MaxReadAhead = 131072, Flags = ~0u, Flags2 = ~0u };
        Assert.Equal(FuseStatus.Ok, Negotiation.Answer(offer, 1 << 20, out FuseInitOut answer));
        Assert.Equal(45u, answer.Minor);
        Assert.Equal((1 << 20) / Environment.SystemPageSize, answer.MaxPages);
        Assert.Equal(131072u, answer.MaxReadAhead);
        Assert.Equal(1u << 7, answer.Flags2); // HAS_RESEND alone: no timeout, no io_uring, no passthrough
        Assert.Equal(0, answer.RequestTimeout);

        // Neither locks, nor write-back, nor automatic invalidation, nor OPEN that is never asked.
        uint never = (1u << 1) | (1u << 10) | (1u << 12) | (1u << 16) | (1u << 17);
        Assert.Equal(0u, answer.Flags & never);
    }

    [Fact]
    public void Nothing_is_answered_that_was_not_offered()
    {
        FuseInitIn offer = new() { Major = 7, Minor = 31, MaxReadAhead = 4096, Flags = 1u << 22, Flags2 = ~0u };
        Assert.Equal(FuseStatus.Ok, Negotiation.Answer(offer, 1 << 20, out FuseInitOut answer));
        Assert.Equal(31u, answer.Minor);
        Assert.Equal(1u << 22, answer.Flags);
        Assert.Equal(0u, answer.Flags2);
        offer.Flags = AllButInitExt;
        Assert.Equal(FuseStatus.Ok, Negotiation.Answer(offer, 1 << 20, out answer));
        Assert.Equal(0u, answer.Flags2);
    }

    [Theory]
    [InlineData(7, 27, ~0u)]
    [InlineData(6, 45, ~0u)]
    [InlineData(7, 31, ~(1u << 22))]
    public void An_old_kernel_is_refused(uint major, uint minor, uint flags)
    {
        FuseInitIn offer = new() { Major = major, Minor = minor, Flags = flags };
        Assert.Equal(FuseStatus.Protocol, Negotiation.Answer(offer, 1 << 20, out _));
    }

    [Fact]
    public void A_newer_major_version_is_asked_to_come_down()
    {
        FuseInitIn offer = new() { Major = 8, Minor = 3, Flags = ~0u };
        Assert.Equal(FuseStatus.Ok, Negotiation.Answer(offer, 1 << 20, out FuseInitOut answer));
        Assert.Equal(7u, answer.Major);
        Assert.Equal(0u, answer.Flags);
    }
}
