using System.Net;
using System.Net.Http.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

public sealed class LongStatementTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_rewrites_all_passages_of_a_document_may_take_longer_than_a_request()
    {
        await RunAsync(
            """
            CREATE FUNCTION demand_patience() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF current_setting('statement_timeout') <> '5min' THEN
                RAISE EXCEPTION 'Only % for %', current_setting('statement_timeout'), current_query();
              END IF;
              RETURN NEW;
            END
            $$;
            CREATE TRIGGER demand_patience BEFORE UPDATE ON chunks FOR EACH ROW EXECUTE FUNCTION demand_patience();
            """
        );
        var user = await chancery.SignUpAsync();
        var collection = await user.PostAsync("/api/v1/collections", new { name = "Huge" }, HttpStatusCode.Created);

        var id = (await user.ReadyTextAsync("# Huge\n\nText.")).Id();
        var changed = await user.Http.PatchAsJsonAsync(
            $"/api/v1/docs/{id}",
            new { title = "Vast", collection_id = collection.Id() },
            Cancel
        );
        var dropped = await user.Http.DeleteAsync($"/api/v1/collections/{collection.Id()}", Cancel);
        var deleted = await user.Http.DeleteAsync($"/api/v1/docs/{id}", Cancel);
        await user.PostAsync($"/api/v1/docs/{id}/restore");

        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, dropped.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    private async Task RunAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
