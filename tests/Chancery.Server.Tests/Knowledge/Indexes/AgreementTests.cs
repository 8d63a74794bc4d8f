using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge.Indexes;

/// <summary>The index in memory and PostgreSQL find the same passages, and say the same of them.</summary>
public sealed class AgreementTests(IndexFixture chancery) : IClassFixture<IndexFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("notice period", null, null, false)]
    [InlineData("\"notice period\"", null, null, false)]
    [InlineData("notice -landlord", null, null, false)]
    [InlineData("-\"the landlord\" \"notice\"", null, null, true)]
    [InlineData("title:notice", null, null, false)]
    [InlineData("the of and", null, null, false)]
    [InlineData("AB-1207", null, null, false)]
    [InlineData("notice", "lease", null, false)]
    [InlineData("notice", "none", null, false)]
    [InlineData("notice period", null, 0.3, false)]
    [InlineData("notice period", null, 1.0, false)]
    [InlineData("How long is the notice period of the lease agreement?", null, null, true)]
    [InlineData("What was the net income of Heron Bay?", null, null, true)]
    [InlineData("What was the net income of Heron Bay?", null, 0.2, true)]
    [InlineData("Kündigungsfristen", null, null, false)]
    [InlineData("\"des Vertrags\"", null, null, false)]
    [InlineData("Welche Fristen gelten für Kündigungen?", null, null, true)]
    [InlineData("délais -notice", null, null, false)]
    public async Task Both_find_the_same(string text, string? tag, double? threshold, bool forAnswer)
    {
        var tenant = await TenantAsync();
        var query = new PassageQuery(
            text,
            Limit: 50,
            threshold,
            Tags: tag is null ? null : [tag],
            Explain: true,
            ForAnswer: forAnswer
        );

        var memory = await chancery
            .Services.GetRequiredService<EnginePassageSearch>()
            .SearchAsync(tenant, query, Cancel);
        var postgres = await chancery
            .Services.GetRequiredService<PostgresPassageSearch>()
            .SearchAsync(tenant, query, Cancel);

        Assert.Equal((SearchEngines.Memory, SearchEngines.Postgres), (memory.Engine, postgres.Engine));
        Assert.Equal((postgres.Mode, postgres.Note), (memory.Mode, memory.Note));
        Assert.Equal(
            postgres.Passages.Select(passage => passage.ChunkId).Order(),
            memory.Passages.Select(passage => passage.ChunkId).Order()
        );
        Assert.Equal(
            postgres.Passages.Take(1).Select(one => one.ChunkId),
            memory.Passages.Take(1).Select(one => one.ChunkId)
        );
        foreach (var passage in memory.Passages)
        {
            var other = postgres.Passages.Single(one => one.ChunkId == passage.ChunkId);
            Assert.Equal(other.Highlights, passage.Highlights);
            Assert.Equal(other.Explain!.Dense is null, passage.Explain!.Dense is null);
            Assert.Equal(other.Explain.Dense?.Score ?? 0, passage.Explain.Dense?.Score ?? 0, 1e-3);
            // Equally near ones may change places.
            if (passage.Explain.Dense is { } near)
            {
                var there = postgres.Passages.Single(one => one.Explain!.Dense?.Rank == near.Rank);
                Assert.Equal(there.Explain!.Dense!.Score, near.Score, 1e-3);
            }

            Assert.Equal(other.Explain.Lexical is null, passage.Explain.Lexical is null);
            Assert.Equal(other.Text, passage.Text);
        }
    }

    private async Task<TenantId> TenantAsync()
    {
        if (chancery.Shared is { } known)
        {
            return known;
        }

        var user = await chancery.SignUpAsync();
        await user.ReadyAsync(
            "# Lease agreement\n\nThe notice period is three months."u8.ToArray(),
            "lease.md",
            ("tags", "lease")
        );
        await user.ReadyAsync(
            "# Letter\n\nThe landlord gave notice, and the period was short."u8.ToArray(),
            "letter.md",
            ("tags", "lease")
        );
        await user.ReadyTextAsync("# Parts\n\nThe part AB-1207 is sold without notice; AB-1208 is not.", "parts.md");
        await user.ReadyTextAsync(
            "# Heron Bay annual report\n\nNet income was 12 million, revenue 90 million.",
            "hb.md"
        );
        await user.ReadyTextAsync("# Other report\n\nNet income of another company was 7 million.", "other.md");
        await user.ReadyTextAsync(
            "# Vertrag\n\nDie Kündigungsfrist des Vertrags ist die, welche das Gesetz für die Miete vorsieht.",
            "vertrag.md"
        );
        await user.ReadyTextAsync(
            "# Contrat\n\nLe délai de préavis est de trois mois pour les locations que la loi ne règle pas.",
            "contrat.md"
        );
        return (TenantId)(chancery.Shared = new TenantId(user.TenantId));
    }
}
