using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chancery.Server.Tests.Engines;

/// <summary>What others on the machine can see of an installation whose engines are elsewhere.</summary>
public sealed class DirectoryModeTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>, IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory("chancery-modes-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_both_engines_given_the_data_directory_and_all_in_it_are_the_owners_alone()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["DATABASE_URL"] = "Host=127.0.0.1;Port=1;Username=nobody;Database=none",
                    ["REDIS_URL"] = "redis://127.0.0.1:1",
                    ["CHANCERY_MASTER_KEY"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
                }
            )
            .Build();
        var data = Path.Combine(_parent.FullName, "data");

        // The directories come first; a database that is not there is enough to see them.
        await Assert.ThrowsAnyAsync<NpgsqlException>(() =>
            StorageStart.OpenAsync(configuration, data, false, NullLoggerFactory.Instance, Cancel)
        );

        foreach (var path in new[] { "", "keys", "logs", "blobs" })
        {
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(data, path)));
        }
    }

    [Fact]
    public async Task The_directories_of_a_tenants_files_are_the_owners_alone()
    {
        var user = await chancery.SignUpAsync();
        var blobs = chancery.Services.GetRequiredService<BlobStore>();
        using var content = new MemoryStream(Encoding.ASCII.GetBytes("of one tenant"));

        await blobs.WriteAsync(new TenantId(user.TenantId), ReadOnlyMemory<byte>.Empty, content, 1000, Cancel);

        var root = Path.Combine(chancery.Storage.DataDirectory, "blobs");
        Assert.All(
            Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Append(root),
            directory => Assert.Equal(OwnerOnly, File.GetUnixFileMode(directory))
        );
    }

    public void Dispose() => _parent.Delete(recursive: true);
}
