using System.Net;
using System.Text.Json;
using Chancery.Server.Tests.Access;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Knowledge.ModelChanges;

/// <summary>
/// The product with the model <c>first</c>, and <c>second</c> and <c>third</c> at another endpoint, whose vectors have another length: to hold
/// one's against the other's is an error at once.
/// </summary>
public sealed class ModelChangeFixture : ChanceryFixture
{
    public ScriptedModelServer First { get; private set; } = null!;

    public ScriptedModelServer Second { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        First = await ScriptedModelServer.StartAsync(dimensions: 64);
        Second = await ScriptedModelServer.StartAsync(dimensions: 48);
        Settings["EMBEDDING_URL"] = First.BaseAddress.ToString();
        Settings["EMBEDDING_MODEL"] = "first";
        Settings["OTHER_EMBEDDING_URL"] = Second.BaseAddress.ToString();
        Settings["OTHER_EMBEDDING_MODELS"] = "second, third";
        Settings["EMBEDDING_PRICES"] = "second=0.02";
        Settings["EMBEDDING_BATCH"] = "4";
        Settings["WORK_RETRY_MILLISECONDS"] = "1";
        Settings["LOG_LEVEL"] = "Critical";
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await First.DisposeAsync();
        await Second.DisposeAsync();
    }

    public async Task ExecuteAsync(string sql, Guid tenant)
    {
        await using var command = Owner.CreateCommand(sql);
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = tenant });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async Task<long> VectorsAsync(TestUser user, string model)
    {
        await using var command = Owner.CreateCommand(
            "SELECT count(*) FROM chunk_vectors WHERE tenant_id = $1 AND model = $2"
        );
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = user.TenantId });
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = model });
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}

/// <summary>The calls of these tests, in a line each.</summary>
internal static class ModelChangeApi
{
    private const string Path = "/api/v1/embeddings/model";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Task<JsonElement> ModelAsync(this TestUser user) => user.GetAsync(Path);

    public static Task<JsonElement> ChangeAsync(
        this TestUser user,
        string? model,
        HttpStatusCode expected = HttpStatusCode.Accepted
    ) => user.PostAsync(Path + "/change", new { model }, expected);

    public static async Task<JsonElement> CancelAsync(this TestUser user) =>
        await KnowledgeApi.BodyAsync(await user.Http.DeleteAsync(Path + "/change", Cancel), HttpStatusCode.OK);

    /// <summary>Waits until that model serves and nothing runs.</summary>
    public static async Task<JsonElement> ServedByAsync(this TestUser user, string model)
    {
        JsonElement standing = default;
        await AccessApi.EventuallyAsync(
            async () =>
                !(standing = await user.ModelAsync()).TryGetProperty("change", out _)
                && standing.Text("serving") == model,
            Patience
        );
        return standing;
    }

    /// <summary>Waits until the running change says that of itself.</summary>
    /// <summary>Waits for a change of which the condition holds, and answers it as it was then.</summary>
    public static async Task<JsonElement> RunningAsync(this TestUser user, Func<JsonElement, bool> condition)
    {
        JsonElement change = default;
        await AccessApi.EventuallyAsync(
            async () => (await user.ModelAsync()).TryGetProperty("change", out change) && condition(change),
            Patience
        );
        return change;
    }

    public static async Task<Guid[]> ShelveAsync(this TestUser user, string word, int documents)
    {
        var ids = new List<Guid>();
        foreach (var number in Enumerable.Range(1, documents))
        {
            ids.Add((await user.UploadTextAsync($"# Part {number}\n\nThe {word} of part {number} is here.")).Id());
        }

        foreach (var id in ids)
        {
            await user.SettledAsync(id);
        }

        return [.. ids];
    }

    public static string? Waiting(this JsonElement change) =>
        change.TryGetProperty("waiting", out var waiting) ? waiting.GetString() : null;

    public static JsonElement Ended(this JsonElement standing) => standing.GetProperty("ended")[0];
}
