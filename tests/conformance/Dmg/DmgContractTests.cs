using Imaged.TestKit.Contracts;

namespace Imaged.Conformance.Dmg;

/// <summary>The contract of images, for UDIF with zlib.</summary>
public sealed class DmgContractTests : ImageContract
{
    protected override string Sample => "dmg/dmgwiz-input_zlib.dmg";

    protected override string Format => "dmg";
}

/// <summary>The contract of images, for UDIF with LZFSE.</summary>
public sealed class DmgLzfseContractTests : ImageContract
{
    protected override string Sample => "dmg/ronin-hfsplus_lzfse.dmg";

    protected override string Format => "dmg";
}

/// <summary>The contract of images, for UDIF with ADC.</summary>
public sealed class DmgAdcContractTests : ImageContract
{
    protected override string Sample => "dmg/ronin-hfsplus_adc.dmg";

    protected override string Format => "dmg";
}

/// <summary>The contract of images, for UDIF that stores sectors as they are.</summary>
public sealed class DmgRawContractTests : ImageContract
{
    protected override string Sample => "dmg/dmgwiz-input_ro.dmg.xz";

    protected override string Format => "dmg";
}
