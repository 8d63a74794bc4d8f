using System.Net;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Upgrade;

/// <summary>What the vector of an upgrade's search costs, where an endpoint makes it.</summary>
public sealed class UpgradeVectorsTests(UpgradeVectorsTests.Fixture chancery)
    : IClassFixture<UpgradeVectorsTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_vector_of_an_endpoint_is_priced_in_its_part_and_booked()
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("The mill grinds rye on Tuesdays.", "mill.txt");

        var upgrade = await olga.PostAsync(
            "/api/v1/upgrade",
            new { user_prompt = "Write about the mill that grinds rye", model = "extractive" },
            HttpStatusCode.OK
        );

        var part = upgrade
            .GetProperty("components")
            .EnumerateArray()
            .Single(one => one.Text("component") == "embedding");
        var tokens = part.GetProperty("tokens_in").GetInt64();
        Assert.Equal("done", part.Text("state"));
        Assert.True(tokens > 0);
        // 20 dollars for a million tokens.
        Assert.Equal(tokens * 0.00002m, part.GetProperty("cost_usd").GetDecimal());
        await using var booked = chancery.Owner.CreateCommand(
            "SELECT coalesce(sum(cost_nano), 0)::bigint FROM usage_entries WHERE tenant_id = $1 AND component = 'embeddings' AND event = 'settled'"
        );
        booked.Parameters.Add(new Npgsql.NpgsqlParameter { Value = olga.TenantId });
        for (var tries = 0; (long)(await booked.ExecuteScalarAsync(Cancel))! != tokens * 20_000; tries++)
        {
            Assert.True(tries < 100, "It was not booked.");
            await Task.Delay(100, Cancel);
        }
    }

    /// <summary>Vectors are made by an endpoint, which has a price.</summary>
    public sealed class Fixture : ChanceryFixture
    {
        private ScriptedModelServer Model { get; set; } = null!;

        public override async ValueTask InitializeAsync()
        {
            Model = await ScriptedModelServer.StartAsync(dimensions: 64);
            Settings["EMBEDDING_URL"] = Model.BaseAddress.ToString();
            Settings["EMBEDDING_MODEL"] = "dear";
            Settings["EMBEDDING_PRICES"] = "dear=20";
            await base.InitializeAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await Model.DisposeAsync();
            GC.SuppressFinalize(this);
        }
    }
}
