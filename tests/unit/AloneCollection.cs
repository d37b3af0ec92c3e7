using Xunit;

namespace Imaged.UnitTests;

/// <summary>Tests that measure the whole process, and so run when no other one does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
