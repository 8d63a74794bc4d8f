using Chancery.Server.Platform.Scheduling;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>What PostgreSQL finds in other languages than English; the index in memory agrees with it (<see cref="Indexes.AgreementTests"/>).</summary>
public sealed class LanguageTests(LanguageTests.Fixture chancery) : IClassFixture<LanguageTests.Fixture>
{
    private const string German = "Die Kündigungsfrist des Vertrags ist die, welche das Gesetz für die Miete vorsieht.";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Kündigungsfristen")]
    [InlineData("Fristen für Kündigungsfristen")]
    [InlineData("\"Gesetze für\"")]
    public async Task A_German_passage_among_English_ones_is_found_by_other_forms_of_its_words(string query)
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync(German, "vertrag.txt");
        await user.ReadyTextAsync("The notice period of the contract is what the law says.", "contract.txt");

        var found = await user.SearchAsync(query);

        Assert.Equal("vertrag.txt", found.Results()[0].Text("path"));
    }

    [Fact]
    public async Task Passages_of_an_older_analysis_are_found_as_before_and_written_again_in_the_background()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync(German, "vertrag.txt");
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        // As all texts were analysed once: in English.
        await connection.ExecuteAsync(
            """
            UPDATE chunks SET analysis = 1, tokens = '''kundigungsfrist'':2 ''gesetz'':8 ''vertrag'':11B'::tsvector
            WHERE tenant_id = @tenant;
            UPDATE knowledge_revisions SET revision = revision + 1, token = gen_random_uuid() WHERE tenant_id = @tenant
            """,
            new { tenant = user.TenantId }
        );
        var before = await user.SearchAsync("Kündigungsfrist");
        var missed = await user.SearchAsync("Kündigungsfristen");

        await chancery.Services.GetRequiredService<TenantJobRunner>().RunAsync("analysis", Cancel);
        var after = await user.SearchAsync("Kündigungsfristen");
        var titled = await user.SearchAsync("vertrag.txt");

        Assert.Single(before.Results());
        Assert.Empty(missed.Results());
        Assert.Single(after.Results());
        Assert.Single(titled.Results());
        Assert.Equal(
            0,
            await connection.ExecuteScalarAsync<int>(
                "SELECT count(*)::int FROM chunks WHERE tenant_id = @tenant AND analysis < 2",
                new { tenant = user.TenantId }
            )
        );
    }

    public sealed class Fixture : ChanceryFixture
    {
        public Fixture() => Settings["SEARCH_ENGINE"] = "postgres";
    }
}
