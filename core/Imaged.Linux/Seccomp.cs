using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>A filter of system calls (seccomp(2)): what a worker does not need fails with EPERM, in all its
/// threads.</summary>
public static unsafe class Seccomp
{
    private const int SetModeFilter = 1;
    private const int FlagSynchronizeThreads = 1;
    private const uint ReturnAllow = 0x7fff0000;
    private const uint ReturnNotPermitted = 0x00050000 | Errno.EPERM;
    private const uint ReturnNotThere = 0x00050000 | Errno.ENOSYS;
    private const uint KillProcess = 0x80000000;
    private const int SysClone3 = 435; // of every architecture
    private const uint X32Bit = 0x40000000;

    // FUSE_DEV_IOC_CLONE, BLKGETSIZE64, BLKSSZGET, FIONBIO, FIONREAD, TCGETS, FICLONE
    private static ReadOnlySpan<uint> AllowedIoctls =>
        [0x8004E500, 0x80081272, 0x1268, 0x5421, 0x541B, 0x5401, 0x40049409];

    /// <summary>Installs the filter for good, in every thread of the process. Needs <see cref="Confinement.Apply"/>
    /// before.</summary>
    /// <returns>False on architectures for which there is no table of numbers.</returns>
    public static bool Install()
    {
        if (SeccompTable.Of(RuntimeInformation.ProcessArchitecture) is not { } table)
        {
            return false;
        }

        Instruction[] program = Build(table);
        fixed (Instruction* instructions = program)
        {
            Program filter = new() { Length = (ushort)program.Length, Instructions = instructions };
            int result = (int)(long)LibC.syscall(table.Seccomp, SetModeFilter, FlagSynchronizeThreads, &filter);
            LinuxException.Check(result, "install the system-call filter");
        }

        return true;
    }

    /// <summary>The filter: classic BPF over struct seccomp_data, which has the number at 0, the architecture at 4 and
    /// the low half of argument 1 at 24.</summary>
    internal static Instruction[] Build(SeccompTable table)
    {
        List<Instruction> program =
        [
            Load(4),
            Jump(table.AuditArchitecture, 1, 0),
            Return(KillProcess),
            Load(0),
            new(0x35 /* BPF_JGE */, 0, 1, X32Bit), // another numbering, of x86-64 alone
            Return(KillProcess),
            Jump(SysClone3, 0, 1),
            Return(ReturnNotThere), // its flags are out of a filter's reach: the C library falls back to clone
        ];
        foreach (ushort call in table.Allowed)
        {
            program.Add(Jump(call, 0, 1));
            program.Add(Return(ReturnAllow));
        }

        program.Add(Jump(table.Ioctl, 1, 0));
        program.Add(Return(ReturnNotPermitted));
        program.Add(Load(24));
        foreach (uint request in AllowedIoctls)
        {
            program.Add(Jump(request, 0, 1));
            program.Add(Return(ReturnAllow));
        }

        program.Add(Return(ReturnNotPermitted));
        return [.. program];
    }

    private static Instruction Load(uint offset) => new(0x20 /* BPF_LD|W|ABS */, 0, 0, offset);

    private static Instruction Jump(uint value, byte ifEqual, byte otherwise) =>
        new(0x15 /* BPF_JEQ */, ifEqual, otherwise, value);

    private static Instruction Return(uint action) => new(0x06 /* BPF_RET */, 0, 0, action);

    // struct sock_filter
    internal readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Operand);

    // struct sock_fprog
    private struct Program
    {
        public ushort Length;
        public Instruction* Instructions;
    }
}
