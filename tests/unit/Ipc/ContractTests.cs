using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Xunit;

namespace Imaged.UnitTests.Ipc;

/// <summary>The descriptions that others read and the records that we send are the same.</summary>
public sealed class ContractTests
{
    [Fact]
    public void The_worker_is_described_as_it_is() =>
        AssertSame(WorkerInterface.Name, WorkerInterface.Description, WorkerInterface.Methods);

    [Fact]
    public void The_manager_is_described_as_it_is() =>
        AssertSame(ManagerInterface.Name, ManagerInterface.Description, ManagerInterface.Methods);

    [Fact]
    public void The_service_is_described_as_it_is() => AssertSame(
        "org.varlink.service",
        InterfaceText.Read("org.varlink.service"),
        [VarlinkService.GetInfo, VarlinkService.GetInterfaceDescription]);

    [Fact]
    public void Every_error_is_described_and_has_a_message()
    {
        VarlinkIdl idl = new(ErrorInterface.Description);
        Assert.Equal(Enum.GetNames<ErrorKind>().Order(), idl.Errors.Keys.Order());
        Dictionary<string, JsonPropertyInfo> known =
            ContractJson.Default.ErrorParameters.Properties.ToDictionary(property => property.Name);
        foreach (IdlType parameters in idl.Errors.Values)
        {
            Assert.Equal(new IdlType("string"), parameters.Fields!["message"]);
            Assert.All(parameters.Fields.Keys, name => Assert.Contains(name, known.Keys));
        }
    }

    [Fact]
    public void Every_member_that_a_message_lacks_has_a_usable_default()
    {
        foreach (VarlinkMethod method in (VarlinkMethod[])[.. WorkerInterface.Methods, .. ManagerInterface.Methods])
        {
            foreach (JsonTypeInfo info in (JsonTypeInfo[])[method.ParametersInfo, method.ReplyInfo])
            {
                object? value = JsonSerializer.Deserialize("{}", info);
                foreach (JsonPropertyInfo property in info.Properties)
                {
                    Assert.True(
                        property.IsGetNullable || property.Get!(value!) is not null, $"{info.Type}.{property.Name}");
                }
            }
        }
    }

    private static void AssertSame(string name, string text, IReadOnlyList<VarlinkMethod> methods)
    {
        VarlinkIdl idl = new(text);
        Assert.Equal(name, idl.Name);
        Assert.Equal(methods.Select(method => method.Name).Order(), idl.Methods.Keys.Order());
        foreach (VarlinkMethod method in methods)
        {
            Assert.Equal($"{name}.{method.Name}", method.FullName);
            AssertSame(idl, idl.Methods[method.Name].Parameters, method.ParametersInfo, method.FullName);
            AssertSame(idl, idl.Methods[method.Name].Reply, method.ReplyInfo, method.FullName);
        }
    }

    private static void AssertSame(VarlinkIdl idl, IdlType described, JsonTypeInfo actual, string path)
    {
        IdlType resolved = idl.Types.GetValueOrDefault(described.Kind, described);
        Type type = Nullable.GetUnderlyingType(actual.Type) ?? actual.Type;
        switch (resolved.Kind)
        {
            case "string":
                Assert.True(type == typeof(string) || type == typeof(byte[]), path);
                break;
            case "int":
                Assert.True(type == typeof(int) || type == typeof(long), path);
                break;
            case "bool":
                Assert.True(type == typeof(bool), path);
                break;
            case "enum":
                Assert.Equal(resolved.Values!, Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName));
                break;
            case "list":
                Assert.Equal(JsonTypeInfoKind.Enumerable, actual.Kind);
                AssertSame(idl, resolved.Element!, InfoOf(actual.ElementType!), path + "[]");
                break;
            case "struct":
                Assert.Equal(resolved.Fields!.Keys, actual.Properties.Select(property => property.Name));
                foreach (JsonPropertyInfo property in actual.Properties)
                {
                    IdlType field = resolved.Fields[property.Name];
                    bool optional = Nullable.GetUnderlyingType(property.PropertyType) is not null
                        || (!property.PropertyType.IsValueType && property.IsGetNullable);
                    Assert.True(
                        field.Optional == optional, $"{path}.{property.Name} is {(optional ? "" : "not ")}optional");
                    AssertSame(idl, field, InfoOf(property.PropertyType), $"{path}.{property.Name}");
                }

                break;
            default:
                Assert.Fail($"{path}: there is no type {resolved.Kind}");
                break;
        }
    }

    private static JsonTypeInfo InfoOf(Type type) =>
        ContractJson.Default.GetTypeInfo(type) ?? throw new InvalidOperationException($"no generated code for {type}");
}
