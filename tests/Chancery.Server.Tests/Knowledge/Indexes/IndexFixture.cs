using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.Search.Indexes;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge.Indexes;

/// <summary>The product with an embedding endpoint, whose queries wait for indexes as long as a busy machine takes.</summary>
public class IndexFixture : EmbeddingFixture
{
    internal static readonly IndexLimits Patient = new(256_000_000)
    {
        Patience = TimeSpan.FromSeconds(30),
        SavedPassages = 1,
    };

    public IndexFixture() => ConfigureServices = services => services.AddSingleton(Limits);

    /// <summary>A tenant that the cases of one theory share.</summary>
    internal Chancery.Server.Platform.Database.TenantId? Shared { get; set; }

    internal virtual IndexLimits Limits => Patient;

    internal TenantIndexes Indexes => Services.GetRequiredService<TenantIndexes>();

    internal string SnapshotOf(TestUser user) =>
        Path.Combine(IndexSnapshots.DirectoryIn(Storage.DataDirectory), $"{user.TenantId}.index");

    public async Task ExecuteAsync(string sql, Guid tenant)
    {
        await using var command = Owner.CreateCommand(sql);
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = tenant });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Indexes as another server has them that was just started on the same storage.</summary>
    internal (IPassageSearch Search, TenantIndexes Indexes) NewServer()
    {
        var counts = new IndexCounts();
        var loader = ActivatorUtilities.CreateInstance<IndexLoader>(Services, counts);
        var indexes = ActivatorUtilities.CreateInstance<TenantIndexes>(Services, loader, counts);
        return (ActivatorUtilities.CreateInstance<EnginePassageSearch>(Services, indexes), indexes);
    }

    /// <summary>The same person at another server.</summary>
    public static TestUser At(Uri replica, TestUser user)
    {
        var client = Client(replica);
        client.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;
        return user with { Http = client };
    }
}
