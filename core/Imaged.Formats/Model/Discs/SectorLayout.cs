namespace Imaged.Formats.Model;

/// <summary>Kind of a track.</summary>
public enum TrackMode
{
    /// <summary>Sound: 588 stereo samples of 16 bits in a sector.</summary>
    Audio,

    /// <summary>2048 bytes of data with error correction; also a DVD or Blu-ray disc.</summary>
    Mode1,

    /// <summary>2336 bytes; with subheaders (XA) in Form 1, 2048 bytes, and Form 2, 2324 bytes.</summary>
    Mode2,
}

/// <summary>Which part of the 2352 bytes of a sector an image stores (ECMA-130 section 14, and CD-ROM XA).</summary>
public enum SectorLayout
{
    /// <summary>2048 bytes: the user data of Mode 1 or Form 1.</summary>
    Data2048,

    /// <summary>2056 bytes: subheader and Form 1 data.</summary>
    Subheader2056,

    /// <summary>2324 bytes: Form 2 data.</summary>
    Form2Data2324,

    /// <summary>2328 bytes: Form 2 data and its checksum.</summary>
    Form2Checked2328,

    /// <summary>2332 bytes: subheader and 2324 bytes.</summary>
    Subheader2332,

    /// <summary>2336 bytes: all behind the header.</summary>
    Mode2Data2336,

    /// <summary>2340 bytes: all behind the sync pattern.</summary>
    Header2340,

    /// <summary>2352 bytes: everything.</summary>
    Raw2352,
}

/// <summary>How subchannel bytes are stored.</summary>
public enum SubchannelLayout
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>96 bytes; each has one bit of every channel, P in bit 7.</summary>
    Interleaved,

    /// <summary>96 bytes: twelve of P, twelve of Q, and so on.</summary>
    Linear,

    /// <summary>16 bytes: Q with its checksum, and padding.</summary>
    Q16,

    /// <summary>96 bytes with six bits each: R to W.</summary>
    PackedRw,
}

/// <summary>Sizes of stored sectors.</summary>
public static class SectorLayouts
{
    /// <summary>Bytes of a whole sector.</summary>
    public const int RawLength = 2352;

    /// <summary>Bytes of user data in a sector of Mode 1 and Form 1.</summary>
    public const int DataLength = 2048;

    /// <summary>Bytes of subchannel of a sector.</summary>
    public const int SubchannelLength = 96;

    /// <summary>Stored bytes of the main channel.</summary>
    public static int Length(this SectorLayout layout) => layout switch
    {
        SectorLayout.Data2048 => 2048,
        SectorLayout.Subheader2056 => 2056,
        SectorLayout.Form2Data2324 => 2324,
        SectorLayout.Form2Checked2328 => 2328,
        SectorLayout.Subheader2332 => 2332,
        SectorLayout.Mode2Data2336 => 2336,
        SectorLayout.Header2340 => 2340,
        _ => RawLength,
    };

    /// <summary>Where the stored part begins in the whole sector.</summary>
    public static int Begin(this SectorLayout layout, TrackMode mode) => layout switch
    {
        SectorLayout.Data2048 => mode == TrackMode.Mode2 ? 24 : 16,
        SectorLayout.Form2Data2324 or SectorLayout.Form2Checked2328 => 24,
        SectorLayout.Subheader2056 or SectorLayout.Subheader2332 or SectorLayout.Mode2Data2336 => 16,
        SectorLayout.Header2340 => 12,
        _ => 0,
    };

    /// <summary>The layout of this stored length; null when there is none.</summary>
    public static SectorLayout? OfLength(int length) => length switch
    {
        2048 => SectorLayout.Data2048,
        2056 => SectorLayout.Subheader2056,
        2324 => SectorLayout.Form2Data2324,
        2328 => SectorLayout.Form2Checked2328,
        2332 => SectorLayout.Subheader2332,
        2336 => SectorLayout.Mode2Data2336,
        2340 => SectorLayout.Header2340,
        2352 => SectorLayout.Raw2352,
        _ => null,
    };

    /// <summary>Stored bytes of the subchannel.</summary>
    public static int Length(this SubchannelLayout layout) => layout switch
    {
        SubchannelLayout.None => 0,
        SubchannelLayout.Q16 => 16,
        _ => SubchannelLength,
    };
}
