using System.Reflection;
using Imaged.Daemon;
using Imaged.Daemon.Config;
using Imaged.Daemon.Journal;
using Imaged.Linux;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

const int ExitFailed = 1;
const int ExitUsage = 2;

if (args is ["--help" or "-h"])
{
    Console.WriteLine(DaemonOptions.Usage);
    return 0;
}

if (args is ["--version"])
{
    Console.WriteLine("imaged " + typeof(DaemonService).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion);
    return 0;
}

DaemonOptions? options = DaemonOptions.Parse(args, out string? problem);
if (options is null)
{
    Console.Error.WriteLine($"imaged: {problem}; see imaged --help");
    return ExitUsage;
}

if (options.CheckConfig)
{
    IReadOnlyList<string> wrong = DaemonConfig.Load(options.ConfigFile).Problems;
    foreach (string line in wrong)
    {
        Console.Error.WriteLine($"imaged: '{options.ConfigFile}', {Text.Escape(line)}");
    }

    return wrong.Count == 0 ? 0 : ExitFailed;
}

if (!Environment.IsPrivilegedProcess)
{
    Console.Error.WriteLine(
        "imaged: must run as root; info, ls, cat, cp, convert and verify of imagectl need no daemon");
    return ExitFailed;
}

HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
builder.Logging.SetMinimumLevel(LogLevel.Information);
builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
if (SystemdJournal.IsStandardError)
{
    builder.Logging.AddProvider(new JournalLoggerProvider(SystemdJournal.DefaultSocket));
}
else
{
    builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
}

builder.Services.AddSystemd();
builder.Services.AddSingleton(options);
builder.Services.AddHostedService<DaemonService>();
try
{
    using IHost host = builder.Build();
    await host.RunAsync();
    return 0;
}
catch (IOException error)
{
    Console.Error.WriteLine($"imaged: {error.Message}");
    return ExitFailed;
}
