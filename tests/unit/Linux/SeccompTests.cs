using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Imaged.Linux;
using Xunit;

namespace Imaged.UnitTests.Linux;

public sealed partial class SeccompTests
{
    private const uint Allow = 0x7fff0000; // linux/seccomp.h
    private const uint NotPermitted = 0x00050001;
    private const uint NotThere = 0x00050026;
    private const uint Kill = 0x80000000;

    [Theory]
    [InlineData(Architecture.X64, 0xC000003E, 0xC00000B7)] // linux/audit.h
    [InlineData(Architecture.Arm64, 0xC00000B7, 0xC000003E)]
    public void The_program_allows_its_table_and_nothing_else(Architecture architecture, uint own, uint other)
    {
        SeccompTable table = SeccompTable.Of(architecture)!;
        Seccomp.Instruction[] program = Seccomp.Build(table);
        Assert.InRange(program.Length, 1, 4096); // BPF_MAXINSNS
        for (uint call = 0; call < 1024; call++)
        {
            uint expected = call == 435 ? NotThere : table.Allowed.Contains((ushort)call) ? Allow : NotPermitted;
            Assert.Equal(expected, Run(program, own, call, 0));
            Assert.Equal(Kill, Run(program, other, call, 0));
        }

        Assert.Equal(Kill, Run(program, own, 0x40000000, 0)); // x32
        Assert.Equal(Allow, Run(program, own, table.Ioctl, 0x80081272)); // BLKGETSIZE64
        Assert.Equal(NotPermitted, Run(program, own, table.Ioctl, 0x5412)); // TIOCSTI
        Assert.Equal(NotPermitted, Run(program, own, 1023, 0x80081272));
    }

    [Fact]
    public void Both_tables_name_the_same_calls_in_the_headers_of_the_kernel()
    {
        string[] x64 = Names(Architecture.X64, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", out HashSet<string> _);
        string[] arm64 = Names(Architecture.Arm64, "/usr/include/asm-generic/unistd.h", out HashSet<string> known);
        Assert.Equal(x64.Where(known.Contains).Order(), arm64.Order());
        string[] dangerous =
        [
            "execve", "execveat", "ptrace", "mount", "umount2", "socket", "connect", "bind", "bpf", "setns", "unshare",
            "keyctl", "kill", "init_module", "open_by_handle_at", "process_vm_readv", "io_uring_setup", "userfaultfd",
        ];
        Assert.Empty(x64.Intersect(dangerous));
        Assert.Empty(arm64.Intersect(dangerous));
        Assert.Equal(
            "seccomp ioctl", string.Join(' ', Own(Architecture.X64, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h")));
        Assert.Equal("seccomp ioctl", string.Join(' ', Own(Architecture.Arm64, "/usr/include/asm-generic/unistd.h")));
    }

    [Fact]
    public void Other_processors_have_no_table() => Assert.Null(SeccompTable.Of(Architecture.RiscV64));

    private static string[] Names(Architecture architecture, string header, out HashSet<string> known)
    {
        Dictionary<int, string> names = Read(header);
        known = [.. names.Values];
        return [.. SeccompTable.Of(architecture)!.Allowed.Select(number => names[number])];
    }

    private static string[] Own(Architecture architecture, string header)
    {
        SeccompTable table = SeccompTable.Of(architecture)!;
        Dictionary<int, string> names = Read(header);
        return [names[table.Seccomp], names[table.Ioctl]];
    }

    private static Dictionary<int, string> Read(string header)
    {
        Assert.SkipUnless(File.Exists(header), $"needs {header}");
        Dictionary<int, string> names = [];
        foreach (Match match in Define().Matches(File.ReadAllText(header)))
        {
            // The generic header says fstatat where all architectures but 32-bit ones have newfstatat.
            string name = match.Groups[1].Value;
            names.TryAdd(
                int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture),
                name == "fstatat" ? "newfstatat" : name);
        }

        return names;
    }

    // What the kernel does with the instructions that the filter has.
    private static uint Run(Seccomp.Instruction[] program, uint architecture, uint call, uint argument)
    {
        uint accumulator = 0;
        for (int i = 0; ; i++)
        {
            Seccomp.Instruction instruction = program[i];
            switch (instruction.Code)
            {
                case 0x20: // BPF_LD | BPF_W | BPF_ABS of struct seccomp_data
                    accumulator = instruction.Operand switch
                    {
                        0 => call,
                        4 => architecture,
                        24 => argument,
                        _ => throw new ArgumentOutOfRangeException(nameof(program)),
                    };
                    break;
                case 0x15: // BPF_JMP | BPF_JEQ
                    i += accumulator == instruction.Operand ? instruction.IfTrue : instruction.IfFalse;
                    break;
                case 0x35: // BPF_JMP | BPF_JGE
                    i += accumulator >= instruction.Operand ? instruction.IfTrue : instruction.IfFalse;
                    break;
                case 0x06: // BPF_RET
                    return instruction.Operand;
                default:
                    throw new ArgumentOutOfRangeException(nameof(program));
            }
        }
    }

    [GeneratedRegex(@"^#define __NR(?:3264)?_(\w+) (\d+)$", RegexOptions.Multiline)]
    private static partial Regex Define();
}
