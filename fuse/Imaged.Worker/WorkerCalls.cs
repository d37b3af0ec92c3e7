using System.Collections.Immutable;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Fuse.Session;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Imaged.Worker.Open;
using Imaged.Worker.Plan;
using Imaged.Worker.Run;
using Microsoft.Win32.SafeHandles;
using Json = Imaged.Ipc.Contract.ContractJson;

namespace Imaged.Worker;

/// <summary>The methods of <c>io.imaged.Worker</c>.</summary>
internal static class WorkerCalls
{
    /// <summary>The interface on a host.</summary>
    public static IVarlinkInterface CreateInterface(WorkerHost host)
    {
        VarlinkInterface calls = new(WorkerInterface.Name, WorkerInterface.Description);
        calls.On(WorkerInterface.Open, Guard<OpenParameters>((call, parameters) => Open(host, call, parameters)));
        calls.On(WorkerInterface.Plan, Guard<PlanParameters>((call, parameters) => Plan(host, call, parameters)));
        calls.On(WorkerInterface.Serve, Guard<ServeParameters>((call, parameters) => Serve(host, call, parameters)));
        calls.On(WorkerInterface.Handover, Guard<Nothing>((call, _) =>
        {
            (HandoverReply reply, IReadOnlyList<SafeFileHandle> handles) = host.Handover();
            call.Reply(reply, Json.Default.HandoverReply, [.. handles]);
        }));
        calls.On(WorkerInterface.List, Guard<ListParameters>((call, parameters) => List(host, call, parameters)));
        calls.On(WorkerInterface.Cat, Guard<CatParameters>((call, parameters) => Cat(host, call, parameters)));
        calls.On(WorkerInterface.Copy, Guard<CopyParameters>((call, parameters) => Copy(host, call, parameters)));
        calls.On(
            WorkerInterface.NameOutputs,
            Guard<NameOutputsParameters>((call, parameters) => NameOutputs(host, call, parameters)));
        calls.On(
            WorkerInterface.Convert, Guard<ConvertParameters>((call, parameters) => Convert(host, call, parameters)));
        calls.On(
            WorkerInterface.Backup, Guard<BackupParameters>((call, parameters) => Backup(host, call, parameters)));
        calls.On(
            WorkerInterface.ReadBackup,
            Guard<ReadBackupParameters>((call, parameters) => ReadBackup(call, parameters)));
        calls.On(
            WorkerInterface.Restore, Guard<RestoreParameters>((call, parameters) => Restore(host, call, parameters)));
        calls.On(WorkerInterface.Verify, Guard<VerifyParameters>((call, p) => Verify(host, call, p)));
        calls.On(
            WorkerInterface.Formats,
            Guard<Nothing>((call, _) => call.Reply(DescribeFormats(), Json.Default.FormatsReply)));
        return calls;
    }

    // Errors of formats become errors of the contract here and nowhere else.
    private static Action<VarlinkCall, T> Guard<T>(Action<VarlinkCall, T> handler) => (call, parameters) =>
    {
        try
        {
            handler(call, parameters);
        }
        catch (ImageFormatException error)
        {
            throw new ImagedException(ErrorKind.BadImage, error.Message, error)
            {
                Format = error.Format,
                Offset = error.Offset,
            };
        }
        catch (UnsupportedFeatureException error)
        {
            throw new ImagedException(ErrorKind.Unsupported, error.Message, error)
            {
                Format = error.Format,
                Feature = error.Feature,
            };
        }
        catch (PasswordException error)
        {
            string remedy = error.IsMissing ? "; name a file that holds it with --password-file" : string.Empty;
            throw new ImagedException(ErrorKind.PermissionDenied, error.Message + remedy, error);
        }
        catch (AmbiguousImageException error)
        {
            throw new ImagedException(ErrorKind.Ambiguous, error.Message, error) { Choices = error.Choices };
        }
        catch (FileNotFoundException error)
        {
            throw new ImagedException(ErrorKind.NotFound, error.Message, error);
        }
        catch (OutOfMemoryException error)
        {
            throw new ImagedException(
                ErrorKind.LimitExceeded, "the image needs more memory than a worker may use", error);
        }
        catch (IOException error) when (error is not LinuxException)
        {
            throw new ImagedException(ErrorKind.HostError, error.Message, error) { Errno = error.HResult & 0xffff };
        }
    };

    private static void Open(WorkerHost host, VarlinkCall call, OpenParameters parameters)
    {
        SafeFileHandle image = call.TakeDescriptor(parameters.Image, "image");
        SafeFileHandle? password = call.TakeDescriptor(parameters.Options.Password, "password");
        ProgressMeter meter = new(level =>
            call.ReplyContinues(new OpenReply { Progress = Map(level) }, Json.Default.OpenReply));
        long done = -1;
        OpenedImage opened = host.Open(image, parameters.Name, parameters.Options, password, (now, total) =>
        {
            if (done < 0 || now < done)
            {
                meter.Begin("index", total);
                done = 0;
            }

            meter.Add(now - done);
            done = now;
        });
        call.Reply(new OpenReply { Info = ImageInfoMapper.Map(opened) }, Json.Default.OpenReply);
    }

    private static void Plan(WorkerHost host, VarlinkCall call, PlanParameters parameters)
    {
        PlanSubject subject = AttachPlanner.Describe(host.Image, parameters.Request.Purpose);
        AttachPlan plan = AttachPlanner.Plan(subject, parameters.Request);
        if (plan.Kind == PlanKind.DirectLoop)
        {
            SafeFileHandle file = host.Image.Files.HandleOf(subject.Run!.Value.FileIndex);
            call.Reply(new PlanReply { Plan = plan, File = 0 }, Json.Default.PlanReply, [file]);
            return;
        }

        if (plan.Kind == PlanKind.FuseTree)
        {
            // What is wrong with the tree is said now, not by a mount that cannot be read.
            _ = host.Tree.Root;
        }

        call.Reply(new PlanReply { Plan = plan }, Json.Default.PlanReply);
    }

    private static void Serve(WorkerHost host, VarlinkCall call, ServeParameters parameters)
    {
        SafeFileHandle device = call.TakeDescriptor(parameters.Device, "device");
        SafeFileHandle journal = parameters.Journal >= 0
            ? call.TakeDescriptor(parameters.Journal, "journal")
            : RequestJournal.CreateFile(Math.Clamp(parameters.Threads, 1, RequestJournal.MaxSlots));
        host.Serve(device, journal, parameters);
        call.Reply(new Nothing(), Json.Default.Nothing, [journal]);
    }

    private static void List(WorkerHost host, VarlinkCall call, ListParameters parameters)
    {
        call.RequireMore();
        NodeInfo node = TreePath.Find(host.Tree, parameters.Path, follow: false);
        byte[] name = Encoding.UTF8.GetBytes(Path.GetFileName(parameters.Path.TrimEnd('/')));
        EntryLister lister = new(host.Tree, batch =>
            call.ReplyContinues(new ListReply { Entries = batch }, Json.Default.ListReply));
        call.Reply(new ListReply { Entries = lister.List(node, name, parameters.Recursive) }, Json.Default.ListReply);
    }

    private static void Cat(WorkerHost host, VarlinkCall call, CatParameters parameters)
    {
        using SafeFileHandle output = call.TakeDescriptor(parameters.Output, "output");
        NodeInfo node = TreePath.Find(host.Tree, parameters.Path, follow: true);
        if (node.Type != FileType.Regular)
        {
            string what = node.Type == FileType.Directory ? "a directory" : "no regular file";
            throw new ImagedException(ErrorKind.InvalidArgument, $"'{parameters.Path}' is {what}") { Field = "path" };
        }

        host.Image.StartReadAhead();
        using BlockSource file = host.Tree.OpenFile(node.Id);
        SourceCopy.ToStream(file, output, new ProgressMeter(_ => { }));
        call.Reply(new CatReply { Size = file.Length }, Json.Default.CatReply);
    }

    private static void Copy(WorkerHost host, VarlinkCall call, CopyParameters parameters)
    {
        if (host.Destination is null)
        {
            throw new ImagedException(ErrorKind.InvalidArgument, "the worker was started without a destination");
        }

        NodeInfo node = TreePath.Find(host.Tree, parameters.Path, follow: false);
        ProgressMeter meter =
            new(level => call.ReplyContinues(new CopyReply { Progress = Map(level) }, Json.Default.CopyReply));
        meter.Begin("copy", 0);
        TreeCopy copy = new(host.Tree, meter);
        using HostDirectory destination = new(HostPath.Duplicate(host.Destination));
        copy.Copy(node, parameters.Name is null ? null : Encoding.UTF8.GetBytes(parameters.Name), destination);
        List<string> warnings = copy.Problems;
        if (copy.ProblemCount > warnings.Count)
        {
            warnings.Add($"and {copy.ProblemCount - warnings.Count} more of this kind");
        }

        call.Reply(
            new CopyReply
            {
                Progress = new Progress { Phase = "done", Done = copy.Files, Total = copy.Files },
                Warnings = warnings,
            },
            Json.Default.CopyReply);
    }

    private static void NameOutputs(WorkerHost host, VarlinkCall call, NameOutputsParameters parameters)
    {
        ImmutableArray<WriterFile> files = PlanFiles(host, parameters.Format, parameters.Name);
        string stem = Path.GetFileNameWithoutExtension(parameters.Name);
        string[] names = [parameters.Name, .. files.Skip(1).Select(file => stem + file.Extension)];
        call.Reply(new NameOutputsReply { Names = names }, Json.Default.NameOutputsReply);
    }

    private static void Convert(WorkerHost host, VarlinkCall call, ConvertParameters parameters)
    {
        ImmutableArray<WriterFile> files = PlanFiles(host, parameters.Format, parameters.Name);
        List<SafeFileHandle> outputs = [];
        try
        {
            outputs.AddRange(parameters.Outputs.Select(index => call.TakeDescriptor(index, "outputs")));
            if (outputs.Count != files.Length)
            {
                throw new ImagedException(
                    ErrorKind.InvalidArgument,
                    $"{parameters.Format} takes {files.Length} files, not {outputs.Count}: name the first one")
                {
                    Field = "outputs",
                };
            }

            long total = files.Sum(file => file.Content.Length);
            ProgressMeter meter = new(level =>
                call.ReplyContinues(new ConvertReply { Progress = Map(level) }, Json.Default.ConvertReply));
            meter.Begin("convert", total);
            if (files.Length == 1)
            {
                files[0].Content.ExpectOnePass();
            }

            for (int i = 0; i < outputs.Count; i++)
            {
                if (HostPath.Identify(outputs[i]).IsRegular)
                {
                    SourceCopy.ToFile(files[i].Content, outputs[i], meter);
                }
                else
                {
                    host.Image.StartReadAhead();
                    SourceCopy.ToStream(files[i].Content, outputs[i], meter);
                }
            }

            call.Reply(
                new ConvertReply { Progress = new Progress { Phase = "done", Done = total, Total = total } },
                Json.Default.ConvertReply);
        }
        finally
        {
            outputs.ForEach(output => output.Dispose());
        }
    }

    private static ImmutableArray<WriterFile> PlanFiles(WorkerHost host, string format, string name)
    {
        ImageWriter writer = ImageWriters.Find(format.Length == 0 ? "raw" : format)
            ?? throw new UnsupportedFeatureException(
                format,
                $"writing this format ({string.Join(", ", ImageWriters.All.Select(known => known.Id))} are written)");
        OpenedImage image = host.Image;
        return writer.Plan(
            new WriterInput(image.ChooseCopy(), image.Disc, image.Track), Path.GetFileNameWithoutExtension(name));
    }

    private static void Backup(WorkerHost host, VarlinkCall call, BackupParameters parameters)
    {
        call.RequireMore();
        using SafeFileHandle output = call.TakeDescriptor(parameters.Output, "output");
        using SafeFileHandle? parent =
            parameters.Parent is null ? null : call.TakeDescriptor(parameters.Parent, "parent");
        ProgressMeter meter = new(level =>
            call.ReplyContinues(new BackupReply { Progress = Map(level) }, Json.Default.BackupReply));
        BackupSummary summary = new BackupRun(host.Image, parameters, meter).Run(output, parent);
        call.Reply(
            new BackupReply
            {
                Progress = new Progress { Phase = "done", Done = summary.Used, Total = summary.Used },
                Summary = summary,
            },
            Json.Default.BackupReply);
    }

    private static void ReadBackup(VarlinkCall call, ReadBackupParameters parameters)
    {
        using SafeFileHandle file = call.TakeDescriptor(parameters.File, "file");
        call.Reply(new ReadBackupReply { Backup = BackupRun.Describe(file) }, Json.Default.ReadBackupReply);
    }

    private static void Restore(WorkerHost host, VarlinkCall call, RestoreParameters parameters)
    {
        call.RequireMore();
        List<RestoreTarget> targets = [];
        try
        {
            foreach (RestoreTo to in parameters.Targets)
            {
                SafeFileHandle device = call.TakeDescriptor(to.Device, "device");
                targets.Add(new(to.Name, device, call.TakeDescriptor(to.Direct, "direct")));
            }

            ProgressMeter meter = new(level =>
                call.ReplyContinues(new RestoreReply { Progress = Map(level) }, Json.Default.RestoreReply));
            RestoreSummary summary = new RestoreRun(host.Image, parameters, meter).Run(targets);
            call.Reply(
                new RestoreReply
                {
                    Progress = new Progress { Phase = "done", Done = summary.Used, Total = summary.Used },
                    Summary = summary,
                },
                Json.Default.RestoreReply);
        }
        finally
        {
            targets.ForEach(target => target.Dispose());
        }
    }

    private static void Verify(WorkerHost host, VarlinkCall call, VerifyParameters parameters)
    {
        using SafeFileHandle? against = call.TakeDescriptor(parameters.Against, "against");
        ProgressMeter meter = new(level =>
            call.ReplyContinues(new VerifyReply { Progress = Map(level) }, Json.Default.VerifyReply));
        VerifyJob job = new(host.Image, meter);
        if (against is null)
        {
            host.Image.StartReadAhead();
            job.Run();
        }
        else
        {
            job.RunAgainst(against, parameters.AgainstName ?? string.Empty);
        }

        call.Reply(
            new VerifyReply
            {
                Progress = new Progress { Phase = "done" },
                Problems =
                [
                    .. job.Problems.Select(
                        p => new Problem { Layer = p.Layer, Offset = p.Offset, Message = p.Message }),
                ],
                Confirmed = job.Confirmed,
            },
            Json.Default.VerifyReply);
    }

    private static FormatsReply DescribeFormats() => new()
    {
        Formats =
        [
            .. ImageFormats.All.Select(entry => new FormatRow
            {
                Id = entry.Info.Id,
                Title = entry.Info.Title,
                Extensions = entry.Info.Extensions,
                Abilities = [.. Enum.GetValues<FormatCaps>()
                    .Where(cap => cap == FormatCaps.Write
                        ? ImageWriters.Find(entry.Info.Id) is not null
                        : cap != FormatCaps.None && entry.Info.Caps.HasFlag(cap))
                    .Select(cap => cap.ToString().ToLowerInvariant())],
            }),
        ],
        FileSystems =
        [
            .. FileSystems.All.Select(entry => new FileSystemRow
            {
                Id = entry.Info.Id,
                Title = entry.Info.Title,
                Readable = entry.Info.CanRead,
            }),
        ],
        PartitionTables = [.. PartitionTables.All.Select(entry => entry.Id)],
    };

    private static Progress Map(JobLevel level) =>
        new() { Phase = level.Phase, Done = level.Done, Total = level.Total };
}
