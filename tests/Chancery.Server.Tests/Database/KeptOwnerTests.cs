using Chancery.Server.Knowledge.Vectors.Indexes;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Settings;
using Chancery.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chancery.Server.Tests.Database;

/// <summary>Whether a server knows the tables' owner once it has started.</summary>
public sealed class KeptOwnerTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, true)]
    [InlineData("true", true)]
    [InlineData("False", false)]
    public async Task The_owner_is_kept_for_building_indexes_only(string? setting, bool kept)
    {
        await using var start = await OpenAsync(setting);

        var app = new NpgsqlConnectionStringBuilder(start.Storage.AppConnectionString);
        var builder = ActivatorUtilities.CreateInstance<VectorIndexBuilder>(chancery.Services, start.Storage);

        Assert.Equal(kept, start.Storage.OwnerConnectionString is not null);
        Assert.Equal("chancery_app", app.Username);
        Assert.Equal(kept, await builder.IsAbleAsync(Cancel));
        if (!kept)
        {
            var password = new NpgsqlConnectionStringBuilder(chancery.OwnerConnectionString).Password!;
            Assert.DoesNotContain(password, start.Storage.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_setting_that_is_neither_stops_the_start_and_is_named()
    {
        var fault = await Assert.ThrowsAsync<SettingException>(() => OpenAsync("perhaps"));

        Assert.Equal("HNSW_BUILD", fault.Name);
    }

    private async Task<StorageStart> OpenAsync(string? setting)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["DATABASE_URL"] = chancery.OwnerConnectionString,
                    ["REDIS_URL"] = chancery.Storage.RedisConfiguration,
                    ["CHANCERY_MASTER_KEY"] = ChanceryFixture.MasterKeyText,
                    ["HNSW_BUILD"] = setting,
                }
            )
            .Build();
        return await StorageStart.OpenAsync(
            configuration,
            chancery.Storage.DataDirectory,
            mayCreateKey: false,
            NullLoggerFactory.Instance,
            Cancel
        );
    }
}
