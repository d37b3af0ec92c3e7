using Imaged.Fuse.Abi;
using Imaged.Fuse.Session;
using Imaged.Linux.Fuse;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.UnitTests.Fuse;

public sealed unsafe class RequestJournalTests
{
    [Fact]
    public void A_successor_finds_the_requests_that_were_taken_and_no_others()
    {
        using SafeFileHandle file = RequestJournal.CreateFile(4);
        using (RequestJournal first = RequestJournal.Open(file))
        {
            Assert.Equal(4, first.Slots);
            Assert.False(first.Negotiated);
            first.SetNegotiated(1 << 20);
            first.Slot(0).Arm(); // waits, nothing came
            Put(first.Slot(1), 56); // taken
            Put(first.Slot(2), 56); // answered
            first.Slot(2).Disarm();
            Put(first.Slot(3), (uint)JournalSlot.Capacity + 1); // no request has this length
        }

        using RequestJournal second = RequestJournal.Open(file);
        Assert.True(second.Negotiated);
        Assert.Equal(1 << 20, second.MaxPayload);
        Assert.Equal(1, second.Pending);
        Assert.True(second.Slot(1).HoldsRequest);
        second.Clear();
        Assert.Equal(0, second.Pending);
        Assert.False(second.Negotiated);
    }

    [Fact]
    public void A_new_request_in_a_slot_has_not_been_tried_yet()
    {
        using SafeFileHandle file = RequestJournal.CreateFile(1);
        using RequestJournal journal = RequestJournal.Open(file);
        Put(journal.Slot(0), 56);
        journal.Slot(0).Attempts++;
        Assert.Equal(1, journal.Slot(0).Attempts);
        journal.Slot(0).Arm();
        Assert.Equal(0, journal.Slot(0).Attempts);
        Assert.False(journal.Slot(0).HoldsRequest);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(4096 + RequestJournal.SlotLength)]
    [InlineData(4096 + (65 * RequestJournal.SlotLength))]
    public void What_is_no_journal_is_refused(int length)
    {
        using SafeFileHandle file = SharedMemory.CreateFile("no-journal", length);
        Assert.Throws<IOException>(() => RequestJournal.Open(file));
    }

    [Fact]
    public void Nobody_can_cut_a_journal_short()
    {
        using SafeFileHandle file = RequestJournal.CreateFile(1);
        Assert.ThrowsAny<Exception>(() => RandomAccess.SetLength(file, 0));
    }

    private static void Put(JournalSlot slot, uint length)
    {
        slot.Arm();
        ((FuseInHeader*)slot.Buffer)->Length = length;
    }
}
