using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

public sealed class CommonWordTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    // More than search reads for the sake of a common word while a rarer one chooses.
    private const int Copies = 4100;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_holds_only_the_commoner_words_is_found_when_filtered_for_or_when_the_rare_ones_find_little()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyAsync("The phalarope is rare."u8.ToArray(), "rare.txt");
        var common = (await user.ReadyAsync("A sandpiper is common."u8.ToArray(), "common.txt")).Id();
        await CopyPassageAsync(common);
        var mine = (await user.ReadyAsync("My sandpiper."u8.ToArray(), "mine.txt", ("tags", "mine"))).Id();

        var filtered = await user.PostAsync(
            "/api/v1/search",
            new { query = "phalarope sandpiper", tags = new[] { "mine" } }
        );
        var all = await user.SearchAsync("phalarope sandpiper");

        Assert.Equal(mine, Assert.Single(filtered.Results()).GetProperty("document_id").GetGuid());
        Assert.Equal(5, all.Results().Length);
        Assert.Equal("rare.txt", all.Results()[0].Text("path"));
    }

    private async Task CopyPassageAsync(Guid document)
    {
        await using var copy = chancery.Owner.CreateCommand(
            $"""
            WITH copied AS (
              INSERT INTO chunks (tenant_id, chunk_id, document_id, hash, occurrence, heading, text,
                                  token_count, current, tokens)
              SELECT c.tenant_id, gen_random_uuid(), c.document_id, c.hash, n, c.heading, c.text,
                     c.token_count, c.current, c.tokens
              FROM chunks AS c, generate_series(1000, {999 + Copies}) AS n
              WHERE c.document_id = '{document}'
              RETURNING tenant_id, document_id, chunk_id, occurrence)
            INSERT INTO chunk_places (tenant_id, document_id, version, ordinal, chunk_id, page, start_char, end_char)
            SELECT tenant_id, document_id, 1, occurrence, chunk_id, 1, 0, 22 FROM copied
            """
        );
        Assert.Equal(Copies, await copy.ExecuteNonQueryAsync(Cancel));
    }
}
