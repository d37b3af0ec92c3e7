using Xunit.Sdk;
using Xunit.v3;

// Each test counts the loop devices, mounts and processes of the machine: one at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
