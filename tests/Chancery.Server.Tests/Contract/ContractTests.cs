using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Server.Tests.Architecture;
using Chancery.Testing;

namespace Chancery.Server.Tests.Contract;

/// <summary>
/// The committed description of the API is what the server tells, and the committed client is what the generator makes of
/// it. <c>./run openapi</c> sets <c>CHANCERY_WRITE_CONTRACT</c> and has these tests write both instead.
/// </summary>
public sealed class ContractTests(ContractTests.Fixture chancery) : IClassFixture<ContractTests.Fixture>
{
    private static readonly string Description = Path.Combine(SourceTree.Root, "docs", "openapi.json");

    private static readonly string Client = Path.Combine(
        SourceTree.Root,
        "src",
        "Chancery.Client",
        "Generated",
        "ChanceryClient.g.cs"
    );

    private static bool Writes => Environment.GetEnvironmentVariable("CHANCERY_WRITE_CONTRACT") == "1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_committed_description_and_client_are_those_of_this_server()
    {
        var served = await ServedAsync();
        var client = await ClientGenerator.MakeAsync(served);
        if (Writes)
        {
            await File.WriteAllTextAsync(Description, served, Cancel);
            await File.WriteAllTextAsync(Client, client, Cancel);
        }

        const string remedy = " is not what the server tells now: run ./run openapi and commit what it writes.";
        Assert.True(served == await File.ReadAllTextAsync(Description, Cancel), "docs/openapi.json" + remedy);
        Assert.True(client == await File.ReadAllTextAsync(Client, Cancel), "The generated client" + remedy);
    }

    private async Task<string> ServedAsync()
    {
        using var client = chancery.Anonymous();
        var text = await client.GetStringAsync("/openapi/v1.json", Cancel);
        return JsonNode.Parse(text)!.ToJsonString(Pretty) + "\n";
    }

    private static readonly JsonSerializerOptions Pretty = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public sealed class Fixture : ChanceryFixture;
}
