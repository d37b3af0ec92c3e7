using Imaged.Bench;
using Imaged.Bench.Rows;

IRow[] rows =
[
    new RawLoopRow(), new FuseFileRow(), new Ext4OverFuseRow(), new DiscTreeRow(), new LatencyRow(),
    new ManyImagesRow(), new MemoryRow(), new AllocationRow(), new ConvertRow(), new ReadAheadRow(), new SectorsRow(),
    new FirstByteRow(), new BackupRow(),
];
if (args is ["list"])
{
    Console.WriteLine(string.Join('\n', rows.Select(row => row.Name)));
    return 0;
}

IRow[] wanted = args.Length == 0 ? rows : [.. rows.Where(row => args.Contains(row.Name))];
if (wanted.Length == 0)
{
    Console.Error.WriteLine($"no such row; there are: {string.Join(' ', rows.Select(row => row.Name))}");
    return 2;
}

int status = 0;
foreach (IRow row in wanted)
{
    Report report = new(row.Name);
    try
    {
        row.Run(report);
        report.Save();
    }
    catch (Exception error)
    {
        Console.Error.WriteLine($"{row.Name}: {error}");
        status = 1;
    }
}

Report.Assemble(rows.Select(row => row.Name));
return status;
