using System.Buffers.Binary;

namespace Imaged.Formats.Udf;

/// <summary>The device specification attribute (ECMA-167 4/14.10.7).</summary>
internal static class UdfDevice
{
    /// <summary>Finds the numbers of a device among the extended attributes; 0:0 when they are not there.</summary>
    /// <param name="attributes">The attributes' area of an entry.</param>
    public static (uint Major, uint Minor) Find(ReadOnlySpan<byte> attributes)
    {
        const int HeaderLength = 24;
        const uint DeviceSpecification = 12;
        if (attributes.Length < HeaderLength || !UdfTag.TryParse(attributes, out UdfTag tag)
            || tag.Id != UdfTagId.AttributeHeader)
        {
            return (0, 0);
        }

        ReadOnlySpan<byte> rest = attributes[HeaderLength..];
        while (rest.Length >= 12)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]);
            if (length < 12 || length > rest.Length)
            {
                break;
            }

            if (BinaryPrimitives.ReadUInt32LittleEndian(rest) == DeviceSpecification && length >= 24)
            {
                return (BinaryPrimitives.ReadUInt32LittleEndian(rest[16..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(rest[20..]));
            }

            rest = rest[(int)length..];
        }

        return (0, 0);
    }
}
