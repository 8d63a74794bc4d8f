using System.Text.Json;
using Chancery.Server.Tests.Architecture;

namespace Chancery.Server.Tests.Gateway.Faces;

/// <summary>
/// The packages <c>openai</c> and <c>@anthropic-ai/sdk</c>, unchanged, against this server; the cases are in
/// <c>node/clients.mjs</c>.
/// </summary>
public sealed class OfficialClientsTests(OfficialClients clients) : IClassFixture<OfficialClients>
{
    [Theory]
    [InlineData("chat answers")]
    [InlineData("chat streams")]
    [InlineData("chat of another protocol")]
    [InlineData("chat calls tools")]
    [InlineData("chat streams tools")]
    [InlineData("chat has a shape")]
    [InlineData("chat cites documents")]
    [InlineData("chat streams citations")]
    [InlineData("chat refuses a wrong key")]
    [InlineData("chat knows no such model")]
    [InlineData("chat has to wait")]
    [InlineData("chat breaks off")]
    [InlineData("embeddings")]
    [InlineData("models")]
    [InlineData("responses answers")]
    [InlineData("responses streams")]
    [InlineData("responses calls tools")]
    [InlineData("responses has a shape")]
    [InlineData("responses reasons")]
    [InlineData("responses cites documents")]
    [InlineData("responses stores nothing")]
    [InlineData("responses breaks off")]
    [InlineData("messages answers")]
    [InlineData("messages streams")]
    [InlineData("messages calls tools")]
    [InlineData("messages thinks")]
    [InlineData("messages sees pictures")]
    [InlineData("messages cites documents")]
    [InlineData("messages counts tokens")]
    [InlineData("messages refuses a wrong key")]
    [InlineData("messages tells errors")]
    [InlineData("messages breaks off")]
    public void The_official_packages_work_unchanged(string name)
    {
        Assert.True(clients.Results.TryGetValue(name, out var failure), $"It was not run. {clients.Errors}");
        Assert.True(failure is null, failure);
    }
}

/// <summary>Runs all cases in one process of Node's, once.</summary>
public sealed class OfficialClients : FacesFixture
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Why a case failed; null for one that did not.</summary>
    public IReadOnlyDictionary<string, string?> Results { get; private set; } = new Dictionary<string, string?>();

    public string Errors { get; private set; } = "";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var results = new Dictionary<string, string?>(StringComparer.Ordinal);
        var script = Path.Combine(
            SourceTree.Root,
            "tests",
            "Chancery.Server.Tests",
            "Gateway",
            "Faces",
            "node",
            "clients.mjs"
        );
        var (output, errors) = await NodeModules.RunAsync(script, this, Patience);
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var one = JsonSerializer.Deserialize<JsonElement>(line);
            results[one.GetProperty("name").GetString()!] = one.GetProperty("failure").GetString();
        }

        (Results, Errors) = (results, errors);
    }
}
