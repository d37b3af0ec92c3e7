namespace Imaged.Formats.Codecs;

/// <summary>How the channels of a FLAC frame are stored (RFC 9639 section 9.1.3).</summary>
internal enum FlacAssignment
{
    /// <summary>Each for itself.</summary>
    Independent,

    /// <summary>Left, and left minus right.</summary>
    LeftSide,

    /// <summary>Left minus right, and right.</summary>
    SideRight,

    /// <summary>Half of the sum, and left minus right.</summary>
    MidSide,
}
