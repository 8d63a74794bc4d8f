using Chancery.Server.Knowledge.Importing;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.Search.Indexes;
using Chancery.Server.Knowledge.Vectors.Indexes;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge.Search.Conformance;

/// <summary>A document of one passage, as the suite gives it.</summary>
internal sealed record GivenPassage(string Name, string Text, string[] Tags);

/// <summary>
/// The product with one way of searching. A new one is a class of a few lines here, and one that runs <see cref="SearchConformance{T}"/> on
/// it.
/// </summary>
public abstract class SearchBackEnd : ChanceryFixture
{
    public const string ModelName = "scripted";

    public ScriptedModelServer Model { get; private set; } = null!;

    /// <summary>Why this machine cannot search this way; the tests are left out then. Null where it can.</summary>
    public virtual string? Missing => null;

    /// <summary>What <c>explain</c> calls it; null where it says nothing of it.</summary>
    public abstract string? Scan { get; }

    public override async ValueTask InitializeAsync()
    {
        Model = await ScriptedModelServer.StartAsync(dimensions: 128);
        Settings["EMBEDDING_URL"] = Model.BaseAddress.ToString();
        Settings["EMBEDDING_MODEL"] = ModelName;
        Settings["WORK_RETRY_MILLISECONDS"] = "1";
        Settings["LOG_LEVEL"] = "Error";
        await base.InitializeAsync();
    }

    /// <summary>Waits until what an organisation has is searched this way.</summary>
    public virtual Task ReadyAsync(TenantId tenant) => Task.CompletedTask;

    /// <summary>Loses whatever this way of searching keeps beside PostgreSQL.</summary>
    public virtual Task LoseAsync(TenantId tenant) => Task.CompletedTask;

    internal IPassageSearch Search => Services.GetRequiredService<IPassageSearch>();

    /// <summary>Documents of one passage with their vectors, many in one go.</summary>
    internal async Task GivenAsync(TestUser user, IReadOnlyList<GivenPassage> passages)
    {
        var database = Services.GetRequiredService<TenantDatabase>();
        var blobs = Services.GetRequiredService<BlobStore>();
        var store = new ImportStore(
            database,
            blobs,
            Services.GetRequiredService<BlobSweep>(),
            Services.GetRequiredService<TimeProvider>()
        );
        var tenant = new TenantId(user.TenantId);
        var target = new ImportTarget(
            tenant,
            user.UserId,
            (await store.CollectionAsync(tenant, null, CancellationToken.None))!.Value,
            $"suite-{Guid.CreateVersion7():n}",
            ModelName,
            Guid.CreateVersion7()
        );
        await store.AddAsync(
            target,
            [
                .. passages.Select(passage => new ImportedPassage(
                    passage.Name,
                    passage.Name,
                    Path.GetFileNameWithoutExtension(passage.Name),
                    passage.Text,
                    passage.Tags,
                    HashedWords.Embed(passage.Text, Model.Dimensions),
                    null
                )),
            ],
            CancellationToken.None
        );
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Model.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The organisation's index in the server's memory.</summary>
public sealed class InMemory : SearchBackEnd
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public override string? Scan => null;

    public override ValueTask InitializeAsync()
    {
        Settings["SEARCH_ENGINE"] = "auto";
        Settings["HNSW_PASSAGES"] = "0";
        return base.InitializeAsync();
    }

    public override Task ReadyAsync(TenantId tenant) =>
        Access.AccessApi.EventuallyAsync(
            async () =>
                (await Search.SearchAsync(tenant, new PassageQuery("anything at all"), CancellationToken.None)).Engine
                == SearchEngines.Memory,
            Patience
        );

    public override Task LoseAsync(TenantId tenant)
    {
        Services.GetRequiredService<TenantIndexes>().ForgetTenant(tenant);
        return Task.CompletedTask;
    }
}

/// <summary>PostgreSQL looks at every vector.</summary>
public sealed class PostgresExact : SearchBackEnd
{
    public override string Scan => DenseScan.Exact;

    public override ValueTask InitializeAsync()
    {
        Settings["SEARCH_ENGINE"] = "postgres";
        Settings["HNSW_PASSAGES"] = "0";
        return base.InitializeAsync();
    }
}

/// <summary>PostgreSQL with an index for each organisation.</summary>
public sealed class PostgresHnsw : SearchBackEnd
{
    public override string Scan => DenseScan.Indexed;

    public override ValueTask InitializeAsync()
    {
        Settings["SEARCH_ENGINE"] = "postgres";
        Settings["HNSW_PASSAGES"] = "1";
        return base.InitializeAsync();
    }

    public override Task ReadyAsync(TenantId tenant) =>
        Services.GetRequiredService<VectorIndexKeeper>().RunAsync(tenant, CancellationToken.None);

    public override Task LoseAsync(TenantId tenant) =>
        Services.GetRequiredService<VectorIndexBuilder>().DropAllAsync(tenant, CancellationToken.None);
}

/// <summary>Vector sets in a real Redis 8.</summary>
public sealed class RedisVectorSets : SearchBackEnd
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public Redis8? Redis { get; private set; }

    public override string? Missing => Redis8.Missing;

    public override string Scan => DenseScan.Redis;

    public override async ValueTask InitializeAsync()
    {
        if (Missing is not null)
        {
            return;
        }

        Redis = await Redis8.StartAsync();
        RedisConfiguration = Redis.Configuration;
        Settings["SEARCH_ENGINE"] = "redis";
        Settings["HNSW_PASSAGES"] = "0";
        await base.InitializeAsync();
    }

    public override Task ReadyAsync(TenantId tenant) =>
        Access.AccessApi.EventuallyAsync(
            async () =>
                (
                    await Search.SearchAsync(
                        tenant,
                        new PassageQuery("anything at all", Explain: true),
                        CancellationToken.None
                    )
                ).Passages.All(passage => passage.Explain?.Scan == Scan),
            Patience
        );

    public override Task LoseAsync(TenantId tenant) => Redis!.RestartAsync();

    public override async ValueTask DisposeAsync()
    {
        if (Redis is not null)
        {
            await base.DisposeAsync();
            await Redis.DisposeAsync();
        }
    }
}
