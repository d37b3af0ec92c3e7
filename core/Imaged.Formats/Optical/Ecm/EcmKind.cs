namespace Imaged.Formats.Optical.Ecm;

/// <summary>How bytes of an ECM file are stored; the first four are the numbers of records.</summary>
internal enum EcmKind
{
    /// <summary>As they are.</summary>
    Literal,

    /// <summary>Whole Mode 1 sectors: address and user data are stored.</summary>
    Mode1,

    /// <summary>Form 1 sectors without sync pattern and header: one subheader and user data are stored.</summary>
    Form1,

    /// <summary>Form 2 sectors, as <see cref="Form1"/>.</summary>
    Form2,

    /// <summary>Of a run: several records, too short to be runs of their own.</summary>
    Mixed,
}
