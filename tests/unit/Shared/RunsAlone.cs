using Xunit;

namespace Imaged.UnitTests.Shared;

/// <summary>Tests that no other test may run beside, as they measure the whole process.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class RunsAlone;
