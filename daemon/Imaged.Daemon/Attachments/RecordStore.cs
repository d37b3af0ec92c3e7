using System.Text.Json;
using Imaged.Linux;

namespace Imaged.Daemon.Attachments;

/// <summary>Keeps the records, one file each. A record is whole or not there: it is written under another name and
/// renamed.</summary>
internal sealed class RecordStore
{
    private readonly string _folder;

    /// <summary>A store in <paramref name="stateFolder"/>.</summary>
    public RecordStore(string stateFolder)
    {
        _folder = Path.Combine(stateFolder, "attachments");
        Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Writes a record.</summary>
    public void Save(AttachmentRecord record) => WholeFile.Write(
        PathOf(record.Id), JsonSerializer.SerializeToUtf8Bytes(record, RecordJson.Default.AttachmentRecord));

    /// <summary>Removes a record, if it is there.</summary>
    public void Remove(string id) => File.Delete(PathOf(id));

    /// <summary>All records; what cannot be read is told and removed.</summary>
    /// <param name="unreadable">Called with the file's name and what is wrong with it.</param>
    public IReadOnlyList<AttachmentRecord> Load(Action<string, string> unreadable)
    {
        List<AttachmentRecord> records = [];
        foreach (string file in Directory.EnumerateFiles(_folder, "*.json"))
        {
            try
            {
                AttachmentRecord? record =
                    JsonSerializer.Deserialize(File.ReadAllBytes(file), RecordJson.Default.AttachmentRecord);
                if (record is { Version: AttachmentRecord.CurrentVersion } && PathOf(record.Id) == file)
                {
                    records.Add(record);
                    continue;
                }

                unreadable(file, "it is of another version");
            }
            catch (JsonException error)
            {
                unreadable(file, error.Message);
            }

            File.Delete(file);
        }

        return records;
    }

    private string PathOf(string id) => Path.Combine(_folder, id + ".json");
}
