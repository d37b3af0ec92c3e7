using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Automount;

/// <summary>What is to be mounted by itself.</summary>
/// <param name="Handle">Opened for reading.</param>
/// <param name="Folder">The folder that holds it, for sibling files; null for none.</param>
/// <param name="Path">Its path, for people.</param>
/// <param name="Trigger">By which its mounts are known again.</param>
internal sealed record AutomountImage(SafeFileHandle Handle, SafeFileHandle? Folder, string Path, string Trigger);
