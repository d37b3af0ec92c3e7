using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>A filter of system calls (seccomp(2)): what a worker does not need fails with EPERM, in all its
/// threads.</summary>
public static unsafe class Seccomp
{
    private const int SysSeccomp = 317;
    private const int SetModeFilter = 1;
    private const int FlagSynchronizeThreads = 1;
    private const uint AuditArchX64 = 0xC000003E;
    private const uint ReturnAllow = 0x7fff0000;
    private const uint ReturnNotPermitted = 0x00050000 | Errno.EPERM;
    private const uint ReturnNotThere = 0x00050000 | Errno.ENOSYS;
    private const uint KillProcess = 0x80000000;
    private const int SysIoctl = 16;
    private const int SysClone3 = 435;
    private const uint X32Bit = 0x40000000;

    // x86-64 numbers, grouped by what they serve.
    private static ReadOnlySpan<ushort> Allowed =>
    [
        0, 1, 3, 5, 8, 17, 18, 19, 20, 295, 296, 327, 328,                  // read write close fstat lseek p/readv/writev
        9, 10, 11, 12, 25, 26, 27, 28, 149, 150, 325, 319, 239,             // memory, memfd_create, mlock, get_mempolicy
        13, 14, 15, 131, 128, 219, 234,                                     // signals of our own threads
        24, 35, 39, 56, 60, 186, 202, 203, 204, 218, 228, 229, 230, 231, 273, 309, 324, 334, 96, 201, 140, 143, 145,
        46, 47, 44, 45, 48, 51, 52, 53, 54, 55, 43, 288, 7, 271, 213, 232, 233, 281, 291, 290, 293, 32, 33, 292, 50,
        63, 72, 73, 79, 98, 99, 100, 102, 104, 107, 108, 110, 115, 137, 138, 157, 158, 302, 97, 318, 436,
        2, 4, 6, 21, 89, 217, 257, 262, 267, 269, 332, 437, 439, 187, 221,  // opening and looking: Landlock has the say
        74, 75, 76, 77, 285, 326, 40, 275,                                  // writing to what we were given
        82, 83, 84, 87, 88, 86, 90, 91, 92, 93, 94, 133, 258, 259, 260, 263, 264, 265, 266, 268, 280, 316,
        188, 189, 190, 191, 192, 193, 194, 195, 196,                        // copying trees, with extended attributes
    ];

    // FUSE_DEV_IOC_CLONE, BLKGETSIZE64, BLKSSZGET, FIONBIO, FIONREAD, TCGETS, FICLONE
    private static ReadOnlySpan<uint> AllowedIoctls =>
        [0x8004E500, 0x80081272, 0x1268, 0x5421, 0x541B, 0x5401, 0x40049409];

    /// <summary>Installs the filter for good, in every thread of the process. Needs <see cref="Confinement.Apply"/>
    /// before.</summary>
    /// <returns>False on architectures for which there is no filter yet (all but x86-64).</returns>
    public static bool Install()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return false;
        }

        Instruction[] program = Build();
        fixed (Instruction* instructions = program)
        {
            Program filter = new() { Length = (ushort)program.Length, Instructions = instructions };
            int result = (int)(long)LibC.syscall(SysSeccomp, SetModeFilter, FlagSynchronizeThreads, &filter);
            LinuxException.Check(result, "install the system-call filter");
        }

        return true;
    }

    // Classic BPF over struct seccomp_data: nr at 0, arch at 4, low half of argument 1 at 24.
    private static Instruction[] Build()
    {
        List<Instruction> program =
        [
            Load(4),
            Jump(AuditArchX64, 1, 0),
            Return(KillProcess),
            Load(0),
            new(0x35 /* BPF_JGE */, 0, 1, X32Bit),
            Return(KillProcess),
            Jump(SysClone3, 0, 1),
            Return(ReturnNotThere), // its flags are out of a filter's reach: the C library falls back to clone
        ];
        foreach (ushort call in Allowed)
        {
            program.Add(Jump(call, 0, 1));
            program.Add(Return(ReturnAllow));
        }

        program.Add(Jump(SysIoctl, 1, 0));
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

    private static Instruction Jump(uint value, byte ifEqual, byte otherwise) => new(0x15 /* BPF_JEQ */, ifEqual, otherwise, value);

    private static Instruction Return(uint action) => new(0x06 /* BPF_RET */, 0, 0, action);

    // struct sock_filter
    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Operand);

    // struct sock_fprog
    private struct Program
    {
        public ushort Length;
        public Instruction* Instructions;
    }
}
