using System.Runtime.InteropServices;

namespace Imaged.Linux;

/// <summary>Numbers of the system calls that a worker may make, of one processor architecture (asm/unistd.h of
/// Linux).</summary>
internal sealed class SeccompTable
{
    // The same calls in both tables, in the same groups; arm64 never had the older of two calls for one thing.
    private static readonly SeccompTable X64 = new(0xC000003E, 317, 16,
    [
        // reading and writing
        0, 1, 3, 5, 8, 17, 18, 19, 20, 295, 296, 327, 328,
        // memory
        9, 10, 11, 12, 25, 26, 27, 28, 149, 150, 325, 319, 239,
        // signals of our own threads
        13, 14, 15, 131, 128, 219, 234,
        // threads and time
        24, 35, 39, 56, 60, 186, 202, 203, 204, 218, 228, 229, 230, 231, 273, 309, 324, 334, 96, 201, 140, 143, 145,
        // sockets, events, pipes
        46, 47, 44, 45, 48, 51, 52, 53, 54, 55, 43, 288, 7, 271, 213, 232, 233, 281, 291, 290, 293, 32, 33, 292, 50,
        // facts about this process and machine
        63, 72, 73, 79, 98, 99, 100, 102, 104, 107, 108, 110, 115, 137, 138, 157, 158, 302, 97, 318, 436,
        // opening and looking: Landlock has the say
        2, 4, 6, 21, 89, 217, 257, 262, 267, 269, 332, 437, 439, 187, 221,
        // writing to what we were given
        74, 75, 76, 77, 285, 326, 40, 275,
        // making and changing files, which cp does
        82, 83, 84, 87, 88, 86, 90, 91, 92, 93, 94, 133, 258, 259, 260, 263, 264, 265, 266, 268, 280, 316,
        // extended attributes, which cp copies
        188, 189, 190, 191, 192, 193, 194, 195, 196,
    ]);

    private static readonly SeccompTable Arm64 = new(0xC00000B7, 277, 29,
    [
        // reading and writing
        57, 62, 63, 64, 65, 66, 67, 68, 69, 70, 80, 286, 287,
        // memory
        214, 215, 216, 222, 226, 227, 228, 229, 232, 233, 236, 279, 284,
        // signals of our own threads
        128, 131, 132, 134, 135, 137, 139,
        // threads and time
        93, 94, 96, 98, 99, 101, 113, 114, 115, 120, 121, 122, 123, 124, 141, 168, 169, 172, 178, 220, 283, 293,
        // sockets, events, pipes
        19, 20, 21, 22, 23, 24, 59, 73, 199, 201, 202, 204, 205, 206, 207, 208, 209, 210, 211, 212, 242,
        // facts about this process and machine
        17, 25, 32, 43, 44, 153, 158, 160, 163, 165, 167, 173, 174, 175, 176, 177, 179, 261, 278, 436,
        // opening and looking: Landlock has the say
        48, 56, 61, 78, 79, 213, 223, 291, 437, 439,
        // writing to what we were given
        45, 46, 47, 71, 76, 82, 83, 285,
        // making and changing files, which cp does
        33, 34, 35, 36, 37, 38, 52, 53, 54, 55, 88, 276,
        // extended attributes, which cp copies
        5, 6, 7, 8, 9, 10, 11, 12, 13,
    ]);

    private SeccompTable(uint auditArchitecture, int seccomp, ushort ioctl, ushort[] allowed)
    {
        AuditArchitecture = auditArchitecture;
        Seccomp = seccomp;
        Ioctl = ioctl;
        Allowed = allowed;
    }

    /// <summary>AUDIT_ARCH_* of linux/audit.h, which the kernel gives the filter.</summary>
    public uint AuditArchitecture { get; }

    /// <summary>Number of seccomp(2).</summary>
    public int Seccomp { get; }

    /// <summary>Number of ioctl(2), of which the filter looks at the request.</summary>
    public ushort Ioctl { get; }

    /// <summary>What may be called with any arguments.</summary>
    public IReadOnlyList<ushort> Allowed { get; }

    /// <summary>The table of an architecture; null when there is none.</summary>
    public static SeccompTable? Of(Architecture architecture) => architecture switch
    {
        Architecture.X64 => X64,
        Architecture.Arm64 => Arm64,
        _ => null,
    };
}
