namespace Imaged.Fuse.Abi;

/// <summary>Abilities that INIT negotiates; only those that imaged uses (<c>FUSE_*</c> in linux/fuse.h). Bits from 32
/// on travel in <c>flags2</c> and count only together with <see cref="InitExt"/>.</summary>
[Flags]
internal enum FuseInitFlags : ulong
{
    AsyncRead = 1UL << 0,
    BigWrites = 1UL << 5,
    DoReadDirPlus = 1UL << 13,
    AsyncDirectIo = 1UL << 15,
    ParallelDirOps = 1UL << 18,
    AbortError = 1UL << 21,
    MaxPages = 1UL << 22,
    CacheSymlinks = 1UL << 23,
    NoOpenDirSupport = 1UL << 24,
    ExplicitInvalidation = 1UL << 25,
    InitExt = 1UL << 30,
    HasResend = 1UL << 39,
}
