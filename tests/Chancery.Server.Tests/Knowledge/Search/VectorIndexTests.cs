using System.Globalization;
using System.Text.Json;
using Chancery.Models;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.Vectors.Indexes;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.LocalModels;
using Chancery.Server.Tests.Knowledge.Search.Conformance;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chancery.Server.Tests.Knowledge.Search;

/// <summary>The indexes of large organisations in PostgreSQL: how they come, what they find, and how they go.</summary>
public sealed class VectorIndexTests(PostgresHnsw store) : IClassFixture<PostgresHnsw>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Real_vectors_are_found_as_an_exact_scan_finds_them()
    {
        // Titles of a public collection and the local model: random vectors tell nothing of an index of this kind.
        var texts = File.ReadLines(TestData.File("ir", "scifact", "corpus.jsonl"))
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line).Text("title"))
            .Take(700)
            .ToArray();
        using var encoder = new LocalEncoder(Local());
        var vectors = (await encoder.GenerateAsync(texts, cancellationToken: Cancel))
            .Select(vector => vector.Vector.ToArray())
            .ToArray();
        var user = await store.SignUpAsync();
        var tenant = new TenantId(user.TenantId);
        await store.GivenAsync(user, [.. texts.Select((text, i) => new GivenPassage($"{i}.txt", text, []))]);
        await ReplaceVectorsAsync(user, texts, vectors);
        await store.ReadyAsync(tenant);
        var indexed = store.Services.GetServices<INearestPassages>().OfType<IndexedPassages>().Single();

        var hits = 0;
        const int questions = 40;
        foreach (var question in vectors.Take(questions))
        {
            var found = await indexed.FindAsync(tenant, SearchBackEnd.ModelName, Text(question), null, 10, Cancel);
            var exact = await ExactAsync(user, question);
            hits += found!.Ids.Intersect(exact).Count();
        }

        var recall = hits / (10.0 * questions);
        Assert.True(recall >= 0.95, $"recall@10 is {recall:f3}");
    }

    [Fact]
    public async Task The_index_is_what_answers_under_row_level_security_and_it_holds_one_organisation()
    {
        var (user, tenant) = await TenantAsync(150);
        var (_, other) = await TenantAsync(150);
        var index = new VectorIndex(tenant, SearchBackEnd.ModelName, store.Model.Dimensions);
        await using var session = await store.Services.GetRequiredService<TenantDatabase>().OpenAsync(tenant, Cancel);

        var plan = string.Join(
            '\n',
            await session.QueryAsync<string>(
                "EXPLAIN " + IndexedPassages.NearestSql(index),
                new
                {
                    tenant = tenant.Value,
                    model = SearchBackEnd.ModelName,
                    vector = Text(new float[store.Model.Dimensions]).Replace("[0", "[1", StringComparison.Ordinal),
                    most = 10,
                },
                Cancel
            )
        );
        var foreign = await session.QueryAsync<Guid>(
            IndexedPassages.NearestSql(index with { Tenant = other }),
            new
            {
                tenant = other.Value,
                model = SearchBackEnd.ModelName,
                vector = Text(new float[store.Model.Dimensions]).Replace("[0", "[1", StringComparison.Ordinal),
                most = 10,
            },
            Cancel
        );

        Assert.Contains($"Index Scan using {index.Group}", plan, StringComparison.Ordinal);
        Assert.Empty(foreign);
        Assert.NotEqual(other, tenant);
        Assert.Equal(
            150L,
            await CountAsync($"SELECT reltuples::bigint FROM pg_class WHERE relname = '{index.NameOf(Options())}'")
        );
        Assert.NotEmpty(user.Email);
    }

    [Fact]
    public async Task Another_make_is_built_beside_the_old_one_which_goes_when_it_is_whole()
    {
        var (_, tenant) = await TenantAsync(150);
        var index = new VectorIndex(tenant, SearchBackEnd.ModelName, store.Model.Dimensions);
        var denser = new VectorIndexOptions { M = 8, EfConstruction = 40 };
        var builder = Builder(denser);

        Assert.Equal([index.NameOf(Options())], await NamesAsync(tenant));
        Assert.True(await builder.BuildAsync(index, Cancel));
        Assert.Equal([index.NameOf(denser)], await NamesAsync(tenant));
        await store.ReadyAsync(tenant);
        Assert.Equal([index.NameOf(Options())], await NamesAsync(tenant));
    }

    [Fact]
    public async Task While_it_is_built_passages_are_added_and_searched_and_what_was_cut_off_is_built_anew()
    {
        var (user, tenant) = await TenantAsync(150);
        var index = new VectorIndex(tenant, SearchBackEnd.ModelName, store.Model.Dimensions);
        var builder = store.Services.GetRequiredService<VectorIndexBuilder>();
        await builder.DropAllAsync(tenant, Cancel);
        // An older transaction holds the building up for as long as it likes.
        await using var old = await store.Owner.OpenConnectionAsync(Cancel);
        await using var transaction = await old.BeginTransactionAsync(
            System.Data.IsolationLevel.RepeatableRead,
            Cancel
        );
        await old.ExecuteAsync("SELECT count(*) FROM chunk_vectors", transaction: transaction);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var building = builder.BuildAsync(index, giveUp.Token);
        await Access.AccessApi.EventuallyAsync(
            async () => (await builder.ListAsync(index.Group, Cancel)).Count == 1,
            TimeSpan.FromSeconds(30)
        );
        var twice = await builder.BuildAsync(index, Cancel);
        await store.GivenAsync(
            user,
            [new GivenPassage("during.txt", "The concurrentine came while it was built.", [])]
        );
        var found = await store.Search.SearchAsync(tenant, new PassageQuery("concurrentine", Explain: true), Cancel);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => building);
        var left = await builder.ListAsync(index.Group, Cancel);
        await transaction.RollbackAsync(Cancel);
        await store.ReadyAsync(tenant);
        var after = await store.Search.SearchAsync(tenant, new PassageQuery("concurrentine", Explain: true), Cancel);

        Assert.False(twice);
        Assert.Equal("during.txt", found.Passages[0].Path);
        Assert.Equal(DenseScan.Exact, found.Passages[0].Explain!.Scan);
        Assert.All(left, one => Assert.False(one.IsValid));
        Assert.True(Assert.Single(await builder.ListAsync(index.Group, Cancel)).IsValid);
        Assert.Equal("during.txt", after.Passages[0].Path);
        Assert.Equal(DenseScan.Indexed, after.Passages[0].Explain!.Scan);
    }

    [Fact]
    public async Task It_goes_with_its_organisation_and_with_the_setting_that_asked_for_it()
    {
        var (gone, tenant) = await TenantAsync(20);
        var (_, unwanted) = await TenantAsync(20);
        await using (var erase = store.Owner.CreateCommand("DELETE FROM tenants WHERE tenant_id = $1"))
        {
            erase.Parameters.Add(new NpgsqlParameter { Value = gone.TenantId });
            await erase.ExecuteNonQueryAsync(Cancel);
        }

        var off = new VectorIndexOptions { Passages = 0 };
        var keeper = ActivatorUtilities.CreateInstance<VectorIndexKeeper>(
            store.Services,
            Builder(off),
            Microsoft.Extensions.Options.Options.Create(off)
        );
        await keeper.RunAsync(unwanted, Cancel);

        Assert.Empty(await NamesAsync(tenant));
        Assert.Empty(await NamesAsync(unwanted));
    }

    [Fact]
    public async Task Vectors_of_another_length_under_the_same_name_are_kept_beside_it()
    {
        var (user, tenant) = await TenantAsync(120);
        await using var add = store.Owner.CreateCommand(
            "UPDATE chunk_vectors SET embedding = '[1,2,3]' WHERE chunk_id = (SELECT min(chunk_id::text)::uuid FROM chunks WHERE tenant_id = $1)"
        );
        add.Parameters.Add(new NpgsqlParameter { Value = user.TenantId });

        Assert.Equal(1, await add.ExecuteNonQueryAsync(Cancel));
        Assert.Single(await NamesAsync(tenant));
    }

    [Theory]
    [InlineData(384, "vector(384)", true)]
    [InlineData(1536, "halfvec(1536)", true)]
    [InlineData(4000, "halfvec(4000)", true)]
    [InlineData(4001, "halfvec(4001)", false)]
    [InlineData(0, "vector(0)", false)]
    public void Long_vectors_are_indexed_at_half_precision_and_the_longest_not_at_all(int length, string type, bool can)
    {
        var index = new VectorIndex(new TenantId(Guid.CreateVersion7()), "m", length);

        Assert.Equal((type, can), (index.Type, index.IsPossible));
        Assert.True(index.NameOf(new VectorIndexOptions { M = 100, EfConstruction = 1000 }).Length <= 63);
        Assert.Equal(index.Tenant, VectorIndex.TenantOf(index.NameOf(Options())));
        Assert.Null(VectorIndex.TenantOf("vectors_of_somebody_else"));
    }

    private static VectorIndexOptions Options() => new();

    private VectorIndexBuilder Builder(VectorIndexOptions options) =>
        new(
            store.Storage,
            Microsoft.Extensions.Options.Options.Create(options),
            NullLogger<VectorIndexBuilder>.Instance
        );

    private async Task<(TestUser User, TenantId Tenant)> TenantAsync(int passages)
    {
        var user = await store.SignUpAsync();
        var tenant = new TenantId(user.TenantId);
        await store.GivenAsync(
            user,
            [
                .. Enumerable
                    .Range(0, passages)
                    .Select(i => new GivenPassage($"{i}.txt", $"Passage {i} of some {passages * i} others.", [])),
            ]
        );
        await store.ReadyAsync(tenant);
        return (user, tenant);
    }

    private async Task<string[]> NamesAsync(TenantId tenant) =>
        [
            .. (
                await store
                    .Services.GetRequiredService<VectorIndexBuilder>()
                    .ListAsync(VectorIndex.PrefixOf(tenant), Cancel)
            ).Select(index => index.Name),
        ];

    private async Task<long> CountAsync(string sql)
    {
        await using var command = store.Owner.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private async Task ReplaceVectorsAsync(TestUser user, string[] texts, float[][] vectors)
    {
        await using var update = store.Owner.CreateCommand(
            """
            UPDATE chunk_vectors AS v SET embedding = n.embedding::vector
            FROM unnest($2::text[], $3::text[]) AS n(path, embedding)
            JOIN documents AS d ON d.tenant_id = $1 AND d.path = n.path
            JOIN chunks AS c ON c.tenant_id = $1 AND c.document_id = d.document_id
            WHERE v.tenant_id = $1 AND v.chunk_id = c.chunk_id
            """
        );
        // Each goes into the index, too.
        update.CommandTimeout = 300;
        update.Parameters.Add(new NpgsqlParameter { Value = user.TenantId });
        update.Parameters.Add(new NpgsqlParameter { Value = texts.Select((_, i) => $"{i}.txt").ToArray() });
        update.Parameters.Add(new NpgsqlParameter { Value = vectors.Select(Text).ToArray() });
        Assert.Equal(texts.Length, await update.ExecuteNonQueryAsync(Cancel));
    }

    private async Task<Guid[]> ExactAsync(TestUser user, float[] vector)
    {
        await using var connection = await store.Owner.OpenConnectionAsync(Cancel);
        return
        [
            .. await connection.QueryAsync<Guid>(
                """
                SELECT chunk_id FROM chunk_vectors WHERE tenant_id = @tenant
                ORDER BY (embedding <=> @vector::vector) + 0, chunk_id LIMIT 10
                """,
                new { tenant = user.TenantId, vector = Text(vector) }
            ),
        ];
    }

    private static string Text(float[] vector) =>
        "[" + string.Join(',', vector.Select(part => part.ToString(CultureInfo.InvariantCulture))) + "]";

    private static LocalEncoderOptions Local() =>
        LocalModelDirectory
            .Of(new ConfigurationBuilder().AddEnvironmentVariables().Build())
            .Find(LocalModelCatalogue.Shipped, LocalModelCatalogue.DefaultModel)
        ?? throw new InvalidOperationException("The local model is missing: chancery models pull installs it.");
}
